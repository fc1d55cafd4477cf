//! Whose access has ended before their tokens have.
//!
//! Auth tells it by events and by [`Snapshot`]s of what is in force. Both only ever add, so that neither their order nor
//! their repetition matters and a snapshot that was read before an event does not undo it. What no token can be concerned
//! by any more is forgotten.

use std::{
    collections::HashMap,
    hash::Hash,
    sync::{Arc, RwLock},
};

use chatty_types::{Clock, SessionId, UserId};
use chrono::{DateTime, SubsecRound, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use tokio::sync::watch;

use crate::Viewer;

/// How often entries are looked through for old ones, at most.
const FORGET_EVERY: TimeDelta = TimeDelta::minutes(1);

/// What access was revoked from, and when.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Revocation {
    /// A session: every token it ever got.
    Session {
        /// Which.
        id: SessionId,
        /// When it ended.
        at: DateTime<Utc>,
    },
    /// A user: the tokens of all sessions that were issued before a time.
    #[serde(rename_all = "camelCase")]
    User {
        /// Who.
        id: UserId,
        /// The time.
        not_before: DateTime<Utc>,
    },
}

impl Revocation {
    /// Whether the viewer's token is refused by it: the session is the viewer's, or the token was issued before the
    /// user's `not_before`.
    ///
    /// Tokens tell their time in whole seconds, so `not_before` counts as the next whole second: a token may be refused
    /// that was issued just after it, but none is accepted that was issued before.
    pub fn revokes(&self, viewer: &Viewer) -> bool {
        match *self {
            Self::Session { id, .. } => id == viewer.session,
            Self::User { id, not_before } => id == viewer.user && viewer.issued_at < accepted_from(not_before),
        }
    }
}

/// All that is revoked and that tokens may still be in force for, as its issuer knows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Snapshot {
    /// For how long after its time a revocation matters, in seconds: longer than an access token lives.
    pub seconds_kept: u32,
    /// What is revoked, in no order.
    pub revoked: Vec<Revocation>,
}

/// What is revoked, as far as this process knows. Clones share one set.
#[derive(Clone)]
pub struct Revocations(Arc<Inner>);

struct Inner {
    clock: Clock,
    set: RwLock<Set>,
    /// Says that the set has grown.
    changes: watch::Sender<()>,
}

#[derive(Default)]
struct Set {
    sessions: HashMap<SessionId, DateTime<Utc>>,
    users: HashMap<UserId, DateTime<Utc>>,
    /// Unknown until the first snapshot; nothing is forgotten before.
    kept: Option<TimeDelta>,
    forgotten_at: DateTime<Utc>,
}

impl Revocations {
    /// An empty set. Nobody is [`informed`](Self::informed) by it yet.
    pub fn new(clock: Clock) -> Self {
        Self(Arc::new(Inner { clock, set: RwLock::default(), changes: watch::Sender::new(()) }))
    }

    /// Adds one. Of two for one user the later counts.
    pub fn apply(&self, revocation: Revocation) {
        self.change(|set| set.add(revocation));
    }

    /// Adds all of a snapshot, and takes nothing away.
    pub fn merge(&self, snapshot: &Snapshot) {
        self.change(|set| {
            let first = set.kept.replace(TimeDelta::seconds(snapshot.seconds_kept.into())).is_none();
            snapshot.revoked.iter().fold(first, |changed, revocation| set.add(*revocation) | changed)
        });
    }

    /// Whether the viewer's token is refused by any of them; see [`Revocation::revokes`].
    pub fn revokes(&self, viewer: &Viewer) -> bool {
        let set = self.0.set.read().expect("no code panics while holding the set");
        set.sessions.contains_key(&viewer.session)
            || set
                .users
                .get(&viewer.user)
                .is_some_and(|not_before| Revocation::User { id: viewer.user, not_before: *not_before }.revokes(viewer))
    }

    /// Says when the set has grown. Look once after calling this: what came before is not told.
    pub fn watch(&self) -> watch::Receiver<()> {
        self.0.changes.subscribe()
    }

