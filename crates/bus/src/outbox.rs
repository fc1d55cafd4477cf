//! The outbox: events wait in the writer's own transaction until they are published.

use chatty_events::Envelope;
use chatty_store::{Db, Error, Tx, query};
use uuid::Uuid;

/// Adds an event to the transaction: it is published if, and only if, `tx` commits.
pub async fn append(tx: &mut Tx, event: &Envelope) -> Result<(), Error> {
    query!("INSERT INTO outbox (id, envelope) VALUES ($1, $2)").bind(event.id).bind(text(event)).execute(tx).await?;
    Ok(())
}

/// Events that [`append_all`] writes with one statement.
const APPENDED_AT_ONCE: usize = 16;

/// Adds events to the transaction, many with one statement.
pub async fn append_all(tx: &mut Tx, events: &[Envelope]) -> Result<(), Error> {
    for events in events.chunks(APPENDED_AT_ONCE) {
        if let [event] = events {
            append(tx, event).await?;
            continue;
        }
        // A row that is there twice, for want of another, is stored once.
        let mut insert = query!(
            "INSERT INTO outbox (id, envelope)
             VALUES ($1, $2), ($3, $4), ($5, $6), ($7, $8), ($9, $10), ($11, $12), ($13, $14), ($15, $16),
                    ($17, $18), ($19, $20), ($21, $22), ($23, $24), ($25, $26), ($27, $28), ($29, $30), ($31, $32)
             ON CONFLICT (id) DO NOTHING"
        );
        let last = events.last().into_iter().cycle();
        for event in events.iter().chain(last).take(APPENDED_AT_ONCE) {
            insert = insert.bind(event.id).bind(text(event));
        }
        insert.execute(tx).await?;
    }
    Ok(())
}

fn text(event: &Envelope) -> String {
    serde_json::to_string(event).expect("an envelope has string keys and no failing fields")
}

/// The oldest unpublished events.
pub(crate) async fn list_unpublished(db: &Db, limit: i64) -> Result<Vec<(Uuid, String)>, Error> {
    query!("SELECT id, envelope FROM outbox ORDER BY id LIMIT $1").bind(limit).fetch_all::<(Uuid, String)>(db).await
}

/// Forgets published events.
pub(crate) async fn delete_published(tx: &mut Tx, ids: &[Uuid]) -> Result<u64, Error> {
    query!("DELETE FROM outbox WHERE id IN ($ids)").bind_list("ids", ids.iter().copied()).execute(tx).await
}
