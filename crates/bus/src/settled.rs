//! Whether everything that was published has been handled, told by the databases alone.

use std::collections::HashSet;

use chatty_events::Envelope;
use chatty_store::{Db, Error, query};
use chatty_types::Clock;
use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::{Group, consumer::INBOX_RETENTION};

/// Whether nothing is on its way: no outbox of `producers` has an unsent row, and every row that one of the groups of
/// `consumers` wants is in that group's inbox.
///
/// No broker is asked, so it holds for every bus. Of the in-process bus, dead letters and retries that are due later do
/// not count; elsewhere both count as on their way. It reads whole inboxes and is meant for tests.
pub async fn settled(producers: &[Db], consumers: &[(Group, Db)], clock: &Clock) -> Result<bool, Error> {
    let now = clock.now();
    // Inboxes before outboxes: a handler that runs in between may add to an outbox, and is then missing in its inbox.
    let mut groups = Vec::with_capacity(consumers.len());
    for (group, db) in consumers {
        if count_due(db, group.name, now).await? > 0 {
            return Ok(false);
        }
        groups.push((group, list_done(db, group.name, now).await?));
    }
    for db in producers {
        for (id, envelope, sent_at) in list_outbox(db, now - INBOX_RETENTION).await? {
            let Ok(event) = serde_json::from_str::<Envelope>(&envelope) else { return Ok(false) };
            let is_done = groups.iter().all(|(group, done)| done.contains(&id) || !group.wants(&event));
            if sent_at.is_none() || !is_done {
                return Ok(false);
            }
        }
    }
    Ok(true)
}

/// A new delivery is due even if it came after `now` was read; only one that has failed can be put off.
async fn count_due(db: &Db, group: &str, now: DateTime<Utc>) -> Result<i64, Error> {
    let (due,) = query!("SELECT COUNT(1) FROM delivery WHERE consumer = $1 AND (attempt = 0 OR due_at <= $2)")
        .bind(group)
        .bind(now)
        .fetch_one::<(i64,)>(db)
        .await?;
    Ok(due)
}

/// What the group has handled, given up or put off.
async fn list_done(db: &Db, group: &str, now: DateTime<Utc>) -> Result<HashSet<Uuid>, Error> {
    let rows = query!(
        "SELECT event_id FROM inbox WHERE consumer = $1
         UNION SELECT event_id FROM dead_letter WHERE consumer = $1
         UNION SELECT event_id FROM delivery WHERE consumer = $1 AND attempt > 0 AND due_at > $2"
    )
    .bind(group)
    .bind(now)
    .fetch_all::<(Uuid,)>(db)
    .await?;
    Ok(rows.into_iter().map(|(id,)| id).collect())
}

/// Rows older than `since` may be in no inbox any more, because inboxes forget.
async fn list_outbox(db: &Db, since: DateTime<Utc>) -> Result<Vec<(Uuid, String, Option<DateTime<Utc>>)>, Error> {
    query!("SELECT id, envelope, sent_at FROM outbox WHERE sent_at IS NULL OR sent_at > $1")
        .bind(since)
        .fetch_all(db)
        .await
}
