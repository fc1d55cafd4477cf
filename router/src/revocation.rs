//! Learns whose access has ended: from the event as it happens, and from a snapshot, because events may be missed.
//!
//! What is learnt goes to [`Revocations`]; who verifies tokens and who holds sockets looks there. This is the one event
//! that the router knows, and it knows no service: the snapshot is whatever it is given.

use std::{sync::Arc, time::Duration};

use chatty_access::{Revocation, Revocations, Snapshot};
use chatty_bus::{Bus, Heard, Listener};
use chatty_events::{
    Envelope,
    auth::{AccessRevoked, Revoked},
};
use chatty_kit::BackOff;
use futures_util::future::BoxFuture;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

const KEYS: &[&str] = &["auth.access.revoked"];

/// How often snapshots are read.
#[derive(Clone, Copy)]
struct Pace {
    /// How long events alone are relied on: the broker may be down without saying so.
    look_again: Duration,
    /// Before a reading that failed is tried again: at first, and doubled up to `look_again`.
    back_off: Duration,
}

const PACE: Pace = Pace { look_again: Duration::from_secs(5), back_off: Duration::from_millis(100) };

/// How long a reading may take.
const READING: Duration = Duration::from_secs(5);

/// Why a snapshot could not be read.
#[derive(Debug, thiserror::Error)]
enum ReadError<E: std::error::Error + 'static> {
    #[error("what is revoked cannot be read")]
    Failed(#[source] E),
    #[error("what is revoked cannot be read within {READING:?}")]
    TooSlow,
}

/// Keeps `revocations` up to date until `stop`.
///
/// The snapshot is read at once and until it succeeds, which [`Revocations::informed`] waits for; again whenever events
/// may have been missed; and every five seconds.
pub async fn follow<E>(
    bus: Arc<dyn Bus>,
    snapshot: impl Fn() -> BoxFuture<'static, Result<Snapshot, E>> + Send + Sync,
    revocations: Revocations,
    stop: CancellationToken,
) where
    E: std::error::Error + Send + 'static,
{
    stop.run_until_cancelled(follow_at(PACE, bus, snapshot, revocations)).await;
}

async fn follow_at<E>(
    pace: Pace,
    bus: Arc<dyn Bus>,
    snapshot: impl Fn() -> BoxFuture<'static, Result<Snapshot, E>> + Send + Sync,
    revocations: Revocations,
) where
    E: std::error::Error + Send + 'static,
{
    // Before the first reading: nothing falls between the two.
    let listener = bus.listen(KEYS);
    let missed = Notify::new();
    tokio::join!(hear(listener, &revocations, &missed), read(pace, snapshot, &revocations, &missed));
}

/// Applies each event as it comes, also while a snapshot is being read.
async fn hear(mut listener: Listener, revocations: &Revocations, missed: &Notify) {
    loop {
        match listener.hear().await {
            Heard::Event(event) => match revocation(&event) {
                Some(revocation) => revocations.apply(revocation),
                None => missed.notify_one(),
            },
            Heard::Missed => missed.notify_one(),
            // Snapshots are left.
            Heard::Closed => return,
        }
    }
}

/// What the event says, or `None` if it is of a version that this one does not understand.
fn revocation(event: &Envelope) -> Option<Revocation> {
    match event.decode::<AccessRevoked>() {
        Ok(Some(AccessRevoked { revoked, not_before, .. })) => Some(match revoked {
            Revoked::Session(id) => Revocation::Session { id, at: not_before },
            Revoked::User(id) => Revocation::User { id, not_before },
        }),
        Ok(None) => {
            tracing::warn!(kind = event.event_type, "a revocation of an unknown version");
            None
        }
        Err(error) => {
            tracing::error!(error = &error as &dyn std::error::Error, "a revocation cannot be read");
            None
        }
    }
}

/// Reads snapshots for ever. A `missed` that comes while one is being read is followed by another.
async fn read<E>(
    pace: Pace,
    snapshot: impl Fn() -> BoxFuture<'static, Result<Snapshot, E>>,
    revocations: &Revocations,
    missed: &Notify,
) where
    E: std::error::Error + Send + 'static,
{
    let mut back_off = BackOff::new(pace.back_off, pace.look_again);
    loop {
        let read = match tokio::time::timeout(READING, snapshot()).await {
            Ok(read) => read.map_err(ReadError::Failed),
            Err(_elapsed) => Err(ReadError::TooSlow),
        };
        let pause = match read {
            Ok(snapshot) => {
                revocations.merge(&snapshot);
                back_off.reset();
                pace.look_again
            }
            Err(error) => {
                tracing::warn!(error = &error as &dyn std::error::Error, "revocations may be late");
                back_off.pause()
            }
        };
        // Both outcomes mean the same: look.
        drop(tokio::time::timeout(pause, missed.notified()).await);
    }
}

#[cfg(test)]
mod tests {
    use std::{
        future::{pending, ready},
        sync::Mutex,
    };

