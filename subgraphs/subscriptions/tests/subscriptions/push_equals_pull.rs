//! The property that the feed is for: whatever happens, and however its events arrive, the table that events fill is
//! what the pull query says, and replaying a feed's changes leads from any of its states to the last. Of an erased user
//! nothing is in any feed, theirs included.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use chatty_events::{
    Envelope, Event,
    auth::UserDeleted,
    posts::{PostCreated, PostDeleted, PostUpdated, Visibility},
    subscriptions::FollowCreated,
};
use chatty_store::query;
use chatty_types::{Id, PostId, UserId};
use futures_util::future::join_all;
use proptest::{
    prelude::*,
    test_runner::{RngSeed, TestRunner},
};

use crate::fixture::{Fixture, quiet};

const USERS: usize = 4;

#[derive(Debug, Clone)]
enum Op {
    Follow(usize, usize),
    Unfollow(usize, usize),
    Post(usize, Visibility),
    Edit(usize, Visibility),
    Delete(usize),
    /// The account is gone, and posts tells that its posts are.
    Erase(usize),
    /// Some event so far is handled, perhaps not for the first time.
    Handle(usize),
}

fn op() -> impl Strategy<Value = Op> {
    let pair = (0..USERS, 1..USERS).prop_map(|(a, step)| (a, (a + step) % USERS));
    let visibility = prop_oneof![Just(Visibility::Public), Just(Visibility::Followers), Just(Visibility::Private)];
    prop_oneof![
        3 => pair.clone().prop_map(|(a, b)| Op::Follow(a, b)),
        2 => pair.prop_map(|(a, b)| Op::Unfollow(a, b)),
        4 => (0..USERS, visibility.clone()).prop_map(|(author, visibility)| Op::Post(author, visibility)),
        2 => (any::<usize>(), visibility).prop_map(|(post, visibility)| Op::Edit(post, visibility)),
        1 => any::<usize>().prop_map(Op::Delete),
        1 => (0..USERS).prop_map(Op::Erase),
        8 => any::<usize>().prop_map(Op::Handle),
    ]
}

/// What is true, by the plainest means.
#[derive(Default)]
struct Model {
    follows: BTreeSet<(UserId, UserId)>,
    erased: BTreeSet<UserId>,
    posts: Vec<ModelPost>,
}

struct ModelPost {
    id: PostId,
    author: UserId,
    visibility: Visibility,
    version: i64,
    deleted: bool,
}

impl Model {
    fn feed(&self, user: UserId) -> BTreeSet<PostId> {
        let shown = self.posts.iter().filter(|post| !post.deleted && post.visibility != Visibility::Private);
        shown.filter(|post| self.follows.contains(&(user, post.author))).map(|post| post.id).collect()
    }
}

/// A user's feed at some moment.
#[derive(Clone, Default)]
struct Snapshot {
    posts: BTreeSet<PostId>,
    seq: i64,
}

struct World {
    h: Fixture,
    users: [UserId; USERS],
    model: Model,
    events: Vec<Envelope>,
}

impl World {
    async fn new() -> Self {
        let h = quiet().await;
        let users = std::array::from_fn(|_| Id::new(&h.clock));
        let mut tx = h.db().begin().await.unwrap();
        for user in users {
            query!("INSERT INTO user_ref (id) VALUES ($1)").bind(user).execute(&mut tx).await.unwrap();
        }
        tx.commit().await.unwrap();
        Self { h, users, model: Model::default(), events: Vec::new() }
    }

