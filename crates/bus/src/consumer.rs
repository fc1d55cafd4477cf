//! A durable consumer: what it wants, how it handles an event once, and when it gives up.

use std::{error::Error as StdError, fmt::Display, panic::AssertUnwindSafe, sync::Arc, time::Duration};

use chatty_events::{Envelope, Undecodable};
use chatty_store::{Db, Error, Tx, query};
use chatty_types::Clock;
use chrono::{DateTime, TimeDelta, Utc};
use futures_util::{FutureExt, future::BoxFuture};
use tokio::time::timeout;
use uuid::Uuid;

/// A durable group: every event with one of its keys reaches one of its members.
///
/// Groups are known before anything runs. Each process declares all of them, whichever it is a member of, so that no
/// event passes by a group whose members have not started yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Group {
    /// The service's name, or the service's and the purpose's.
    pub name: &'static str,
    /// Routing keys, such as `posts.post.created`.
    pub keys: &'static [&'static str],
}

impl Group {
    /// Whether the group is to get `event`.
    pub fn wants(&self, event: &Envelope) -> bool {
        self.keys.contains(&event.routing_key())
    }
}

/// A member of a durable group.
#[derive(Clone)]
pub struct Consumer {
    /// Of which group.
    pub group: Group,
    /// Where the inbox lives: the database that the handler changes.
    pub db: Db,
    /// What to do with an event.
    pub handler: Arc<dyn Handler>,
}

/// Reacts to events inside a transaction.
pub trait Handler: Send + Sync + 'static {
    /// Applies `event` through `tx`, which commits together with the inbox row. Types that the handler does not know
    /// are none of its business and succeed. Must not need order and must not publish except through the outbox.
    fn handle<'a>(&'a self, tx: &'a mut Tx, event: &'a Envelope) -> BoxFuture<'a, Result<Handled, Rejection>>;
}

/// An event is done with.
#[derive(Debug, Default)]
pub struct Handled {
    /// Hints to send once the transaction has committed.
    pub broadcasts: Vec<Envelope>,
}

/// An event could not be handled.
#[derive(Debug, thiserror::Error)]
pub enum Rejection {
    /// It may work later: tried again after 5 s, 30 s and then every 5 min, up to 20 times.
    #[error("not now")]
    Retry(#[source] Box<dyn StdError + Send + Sync>),
    /// It will never work: goes to the dead letters at once.
    #[error("never")]
    Poison(#[source] Box<dyn StdError + Send + Sync>),
}

impl From<Error> for Rejection {
    fn from(error: Error) -> Self {
        Self::Retry(error.into())
    }
}

impl From<Undecodable> for Rejection {
    fn from(error: Undecodable) -> Self {
        Self::Poison(error.into())
    }
}

/// After how many attempts even a retryable event goes to the dead letters: about an hour and a half.
const MAX_ATTEMPTS: i64 = 20;

/// How long to wait after the first failure, after the second and after each later one.
pub(crate) const LADDER: [Rung; 3] = [
    Rung { name: "5s", wait: TimeDelta::seconds(5) },
    Rung { name: "30s", wait: TimeDelta::seconds(30) },
    Rung { name: "5m", wait: TimeDelta::minutes(5) },
];

/// A step of the retry ladder.
pub(crate) struct Rung {
    /// As a broker's queues call it.
    pub(crate) name: &'static str,
    pub(crate) wait: TimeDelta,
}

/// Where an event waits after `attempt` failures.
fn rung(attempt: i64) -> &'static Rung {
    let failures = usize::try_from(attempt).unwrap_or(0);
    &LADDER[failures.saturating_sub(1).min(LADDER.len() - 1)]
}

/// For one event, from the beginning of its transaction to the end, and for whatever else a member does to its database. A database connection may die without a word, and
/// whoever waits on it would wait for good.
pub(crate) const HANDLING: Duration = Duration::from_mins(1);

/// What became of an event, and so what its bus is to do before it acknowledges it.
pub(crate) enum Outcome {
    /// Nothing but to send the hints.
    Done(Handled),
    /// To deliver it again when this wait is over.
    Again(&'static Rung),
    /// To put it among the dead letters.
    Dead {
        reason: String,
        /// What the letter shows instead of the event, if the event has something to hide.
        without_secret: Option<String>,
    },
}

/// How long an inbox remembers; longer than any redelivery takes.
pub(crate) const INBOX_RETENTION: TimeDelta = TimeDelta::days(7);

/// What arrived is no event at all. Says nothing of its content, which may be anything.
#[derive(Debug, thiserror::Error)]
#[error("not an envelope")]
struct NotAnEnvelope;

/// The handler has a defect. Its words went to the log when it panicked, and may tell what no dead letter should.
#[derive(Debug, thiserror::Error)]
#[error("the handler panicked")]
struct Panicked;

/// It may work over another connection to the database.
#[derive(Debug, thiserror::Error)]
#[error("not handled within a minute")]
struct TookTooLong;

impl Consumer {
    /// Handles the event that `bytes` hold and decides what follows. `id` names it in the log; `attempt` counts from 1.
    pub(crate) async fn outcome(&self, clock: &Clock, id: impl Display, bytes: &[u8], attempt: i64) -> Outcome {
        let consumer = self.group.name;
        match self.handle_bytes(clock, bytes).await {
            Ok(handled) => Outcome::Done(handled),
            Err(Rejection::Retry(error)) if attempt < MAX_ATTEMPTS => {
                tracing::warn!(consumer, event = %id, attempt, error, "will retry");
                Outcome::Again(rung(attempt))
            }
            Err(Rejection::Retry(error) | Rejection::Poison(error)) => {
                let reason = error.to_string();
                tracing::error!(consumer, event = %id, attempt, error, "event goes to the dead letters");
                Outcome::Dead { reason, without_secret: without_secret(bytes) }
            }
        }
    }

