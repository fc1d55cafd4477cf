//! The home feed as pages: what is in it, in which order, at which cost.

use chatty_bus::{Bus, Heard};
use chatty_events::{Envelope, posts::PostCreated, posts::Visibility::*, subscriptions::FeedAppended};
use chatty_store::{counted, query};
use chatty_types::{Id, PostId, UserId};
use futures_util::future::join_all;
use serde_json::json;

use crate::fixture::{Fixture, newest_first, quiet, running};

const PAGE: &str = "query($first: Int, $after: Cursor) { homeFeed(first: $first, after: $after) {
    edges { cursor seq insertedAt node { id } reasons { __typename ... on FollowedAuthor { user { id } } } }
    pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }";

/// The numbers in a user's feed, tombstones included, in their order.
async fn numbers(h: &Fixture, user: UserId) -> Vec<i64> {
    let rows = query!("SELECT seq FROM feed WHERE user_id = $1 ORDER BY seq").bind(user);
    rows.fetch_all::<(i64,)>(h.db()).await.unwrap().into_iter().map(|(seq,)| seq).collect()
}

#[tokio::test]
async fn the_feed_holds_what_followed_authors_post_for_followers_with_the_reason() {
    let h = running().await;
    let [ana, bob, eve] = h.users().await;
    h.follow(ana, bob).await;
    h.settle().await;
    let open = h.post(bob, Public).await;
    let narrow = h.post(bob, Followers).await;
    h.post(bob, Private).await;
    h.post(ana, Public).await;
    h.post(eve, Public).await;
    h.settle().await;
    let data = h.run(ana, PAGE, json!({})).await;
    let edges = data["homeFeed"]["edges"].as_array().unwrap();
    let seen: Vec<_> = edges.iter().map(|edge| (&edge["node"]["id"], &edge["seq"])).collect();
    assert_eq!(seen, [(&json!(narrow), &json!("2")), (&json!(open), &json!("1"))]);
    assert_eq!(edges[0]["reasons"], json!([{"__typename": "FollowedAuthor", "user": {"id": bob}}]));
    assert!(edges[0]["insertedAt"].as_str().unwrap().ends_with('Z'));
    assert_eq!(data["homeFeed"]["pageInfo"]["startCursor"], edges[0]["cursor"]);
    assert_eq!(h.feed(bob).await, Vec::<String>::new());
}

#[tokio::test]
async fn a_follow_brings_the_newest_hundred_posts_and_an_unfollow_takes_all() {
    let h = running().await;
    let [ana, bob, eve] = h.users().await;
    let mut posts = Vec::new();
    for n in 0..104 {
        let visibility = if n % 2 == 0 { Public } else { Followers };
        posts.push(h.post(bob, visibility).await);
    }
    h.post(bob, Private).await;
    let other = h.post(eve, Public).await;
    h.settle().await;
    h.follow(ana, bob).await;
    h.follow(ana, eve).await;
    h.settle().await;
    let mut expected = posts[4..].to_vec();
    expected.push(other);
    assert_eq!(h.feed(ana).await, newest_first(&expected));
    assert_eq!(numbers(&h, ana).await, (1..=101).collect::<Vec<_>>());

    h.unfollow(ana, bob).await;
    h.settle().await;
    assert_eq!(h.feed(ana).await, newest_first(&[other]));
    assert_eq!(numbers(&h, ana).await.last(), Some(&201), "each removal has a number of its own");
    h.follow(ana, bob).await;
    h.settle().await;
    assert_eq!(h.feed(ana).await.len(), 101);
}

#[tokio::test]
async fn edits_of_visibility_and_deletions_reach_feeds() {
    let h = running().await;
    let [ana, bob] = h.users().await;
    h.follow(ana, bob).await;
    h.settle().await;
    let (shown, hidden) = (h.post(bob, Public).await, h.post(bob, Private).await);
    h.edit(bob, hidden, 2, Followers).await;
    h.settle().await;
    assert_eq!(h.feed(ana).await, newest_first(&[shown, hidden]));
    h.edit(bob, shown, 2, Private).await;
    h.settle().await;
    assert_eq!(h.feed(ana).await, newest_first(&[hidden]));
    h.edit(bob, shown, 3, Public).await;
    h.delete(bob, hidden, 3).await;
    h.settle().await;
    assert_eq!(h.feed(ana).await, newest_first(&[shown]));
    assert_eq!(numbers(&h, ana).await, [4, 5]);
}