    async fn apply(&mut self, op: Op) {
        let is_erased = |user: &usize| self.model.erased.contains(&self.users[*user]);
        match op {
            Op::Follow(a, b) | Op::Unfollow(a, b) if is_erased(&a) || is_erased(&b) => {}
            Op::Post(user, _) | Op::Erase(user) if is_erased(&user) => {}
            Op::Follow(a, b) => {
                self.h.follow(self.users[a], self.users[b]).await;
                self.model.follows.insert((self.users[a], self.users[b]));
            }
            Op::Unfollow(a, b) => {
                self.h.unfollow(self.users[a], self.users[b]).await;
                self.model.follows.remove(&(self.users[a], self.users[b]));
            }
            Op::Post(author, visibility) => {
                let (id, author) = (Id::new(&self.h.clock), self.users[author]);
                self.model.posts.push(ModelPost { id, author, visibility, version: 1, deleted: false });
                let created_at = self.h.clock.now();
                self.happened(&PostCreated { post_id: id, author_id: author, visibility, created_at });
            }
            Op::Edit(post, visibility) => {
                let Some(post) = self.living(post) else { return };
                (post.visibility, post.version) = (visibility, post.version + 1);
                let event = PostUpdated { post_id: post.id, author_id: post.author, version: post.version, visibility };
                self.happened(&event);
            }
            Op::Delete(post) => {
                let Some(post) = self.living(post) else { return };
                (post.deleted, post.version) = (true, post.version + 1);
                let event = PostDeleted { post_id: post.id, author_id: post.author, version: post.version };
                self.happened(&event);
            }
            Op::Erase(user) => {
                let user_id = self.users[user];
                self.model.erased.insert(user_id);
                self.model.follows.retain(|(follower, followee)| *follower != user_id && *followee != user_id);
                self.happened(&UserDeleted { user_id, erasure_id: self.h.clock.uuid() });
                for at in 0..self.model.posts.len() {
                    let post = &mut self.model.posts[at];
                    if post.author == user_id && !post.deleted {
                        (post.deleted, post.version) = (true, post.version + 1);
                        let event = PostDeleted { post_id: post.id, author_id: user_id, version: post.version };
                        self.happened(&event);
                    }
                }
            }
            Op::Handle(n) if !self.events.is_empty() => self.handle(n % self.events.len()).await,
            Op::Handle(_) => {}
        }
    }

    fn living(&mut self, n: usize) -> Option<&mut ModelPost> {
        let mut living: Vec<_> = self.model.posts.iter_mut().filter(|post| !post.deleted).collect();
        if living.is_empty() { None } else { Some(living.swap_remove(n % living.len())) }
    }

    fn happened(&mut self, event: &impl Event) {
        self.events.push(Envelope::new(&self.h.clock, event));
    }

    /// Takes what the mutations have to tell out of the outbox.
    async fn collect(&mut self) {
        let rows = query!("SELECT envelope FROM outbox ORDER BY id").fetch_all::<(String,)>(self.h.db()).await.unwrap();
        if rows.is_empty() {
            return;
        }
        self.events.extend(rows.iter().map(|(text,)| serde_json::from_str::<Envelope>(text).unwrap()));
        let mut tx = self.h.db().begin().await.unwrap();
        query!("DELETE FROM outbox").execute(&mut tx).await.unwrap();
        tx.commit().await.unwrap();
    }

    /// Handles an event without asking the inbox whether it is new.
    async fn handle(&self, n: usize) {
        self.handle_event(&self.events[n]).await;
    }

    async fn handle_event(&self, event: &Envelope) {
        let mut tx = self.h.db().begin().await.unwrap();
        self.h.service.consumers[0].handler.handle(&mut tx, event).await.unwrap();
        tx.commit().await.unwrap();
    }

    async fn snapshot(&self, user: UserId) -> Snapshot {
        let posts = query!("SELECT post_id FROM feed WHERE user_id = $1 AND removed = FALSE").bind(user);
        let posts = posts.fetch_all::<(PostId,)>(self.h.db()).await.unwrap().into_iter().map(|(post,)| post).collect();
        let head = query!("SELECT seq FROM feed_head WHERE user_id = $1").bind(user);
        let seq = head.fetch_optional::<(i64,)>(self.h.db()).await.unwrap().map_or(0, |(seq,)| seq);
        Snapshot { posts, seq }
    }

    /// How many counters differ from what they count.
    async fn wrong_counts(&self) -> i64 {
        let wrong = query!(
            "SELECT COUNT(1) FROM follow_count c
             WHERE c.followers <> (SELECT COUNT(1) FROM follow f WHERE f.followee_id = c.user_id AND f.active = TRUE)
                OR c.following <> (SELECT COUNT(1) FROM follow f WHERE f.follower_id = c.user_id AND f.active = TRUE)"
        );
        wrong.fetch_one::<(i64,)>(self.h.db()).await.unwrap().0
    }

