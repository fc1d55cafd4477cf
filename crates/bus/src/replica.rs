//! Waiting for another service's object to arrive in the replica.

use std::time::Duration;

use chatty_store::{Db, Error};
use tokio::time::{Instant, sleep, timeout_at};

/// How long a mutation waits for an object that it was handed the id of but has not heard of yet.
const PATIENCE: Duration = Duration::from_secs(1);
/// Commits of other processes wake nobody here, so look now and then.
const LOOK_AGAIN: Duration = Duration::from_millis(100);

/// Calls `look` until it finds something, at most for a second; woken by every commit to `db` in this process.
///
/// Call it before opening a transaction: on SQLite an open one would keep the consumer from writing what is awaited.
pub async fn wait_for<T>(db: &Db, mut look: impl AsyncFnMut() -> Result<Option<T>, Error>) -> Result<Option<T>, Error> {
    let deadline = Instant::now() + PATIENCE;
    let mut commits = db.commits();
    loop {
        commits.mark_unchanged();
        if let Some(found) = look().await? {
            return Ok(Some(found));
        }
        let changed = async {
            tokio::select! {
                changed = commits.changed() => if changed.is_err() { sleep(LOOK_AGAIN).await },
                () = sleep(LOOK_AGAIN) => {}
            }
        };
        if timeout_at(deadline, changed).await.is_err() {
            return Ok(None);
        }
    }
}
