//! `commentEvents`: replay, live, resume, and how it ends.

use std::{
    sync::atomic::{AtomicBool, Ordering},
    time::{Duration, Instant},
};

use async_graphql::Response;
use chatty_access::Caller;
use chatty_bus::live::LOOK_AGAIN;
use chatty_types::{List, Position};
use chrono::TimeDelta;
use futures_util::{Stream, StreamExt, future::join_all};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::fixture::{World, code_of, user};

/// Longer than any event takes; met only when a test fails.
const PATIENCE: Duration = Duration::from_secs(20);

async fn next_response(stream: &mut (impl Stream<Item = Response> + Unpin)) -> Option<Response> {
    tokio::time::timeout(PATIENCE, stream.next()).await.expect("an event in time")
}

async fn next(stream: &mut (impl Stream<Item = Response> + Unpin)) -> Value {
    let response = next_response(stream).await.expect("another event");
    assert!(response.errors.is_empty(), "{:?}", response.errors);
    response.data.into_json().unwrap()["commentEvents"].take()
}

/// Asserts that the stream says why it cannot go on, and ends.
async fn assert_ends(mut stream: impl Stream<Item = Response> + Unpin, reason: &str) {
    assert_eq!(next(&mut stream).await, json!({"__typename": "ResyncRequired", "reason": reason}));
    assert!(next_response(&mut stream).await.is_none());
}

fn cursor(event: &Value) -> &str {
    event["cursor"].as_str().unwrap()
}

/// The cursor behind which the thread's event `seq + 1` comes.
fn behind(world: &World, post: &str, seq: i64) -> String {
    let list = List::new("commentEvents").with("post", post);
    world.env.cursors.encode(&list, Position { sort: seq, id: Uuid::nil() })
}

#[tokio::test]
async fn a_stream_replays_goes_live_and_resumes_without_gap_or_repeat() {
    let (world, ana, bob) = (World::start_relayed().await, user(1), user(2));
    let post = world.post(&ana, "PUBLIC").await;
    let mut written = Vec::new();
    for _ in 0..3 {
        written.push(world.comment(&bob, &post, None).await);
    }
    let mut stream = world.subscribe(&ana, &post, Some(&behind(&world, &post, 0)));
    let mut cursors = Vec::new();
    for id in &written {
        let event = next(&mut stream).await;
        assert_eq!((&event["__typename"], &event["comment"]["id"]), (&json!("CommentAdded"), &json!(id)));
        cursors.push(cursor(&event).to_owned());
    }
    let live = world.comment(&bob, &post, Some(&written[0])).await;
    let event = next(&mut stream).await;
    assert_eq!((&event["comment"]["id"], &event["comment"]["body"]), (&json!(live), &json!("well")));
    world.mutate(&bob, "deleteComment", json!({"commentId": live})).await;
    let event = next(&mut stream).await;
    assert_eq!(event, json!({"__typename": "CommentRemoved", "cursor": cursor(&event), "commentId": live}));
    drop(stream);

    let mut resumed = world.subscribe(&Caller::anonymous(), &post, Some(&cursors[1]));
    assert_eq!(next(&mut resumed).await["comment"]["id"], written[2]);
    // The reply is gone by now, so that only its removal is left to tell.
    assert_eq!(next(&mut resumed).await["commentId"], live);
}

#[tokio::test]
async fn without_a_cursor_a_stream_begins_now() {
    let (world, ana) = (World::start_relayed().await, user(1));
    let post = world.post(&ana, "PUBLIC").await;
    let early = world.comment(&ana, &post, None).await;
    let mut stream = world.subscribe(&ana, &post, None);
    let heard = AtomicBool::new(false);
    let first = async {
        let event = next(&mut stream).await;
        heard.store(true, Ordering::Relaxed);
        event["comment"]["id"].as_str().unwrap().to_owned()
    };
    // Nothing tells from outside when the stream has opened, so comments go on until it tells of one.
    let writer = async {
        let mut written = Vec::new();
        while !heard.load(Ordering::Relaxed) {
            written.push(world.comment(&ana, &post, None).await);
        }
        written
    };
    let (first, mut written) = futures_util::join!(first, writer);
    assert_ne!(first, early);
    written.push(world.comment(&ana, &post, None).await);
    let mut told = vec![first];
    while told.last() != written.last() {
        told.push(next(&mut stream).await["comment"]["id"].as_str().unwrap().to_owned());
    }
    assert!(written.ends_with(&told), "{told:?} of {written:?}");
}

#[tokio::test]
async fn a_stream_is_woken_and_does_not_only_look_now_and_then() {
    let (world, ana) = (World::start_relayed().await, user(1));
    let post = world.post(&ana, "PUBLIC").await;
    let mut stream = world.subscribe(&ana, &post, Some(&behind(&world, &post, 0)));
    let started = Instant::now();
    for _ in 0..5 {
        let id = world.comment(&ana, &post, None).await;
        assert_eq!(next(&mut stream).await["comment"]["id"], id);
    }
    assert!(started.elapsed() < 2 * LOOK_AGAIN, "looking alone would take about five times as long as one look");
}

