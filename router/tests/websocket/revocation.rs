//! Sockets of those whose access ends.

use std::{convert::Infallible, sync::Arc};

use chatty_access::{Claims, Revocation, Snapshot};
use chatty_bus::{Bus, InProcess};
use chatty_events::{
    Envelope,
    auth::{AccessRevoked, RevocationReason, Revoked},
};
use chatty_router::revocation;
use chrono::TimeDelta;
use futures_util::FutureExt;
use serde_json::json;

use crate::{
    fixture::{PATIENCE, Router},
    socket::{PROTOCOL, next},
};

#[tokio::test]
async fn a_session_that_ends_closes_its_sockets_4403_and_no_others() {
    let router = Router::start().await;
    let claims = router.claims();
    let (mut idle, mut busy) = (router.signed_in(&claims).await, router.signed_in(&claims).await);
    let mut other = router.signed_in(&Claims { sid: router.claims().sid, ..claims.clone() }).await;
    let (mut stranger, mut anonymous) = (router.signed_in(&router.claims()).await, router.anonymous().await);
    let mut early = {
        let headers = [("sec-websocket-protocol", PROTOCOL), ("authorization", &router.sign(&claims))];
        router.handshake(&headers).await.expect("it opens")
    };
    busy.subscribe("1", "subscription { quiet }").await;
    assert_eq!(busy.receive().await, next("1", &json!({"quiet": 1})));
    router.revocations.apply(Revocation::Session { id: claims.sid, at: router.clock.now() });
    for socket in [&mut idle, &mut busy, &mut early] {
        assert_eq!(socket.closed().await, (4403, "Forbidden".into()));
    }
    router.streams(0).await;
    for socket in [&mut other, &mut stranger, &mut anonymous] {
        socket.ping().await;
    }
    // Nor does the token open another, or go on in one.
    let authorization = json!({"authorization": router.sign(&claims)});
    let mut late = router.socket().await;
    late.send(json!({"type": "connection_init", "payload": authorization})).await;
    assert_eq!(late.closed().await.0, 4403);
    let headers = [("sec-websocket-protocol", PROTOCOL), ("authorization", &router.sign(&claims))];
    assert_eq!(router.handshake(&headers).await.err(), Some(401));
}

#[tokio::test]
async fn a_revoked_client_that_is_being_sent_much_is_sent_no_more() {
    let router = Router::start().await;
    let claims = router.claims();
    let mut socket = router.signed_in(&claims).await;
    socket.subscribe("1", "subscription { flood }").await;
    socket.receive().await;
    router.revocations.apply(Revocation::Session { id: claims.sid, at: router.clock.now() });
    // It reads nothing more until its stream has ended.
    router.streams(0).await;
    assert_eq!(socket.closed().await, (4403, "Forbidden".into()));
}

#[tokio::test]
async fn a_user_whose_tokens_are_called_back_goes_on_with_a_later_one() {
    let router = Router::start().await;
    let claims = router.claims();
    let mut behind = router.signed_in(&claims).await;
    router.clock.advance(TimeDelta::seconds(2));
    let now = router.clock.now().timestamp();
    let mut ahead = router.signed_in(&Claims { iat: now, nbf: now, ..claims.clone() }).await;
    router
        .revocations
        .apply(Revocation::User { id: claims.sub, not_before: router.clock.now() - TimeDelta::seconds(1) });
    assert_eq!(behind.closed().await, (4403, "Forbidden".into()));
    ahead.ping().await;
}

#[tokio::test]
async fn sockets_learn_of_revocations_by_event_and_what_was_missed_by_snapshot() {
    let router = Router::start().await;
    let bus = Arc::new(InProcess::new(router.clock.clone(), &[]));
    let source = Arc::new(std::sync::Mutex::new(Vec::new()));
    let read = {
        let source = Arc::clone(&source);
        move || {
            let revoked = source.lock().unwrap().clone();
            async move { Ok::<_, Infallible>(Snapshot { seconds_kept: 660, revoked }) }.boxed()
        }
    };
    let follower =
        revocation::follow(Arc::clone(&bus) as Arc<dyn Bus>, read, router.revocations.clone(), router.shutdown.clone());
    router.sockets.spawn(follower);
    tokio::time::timeout(PATIENCE, router.revocations.informed()).await.expect("the first snapshot is read");

    let tell = |claims: &Claims| {
        let revoked = Revoked::Session(claims.sid);
        let event = AccessRevoked { revoked, not_before: router.clock.now(), reason: RevocationReason::Logout };
        bus.broadcast(Envelope::new(&router.clock, &event));
    };
    let (told, missed) = (router.claims(), router.claims());
    let (mut first, mut second) = (router.signed_in(&told).await, router.signed_in(&missed).await);
    tell(&told);
    assert_eq!(first.closed().await.0, 4403);
    second.ping().await;
    source.lock().unwrap().push(Revocation::Session { id: missed.sid, at: router.clock.now() });
    for _ in 0..2_000 {
        tell(&router.claims());
    }
    assert_eq!(second.closed().await.0, 4403);
}
