//! The outbox relay: publishes a service's unsent events in order, and marks them once they are stored.
//!
//! A crash between publishing and marking publishes again; the consumers' inboxes make that harmless. One relay of a
//! service publishes at a time. It wakes on every commit of its process and looks once a second besides. The others
//! stand by, and tell it over the bus when their own processes have written something.

use std::{sync::Arc, time::Duration};

use chatty_events::{Envelope, system::OutboxAppended};
use chatty_store::Db;
use chatty_types::Clock;
use tokio::{
    sync::watch,
    time::{Instant, sleep, sleep_until, timeout},
};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::{
    Bus, Heard, Listener, PublishError,
    lease::{Lease, RENEW_EVERY, Watch},
    outbox,
};

const BATCH: i64 = 500;
const LOOK_AGAIN: Duration = Duration::from_secs(1);
/// For one step. A database connection may die without a word, and whoever waits on it would wait for good.
const STEP: Duration = Duration::from_mins(1);
const PRUNE_EVERY: Duration = Duration::from_mins(1);
/// At most one wake-up in so long goes to the relay that publishes.
const COALESCE: Duration = Duration::from_millis(20);
const WAKE_UPS: &[&str] = &["system.outbox.appended"];

/// How a relay comes by its turn to publish.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Turn {
    /// It always has it: no other process serves these data.
    Alone,
    /// It takes turns with the relays of other processes; one that dies is replaced within five seconds.
    Shared,
}

