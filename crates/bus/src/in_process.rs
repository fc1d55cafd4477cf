//! The bus of one process. Publishing stores each event in the database of every group that wants it, so that a crash
//! loses nothing here either; handling it deletes the row.

use std::{
    sync::{Arc, RwLock},
    time::Duration,
};

use chatty_events::Envelope;
use chatty_store::{Db, Error, Tx, query};
use chatty_types::Clock;
use chrono::{DateTime, TimeDelta, Utc};
use futures_util::{FutureExt, future::BoxFuture};
use tokio::sync::{Notify, broadcast};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::{Bus, Consumer, Group, Heard, Listener, PublishError, consumer::Outcome};

const BATCH: i64 = 128;
const LOOK_AGAIN: Duration = Duration::from_secs(1);
const PRUNE_EVERY: TimeDelta = TimeDelta::hours(1);

/// Durable groups and listeners of one process.
#[derive(Clone)]
pub struct InProcess(Arc<Inner>);

struct Inner {
    clock: Clock,
    groups: &'static [Group],
    members: RwLock<Vec<Member>>,
    listeners: broadcast::Sender<Heard>,
}

#[derive(Clone)]
struct Member {
    consumer: Consumer,
    stored: Arc<Notify>,
}

impl InProcess {
    /// A bus that carries nothing until each of `groups` has its member.
    pub fn new(clock: Clock, groups: &'static [Group]) -> Self {
        let (listeners, _) = broadcast::channel(Listener::LAG);
        Self(Arc::new(Inner { clock, groups, members: RwLock::default(), listeners }))
    }

    /// The member of every group.
    fn members(&self) -> Result<Vec<Member>, PublishError> {
        let members = self.0.members.read().expect("no code panics while holding the members").clone();
        let is_bound = |group: &Group| members.iter().any(|member| member.consumer.group == *group);
        match self.0.groups.iter().find(|group| !is_bound(group)) {
            Some(group) => Err(PublishError::NotBound(group.name)),
            None => Ok(members),
        }
    }

    fn tell(&self, event: Arc<Envelope>) {
        // No listener is no error.
        drop(self.0.listeners.send(Heard::Event(event)));
    }
}

impl Bus for InProcess {
    fn publish<'a>(&'a self, events: &'a [Envelope]) -> BoxFuture<'a, Result<(), PublishError>> {
        async move {
            for member in self.members()? {
                let consumer = &member.consumer;
                let wanted: Vec<_> = events.iter().filter(|event| consumer.group.wants(event)).collect();
                if wanted.is_empty() {
                    continue;
                }
                store_deliveries(consumer, &wanted, self.0.clock.now())
                    .await
                    .map_err(|source| PublishError::NotStored { group: consumer.group.name, source })?;
                member.stored.notify_one();
            }
            for event in events {
                self.tell(Arc::new(event.clone()));
            }
            Ok(())
        }
        .boxed()
    }

    fn broadcast(&self, event: Envelope) {
        self.tell(Arc::new(event));
    }

    fn listen(&self, keys: &'static [&'static str]) -> Listener {
        Listener { keys, heard: self.0.listeners.subscribe() }
    }

    fn consume(&self, consumer: Consumer, stop: CancellationToken) -> BoxFuture<'static, ()> {
        let member = Member { consumer, stored: Arc::default() };
        self.0.members.write().expect("no code panics while holding the members").push(member.clone());
        let bus = self.clone();
        async move { bus.run(member, stop).await }.boxed()
    }
}

impl InProcess {
    async fn run(&self, member: Member, stop: CancellationToken) {
        let clock = &self.0.clock;
        let name = member.consumer.group.name;
        let mut pruned_at = DateTime::UNIX_EPOCH;
        loop {
            match self.handle_batch(&member.consumer, &stop).await {
                Ok(0) => {}
                Ok(_) if !stop.is_cancelled() => continue,
                Ok(_) => return,
                Err(error) => {
                    tracing::error!(consumer = name, error = &error as &dyn std::error::Error, "consumer failed");
                }
            }
            if clock.now() - pruned_at > PRUNE_EVERY {
                pruned_at = clock.now();
                if let Err(error) = member.consumer.prune_inbox(clock).await {
                    tracing::warn!(consumer = name, error = &error as &dyn std::error::Error, "inbox not pruned");
                }
            }
            tokio::select! {
                () = stop.cancelled() => return,
                () = member.stored.notified() => {}
                () = tokio::time::sleep(LOOK_AGAIN) => {}
            }
        }
    }

