//! The home feed as a stream: live, replayed, resumed, refused.

use chatty_events::{Envelope, posts::PostCreated, posts::Visibility::*};
use chatty_store::query;
use chatty_types::{Id, PostId, UserId};
use serde_json::{Value, json};

use crate::fixture::{Fixture, code, running};

/// A running service in which ana follows bob.
async fn followed() -> (Fixture, UserId, UserId) {
    let h = running().await;
    let [ana, bob] = h.users().await;
    h.follow(ana, bob).await;
    h.settle().await;
    (h, ana, bob)
}

fn caught_up(event: &Value, replayed: u64) -> &Value {
    assert_eq!((&event["__typename"], &event["replayed"]), (&json!("FeedCaughtUp"), &json!(replayed)));
    &event["cursor"]
}

fn added(event: &Value, post: PostId) -> &Value {
    assert_eq!((&event["__typename"], &event["edge"]["node"]["id"]), (&json!("FeedItemAdded"), &json!(post)));
    &event["cursor"]
}

fn removed(event: &Value, post: PostId) -> &Value {
    assert_eq!((&event["__typename"], &event["postId"]), (&json!("FeedItemRemoved"), &json!(post)));
    &event["cursor"]
}

/// Trims the feed behind the service's back.
async fn trim(h: &Fixture, user: UserId, to: i64) {
    let mut tx = h.db().begin().await.unwrap();
    let trimmed = query!("UPDATE feed_head SET trimmed_to = $2 WHERE user_id = $1").bind(user).bind(to);
    assert_eq!(trimmed.execute(&mut tx).await.unwrap(), 1);
    tx.commit().await.unwrap();
}

#[tokio::test]
async fn a_stream_without_cursor_starts_now_and_tells_what_comes_and_goes() {
    let (h, ana, bob) = followed().await;
    h.post(bob, Public).await;
    h.settle().await;
    let mut live = h.live(ana, Value::Null);
    caught_up(&live.next().await, 0);
    let post = h.post(bob, Followers).await;
    let event = live.next().await;
    added(&event, post);
    assert_eq!(event["edge"]["seq"], "2");
    h.delete(bob, post, 2).await;
    removed(&live.next().await, post);
    h.unfollow(ana, bob).await;
    assert_eq!(live.next().await["__typename"], "FeedItemRemoved");
}

#[tokio::test]
async fn a_stream_of_an_empty_feed_has_a_place_to_resume_from() {
    let (h, ana, bob) = followed().await;
    let start = {
        let mut live = h.live(ana, Value::Null);
        caught_up(&live.next().await, 0).clone()
    };
    let post = h.post(bob, Public).await;
    h.settle().await;
    let mut live = h.live(ana, start);
    added(&live.next().await, post);
    caught_up(&live.next().await, 1);
}

#[tokio::test]
async fn after_a_break_each_post_comes_once_as_it_is_now_and_then_it_is_live_again() {
    let (h, ana, bob) = followed().await;
    let [kept, dropped, again] = [h.post(bob, Public).await, h.post(bob, Public).await, h.post(bob, Public).await];
    h.settle().await;
    let cursor = {
        let mut live = h.live(ana, Value::Null);
        caught_up(&live.next().await, 0).clone()
    };
    h.delete(bob, dropped, 2).await;
    h.edit(bob, again, 2, Private).await;
    h.edit(bob, again, 3, Public).await;
    h.edit(bob, kept, 2, Followers).await;
    let (new, fleeting) = (h.post(bob, Public).await, h.post(bob, Public).await);
    h.delete(bob, fleeting, 2).await;
    h.settle().await;

    let mut live = h.live(ana, cursor);
    removed(&live.next().await, dropped);
    added(&live.next().await, again);
    let middle = added(&live.next().await, new).clone();
    removed(&live.next().await, fleeting);
    let end = caught_up(&live.next().await, 4).clone();
    let next = h.post(bob, Public).await;
    added(&live.next().await, next);

    let mut live = h.live(ana, middle);
    removed(&live.next().await, fleeting);
    added(&live.next().await, next);
    caught_up(&live.next().await, 2);
    let mut live = h.live(ana, end);
    added(&live.next().await, next);
    caught_up(&live.next().await, 1);
}