/// Why a round of the relay failed. It tries again after a second.
#[derive(Debug, thiserror::Error)]
enum RelayError {
    #[error("the outbox cannot be read or marked")]
    Store(#[from] chatty_store::Error),
    #[error(transparent)]
    Publish(#[from] PublishError),
    #[error("outbox row {0} does not hold an envelope")]
    NotAnEnvelope(Uuid, #[source] serde_json::Error),
    #[error("another relay has taken over")]
    Replaced,
    #[error("a step took longer than a minute")]
    TookTooLong,
}

/// Publishes what the outbox of `db` holds until `stop`; a batch in hand is finished.
pub async fn run(service: &'static str, db: Db, bus: Arc<dyn Bus>, clock: Clock, turn: Turn, stop: CancellationToken) {
    Relay::new(service, db, bus, clock, turn, stop).run().await;
}

struct Relay {
    service: &'static str,
    db: Db,
    bus: Arc<dyn Bus>,
    clock: Clock,
    turn: Turn,
    stop: CancellationToken,
    /// What other processes have written; `None` where there are none.
    wake_ups: Option<Listener>,
    /// How long to rely on commits and wake-ups.
    look_again: Duration,
    pruned_at: Instant,
    failing: bool,
}

impl Relay {
    fn new(
        service: &'static str,
        db: Db,
        bus: Arc<dyn Bus>,
        clock: Clock,
        turn: Turn,
        stop: CancellationToken,
    ) -> Self {
        let wake_ups = (turn == Turn::Shared).then(|| bus.listen(WAKE_UPS));
        let look_again = LOOK_AGAIN;
        let (pruned_at, failing) = (Instant::now(), false);
        Self { service, db, bus, clock, turn, stop, wake_ups, look_again, pruned_at, failing }
    }

    async fn run(mut self) {
        if self.turn == Turn::Alone {
            return self.publish_in_turn(None).await;
        }
        let lease = Lease::new(self.db.clone(), self.clock.uuid());
        while self.stand_by(&lease).await {
            self.publish_in_turn(Some(&lease)).await;
        }
        // At the end of its own process nobody holds the turn in vain.
        if let Err(error) = within(lease.give_up()).await {
            let error = &error as &dyn std::error::Error;
            tracing::warn!(service = self.service, error, "the relay's turn was not given up");
        }
    }

    /// Waits for the turn; `false` when it is time to stop.
    async fn stand_by(&mut self, lease: &Lease) -> bool {
        let mut commits = self.db.commits();
        let mut watch = Watch::new(lease);
        let mut woke_at = Instant::now();
        loop {
            tokio::select! {
                biased;
                () = self.stop.cancelled() => return false,
                () = sleep_until(watch.look_at()) => {
                    let looked = within(watch.look()).await;
                    let is_mine = *looked.as_ref().unwrap_or(&false);
                    self.note(looked.err());
                    if is_mine {
                        tracing::info!(service = self.service, "this process publishes the outbox");
                        return true;
                    }
                }
                changed = commits.changed() => {
                    if changed.is_err() {
                        return false;
                    }
                    sleep_until(woke_at + COALESCE).await;
                    woke_at = Instant::now();
                    commits.mark_unchanged();
                    // Most commits append nothing. An error is met again by the next look.
                    if within(outbox::has_unsent(&self.db)).await.unwrap_or(false) {
                        let event = OutboxAppended { service: self.service.to_owned() };
                        self.bus.broadcast(Envelope::new(&self.clock, &event));
                    }
                }
            }
        }
    }

    /// Publishes until it is time to stop or another relay has the turn.
    async fn publish_in_turn(&mut self, lease: Option<&Lease>) {
        let mut commits = self.db.commits();
        let mut renewed_at = Instant::now();
        loop {
            if let Some(lease) = lease.filter(|_| renewed_at.elapsed() >= RENEW_EVERY) {
                renewed_at = Instant::now();
                match within(lease.renew()).await {
                    Ok(true) => {}
                    Ok(false) => return self.note(Some(RelayError::Replaced)),
                    Err(error) => self.note(Some(error)),
                }
            }
            self.prune().await;
            // Before looking: what is written from here on wakes the loop again.
            commits.mark_unchanged();
            let published = within(Box::pin(self.publish_batch(lease))).await;
            if self.stop.is_cancelled() {
                return;
            }
            let failed = published.is_err();
            match published {
                Ok(0) => self.note(None),
                Ok(_) => {
                    self.note(None);
                    continue;
                }
                Err(RelayError::Replaced) => return self.note(Some(RelayError::Replaced)),
                Err(error) => self.note(Some(error)),
            }
            tokio::select! {
                () = self.stop.cancelled() => return,
                () = sleep(self.look_again) => {}
                // Whatever is written meanwhile would fail as well.
                () = woken(&mut commits, self.wake_ups.as_mut(), self.service), if !failed => {}
            }
        }
    }

    async fn publish_batch(&self, lease: Option<&Lease>) -> Result<usize, RelayError> {
        let rows = outbox::list_unsent(&self.db, BATCH).await?;
        if rows.is_empty() {
            return Ok(0);
        }
        let envelope = |(id, text): &(Uuid, String)| {
            serde_json::from_str(text).map_err(|error| RelayError::NotAnEnvelope(*id, error))
        };
        let events = rows.iter().map(envelope).collect::<Result<Vec<Envelope>, _>>()?;
        tokio::select! {
            published = self.bus.publish(&events) => published?,
            () = replaced(lease) => return Err(RelayError::Replaced),
        }
        let mut tx = self.db.begin().await?;
        if let Some(lease) = lease
            && !lease.renew_in(&mut tx).await?
        {
            return Err(RelayError::Replaced);
        }
        let ids = rows.iter().map(|(id, _)| *id);
        outbox::mark_sent(&mut tx, ids, self.clock.now()).await?;
        for event in events.iter().filter_map(Envelope::without_secret) {
            outbox::update_envelope(&mut tx, &event).await?;
        }
        tx.commit().await?;
        Ok(events.len())
    }

    async fn prune(&mut self) {
        if self.pruned_at.elapsed() < PRUNE_EVERY {
            return;
        }
        match within(outbox::prune(&self.db, self.clock.now() - outbox::RETENTION)).await {
            // More is left: go on in the next round, so that publishing never waits for long.
            Ok(true) => {}
            Ok(false) => self.pruned_at = Instant::now(),
            Err(error) => self.note(Some(error)),
        }
    }

    /// Logs when things begin to fail and when they work again, not every second in between.
    fn note(&mut self, error: Option<RelayError>) {
        let service = self.service;
        match error {
            Some(RelayError::Replaced) => tracing::info!(service, "another process publishes the outbox"),
            Some(error) if !std::mem::replace(&mut self.failing, true) => {
                tracing::error!(service, error = &error as &dyn std::error::Error, "outbox relay failed");
            }
            Some(error) => tracing::debug!(service, error = &error as &dyn std::error::Error, "outbox relay failed"),
            None if std::mem::take(&mut self.failing) => tracing::info!(service, "outbox relay works again"),
            None => {}
        }
    }
}

/// Ends a step that takes too long.
async fn within<T, E>(step: impl Future<Output = Result<T, E>>) -> Result<T, RelayError>
where
    RelayError: From<E>,
{
    Ok(timeout(STEP, step).await.map_err(|_| RelayError::TookTooLong)??)
}

/// Renews the lease while something takes long; ends when it is lost.
async fn replaced(lease: Option<&Lease>) {
    let Some(lease) = lease else { return std::future::pending().await };
    loop {
        sleep(RENEW_EVERY).await;
        match within(lease.renew()).await {
            Ok(true) => {}
            Ok(false) => return,
            Err(error) => tracing::debug!(error = &error as &dyn std::error::Error, "the relay's turn was not renewed"),
        }
    }
}

/// Waits for a commit of this process, or for word of one elsewhere.
async fn woken(commits: &mut watch::Receiver<u64>, wake_ups: Option<&mut Listener>, service: &str) {
    let elsewhere = async {
        let Some(listener) = wake_ups else { return std::future::pending().await };
        loop {
            match listener.hear().await {
                Heard::Event(event) if event.subject == service => return,
                Heard::Event(_) => {}
                Heard::Missed => return,
                Heard::Closed => std::future::pending().await,
            }
        }
    };
    tokio::select! {
        changed = commits.changed() => if changed.is_err() { std::future::pending().await },
        () = elsewhere => {}
    }
}

#[cfg(test)]
mod tests {
    use chatty_events::{Event, posts::PostDeleted};
    use chatty_scratch::Scratch;
    use chatty_types::{PostId, UserId};

    use super::*;
    use crate::{InProcess, MIGRATIONS};

    async fn open(scratch: &Scratch) -> Db {
        match scratch.database_url() {
            Some(url) => Db::open_postgres(url, "posts", MIGRATIONS).await.unwrap(),
            None => Db::open_sqlite(&scratch.folder().join("posts"), MIGRATIONS).await.unwrap(),
        }
    }

    /// Resolves when nothing is unsent, woken by the commits of the process that sends.
    async fn sent(db: &Db, mut commits: watch::Receiver<u64>) {
        while outbox::has_unsent(db).await.unwrap() {
            commits.changed().await.unwrap();
        }
    }

    #[test]
    fn the_wake_up_is_listened_for_by_its_own_key() {
        let event = OutboxAppended { service: "posts".to_owned() };
        assert_eq!(WAKE_UPS, [Envelope::new(&Clock::system(), &event).routing_key()]);
        assert_eq!(event.subject(), "posts");
    }

    #[tokio::test]
    async fn a_relay_that_publishes_looks_when_it_is_told_that_others_have_written() {
        let scratch = Scratch::new().await;
        let (here, elsewhere) = (open(&scratch).await, open(&scratch).await);
        let (clock, stop) = (Clock::system(), CancellationToken::new());
        let bus = Arc::new(InProcess::new(clock.clone(), &[]));
        let mut relay = Relay::new("posts", here.clone(), bus.clone(), clock.clone(), Turn::Shared, stop.clone());
        // It never looks by itself, and no commit of its own process tells it.
        relay.look_again = Duration::from_hours(1);
        let writing = async {
            // Several, because the first may be found by the look at the start.
            for _ in 0..20 {
                let commits = here.commits();
                let event = PostDeleted { post_id: PostId::new(&clock), author_id: UserId::new(&clock), version: 1 };
                let mut tx = elsewhere.begin().await.unwrap();
                outbox::append(&mut tx, &Envelope::new(&clock, &event)).await.unwrap();
                tx.commit().await.unwrap();
                let hint = OutboxAppended { service: "posts".to_owned() };
                bus.broadcast(Envelope::new(&clock, &hint));
                sent(&elsewhere, commits).await;
            }
            stop.cancel();
        };
        let both = Box::pin(async { tokio::join!(relay.run(), writing) });
        tokio::time::timeout(Duration::from_mins(1), both).await.expect("each is published");
    }
}