#[tokio::test]
async fn what_is_newer_wins_even_when_it_arrives_first() {
    let h = running().await;
    let [ana, bob] = h.users().await;
    h.follow(ana, bob).await;
    let [edited, deleted]: [PostId; 2] = std::array::from_fn(|_| Id::new(&h.clock));
    h.edit(bob, edited, 3, Public).await;
    h.edit(bob, edited, 2, Private).await;
    h.delete(bob, deleted, 4).await;
    h.edit(bob, deleted, 3, Public).await;
    for (post_id, visibility) in [(edited, Private), (deleted, Public)] {
        h.publish(&PostCreated { post_id, author_id: bob, visibility, created_at: h.clock.now() }).await;
    }
    h.settle().await;
    assert_eq!(h.feed(ana).await, newest_first(&[edited]));
    assert_eq!(numbers(&h, ana).await, [1], "what changed nothing took no number");
}

#[tokio::test]
async fn pages_of_any_size_walk_the_feed_without_gap_or_repeat() {
    let h = running().await;
    let [ana, bob, eve] = h.users().await;
    h.follow(ana, bob).await;
    h.follow(ana, eve).await;
    h.settle().await;
    let mut posts = Vec::new();
    for n in 0..23 {
        posts.push(h.post(if n % 3 == 0 { eve } else { bob }, Public).await);
    }
    h.delete(eve, posts[6], 2).await;
    posts.remove(6);
    h.settle().await;
    for first in [1, 7, 11, 22, 23, 100] {
        assert_eq!(h.feed_by(ana, first).await, newest_first(&posts), "pages of {first}");
    }
    // A page that is read on behind a post that has gone meanwhile goes on behind its place.
    let page = h.run(ana, PAGE, json!({"first": 5})).await;
    let last = posts[posts.len() - 5];
    h.delete(bob, last, 2).await;
    h.delete(eve, last, 2).await;
    h.post(bob, Public).await;
    h.settle().await;
    let after = &page["homeFeed"]["pageInfo"]["endCursor"];
    let rest = h.run(ana, PAGE, json!({"first": 100, "after": after})).await;
    let rest: Vec<_> = rest["homeFeed"]["edges"].as_array().unwrap().iter().map(|edge| &edge["node"]["id"]).collect();
    assert_eq!(rest, newest_first(&posts[..posts.len() - 5]).iter().collect::<Vec<_>>());
}

#[tokio::test]
async fn a_page_is_one_statement_whatever_its_size() {
    let h = running().await;
    let [ana, bob] = h.users().await;
    h.follow(ana, bob).await;
    join_all((0..60).map(|_| h.post(bob, Public))).await;
    h.settle().await;
    for first in [1, 10, 60, 100] {
        let (data, statements) = counted(h.run(ana, PAGE, json!({"first": first}))).await;
        assert_eq!(data["homeFeed"]["edges"].as_array().unwrap().len(), first.min(60));
        assert_eq!(statements, 1);
    }
}

#[tokio::test]
async fn a_feed_is_its_owners_and_so_are_its_cursors() {
    let h = running().await;
    let [ana, bob, eve] = h.users().await;
    h.follow(ana, bob).await;
    h.post(bob, Public).await;
    h.settle().await;
    let page = h.run(ana, PAGE, json!({})).await;
    let after = &page["homeFeed"]["pageInfo"]["endCursor"];
    assert_eq!(h.code(Some(eve), PAGE, json!({"after": after})).await, "CURSOR_MISMATCH");
    assert_eq!(h.code(Some(ana), PAGE, json!({"after": "nonsense"})).await, "CURSOR_MISMATCH");
    assert_eq!(h.code(None, PAGE, json!({})).await, "UNAUTHENTICATED");
    for first in [0, 101, -1] {
        assert_eq!(h.code(Some(ana), PAGE, json!({"first": first})).await, "BAD_USER_INPUT");
    }
}

/// A quiet service with one author and followers beyond two chunks.
async fn crowd(h: &Fixture, followers: usize) -> (UserId, Vec<UserId>) {
    let author = Id::new(&h.clock);
    let crowd: Vec<UserId> = (0..followers).map(|_| Id::new(&h.clock)).collect();
    let mut tx = h.db().begin().await.unwrap();
    for follower in &crowd {
        query!(
            "INSERT INTO follow (follower_id, followee_id, active, version, created_at) VALUES ($1, $2, TRUE, 1, $3)"
        )
        .bind(*follower)
        .bind(author)
        .bind(h.clock.now())
        .execute(&mut tx)
        .await
        .unwrap();
    }
    tx.commit().await.unwrap();
    (author, crowd)
}

/// Handles the event past the bus, and gives the users whom the broadcasts name.
async fn handle(h: &Fixture, event: &Envelope) -> Vec<Vec<UserId>> {
    let mut tx = h.db().begin().await.unwrap();
    let handled = h.service.consumers[0].handler.handle(&mut tx, event).await.unwrap();
    tx.commit().await.unwrap();
    let named = |event: &Envelope| event.decode::<FeedAppended>().unwrap().unwrap().user_ids;
    handled.broadcasts.iter().map(named).collect()
}