    use chatty_access::{Role, Scopes, Viewer};
    use chatty_bus::InProcess;
    use chatty_events::auth::RevocationReason;
    use chatty_types::{Clock, SessionId, UserId};
    use chrono::TimeDelta;
    use futures_util::FutureExt;
    use tokio::sync::watch;
    use tokio_util::task::TaskTracker;

    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("auth is down")]
    struct Down;

    /// A follower, the bus that it hears, and the source that it reads.
    struct World {
        clock: Clock,
        bus: Arc<InProcess>,
        revocations: Revocations,
        source: Arc<Source>,
        /// Ends with the test's runtime.
        _follower: TaskTracker,
    }

    struct Source {
        /// What readings give; `None` while it is down.
        revoked: Mutex<Option<Vec<Revocation>>>,
        readings: watch::Sender<usize>,
    }

    /// Reads at the start and when something was missed.
    const SLOW: Pace = Pace { look_again: Duration::from_hours(1), back_off: Duration::from_millis(1) };
    const QUICK: Pace = Pace { look_again: Duration::from_millis(1), ..SLOW };

    impl World {
        fn start(pace: Pace, revoked: Option<Vec<Revocation>>) -> Self {
            let clock = Clock::system();
            let bus = Arc::new(InProcess::new(clock.clone(), &[]));
            let source = Arc::new(Source { revoked: Mutex::new(revoked), readings: watch::Sender::new(0) });
            let (revocations, follower) = (Revocations::new(clock.clone()), TaskTracker::new());
            let snapshot = {
                let source = Arc::clone(&source);
                move || ready(source.read()).boxed()
            };
            follower.spawn(follow_at(pace, Arc::clone(&bus) as Arc<dyn Bus>, snapshot, revocations.clone()));
            Self { clock, bus, revocations, source, _follower: follower }
        }

        async fn informed(pace: Pace) -> Self {
            let world = Self::start(pace, Some(Vec::new()));
            world.revocations.informed().await;
            world
        }

        fn tell(&self, viewer: &Viewer) {
            self.bus.broadcast(self.event(Revoked::Session(viewer.session)));
        }

        fn event(&self, revoked: Revoked) -> Envelope {
            let event = AccessRevoked { revoked, not_before: self.clock.now(), reason: RevocationReason::Logout };
            Envelope::new(&self.clock, &event)
        }

        /// Waits until the viewer is refused.
        async fn revoked(&self, viewer: &Viewer) {
            let mut changes = self.revocations.watch();
            changes.wait_for(|()| self.revocations.revokes(viewer)).await.unwrap();
        }
    }

    impl Source {
        fn read(&self) -> Result<Snapshot, Down> {
            self.readings.send_modify(|readings| *readings += 1);
            let revoked = self.revoked.lock().unwrap().clone().ok_or(Down)?;
            Ok(Snapshot { seconds_kept: 660, revoked })
        }

        fn set(&self, revoked: Vec<Revocation>) {
            *self.revoked.lock().unwrap() = Some(revoked);
        }
    }

    fn viewer() -> Viewer {
        let clock = Clock::system();
        let now = clock.now();
        Viewer {
            user: UserId::new(&clock),
            session: SessionId::new(&clock),
            role: Role::User,
            scopes: Scopes::NONE,
            issued_at: now - TimeDelta::seconds(1),
            expires_at: now + TimeDelta::minutes(10),
        }
    }

    fn ended(viewer: &Viewer) -> Revocation {
        Revocation::Session { id: viewer.session, at: viewer.issued_at }
    }

    #[tokio::test]
    async fn what_was_revoked_before_the_start_is_read_and_then_every_event_is_heard() {
        let (before, session, user, other) = (viewer(), viewer(), viewer(), viewer());
        let world = World::start(SLOW, Some(vec![ended(&before)]));
        world.revocations.informed().await;
        assert!(world.revocations.revokes(&before));
        world.tell(&session);
        world.bus.broadcast(world.event(Revoked::User(user.user)));
        world.revoked(&session).await;
        world.revoked(&user).await;
        assert!(!world.revocations.revokes(&other));
        assert_eq!(*world.source.readings.borrow(), 1, "events do without");
    }

    #[tokio::test]
    async fn nobody_is_informed_while_the_source_is_down_and_events_are_heard_all_the_same() {
        let (world, viewer) = (World::start(SLOW, None), viewer());
        let mut readings = world.source.readings.subscribe();
        readings.wait_for(|readings| *readings >= 4).await.unwrap();
        world.tell(&viewer);
        world.revoked(&viewer).await;
        assert!(world.revocations.informed().now_or_never().is_none());
        world.source.set(Vec::new());
        world.revocations.informed().await;
    }

    #[tokio::test]
    async fn what_a_dead_bus_does_not_tell_is_read_after_a_while() {
        let (world, viewer) = (World::informed(QUICK).await, viewer());
        world.source.set(vec![ended(&viewer)]);
        world.revoked(&viewer).await;
    }

    #[tokio::test]
    async fn whoever_missed_events_reads_everything_at_once() {
        let (world, missed) = (World::informed(SLOW).await, viewer());
        world.source.set(vec![ended(&missed)]);
        // More than a listener may be behind.
        (0..2_000).for_each(|_| world.tell(&viewer()));
        world.revoked(&missed).await;
    }

    #[tokio::test]
    async fn whoever_cannot_read_an_event_reads_everything_at_once() {
        for of_later in [true, false] {
            let (world, viewer) = (World::informed(SLOW).await, viewer());
            world.source.set(vec![ended(&viewer)]);
            let mut event = world.event(Revoked::Session(viewer.session));
            if of_later {
                event.event_type = "auth.access.revoked.v2".into();
            } else {
                event.data = serde_json::value::to_raw_value("nonsense").unwrap();
            }
            world.bus.broadcast(event);
            world.revoked(&viewer).await;
        }
    }

    #[tokio::test]
    async fn the_follower_ends_when_it_is_told_to() {
        let (clock, stop) = (Clock::system(), CancellationToken::new());
        let bus = Arc::new(InProcess::new(clock.clone(), &[]));
        stop.cancel();
        follow(bus, || pending::<Result<Snapshot, Down>>().boxed(), Revocations::new(clock), stop).await;
    }
}