#[tokio::test]
async fn many_writers_at_once_leave_no_gap() {
    let (world, ana) = (World::start_relayed().await, user(1));
    let post = world.post(&ana, "PUBLIC").await;
    let mut stream = world.subscribe(&ana, &post, Some(&behind(&world, &post, 0)));
    let writers = join_all((0..150).map(|_| world.comment(&ana, &post, None)));
    let reader = async {
        let mut told = Vec::new();
        while told.len() < 150 {
            told.push(next(&mut stream).await["comment"]["id"].as_str().unwrap().to_owned());
        }
        told
    };
    let (mut written, mut told) = futures_util::join!(writers, reader);
    written.sort();
    told.sort();
    assert_eq!(told, written);
}

#[tokio::test]
async fn a_stream_ends_when_its_post_goes_away() {
    let (world, ana, bob) = (World::start_relayed().await, user(1), user(2));
    world.follow(&bob, &ana, 1).await;
    let open = async |reader: &Caller, visibility: &str| {
        let post = world.post(&ana, visibility).await;
        let comment = world.comment(&ana, &post, None).await;
        let mut stream = world.subscribe(reader, &post, Some(&behind(&world, &post, 0)));
        assert_eq!(next(&mut stream).await["comment"]["id"], comment);
        (post, stream)
    };
    let (post, stream) = open(&bob, "PUBLIC").await;
    world.mutate(&ana, "deletePost", json!({"postId": post})).await;
    assert_ends(stream, "GONE").await;

    let (post, stream) = open(&ana, "PUBLIC").await;
    world.mutate(&ana, "deletePost", json!({"postId": post})).await;
    assert_ends(stream, "GONE").await;

    let (post, stream) = open(&bob, "PUBLIC").await;
    world.mutate(&ana, "updatePost", json!({"postId": post, "visibility": "PRIVATE"})).await;
    assert_ends(stream, "GONE").await;

    let (_, stream) = open(&bob, "FOLLOWERS").await;
    world.unfollow(&bob, &ana, 2).await;
    assert_ends(stream, "GONE").await;
}

#[tokio::test]
async fn a_post_that_is_missing_and_one_that_is_hidden_answer_alike() {
    let (world, ana, bob) = (World::start().await, user(1), user(2));
    let hidden = world.post(&ana, "PRIVATE").await;
    for post in [hidden.as_str(), "pst_00000000000000000000000000"] {
        for after in [None, Some(behind(&world, post, 0))] {
            assert_ends(world.subscribe(&bob, post, after.as_deref()), "GONE").await;
        }
    }
}

#[tokio::test]
async fn a_stream_does_not_open_with_a_wrong_id_or_cursor() {
    let (world, ana) = (World::start().await, user(1));
    let (post, other) = (world.post(&ana, "PUBLIC").await, world.post(&ana, "PUBLIC").await);
    let foreign = behind(&world, &other, 0);
    for (id, after, code) in [
        ("cmt_1", None, "BAD_ID"),
        (&post, Some(foreign.as_str()), "CURSOR_MISMATCH"),
        (&post, Some("x"), "CURSOR_MISMATCH"),
    ] {
        let mut stream = world.subscribe(&ana, id, after);
        let response = next_response(&mut stream).await.unwrap();
        assert_eq!(code_of(&response), code);
        assert!(next_response(&mut stream).await.is_none());
    }
}

#[tokio::test]
async fn what_the_database_says_never_reaches_a_follower() {
    let (world, ana) = (World::start().await, user(1));
    let post = world.post(&ana, "PUBLIC").await;
    world.db.close().await;
    let response = next_response(&mut world.subscribe(&ana, &post, None)).await.unwrap();
    assert_eq!((code_of(&response).as_str(), response.errors[0].message.as_str()), ("INTERNAL", "internal error"));
}

#[tokio::test]
async fn a_cursor_older_than_what_is_kept_asks_for_a_resync() {
    let (world, ana) = (World::start().await, user(1));
    let post = world.post(&ana, "PUBLIC").await;
    world.comment(&ana, &post, None).await;
    world.comment(&ana, &post, None).await;
    world.env.clock.advance(TimeDelta::hours(25));
    let kept = world.comment(&ana, &post, None).await;
    // A service forgets when it starts, and then now and then.
    let world = world.restarted().await;
    for seq in [0, 1] {
        assert_ends(world.subscribe(&ana, &post, Some(&behind(&world, &post, seq))), "CURSOR_TOO_OLD").await;
    }
    let mut stream = world.subscribe(&ana, &post, Some(&behind(&world, &post, 2)));
    assert_eq!(next(&mut stream).await["comment"]["id"], kept);
    world.env.clock.advance(TimeDelta::hours(25));
    let world = world.restarted().await;
    assert_ends(world.subscribe(&ana, &post, Some(&behind(&world, &post, 2))), "CURSOR_TOO_OLD").await;
    assert_ends(world.subscribe(&ana, &post, Some(&behind(&world, &post, 4))), "CURSOR_TOO_OLD").await;
}