    /// Handles what is due, in the order of the events' ids. Acknowledges each, whatever became of it.
    async fn handle_batch(&self, consumer: &Consumer, stop: &CancellationToken) -> Result<usize, Error> {
        let due = list_due(&consumer.db, consumer.group.name, self.0.clock.now()).await?;
        let mut handled = 0;
        for delivery in due {
            if stop.is_cancelled() {
                break;
            }
            self.handle(consumer, delivery).await?;
            handled += 1;
        }
        Ok(handled)
    }

    async fn handle(&self, consumer: &Consumer, delivery: Delivery) -> Result<(), Error> {
        let (clock, group) = (&self.0.clock, consumer.group.name);
        let attempt = delivery.attempt + 1;
        let outcome = consumer.outcome(clock, delivery.event_id, delivery.envelope.as_bytes(), attempt).await;
        let mut tx = consumer.db.begin().await?;
        let mut broadcasts = Vec::new();
        match outcome {
            Outcome::Done(handled) => {
                delete_delivery(&mut tx, group, delivery.event_id).await?;
                broadcasts = handled.broadcasts;
            }
            Outcome::Again(rung) => update_due(&mut tx, group, delivery.event_id, clock.now() + rung.wait).await?,
            Outcome::Dead { reason, without_secret } => {
                let shown = without_secret.as_deref().unwrap_or(&delivery.envelope);
                insert_dead_letter(&mut tx, group, &delivery, shown, &reason, clock.now()).await?;
                delete_delivery(&mut tx, group, delivery.event_id).await?;
            }
        }
        tx.commit().await?;
        for event in broadcasts {
            self.broadcast(event);
        }
        Ok(())
    }
}

#[derive(chatty_store::FromRow)]
struct Delivery {
    event_id: Uuid,
    envelope: String,
    attempt: i64,
}

async fn list_due(db: &Db, group: &str, now: DateTime<Utc>) -> Result<Vec<Delivery>, Error> {
    query!(
        "SELECT event_id, envelope, attempt FROM delivery
         WHERE consumer = $1 AND due_at <= $2 ORDER BY event_id LIMIT $3"
    )
    .bind(group)
    .bind(now)
    .bind(BATCH)
    .fetch_all(db)
    .await
}

async fn store_deliveries(consumer: &Consumer, events: &[&Envelope], now: DateTime<Utc>) -> Result<(), Error> {
    let mut tx = consumer.db.begin().await?;
    for event in events {
        query!(
            "INSERT INTO delivery (consumer, event_id, envelope, attempt, due_at) VALUES ($1, $2, $3, 0, $4)
             ON CONFLICT (consumer, event_id) DO NOTHING"
        )
        .bind(consumer.group.name)
        .bind(event.id)
        .bind(event.to_json())
        .bind(now)
        .execute(&mut tx)
        .await?;
    }
    tx.commit().await
}

async fn delete_delivery(tx: &mut Tx, group: &str, event: Uuid) -> Result<(), Error> {
    query!("DELETE FROM delivery WHERE consumer = $1 AND event_id = $2").bind(group).bind(event).execute(tx).await?;
    Ok(())
}

async fn update_due(tx: &mut Tx, group: &str, event: Uuid, due_at: DateTime<Utc>) -> Result<(), Error> {
    query!("UPDATE delivery SET attempt = attempt + 1, due_at = $3 WHERE consumer = $1 AND event_id = $2")
        .bind(group)
        .bind(event)
        .bind(due_at)
        .execute(tx)
        .await?;
    Ok(())
}

async fn insert_dead_letter(
    tx: &mut Tx,
    group: &str,
    delivery: &Delivery,
    shown: &str,
    reason: &str,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    query!(
        "INSERT INTO dead_letter (consumer, event_id, envelope, reason, attempt, died_at)
         VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (consumer, event_id) DO NOTHING"
    )
    .bind(group)
    .bind(delivery.event_id)
    .bind(shown)
    .bind(reason)
    .bind(delivery.attempt + 1)
    .bind(now)
    .execute(tx)
    .await?;
    Ok(())
}