    /// How many rows say something of a user but that they were erased.
    async fn remains(&self, user: UserId) -> i64 {
        let rows = query!(
            "SELECT (SELECT COUNT(1) FROM feed WHERE user_id = $1)
                  + (SELECT COUNT(1) FROM feed_head WHERE user_id = $1)
                  + (SELECT COUNT(1) FROM follow_count WHERE user_id = $1)
                  + (SELECT COUNT(1) FROM follow WHERE (follower_id = $1 OR followee_id = $1) AND active = TRUE)
                  + (SELECT COUNT(1) FROM post_ref WHERE author_id = $1 AND state = 'PUBLISHED')
                  + (SELECT COUNT(1) FROM user_ref WHERE id = $1 AND erased = FALSE)
                  + (SELECT COUNT(1) FROM feed f JOIN post_ref p ON p.post_id = f.post_id
                     WHERE p.author_id = $1 AND f.removed = FALSE)"
        );
        rows.bind(user).fetch_one::<(i64,)>(self.h.db()).await.unwrap().0
    }

    /// The definition, as SQL over the replicas.
    async fn pulled(&self, user: UserId) -> BTreeSet<PostId> {
        let posts = query!(
            "SELECT p.post_id FROM follow f JOIN post_ref p ON p.author_id = f.followee_id
             WHERE f.follower_id = $1 AND f.active = TRUE
               AND p.state = 'PUBLISHED' AND p.visibility IN ('PUBLIC', 'FOLLOWERS')"
        )
        .bind(user);
        posts.fetch_all::<(PostId,)>(self.h.db()).await.unwrap().into_iter().map(|(post,)| post).collect()
    }

    /// Applies to `since` what the feed says has changed behind it.
    async fn replayed(&self, user: UserId, since: &Snapshot) -> Snapshot {
        let rows = query!("SELECT post_id, seq, removed FROM feed WHERE user_id = $1 AND seq > $2 ORDER BY seq")
            .bind(user)
            .bind(since.seq)
            .fetch_all::<(PostId, i64, bool)>(self.h.db())
            .await
            .unwrap();
        let mut state = since.clone();
        for (post, seq, removed) in rows {
            if removed {
                state.posts.remove(&post)
            } else {
                state.posts.insert(post)
            };
            state.seq = seq;
        }
        state
    }
}

async fn check(ops: Vec<Op>, snapshot_at: usize, order: Vec<u16>) {
    let mut world = World::new().await;
    let mut snapshots = BTreeMap::new();
    for (n, op) in ops.into_iter().enumerate() {
        if n == snapshot_at {
            for user in world.users {
                snapshots.insert(user, world.snapshot(user).await);
            }
        }
        world.apply(op).await;
        world.collect().await;
    }
    // Every event arrives at last, in any order, some of them not for the first time.
    let mut rest: Vec<_> = (0..world.events.len()).collect();
    rest.sort_by_key(|n| order[*n % order.len()]);
    for n in rest {
        world.handle(n).await;
    }
    // An erasure tells itself to go on, and that follows have ended.
    let mut handled = world.events.len();
    world.collect().await;
    while handled < world.events.len() {
        world.handle(handled).await;
        handled += 1;
        world.collect().await;
    }
    assert_eq!(world.wrong_counts().await, 0, "counters equal what they count");
    for user in world.users {
        if world.model.erased.contains(&user) {
            assert_eq!(world.remains(user).await, 0, "nothing is left of an erased user");
            continue;
        }
        let last = world.snapshot(user).await;
        assert_eq!(last.posts, world.model.feed(user), "the table holds what is true");
        assert_eq!(last.posts, world.pulled(user).await, "the pull query says the same");
        let since = snapshots.get(&user).cloned().unwrap_or_default();
        let replayed = world.replayed(user, &since).await;
        assert_eq!(replayed.posts, last.posts, "replay leads to the same feed");
        assert_eq!(replayed.seq, last.seq, "the last number is a row's: none was wasted");
    }
}