    /// Whether there has been a snapshot. Before, tokens may pass that are revoked.
    pub fn is_informed(&self) -> bool {
        self.0.set.read().expect("no code panics while holding the set").kept.is_some()
    }

    /// Waits for the first snapshot.
    pub async fn informed(&self) {
        let mut changes = self.watch();
        // The sender lives in `self`, so that the wait ends only by success.
        drop(changes.wait_for(|()| self.is_informed()).await);
    }

    fn change(&self, change: impl FnOnce(&mut Set) -> bool) {
        let changed = {
            let mut set = self.0.set.write().expect("no code panics while holding the set");
            let changed = change(&mut set);
            set.forget(self.0.clock.now());
            changed
        };
        // Snapshots repeat themselves; only what is new wakes anybody.
        if changed {
            self.0.changes.send_replace(());
        }
    }
}

impl Set {
    /// Whether that changes what is revoked.
    fn add(&mut self, revocation: Revocation) -> bool {
        match revocation {
            Revocation::Session { id, at } => keep_later(&mut self.sessions, id, at),
            Revocation::User { id, not_before } => keep_later(&mut self.users, id, not_before),
        }
    }

    fn forget(&mut self, now: DateTime<Utc>) {
        let Some(kept) = self.kept.filter(|_| now - self.forgotten_at >= FORGET_EVERY) else { return };
        self.forgotten_at = now;
        self.sessions.retain(|_, at| now - *at <= kept);
        self.users.retain(|_, not_before| now - *not_before <= kept);
    }
}

/// Whether `time` is news.
fn keep_later<K: Eq + Hash>(times: &mut HashMap<K, DateTime<Utc>>, key: K, time: DateTime<Utc>) -> bool {
    let known = times.get(&key).is_some_and(|known| *known >= time);
    if !known {
        times.insert(key, time);
    }
    !known
}

/// The first time of issue of tokens that a user's revocation leaves good: `not_before`, or the whole second after it. An
/// issuer that knows of the revocation gives no earlier time, so that new tokens are good at once.
pub fn accepted_from(not_before: DateTime<Utc>) -> DateTime<Utc> {
    let whole = not_before.trunc_subsecs(0);
    if whole == not_before { whole } else { whole.checked_add_signed(TimeDelta::seconds(1)).unwrap_or(not_before) }
}

impl std::fmt::Debug for Revocations {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Revocations(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Role, Scopes};

    const KEPT: u32 = 660;

    struct World {
        clock: Clock,
        revocations: Revocations,
    }

    fn world() -> World {
        let clock = Clock::system();
        World { revocations: Revocations::new(clock.clone()), clock }
    }

    impl World {
        fn viewer(&self, issued_at: &str) -> Viewer {
            let issued_at = time(issued_at);
            Viewer {
                user: UserId::new(&self.clock),
                session: SessionId::new(&self.clock),
                role: Role::User,
                scopes: Scopes::NONE,
                issued_at,
                expires_at: issued_at + TimeDelta::minutes(10),
            }
        }

        fn ended(&self) -> Revocation {
            Revocation::Session { id: SessionId::new(&self.clock), at: self.clock.now() }
        }

        fn counts(&self) -> (usize, usize) {
            let set = self.revocations.0.set.read().unwrap();
            (set.sessions.len(), set.users.len())
        }
    }