    async fn handle_bytes(&self, clock: &Clock, bytes: &[u8]) -> Result<Handled, Rejection> {
        match serde_json::from_slice(bytes) {
            Ok(event) => {
                let handled = timeout(HANDLING, self.handle_once(clock, &event)).await;
                handled.unwrap_or_else(|_| Err(Rejection::Retry(TookTooLong.into())))
            }
            Err(_) => Err(Rejection::Poison(NotAnEnvelope.into())),
        }
    }

    /// Handles `event` unless the inbox knows it. The inbox row and the handler's changes are one transaction.
    async fn handle_once(&self, clock: &Clock, event: &Envelope) -> Result<Handled, Rejection> {
        let mut tx = self.db.begin().await?;
        if !insert_inbox(&mut tx, self.group.name, event.id, clock.now()).await? {
            return Ok(Handled::default());
        }
        // A panic is a defect that the same event will meet again; the other events must go on.
        let handled = AssertUnwindSafe(self.handler.handle(&mut tx, event))
            .catch_unwind()
            .await
            .unwrap_or_else(|_| Err(Rejection::Poison(Panicked.into())))?;
        tx.commit().await?;
        Ok(handled)
    }

    /// Forgets inbox rows that no redelivery can meet any more.
    pub(crate) async fn prune_inbox(&self, clock: &Clock) -> Result<u64, Error> {
        let mut tx = self.db.begin().await?;
        let pruned = query!("DELETE FROM inbox WHERE consumer = $1 AND handled_at < $2")
            .bind(self.group.name)
            .bind(clock.now() - INBOX_RETENTION)
            .execute(&mut tx)
            .await?;
        tx.commit().await?;
        Ok(pruned)
    }
}

/// The event that `bytes` hold without its secret, if it has one.
fn without_secret(bytes: &[u8]) -> Option<String> {
    let event = serde_json::from_slice::<Envelope>(bytes).ok()?;
    event.without_secret().map(|event| event.to_json())
}

/// Whether the event is new to this group.
async fn insert_inbox(tx: &mut Tx, group: &str, event: Uuid, now: DateTime<Utc>) -> Result<bool, Error> {
    let inserted = query!(
        "INSERT INTO inbox (consumer, event_id, handled_at) VALUES ($1, $2, $3)
         ON CONFLICT (consumer, event_id) DO NOTHING"
    )
    .bind(group)
    .bind(event)
    .bind(now)
    .execute(tx)
    .await?;
    Ok(inserted == 1)
}

#[cfg(test)]
mod tests {
    use chatty_events::system::OutboxAppended;
    use chatty_scratch::Scratch;
    use tokio::sync::Notify;

    use super::*;

    /// Tells that it was called, and never ends.
    #[derive(Default)]
    struct Hanging(Notify);

    impl Handler for Hanging {
        fn handle<'a>(&'a self, _: &'a mut Tx, _: &'a Envelope) -> BoxFuture<'a, Result<Handled, Rejection>> {
            self.0.notify_one();
            std::future::pending().boxed()
        }
    }

    #[tokio::test]
    async fn an_event_whose_handling_never_ends_is_tried_again_later() {
        let scratch = Scratch::new().await;
        let db = Db::open_sqlite(&scratch.folder().join("hanging"), crate::MIGRATIONS).await.unwrap();
        let handler = Arc::new(Hanging::default());
        let consumer = Consumer { group: Group { name: "hanging", keys: &[] }, db, handler: handler.clone() };
        let clock = Clock::system();
        let event = Envelope::new(&clock, &OutboxAppended { service: "posts".to_owned() }).to_json();
        let called = async {
            handler.0.notified().await;
            // Only now, because the database takes real time.
            tokio::time::pause();
        };
        let (outcome, ()) = tokio::join!(consumer.outcome(&clock, "it", event.as_bytes(), 1), called);
        assert!(matches!(outcome, Outcome::Again(_)));
    }
}