#[test]
fn the_table_equals_the_pull_query_however_events_arrive() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let config = ProptestConfig {
        cases: 60,
        rng_seed: RngSeed::Fixed(1),
        failure_persistence: None,
        ..ProptestConfig::default()
    };
    let input = (prop::collection::vec(op(), 1..60), 0..60usize, prop::collection::vec(any::<u16>(), 60));
    TestRunner::new(config)
        .run(&input, |(ops, snapshot_at, order)| {
            runtime.block_on(check(ops, snapshot_at, order));
            Ok(())
        })
        .unwrap_or_else(|failure| panic!("{failure}"));
}

#[tokio::test]
async fn events_handled_at_once_while_follows_change_lose_and_leave_nothing() {
    let mut world = World::new().await;
    let [bob, eve, ana, kim] = world.users;
    for round in 0..8 {
        for (author, n) in [bob, eve, kim].into_iter().cycle().zip(0..12) {
            let (id, created_at) = (Id::new(&world.h.clock), world.h.clock.now());
            let visibility = if n % 5 == 4 { Visibility::Private } else { Visibility::Followers };
            world.happened(&PostCreated { post_id: id, author_id: author, visibility, created_at });
            if n % 4 == 3 {
                world.happened(&PostDeleted { post_id: id, author_id: author, version: 2 });
            }
        }
        let events = std::mem::take(&mut world.events);
        let handling = join_all(events.iter().map(|event| world.handle_event(event)));
        let pairs = [ana, bob, eve, kim].into_iter().flat_map(|user| [bob, eve, kim].map(|other| (user, other)));
        let pairs = pairs.filter(|(user, other)| user != other);
        // In one round who has the lower id follows, and the other unfollows; in the next it is the other way round.
        let follows = |user: UserId, other| (user < other) == (round % 2 == 0);
        let following = join_all(pairs.map(|(user, other)| world.change(user, other, follows(user, other))));
        tokio::join!(following, handling);
        for user in world.users {
            assert_eq!(world.snapshot(user).await.posts, world.pulled(user).await, "after round {round}");
        }
    }
}

#[tokio::test]
async fn a_follow_in_the_middle_of_a_fan_out_neither_loses_the_post_nor_keeps_it_after_an_unfollow() {
    for unfollows in [false, true] {
        let mut world = World::new().await;
        let [bob, ana, ..] = world.users;
        if unfollows {
            world.h.follow(ana, bob).await;
        }
        let (post_id, created_at) = (Id::new(&world.h.clock), world.h.clock.now());
        world.happened(&PostCreated { post_id, author_id: bob, visibility: Visibility::Public, created_at });
        let mut tx = world.h.db().begin().await.unwrap();
        world.h.service.consumers[0].handler.handle(&mut tx, &world.events[0]).await.unwrap();
        // The fan-out has looked at the followers and is not committed. Now everything else may happen that can: on
        // SQLite nothing, on PostgreSQL the follow, whose own event has to wait.
        let mut change = Box::pin(world.change(ana, bob, !unfollows));
        let overtook = tokio::time::timeout(Duration::from_millis(200), &mut change).await;
        assert!(overtook.is_err(), "the change is handled before the fan-out that it must see has ended");
        tx.commit().await.unwrap();
        change.await;
        assert_eq!(world.snapshot(ana).await.posts.contains(&post_id), !unfollows);
    }
}

impl World {
    /// Follows or unfollows, and handles the event at once, and twice.
    async fn change(&self, user: UserId, other: UserId, follows: bool) {
        let payload = if follows { self.h.follow(user, other).await } else { self.h.unfollow(user, other).await };
        assert_eq!(payload["errors"], serde_json::json!([]));
        // Either event of a pair says no more than that something changed.
        let event = FollowCreated { follower_id: user, followee_id: other, version: 1 };
        let event = Envelope::new(&self.h.clock, &event);
        tokio::join!(self.handle_event(&event), self.handle_event(&event));
    }
}
