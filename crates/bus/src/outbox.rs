//! The outbox: events wait in the writer's own transaction until they are published.

use chatty_events::Envelope;
use chatty_store::{Db, Error, Tx, query};
use uuid::Uuid;

/// Adds an event to the transaction: it is published if, and only if, `tx` commits.
pub async fn append(tx: &mut Tx, event: &Envelope) -> Result<(), Error> {
    let text = serde_json::to_string(event).expect("an envelope has string keys and no failing fields");
    query!("INSERT INTO outbox (id, envelope) VALUES ($1, $2)").bind(event.id).bind(text).execute(tx).await?;
    Ok(())
}

/// The oldest unpublished events.
pub(crate) async fn list_unpublished(db: &Db, limit: i64) -> Result<Vec<(Uuid, String)>, Error> {
    query!("SELECT id, envelope FROM outbox ORDER BY id LIMIT $1").bind(limit).fetch_all::<(Uuid, String)>(db).await
}

/// Forgets published events.
pub(crate) async fn delete_published(tx: &mut Tx, ids: &[Uuid]) -> Result<u64, Error> {
    query!("DELETE FROM outbox WHERE id IN ($ids)").bind_list("ids", ids.iter().copied()).execute(tx).await
}
