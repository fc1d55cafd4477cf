//! The outbox: events wait in the writer's own transaction until they are published, and stay for an hour afterwards.

use chatty_events::Envelope;
use chatty_store::{Db, Error, Tx, query};
use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

/// How long a sent event is kept.
pub(crate) const RETENTION: TimeDelta = TimeDelta::hours(1);
/// Deleted at once, so that a busy outbox does not hold the writer of SQLite up.
const PRUNED_AT_ONCE: i64 = 1_000;

/// Adds an event to the transaction: it is published if, and only if, `tx` commits.
///
/// Any size is carried, because what was accepted is never lost; [`Envelope::LARGEST`] is the producer's to keep.
pub async fn append(tx: &mut Tx, event: &Envelope) -> Result<(), Error> {
    query!("INSERT INTO outbox (id, envelope) VALUES ($1, $2)")
        .bind(event.id)
        .bind(event.to_json())
        .execute(tx)
        .await?;
    Ok(())
}

/// The oldest events that are not published yet.
pub(crate) async fn list_unsent(db: &Db, limit: i64) -> Result<Vec<(Uuid, String)>, Error> {
    query!("SELECT id, envelope FROM outbox WHERE sent_at IS NULL ORDER BY id LIMIT $1")
        .bind(limit)
        .fetch_all::<(Uuid, String)>(db)
        .await
}

/// Whether something waits.
pub(crate) async fn has_unsent(db: &Db) -> Result<bool, Error> {
    Ok(!list_unsent(db, 1).await?.is_empty())
}

/// The bus has these.
pub(crate) async fn mark_sent(tx: &mut Tx, ids: impl Iterator<Item = Uuid>, now: DateTime<Utc>) -> Result<u64, Error> {
    query!("UPDATE outbox SET sent_at = $1 WHERE id IN ($ids)").bind(now).bind_list("ids", ids).execute(tx).await
}

/// Stores the event as it is now, such as without its secret.
pub(crate) async fn update_envelope(tx: &mut Tx, event: &Envelope) -> Result<u64, Error> {
    query!("UPDATE outbox SET envelope = $2 WHERE id = $1").bind(event.id).bind(event.to_json()).execute(tx).await
}

/// Forgets some of what was sent before `before`; says whether more may be left.
pub(crate) async fn prune(db: &Db, before: DateTime<Utc>) -> Result<bool, Error> {
    let mut tx = db.begin().await?;
    let pruned =
        query!("DELETE FROM outbox WHERE id IN (SELECT id FROM outbox WHERE sent_at < $1 ORDER BY sent_at LIMIT $2)")
            .bind(before)
            .bind(PRUNED_AT_ONCE)
            .execute(&mut tx)
            .await?;
    tx.commit().await?;
    Ok(pruned == PRUNED_AT_ONCE.unsigned_abs())
}
