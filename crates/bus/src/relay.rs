//! The outbox relay: publishes a service's unpublished events in order, and deletes them once they are stored.
//!
//! A crash between publishing and deleting publishes again; the consumers' inboxes make that harmless. One relay runs
//! a service. It wakes on every commit of this process and looks once a second besides.

use std::time::Duration;

use chatty_events::Envelope;
use chatty_store::Db;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::{Bus, PublishError, outbox};

const BATCH: i64 = 500;
const LOOK_AGAIN: Duration = Duration::from_secs(1);

/// Why a round of the relay failed. It tries again after a second.
#[derive(Debug, thiserror::Error)]
enum RelayError {
    #[error("the outbox cannot be read or cleared")]
    Store(#[from] chatty_store::Error),
    #[error(transparent)]
    Publish(#[from] PublishError),
    #[error("outbox row {0} does not hold an envelope")]
    NotAnEnvelope(Uuid, #[source] serde_json::Error),
}

/// Publishes what the outbox of `db` holds until `stop`; a batch in hand is finished.
pub async fn run(service: &'static str, db: Db, bus: std::sync::Arc<dyn Bus>, stop: CancellationToken) {
    let mut commits = db.commits();
    loop {
        commits.mark_unchanged();
        match publish_batch(&db, &*bus).await {
            Ok(0) => {}
            Ok(_) if !stop.is_cancelled() => continue,
            Ok(_) => return,
            Err(error) => tracing::error!(service, error = &error as &dyn std::error::Error, "outbox relay failed"),
        }
        tokio::select! {
            () = stop.cancelled() => return,
            changed = commits.changed() => if changed.is_err() { return },
            () = tokio::time::sleep(LOOK_AGAIN) => {}
        }
    }
}

async fn publish_batch(db: &Db, bus: &dyn Bus) -> Result<usize, RelayError> {
    let rows = outbox::list_unpublished(db, BATCH).await?;
    if rows.is_empty() {
        return Ok(0);
    }
    let mut ids = Vec::with_capacity(rows.len());
    let mut events = Vec::with_capacity(rows.len());
    for (id, text) in rows {
        events.push(serde_json::from_str::<Envelope>(&text).map_err(|error| RelayError::NotAnEnvelope(id, error))?);
        ids.push(id);
    }
    bus.publish(&events).await?;
    let mut tx = db.begin().await?;
    outbox::delete_published(&mut tx, &ids).await?;
    tx.commit().await?;
    Ok(ids.len())
}
