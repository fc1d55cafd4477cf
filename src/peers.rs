//! What a router learns from an auth service in another process: the keys that verify access tokens, and whose access
//! has ended.

use std::{future::Future, time::Duration};

use chatty_access::{Keys, Snapshot};
use chatty_auth::{KEYS_EVERY, KEYS_PATH, REVOCATIONS_PATH};
use chatty_kit::{BackOff, Tasks};
use chatty_router::{HttpUpstream, Unavailable};
use tokio::sync::watch;

/// How soon the keys are read again when a token names one that is not among them.
const KEYS_SOONEST: Duration = Duration::from_secs(5);
/// Before a reading that failed is tried again.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// Why auth's answer is of no use.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PeerError {
    #[error("auth does not answer")]
    Unavailable(#[from] Unavailable),
    #[error("auth's answer cannot be read")]
    Unreadable(#[from] serde_json::Error),
}

/// Keeps `keys` up to date until the tasks stop. The future ends when they were read for the first time.
pub(crate) fn follow_keys(
    auth: &HttpUpstream,
    keys: &Keys,
    tasks: &Tasks,
) -> impl Future<Output = ()> + Send + 'static {
    let (known, mut first) = watch::channel(false);
    let (auth, keys, stopping) = (auth.clone(), keys.clone(), tasks.stopping());
    tasks.spawn(async move {
        let following = async {
            let mut back_off = BackOff::new(FIRST_PAUSE, LONGEST_PAUSE);
            loop {
                match read_keys(&auth, &keys).await {
                    Ok(()) => {
                        known.send_replace(true);
                        back_off.reset();
                        tokio::time::sleep(KEYS_SOONEST).await;
                        // Either way it is time.
                        drop(tokio::time::timeout(KEYS_EVERY.saturating_sub(KEYS_SOONEST), keys.missed()).await);
                    }
                    Err(error) => {
                        tracing::warn!(error = &error as &dyn std::error::Error, "the keys of tokens cannot be read");
                        tokio::time::sleep(back_off.pause()).await;
                    }
                }
            }
        };
        let _stopped = stopping.run_until_cancelled(following).await;
    });
    async move {
        // An error means that the process stops before it ever became ready.
        drop(first.wait_for(|known| *known).await);
    }
}

async fn read_keys(auth: &HttpUpstream, keys: &Keys) -> Result<(), PeerError> {
    keys.replace(&serde_json::from_slice(&auth.get(KEYS_PATH).await?)?);
    Ok(())
}

/// Whose access has ended.
pub(crate) async fn revocations(auth: &HttpUpstream) -> Result<Snapshot, PeerError> {
    Ok(serde_json::from_slice(&auth.get(REVOCATIONS_PATH).await?)?)
}
