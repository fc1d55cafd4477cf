//! The rule and its SQL twin agree on every case.

use std::collections::HashSet;

use chatty_graphql::idempotency;
use chatty_store::Db;
use chatty_types::Clock;
use proptest::{collection::vec, prelude::*, sample::select};
use uuid::Uuid;

use super::*;
use crate::{domain::content::Content, store::post as posts};

const USERS: u128 = 4;
const STATES: [State; 3] = [State::Published, State::Deleted, State::Removed];
const VISIBILITIES: [Visibility; 3] = [Visibility::Public, Visibility::Followers, Visibility::Private];

fn user(number: u128) -> UserId {
    UserId::from_uuid(Uuid::from_u128(number))
}

/// Author, visibility and state of each post.
type Posts = Vec<(u128, Visibility, State)>;
/// Follower, followee, and whether it still holds.
type Follows = Vec<(u128, u128, bool)>;

fn graphs() -> impl Strategy<Value = (Posts, Follows)> {
    let posts = vec((0..USERS, select(VISIBILITIES.to_vec()), select(STATES.to_vec())), 1..24);
    (posts, vec((0..USERS, 0..USERS, any::<bool>()), 0..10))
}

/// Compares what the rule says of every post with what each statement gives, for every reader.
async fn compare(posts: Posts, follows: Follows) {
    let folder = tempfile::tempdir().unwrap();
    let migrations = [chatty_bus::MIGRATIONS, &[idempotency::MIGRATION], crate::MIGRATIONS].concat();
    let db = Db::open_sqlite(&folder.path().join("posts.sqlite"), &migrations).await.unwrap();
    let clock = Clock::system();
    let mut tx = db.begin().await.unwrap();
    let mut stored = Vec::new();
    for (author, visibility, state) in posts {
        let content = Content { title: None, body: "x".into(), language: None, content_warning: None, visibility };
        let id = PostId::new(&clock);
        posts::insert(&mut tx, id, user(author), &content, clock.now()).await.unwrap();
        posts::update_state(&mut tx, id, state).await.unwrap();
        replica::insert_user(&mut tx, user(author)).await.unwrap();
        stored.push((id, author, visibility, state));
    }
    let mut following = HashSet::new();
    for (version, (follower, followee, active)) in (1..).zip(follows) {
        replica::upsert_follow(&mut tx, user(follower), user(followee), version, active).await.unwrap();
        if active {
            following.insert((follower, followee))
        } else {
            following.remove(&(follower, followee))
        };
    }
    tx.commit().await.unwrap();

    let readers = (0..USERS).map(Some).chain([None]);
    for (reader, moderates) in readers.flat_map(|reader| [(reader, false), (reader, true)]) {
        let who = Reader { user: reader.map(user), moderates };
        let expected = |listed: bool| -> HashSet<PostId> {
            let seen = stored.iter().filter(|(_, author, visibility, state)| {
                let follows = reader.is_some_and(|reader| following.contains(&(reader, *author)));
                let facts = Facts { author: user(*author), visibility: *visibility, state: *state, follows };
                can_see(who, &facts) && (!listed || *state == State::Published)
            });
            seen.map(|(id, ..)| *id).collect()
        };
        let ids: Vec<_> = stored.iter().map(|(id, ..)| *id).collect();
        let authors: Vec<_> = (0..USERS).map(user).collect();
        let set = |rows: Vec<PostRow>| rows.into_iter().map(|row| row.id).collect::<HashSet<_>>();
        assert_eq!(set(posts::visible_by_ids(&db, who, &ids).await.unwrap()), expected(false));
        let mut found = HashSet::new();
        for id in ids {
            found.extend(posts::find_visible(&db, who, id).await.unwrap().map(|row| row.id));
        }
        assert_eq!(found, expected(false));
        assert_eq!(set(posts::list_newest(&db, who, Uuid::max(), 100).await.unwrap()), expected(true));
        assert_eq!(set(posts::list_newest_of(&db, who, &authors, Uuid::max(), 100).await.unwrap()), expected(true));
        assert_eq!(set(posts::list_newest_of_each(&db, who, &authors, 100).await.unwrap()), expected(true));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn the_rule_and_its_sql_agree((posts, follows) in graphs()) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(compare(posts, follows));
    }
}