#[tokio::test]
async fn a_post_reaches_thousands_in_chunks_once_each_and_leaves_them_likewise() {
    let h = quiet().await;
    let (author_id, mut crowd) = crowd(&h, 2_003).await;
    let post_id = Id::new(&h.clock);
    let created = PostCreated { post_id, author_id, visibility: Public, created_at: h.clock.now() };
    let created = Envelope::new(&h.clock, &created);
    let deleted = chatty_events::posts::PostDeleted { post_id, author_id, version: 2 };
    let deleted = Envelope::new(&h.clock, &deleted);
    crowd.sort_unstable();
    for (event, seq, removed) in [(&created, 1, false), (&deleted, 2, true)] {
        let chunks = handle(&h, event).await;
        assert_eq!(chunks.iter().map(Vec::len).collect::<Vec<_>>(), [1_000, 1_000, 3]);
        let mut told: Vec<_> = chunks.into_iter().flatten().collect();
        told.sort_unstable();
        assert_eq!(told, crowd);
        let rows = query!("SELECT user_id, seq, removed FROM feed WHERE post_id = $1 ORDER BY user_id").bind(post_id);
        let rows = rows.fetch_all::<(UserId, i64, bool)>(h.db()).await.unwrap();
        assert_eq!(rows, crowd.iter().map(|user| (*user, seq, removed)).collect::<Vec<_>>());
        assert_eq!(handle(&h, event).await, Vec::<Vec<UserId>>::new(), "the second time nothing changes");
    }
    assert_eq!(handle(&h, &created).await, Vec::<Vec<UserId>>::new(), "a late creation does not bring it back");
}

#[tokio::test]
async fn a_fan_out_costs_a_fixed_number_of_statements() {
    let h = quiet().await;
    let mut costs = Vec::new();
    for followers in [1, 30, 900] {
        let (author_id, _) = crowd(&h, followers).await;
        let event =
            PostCreated { post_id: Id::new(&h.clock), author_id, visibility: Public, created_at: h.clock.now() };
        costs.push(counted(handle(&h, &Envelope::new(&h.clock, &event))).await.1);
    }
    assert_eq!(costs, [5, 5, 5]);
}

#[tokio::test]
async fn feed_changes_are_broadcast_after_the_commit() {
    let h = running().await;
    let [ana, bob] = h.users().await;
    h.follow(ana, bob).await;
    h.settle().await;
    let mut listener = h.bus.listen(&["subscriptions.feed.appended"]);
    h.post(bob, Public).await;
    let Heard::Event(event) = listener.hear().await else { panic!("one event and no gap") };
    assert_eq!(event.decode::<FeedAppended>().unwrap().unwrap().user_ids, [ana]);
    assert_eq!(h.feed(ana).await.len(), 1);
}

#[tokio::test]
async fn follows_posts_and_edits_at_once_leave_the_feeds_true() {
    let h = running().await;
    let [ana, bob, eve, kim] = h.users().await;
    let reader = async |user: UserId| {
        for n in 0..12 {
            for author in [bob, eve, kim] {
                if author != user {
                    let payload =
                        if n % 3 == 2 { h.unfollow(user, author).await } else { h.follow(user, author).await };
                    assert_eq!(payload["errors"], json!([]));
                }
            }
        }
        for author in [bob, kim] {
            if author != user {
                h.follow(user, author).await;
            }
        }
    };
    let author = async |user: UserId| {
        let mut left = Vec::new();
        for n in 0..12 {
            let post = h.post(user, Public).await;
            match n % 4 {
                0 => h.edit(user, post, 2, Private).await,
                1 => h.delete(user, post, 2).await,
                _ => left.push(post),
            }
        }
        left
    };
    let (_, posts) = tokio::join!(join_all([ana, bob, eve].map(reader)), join_all([bob, eve, kim].map(author)));
    h.settle().await;
    let [of_bob, of_eve, of_kim] = <[Vec<PostId>; 3]>::try_from(posts).unwrap();
    // Everybody's last word about eve was an unfollow.
    assert_eq!(h.feed(ana).await, newest_first(&[of_bob.clone(), of_kim.clone()].concat()));
    assert_eq!(h.feed(bob).await, newest_first(&of_kim));
    assert_eq!(h.feed(eve).await, newest_first(&[of_bob, of_kim].concat()));
    assert_eq!(h.feed(kim).await, Vec::<String>::new());
    assert!(!of_eve.is_empty());
}
