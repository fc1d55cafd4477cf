//! Whether everything that was published has been handled.

use chatty_store::{Db, Error, query};
use chatty_types::Clock;

/// Whether this service has nothing to publish and no delivery that is due: one statement.
///
/// An event is always in one of the two tables until its effect is committed, so when every service says yes with
/// no commit in between, the system is at rest. Retries that are due later do not count.
pub async fn settled(db: &Db, clock: &Clock) -> Result<bool, Error> {
    let (open,) = query!("SELECT (SELECT COUNT(1) FROM outbox) + (SELECT COUNT(1) FROM delivery WHERE due_at <= $1)")
        .bind(clock.now())
        .fetch_one::<(i64,)>(db)
        .await?;
    Ok(open == 0)
}
