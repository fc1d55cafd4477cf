//! What the in-process bus stored for a group before the installation got a broker: moved to the group's queue, so that
//! it is not stranded. Its dead letters stay where they are.

use chatty_store::{Db, Error, query};
use lapin::types::ShortString;
use tokio::time::{error::Elapsed, timeout};
use uuid::Uuid;

use super::{
    member::with_attempt,
    publish::{Unconfirmed, pass_on, persistent},
    publisher::Publisher,
};
use crate::consumer::HANDLING;

const BATCH: i64 = 128;

/// Why something stays where it is.
#[derive(Debug, thiserror::Error)]
pub(super) enum Stranded {
    #[error("stored deliveries cannot be read or deleted")]
    Store(#[from] Error),
    #[error("a stored delivery cannot be moved to the broker")]
    Publish(#[from] Unconfirmed),
    #[error("the database does not answer")]
    Silent(#[from] Elapsed),
}

/// Moves all deliveries of `group` to `queue`. One that is moved twice meets the inbox.
pub(super) async fn move_all(db: &Db, group: &str, publisher: &Publisher, queue: &ShortString) -> Result<(), Stranded> {
    loop {
        let deliveries = timeout(HANDLING, list(db, group)).await??;
        if deliveries.is_empty() {
            return Ok(());
        }
        tracing::info!(consumer = group, count = deliveries.len(), "stored deliveries go to the broker");
        for (id, envelope, attempt) in &deliveries {
            let properties = persistent().with_headers(with_attempt(*attempt)).with_message_id(id.to_string().into());
            // By the default exchange, which finds a queue by its name.
            pass_on(publisher, "".into(), queue.clone(), properties, envelope.as_bytes()).await?;
        }
        timeout(HANDLING, delete(db, group, deliveries.into_iter().map(|(id, ..)| id))).await??;
    }
}

async fn list(db: &Db, group: &str) -> Result<Vec<(Uuid, String, i64)>, Error> {
    query!("SELECT event_id, envelope, attempt FROM delivery WHERE consumer = $1 ORDER BY event_id LIMIT $2")
        .bind(group)
        .bind(BATCH)
        .fetch_all(db)
        .await
}

async fn delete(db: &Db, group: &str, events: impl Iterator<Item = Uuid>) -> Result<(), Error> {
    let mut tx = db.begin().await?;
    query!("DELETE FROM delivery WHERE consumer = $1 AND event_id IN ($events)")
        .bind(group)
        .bind_list("events", events)
        .execute(&mut tx)
        .await?;
    tx.commit().await
}
