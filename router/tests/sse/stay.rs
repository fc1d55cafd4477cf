//! How streams live and end: heartbeats, departed and slow clients, expiry, revocation, the end of the process.

use std::time::Duration;

use chatty_access::{Claims, Revocation};
use chrono::TimeDelta;
use serde_json::json;

use crate::{
    events::End,
    fixture::{PATIENCE, Router},
};

/// How long a change is waited for before the clock is advanced again.
const LOOK_AGAIN: Duration = Duration::from_millis(200);

#[tokio::test]
async fn a_silent_stream_says_that_it_lives() {
    let router = Router::start().await;
    let mut events = router.events("subscription { quiet }").await;
    assert_eq!(events.block().await.as_deref(), Ok(":"));
    events.response().await;
    for _ in 0..3 {
        router.clock.advance(TimeDelta::seconds(10));
        assert_eq!(events.block().await.as_deref(), Ok(":"));
    }
}

#[tokio::test]
async fn a_client_that_leaves_takes_its_operation_along() {
    let router = Router::start().await;
    for document in ["subscription { quiet }", "subscription { flood }"] {
        let mut events = router.events(document).await;
        events.response().await;
        router.streams(1).await;
        drop(events);
        router.streams(0).await;
    }
}

#[tokio::test]
async fn a_client_that_reads_nothing_is_given_up_and_others_are_not() {
    let router = Router::start().await;
    let slow = router.events("subscription { flood }").await;
    let mut quiet = router.events("subscription { quiet }").await;
    quiet.response().await;
    let mut streams = router.seen.streams.subscribe();
    let given_up = async {
        while *streams.borrow_and_update() > 1 {
            router.clock.advance(TimeDelta::seconds(5));
            // Whether it changed is what the loop asks next.
            drop(tokio::time::timeout(LOOK_AGAIN, streams.changed()).await);
        }
    };
    tokio::time::timeout(PATIENCE, given_up).await.expect("the slow one is given up");
    router.clock.advance(TimeDelta::seconds(10));
    assert_eq!(quiet.block().await.as_deref(), Ok(":"));
    drop(slow);
}

#[tokio::test]
async fn a_stream_ends_ten_seconds_after_its_token() {
    let router = Router::start().await;
    let claims = router.claims();
    let authorization = router.sign(&Claims { exp: claims.iat + 20, ..claims });
    let mut events = router.events_for("subscription { quiet }", &authorization).await;
    let mut anonymous = router.events("subscription { quiet }").await;
    assert_eq!(events.response().await, json!({"data": {"quiet": 1}}));
    anonymous.response().await;
    router.clock.advance(TimeDelta::seconds(25));
    assert_eq!(events.block().await.as_deref(), Ok(":"), "still there");
    router.clock.advance(TimeDelta::seconds(6));
    assert_eq!(events.refused().await, "TOKEN_EXPIRED");
    router.streams(1).await;
    assert_eq!(anonymous.block().await.as_deref(), Ok(":"));
}

#[tokio::test]
async fn a_session_that_ends_takes_its_streams_along_and_no_others() {
    let router = Router::start().await;
    let claims = router.claims();
    let mut ended = router.events_for("subscription { quiet }", &router.sign(&claims)).await;
    let mut other = router.events_for("subscription { quiet }", &router.sign(&router.claims())).await;
    ended.response().await;
    other.response().await;
    router.revocations.apply(Revocation::Session { id: claims.sid, at: router.clock.now() });
    assert_eq!(ended.refused().await, "UNAUTHENTICATED");
    router.streams(1).await;
    router.clock.advance(TimeDelta::seconds(10));
    assert_eq!(other.block().await.as_deref(), Ok(":"));
}

#[tokio::test]
async fn a_revoked_client_that_is_behind_is_cut_off() {
    let router = Router::start().await;
    let claims = router.claims();
    let mut events = router.events_for("subscription { flood }", &router.sign(&claims)).await;
    events.response().await;
    router.revocations.apply(Revocation::Session { id: claims.sid, at: router.clock.now() });
    // It reads nothing more until its source has ended.
    router.streams(0).await;
    assert_eq!(events.end().await, End::Broken);
}

#[tokio::test]
async fn a_process_that_stops_ends_subscriptions_so_that_clients_connect_again() {
    let router = Router::start().await;
    let mut events = router.events("subscription { quiet }").await;
    events.response().await;
    router.shutdown.cancel();
    assert_eq!(events.next().await, Err(End::Closed), "without complete");
    router.streams(0).await;
    // What ends by itself still may.
    let mut query = router.events("{ hello }").await;
    assert_eq!(query.response().await, json!({"data": {"hello": "hello world"}}));
    query.complete().await;
    router.sockets.close();
    tokio::time::timeout(PATIENCE, router.sockets.wait()).await.expect("no task is left");
}
