//! The outbox relay: publishes a service's unsent events in order, and marks them once they are stored.
//!
//! A crash between publishing and marking publishes again; the consumers' inboxes make that harmless. One relay of a
//! service publishes at a time. It wakes on every commit of its process and looks once a second besides. The others
//! stand by, and tell it over the bus when their own processes have written something.

use std::{sync::Arc, time::Duration};

use chatty_events::{Envelope, system::OutboxAppended};
use chatty_store::Db;
use chatty_types::Clock;
use tokio::time::{Instant, sleep, sleep_until};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::{
    Bus, Heard, Listener, PublishError,
    lease::{Lease, RENEW_EVERY, Watch},
    outbox,
};

const BATCH: i64 = 500;
const LOOK_AGAIN: Duration = Duration::from_secs(1);
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
}

/// Publishes what the outbox of `db` holds until `stop`; a batch in hand is finished.
pub async fn run(service: &'static str, db: Db, bus: Arc<dyn Bus>, clock: Clock, turn: Turn, stop: CancellationToken) {
    let lease = Lease::new(db.clone(), clock.uuid());
    let mut relay = Relay {
        service,
        wake_ups: (turn == Turn::Shared).then(|| bus.listen(WAKE_UPS)),
        db,
        bus,
        clock,
        stop,
        pruned_at: Instant::now(),
        failing: false,
    };
    match turn {
        Turn::Alone => relay.publish_in_turn(None).await,
        Turn::Shared => {
            while relay.stand_by(&lease).await {
                relay.publish_in_turn(Some(&lease)).await;
            }
            // At the end of its own process nobody holds the turn in vain.
            if let Err(error) = lease.give_up().await {
                tracing::warn!(service, error = &error as &dyn std::error::Error, "the relay's turn was not given up");
            }
        }
    }
}

struct Relay {
    service: &'static str,
    db: Db,
    bus: Arc<dyn Bus>,
    clock: Clock,
    stop: CancellationToken,
    /// What other processes have written; `None` where there are none.
    wake_ups: Option<Listener>,
    pruned_at: Instant,
    failing: bool,
}

impl Relay {
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
                    let looked = watch.look().await.map_err(RelayError::from);
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
                    if outbox::has_unsent(&self.db).await.unwrap_or(false) {
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
                match lease.renew().await {
                    Ok(true) => {}
                    Ok(false) => return self.note(Some(RelayError::Replaced)),
                    Err(error) => self.note(Some(error.into())),
                }
            }
            self.prune().await;
            // Before looking: what is written from here on wakes the loop again.
            commits.mark_unchanged();
            let published = self.publish_batch(lease).await;
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
                () = sleep(LOOK_AGAIN) => {}
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
        match outbox::prune(&self.db, self.clock.now() - outbox::RETENTION).await {
            // More is left: go on in the next round, so that publishing never waits for long.
            Ok(true) => {}
            Ok(false) => self.pruned_at = Instant::now(),
            Err(error) => self.note(Some(error.into())),
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

/// Renews the lease while something takes long; ends when it is lost.
async fn replaced(lease: Option<&Lease>) {
    let Some(lease) = lease else { return std::future::pending().await };
    loop {
        sleep(RENEW_EVERY).await;
        match lease.renew().await {
            Ok(true) => {}
            Ok(false) => return,
            Err(error) => tracing::debug!(error = &error as &dyn std::error::Error, "the relay's turn was not renewed"),
        }
    }
}

/// Waits for a commit of this process, or for word of one elsewhere.
async fn woken(commits: &mut tokio::sync::watch::Receiver<u64>, wake_ups: Option<&mut Listener>, service: &str) {
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
    use chatty_events::Event;

    use super::*;

    #[test]
    fn the_wake_up_is_listened_for_by_its_own_key() {
        let event = OutboxAppended { service: "posts".to_owned() };
        assert_eq!(WAKE_UPS, [Envelope::new(&Clock::system(), &event).routing_key()]);
        assert_eq!(event.subject(), "posts");
    }
}
