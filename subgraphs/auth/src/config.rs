//! The section `auth` of the configuration.

use std::{
    num::{NonZeroU16, NonZeroU32},
    time::Duration,
};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What an operator may choose. Unknown keys are errors.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// How long an access token is good, in minutes.
    pub access_token_minutes: NonZeroU16,
    /// After how many days without use a session ends.
    pub session_idle_days: NonZeroU16,
    /// After how many days a session ends in any case.
    pub session_absolute_days: NonZeroU16,
    /// How many passwords are hashed at a time, at 19 MiB each. As many as there are cores, if not set; with fewer, a storm
    /// of sign-ins leaves more of the machine to everything else.
    pub hash_threads: Option<NonZeroU32>,
    /// For how many milliseconds a request may have to wait for its turn to be hashed. Whoever would wait longer, by
    /// what hashes have taken so far, is answered `RATE_LIMITED` at once.
    pub hash_wait_ms: u32,
}

impl Default for Config {
    fn default() -> Self {
        const MINUTES: NonZeroU16 = NonZeroU16::new(10).expect("not zero");
        const IDLE: NonZeroU16 = NonZeroU16::new(30).expect("not zero");
        const ABSOLUTE: NonZeroU16 = NonZeroU16::new(90).expect("not zero");
        Self {
            access_token_minutes: MINUTES,
            session_idle_days: IDLE,
            session_absolute_days: ABSOLUTE,
            hash_threads: None,
            hash_wait_ms: 1_000,
        }
    }
}

impl Config {
    pub(crate) fn hash_threads(&self) -> NonZeroU32 {
        let cores = || std::thread::available_parallelism().ok()?.try_into().ok();
        self.hash_threads.or_else(cores).unwrap_or(NonZeroU32::MIN)
    }

    pub(crate) fn hash_wait(&self) -> Duration {
        Duration::from_millis(self.hash_wait_ms.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_survive_their_text_and_mistakes_are_errors() {
        let text = serde_json::to_string(&Config::default()).unwrap();
        assert_eq!(serde_json::from_str::<Config>(&text).unwrap(), Config::default());
        assert_eq!(serde_json::from_str::<Config>("{}").unwrap(), Config::default());
        for wrong in [r#"{"hash_thread": 2}"#, r#"{"hash_threads": 0}"#, r#"{"access_token_minutes": 0}"#] {
            assert!(serde_json::from_str::<Config>(wrong).is_err(), "{wrong}");
        }
    }
}
