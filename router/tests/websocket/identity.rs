//! Who is at the other end of a socket, and for how long.

use chatty_access::Claims;
use chrono::TimeDelta;
use serde_json::{Value, json};

use crate::{
    fixture::Router,
    socket::{PROTOCOL, Socket, error_code, next},
};

#[tokio::test]
async fn the_first_message_says_who_is_there() {
    let router = Router::start().await;
    let claims = router.claims();
    let authorization = router.sign(&claims);
    let ask = async |mut socket: Socket| {
        socket.subscribe("1", "{ asker { user } }").await;
        socket.receive().await["payload"]["data"]["asker"]["user"].clone()
    };
    assert_eq!(ask(router.anonymous().await).await, Value::Null);
    for key in ["authorization", "Authorization", "AUTHORIZATION"] {
        let socket = router.initialised(json!({key: authorization, "other": 1})).await;
        assert_eq!(ask(socket).await, claims.sub.to_string(), "{key}");
    }
    let headers = [("sec-websocket-protocol", PROTOCOL), ("authorization", authorization.as_str())];
    let mut socket = router.handshake(&headers).await.expect("it opens");
    socket.send(json!({"type": "connection_init"})).await;
    socket.receive().await;
    assert_eq!(ask(socket).await, claims.sub.to_string(), "of the handshake");

    // Whoever cannot judge a token yet sends its bearer away for a moment.
    let early = Router::start_uninformed().await;
    let mut socket = early.socket().await;
    let payload = json!({"authorization": early.sign(&early.claims())});
    socket.send(json!({"type": "connection_init", "payload": payload})).await;
    assert_eq!(socket.closed().await, (1001, "not ready yet".into()));

    let expired = router.sign(&Claims { exp: claims.iat - 1, ..claims });
    for authorization in [json!("Bearer nonsense"), json!("nonsense"), json!(""), json!(7), Value::Null, json!(expired)]
    {
        let mut socket = router.socket().await;
        socket.send(json!({"type": "connection_init", "payload": {"authorization": authorization}})).await;
        assert_eq!(socket.closed().await, (4403, "Forbidden".into()), "{authorization}");
    }
}

#[tokio::test]
async fn without_a_verifier_a_socket_is_anonymous_whatever_it_says() {
    let router = Router::start_without_verifier().await;
    for authorization in [json!(router.sign(&router.claims())), json!("nonsense"), json!(7)] {
        let mut socket = router.initialised(json!({"authorization": authorization})).await;
        socket.send(json!({"type": "ping", "payload": {"authorization": authorization}})).await;
        assert_eq!(socket.receive().await["type"], "pong");
        socket.subscribe("1", "{ asker { user } }").await;
        assert_eq!(socket.receive().await["payload"]["data"], json!({"asker": {"user": null}}), "{authorization}");
    }
}

#[tokio::test]
async fn an_expired_token_starts_nothing_and_ends_the_socket_after_ten_seconds() {
    let router = Router::start().await;
    let claims = router.claims();
    let mut socket = router.signed_in(&Claims { exp: claims.iat + 20, ..claims }).await;
    router.clock.advance(TimeDelta::seconds(15));
    socket.subscribe("1", "subscription { quiet }").await;
    assert_eq!(socket.receive().await, next("1", &json!({"quiet": 1})));
    router.clock.advance(TimeDelta::seconds(6));
    socket.subscribe("2", "{ hello }").await;
    let refused = socket.receive().await;
    assert_eq!(error_code(&refused, "2"), "TOKEN_EXPIRED");
    router.streams(1).await;
    router.clock.advance(TimeDelta::seconds(10));
    assert_eq!(socket.closed().await, (4401, "the access token has expired".into()));
}

#[tokio::test]
async fn a_ping_with_a_new_token_of_the_same_session_goes_on() {
    let router = Router::start().await;
    let claims = router.claims();
    let mut socket = router.signed_in(&claims).await;
    let later = Claims { exp: claims.exp + 600, ..claims.clone() };
    socket.send(json!({"type": "ping", "payload": {"Authorization": router.sign(&later)}})).await;
    assert_eq!(socket.receive().await, json!({"type": "pong"}), "which does not repeat the token");
    for _ in 0..16 {
        router.clock.advance(TimeDelta::seconds(40));
        socket.ping().await;
    }
    socket.subscribe("1", "{ hello }").await;
    assert_eq!(socket.receive().await, next("1", &json!({"hello": "hello world"})));
}

#[tokio::test]
async fn a_ping_with_any_other_token_closes_4403() {
    let router = Router::start().await;
    let claims = router.claims();
    let stranger = router.claims();
    let expired = Claims { exp: claims.iat - 1, ..claims.clone() };
    for authorization in [
        json!(router.sign(&stranger)),
        json!(router.sign(&Claims { sid: stranger.sid, ..claims.clone() })),
        json!(router.sign(&Claims { sub: stranger.sub, ..claims.clone() })),
        json!(router.sign(&expired)),
        json!("Bearer nonsense"),
        Value::Null,
    ] {
        let mut socket = router.signed_in(&claims).await;
        socket.send(json!({"type": "ping", "payload": {"authorization": authorization}})).await;
        assert_eq!(socket.closed().await, (4403, "Forbidden".into()), "{authorization}");
    }
    let mut anonymous = router.anonymous().await;
    anonymous.send(json!({"type": "ping", "payload": {"authorization": router.sign(&claims)}})).await;
    assert_eq!(anonymous.closed().await.0, 4403);
    let mut early = router.socket().await;
    early.send(json!({"type": "ping", "payload": {"authorization": router.sign(&claims)}})).await;
    assert_eq!(early.closed().await.0, 4401);
}
