//! The `posts` section of the configuration.

use chrono::TimeDelta;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What an operator may set.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// For how many hours a live stream can resume from its cursor.
    pub events_kept_hours: u16,
}

impl Default for Config {
    fn default() -> Self {
        Self { events_kept_hours: 24 }
    }
}

impl Config {
    pub(crate) fn events_kept(&self) -> TimeDelta {
        TimeDelta::hours(self.events_kept_hours.into())
    }
}