    fn time(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    fn snapshot(revoked: Vec<Revocation>) -> Snapshot {
        Snapshot { seconds_kept: KEPT, revoked }
    }

    #[test]
    fn a_session_that_ended_is_refused_and_no_other_of_its_user() {
        let world = world();
        let viewer = world.viewer("2026-01-02T03:04:05Z");
        let other = Viewer { session: SessionId::new(&world.clock), ..viewer.clone() };
        assert!(!world.revocations.revokes(&viewer));
        world.revocations.apply(Revocation::Session { id: viewer.session, at: viewer.issued_at });
        assert!(world.revocations.revokes(&viewer));
        assert!(!world.revocations.revokes(&other));
    }

    #[test]
    fn a_users_tokens_of_before_the_next_whole_second_are_refused() {
        for (not_before, issued_at, refused) in [
            ("2026-01-02T03:04:05.000Z", "2026-01-02T03:04:04Z", true),
            ("2026-01-02T03:04:05.000Z", "2026-01-02T03:04:05Z", false),
            ("2026-01-02T03:04:05.001Z", "2026-01-02T03:04:05Z", true),
            ("2026-01-02T03:04:05.999Z", "2026-01-02T03:04:05Z", true),
            ("2026-01-02T03:04:05.999Z", "2026-01-02T03:04:06Z", false),
            ("+262142-12-31T23:59:59.999Z", "2026-01-02T03:04:06Z", true),
        ] {
            let world = world();
            let (viewer, stranger) = (world.viewer(issued_at), world.viewer(issued_at));
            world.revocations.apply(Revocation::User { id: viewer.user, not_before: time(not_before) });
            assert_eq!(world.revocations.revokes(&viewer), refused, "{not_before} {issued_at}");
            assert!(!world.revocations.revokes(&stranger));
        }
    }

    #[test]
    fn neither_order_nor_repetition_matters_and_a_snapshot_takes_nothing_back() {
        let (early, late) = (time("2026-01-02T03:04:05Z"), time("2026-01-02T03:05:05Z"));
        let world = world();
        let viewer = world.viewer("2026-01-02T03:04:30Z");
        let (early, late) = (
            Revocation::User { id: viewer.user, not_before: early },
            Revocation::User { id: viewer.user, not_before: late },
        );
        world.revocations.apply(late);
        for _ in 0..2 {
            world.revocations.apply(early);
            world.revocations.merge(&Snapshot { seconds_kept: u32::MAX, revoked: vec![early] });
            assert!(world.revocations.revokes(&viewer));
        }
        assert_eq!(world.counts(), (0, 1));
    }

    #[test]
    fn what_no_token_can_be_concerned_by_is_forgotten() {
        let world = world();
        let old = [world.ended(), Revocation::User { id: UserId::new(&world.clock), not_before: world.clock.now() }];
        world.revocations.merge(&snapshot(old.to_vec()));
        world.clock.advance(TimeDelta::seconds((KEPT - 1).into()));
        world.revocations.apply(world.ended());
        assert_eq!(world.counts(), (2, 1));
        world.clock.advance(TimeDelta::seconds(62));
        world.revocations.apply(world.ended());
        assert_eq!(world.counts(), (2, 0));
    }

    #[tokio::test]
    async fn only_what_is_new_wakes_who_watches() {
        let world = world();
        let ended = world.ended();
        let mut changes = world.revocations.watch();
        world.revocations.merge(&snapshot(Vec::new()));
        assert!(changes.has_changed().unwrap(), "the first snapshot is news in any case");
        world.revocations.informed().await;
        changes.mark_unchanged();
        for changed in [true, false] {
            world.revocations.merge(&snapshot(vec![ended]));
            assert_eq!(changes.has_changed().unwrap(), changed);
            changes.mark_unchanged();
        }
        world.revocations.apply(ended);
        assert!(!changes.has_changed().unwrap());
    }

    #[tokio::test]
    async fn nobody_is_informed_by_events_alone() {
        let world = world();
        let waiting = world.revocations.clone();
        let mut informed = std::pin::pin!(waiting.informed());
        world.revocations.apply(world.ended());
        assert!(poll_once(informed.as_mut()).await.is_pending());
        world.revocations.merge(&snapshot(Vec::new()));
        informed.await;
    }

    async fn poll_once(mut future: std::pin::Pin<&mut impl Future<Output = ()>>) -> std::task::Poll<()> {
        std::future::poll_fn(|cx| std::task::Poll::Ready(future.as_mut().poll(cx))).await
    }

    #[test]
    fn a_snapshot_survives_its_text() {
        let world = world();
        let whole = snapshot(vec![
            world.ended(),
            Revocation::User { id: UserId::new(&world.clock), not_before: time("2026-01-02T03:04:05.678Z") },
        ]);
        let text = serde_json::to_string(&whole).unwrap();
        assert!(text.contains(r#""notBefore":"2026-01-02T03:04:05.678Z""#), "{text}");
        assert_eq!(serde_json::from_str::<Snapshot>(&text).unwrap(), whole);
    }
}