#[tokio::test]
async fn a_long_replay_comes_whole_and_in_order() {
    let (h, ana, bob) = followed().await;
    let start = {
        let mut live = h.live(ana, Value::Null);
        caught_up(&live.next().await, 0).clone()
    };
    let mut posts = Vec::new();
    for _ in 0..250 {
        posts.push(h.post(bob, Public).await);
    }
    h.settle().await;
    let mut live = h.live(ana, start);
    for (n, post) in posts.iter().enumerate() {
        let event = live.next().await;
        added(&event, *post);
        assert_eq!(event["edge"]["seq"], (n + 1).to_string());
    }
    caught_up(&live.next().await, 250);
}

#[tokio::test]
async fn a_change_whose_broadcast_is_lost_still_comes() {
    let (h, ana, bob) = followed().await;
    let mut live = h.live(ana, Value::Null);
    caught_up(&live.next().await, 0);
    let post_id = Id::new(&h.clock);
    let created = PostCreated { post_id, author_id: bob, visibility: Public, created_at: h.clock.now() };
    let mut tx = h.db().begin().await.unwrap();
    let event = Envelope::new(&h.clock, &created);
    let handled = h.service.consumers[0].handler.handle(&mut tx, &event).await.unwrap();
    assert_eq!(handled.broadcasts.len(), 1);
    tx.commit().await.unwrap();
    added(&live.next().await, post_id);
}

#[tokio::test]
async fn a_cursor_from_before_the_trim_or_ahead_of_the_feed_asks_to_resync_and_ends() {
    let (h, ana, bob) = followed().await;
    let start = {
        let mut live = h.live(ana, Value::Null);
        caught_up(&live.next().await, 0).clone()
    };
    let post = h.post(bob, Public).await;
    h.settle().await;
    let mut open = h.live(ana, start.clone());
    let ahead = added(&open.next().await, post).clone();
    caught_up(&open.next().await, 1);

    trim(&h, ana, 1).await;
    let resync = json!({"__typename": "ResyncRequired", "reason": "CURSOR_TOO_OLD"});
    let mut live = h.live(ana, start.clone());
    assert_eq!(live.next().await, resync);
    assert!(live.response().await.is_none());
    // At the edge of what is kept nothing is missing.
    caught_up(&h.live(ana, ahead.clone()).next().await, 0);

    trim(&h, ana, 9).await;
    assert_eq!(open.next().await, resync, "an open stream that was overtaken by the trim");
    assert!(open.response().await.is_none());

    let mut tx = h.db().begin().await.unwrap();
    query!("DELETE FROM feed_head WHERE user_id = $1").bind(ana).execute(&mut tx).await.unwrap();
    tx.commit().await.unwrap();
    let mut live = h.live(ana, ahead);
    assert_eq!(live.next().await, resync, "the database was set back");
    caught_up(&h.live(ana, start).next().await, 0);
}

#[tokio::test]
async fn a_stream_needs_login_and_a_cursor_of_its_own() {
    let (h, ana, bob) = followed().await;
    h.post(bob, Public).await;
    h.settle().await;
    let document = "subscription($after: Cursor) { homeFeedEvents(after: $after) { __typename } }";
    let refused = async |viewer, after: Value| {
        let request = h.request(viewer, document, json!({"after": after}));
        let mut stream = h.service.subgraph.subscribe(request);
        let first = futures_util::StreamExt::next(&mut stream).await.expect("an answer");
        code(&first)
    };
    assert_eq!(refused(None, Value::Null).await, "UNAUTHENTICATED");
    let page = h.run(ana, "{ homeFeed { edges { cursor } } }", json!({})).await;
    let of_page = page["homeFeed"]["edges"][0]["cursor"].clone();
    assert_eq!(refused(Some(ana), of_page).await, "CURSOR_MISMATCH");
    let mut live = h.live(ana, Value::Null);
    let anas = caught_up(&live.next().await, 0).clone();
    assert_eq!(refused(Some(bob), anas).await, "CURSOR_MISMATCH");
}

#[tokio::test]
async fn the_cursor_of_a_live_edge_pages_on_in_the_feed() {
    let (h, ana, bob) = followed().await;
    let older = h.post(bob, Public).await;
    h.settle().await;
    let mut live = h.live(ana, Value::Null);
    caught_up(&live.next().await, 0);
    let newer = h.post(bob, Public).await;
    let event = live.next().await;
    added(&event, newer);
    let variables = json!({"after": event["edge"]["cursor"]});
    let rest = h.run(ana, "query($after: Cursor) { homeFeed(after: $after) { nodes { id } } }", variables).await;
    assert_eq!(rest["homeFeed"]["nodes"], json!([{"id": older}]));
}
