//! Sockets that share a stream.

use std::time::Duration;

use chatty_access::Revocation;
use serde_json::json;

use crate::{fixture::Router, socket::next};

#[tokio::test]
async fn sockets_share_a_stream_and_whoever_is_revoked_gets_no_more_of_it() {
    let router = Router::start().await;
    let claims = router.claims();
    let mut revoked = router.signed_in(&claims).await;
    let (mut other, mut anonymous) = (router.signed_in(&router.claims()).await, router.anonymous().await);
    for socket in [&mut revoked, &mut other, &mut anonymous] {
        socket.subscribe("1", "subscription { tick }").await;
        socket.subscribe("2", "subscription { tick }").await;
        socket.ping().await;
    }
    router.streams(1).await;
    router.seen.ticks.send(1).expect("somebody listens");
    for socket in [&mut revoked, &mut other, &mut anonymous] {
        let mut ids = Vec::new();
        for _ in 0..2 {
            let message = socket.receive().await;
            assert_eq!(message["payload"], json!({"data": {"tick": 1}}));
            ids.push(message["id"].as_str().expect("an id").to_owned());
        }
        ids.sort();
        assert_eq!(ids, ["1", "2"]);
    }
    router.revocations.apply(Revocation::Session { id: claims.sid, at: router.clock.now() });
    assert_eq!(revoked.closed().await, (4403, "Forbidden".into()));
    router.seen.ticks.send(2).expect("somebody listens");
    other.send(json!({"id": "2", "type": "complete"})).await;
    other.receive().await;
    drop(anonymous);
    router.streams(1).await;
    drop(other);
    router.streams(0).await;
}

#[tokio::test]
async fn a_client_that_is_left_behind_is_told_to_subscribe_again_and_the_socket_goes_on() {
    let router = Router::start().await;
    let mut socket = router.anonymous().await;
    socket.subscribe("1", "subscription { torrent }").await;
    // Far more than lies in buffers on the way.
    router.seen.texts.subscribe().wait_for(|texts| *texts > 2_000).await.expect("the subgraph lives");
    let last = loop {
        let message = socket.receive().await;
        if message["type"] != "next" {
            break message;
        }
    };
    assert_eq!((&last["type"], &last["id"]), (&json!("error"), &json!("1")), "{last}");
    let extensions = &last["payload"][0]["extensions"];
    assert_eq!((&extensions["code"], &extensions["limit"]), (&json!("LIMIT_EXCEEDED"), &json!("backlog")));
    router.streams(0).await;
    socket.subscribe("1", "subscription { tick }").await;
    router.streams(1).await;
    router.seen.ticks.send(1).expect("somebody listens");
    assert_eq!(socket.receive().await, next("1", &json!({"tick": 1})));
}

#[tokio::test]
async fn a_stop_ends_shared_streams_with_their_sockets() {
    let router = Router::start().await;
    let mut socket = router.anonymous().await;
    socket.subscribe("1", "subscription { tick }").await;
    router.streams(1).await;
    router.shutdown.cancel();
    assert_eq!(socket.closed().await.0, 1001);
    assert!(router.tasks.finish(Duration::from_secs(20)).await, "no task is left");
    router.streams(0).await;
}
