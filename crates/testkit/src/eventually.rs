//! Waiting for what a test cannot be told of: what other processes do.

use std::time::Duration;

/// Nothing waits this long in a good run: a hang must fail a test, not hang it.
const PATIENCE: Duration = Duration::from_secs(90);

/// Between two looks. Whoever is to bring it about needs the processor.
const PAUSE: Duration = Duration::from_millis(20);

/// Looks until a condition holds. It fails as `what` after a minute and a half.
pub async fn eventually(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let looking = async {
        while !holds().await {
            tokio::time::sleep(PAUSE).await;
        }
    };
    tokio::time::timeout(PATIENCE, looking).await.unwrap_or_else(|_| panic!("not in time: {what}"));
}
