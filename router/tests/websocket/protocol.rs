//! Handshake, messages, close codes, limits and slow clients.

use std::time::Duration;

use chatty_router::Limits;
use chrono::TimeDelta;
use futures_util::SinkExt;
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message;

use crate::{
    fixture::{ORIGIN, PATIENCE, Router},
    socket::{PROTOCOL, complete, error_code, next},
};

/// How long a change is waited for before the clock is advanced again.
const LOOK_AGAIN: Duration = Duration::from_millis(200);

#[tokio::test]
async fn the_handshake_wants_the_sub_protocol_and_a_known_origin() {
    let router =
        Router::start_with(|config| config.allowed_origins = vec!["http://localhost:3000".parse().unwrap()]).await;
    let protocol = ("sec-websocket-protocol", PROTOCOL);
    let status = async |headers: &[(&'static str, &str)]| router.handshake(headers).await.err();
    assert_eq!(status(&[]).await, Some(400));
    assert_eq!(status(&[("sec-websocket-protocol", "graphql-ws")]).await, Some(400));
    assert_eq!(status(&[("sec-websocket-protocol", "graphql-ws, graphql-transport-ws")]).await, None);
    assert_eq!(status(&[protocol, ("origin", ORIGIN)]).await, None);
    assert_eq!(status(&[protocol, ("origin", "http://localhost:3000")]).await, None);
    for foreign in ["https://evil.example", "http://chat.example", "null", ""] {
        assert_eq!(status(&[protocol, ("origin", foreign)]).await, Some(403), "{foreign}");
    }
    assert_eq!(status(&[protocol, ("origin", ORIGIN), ("origin", "https://evil.example")]).await, Some(403));
    assert_eq!(status(&[protocol, ("authorization", "Bearer nonsense")]).await, Some(401));
}

#[tokio::test]
async fn queries_mutations_and_subscriptions_run_side_by_side() {
    let router = Router::start().await;
    let mut socket = router.anonymous().await;
    socket.subscribe("q", "{ hello }").await;
    assert_eq!(socket.receive().await, next("q", &json!({"hello": "hello world"})));
    assert_eq!(socket.receive().await, complete("q"));
    socket.subscribe("m", "mutation { bump }").await;
    assert_eq!(socket.receive().await, next("m", &json!({"bump": 1})));
    assert_eq!(socket.receive().await, complete("m"));

    socket.subscribe("quiet \"\\", "subscription { quiet }").await;
    assert_eq!(socket.receive().await, next("quiet \"\\", &json!({"quiet": 1})));
    socket
        .send(json!({"id": "s", "type": "subscribe", "payload": {
            "query": "subscription A($to: Int!) { count(to: $to) } query B { hello }",
            "operationName": "A", "variables": {"to": 3}, "extensions": {},
        }}))
        .await;
    for event in 1..=3 {
        assert_eq!(socket.receive().await, next("s", &json!({"count": event})));
    }
    assert_eq!(socket.receive().await, complete("s"));
    router.streams(1).await;
}

#[tokio::test]
async fn a_refused_operation_is_an_error_and_the_socket_goes_on() {
    let router = Router::start().await;
    let mut socket = router.anonymous().await;
    let brackets = "{a".repeat(10_000);
    for (id, document, code) in [
        ("1", "{ hello", "GRAPHQL_PARSE_FAILED"),
        ("2", "{ nonsense }", "GRAPHQL_VALIDATION_FAILED"),
        ("3", brackets.as_str(), "LIMIT_EXCEEDED"),
    ] {
        socket.subscribe(id, document).await;
        assert_eq!(error_code(&socket.receive().await, id), code);
    }
    socket.subscribe("1", "{ hello }").await;
    assert_eq!(socket.receive().await, next("1", &json!({"hello": "hello world"})));
}

#[tokio::test]
async fn a_client_ends_an_operation_and_may_use_its_id_again() {
    let router = Router::start().await;
    let mut socket = router.anonymous().await;
    for _ in 0..3 {
        socket.subscribe("1", "subscription { quiet }").await;
        assert_eq!(socket.receive().await, next("1", &json!({"quiet": 1})));
        socket.send(complete("1")).await;
        socket.ping().await;
    }
    router.streams(0).await;
    socket.send(complete("unknown")).await;
    socket.ping().await;
}

#[tokio::test]
async fn a_second_operation_with_a_running_id_closes_4409() {
    let router = Router::start().await;
    let mut socket = router.anonymous().await;
    socket.subscribe("a\"b", "subscription { quiet }").await;
    socket.subscribe("a\"b", "{ hello }").await;
    assert_eq!(socket.closed().await, (4409, "Subscriber for a\"b already exists".into()));
    router.streams(0).await;
}

#[tokio::test]
async fn a_socket_must_be_initialised_once_and_in_time() {
    let router = Router::start().await;
    let mut early = router.socket().await;
    early.subscribe("1", "{ hello }").await;
    assert_eq!(early.closed().await, (4401, "Unauthorized".into()));

    let mut twice = router.anonymous().await;
    twice.send(json!({"type": "connection_init"})).await;
    assert_eq!(twice.closed().await, (4429, "Too many initialisation requests".into()));

    let (mut late, mut in_time) = (router.socket().await, router.anonymous().await);
    // Signs of life do not replace it.
    late.ping().await;
    router.clock.advance(TimeDelta::seconds(11));
    assert_eq!(late.closed().await, (4408, "Connection initialisation timeout".into()));
    in_time.ping().await;
}

#[tokio::test]
async fn what_is_no_message_closes_4400_and_says_why() {
    let router = Router::start().await;
    for (text, reason) in [
        ("hello", "not a JSON object with a `type`: expected value at line 1 column 1"),
        ("[]", "unknown message type"),
        (r#"{"type":"start","id":"1","payload":{"query":"{hello}"}}"#, "unknown message type"),
        (r#"{"type":"subscribe","payload":{"query":"{hello}"}}"#, "`id` must be a string of 1 to 128 bytes"),
        (r#"{"type":"subscribe","id":"1","payload":{"query":7}}"#, "`query` must be a string, not a number"),
    ] {
        let mut socket = router.anonymous().await;
        socket.say(Message::text(text)).await;
        assert_eq!(socket.closed().await, (4400, reason.into()), "{text}");
    }
    let mut socket = router.anonymous().await;
    socket.say(Message::binary(r#"{"type":"ping"}"#.as_bytes())).await;
    assert_eq!(socket.closed().await, (4400, "messages must be text".into()));
}

#[tokio::test]
async fn a_message_over_the_limit_of_a_body_closes_1009() {
    let router = Router::start().await;
    let limit = Limits::default().body_bytes;
    let ping = r#"{"type":"ping"}"#;
    let padded = |bytes: usize| ping.to_owned() + &" ".repeat(bytes - ping.len());
    let mut socket = router.anonymous().await;
    socket.say(Message::text(padded(limit))).await;
    assert_eq!(socket.receive().await, json!({"type": "pong"}));
    socket.say(Message::text(padded(limit + 1))).await;
    assert_eq!(socket.closed().await, (1009, "message too big".into()));
}

#[tokio::test]
async fn pings_go_both_ways_and_silence_ends_the_socket() {
    let router = Router::start().await;
    let mut socket = router.anonymous().await;
    socket.say(Message::Ping("x".into())).await;
    assert!(matches!(socket.next().await, Some(Ok(Message::Pong(_)))));
    for _ in 0..4 {
        router.clock.advance(TimeDelta::seconds(15));
        assert_eq!(socket.hear().await, json!({"type": "ping"}));
        socket.send(json!({"type": "pong"})).await;
        socket.ping().await;
    }
    router.clock.advance(TimeDelta::seconds(46));
    assert_eq!(socket.closed().await, (1001, "nothing heard for 45 s".into()));
}

#[tokio::test]
async fn every_operation_has_its_own_trace_id() {
    let router = Router::start().await;
    let mut socket = router.anonymous().await;
    let mut seen = Vec::new();
    for id in ["1", "2"] {
        socket.subscribe(id, "{ asker { traceId } }").await;
        seen.push(socket.receive().await["payload"]["data"]["asker"]["traceId"].clone());
        socket.receive().await;
    }
    assert_ne!(seen[0], seen[1]);
}

#[tokio::test]
async fn a_socket_has_a_hundred_operations_at_most() {
    let router = Router::start().await;
    let mut socket = router.anonymous().await;
    let allowed = Limits::default().subscriptions;
    for id in 0..allowed {
        socket.subscribe(&id.to_string(), "subscription { quiet }").await;
    }
    for _ in 0..allowed {
        assert_eq!(socket.receive().await["type"], "next");
    }
    socket.subscribe("more", "{ hello }").await;
    let refused = socket.receive().await;
    assert_eq!(error_code(&refused, "more"), "LIMIT_EXCEEDED");
    assert_eq!(refused["payload"][0]["extensions"]["limit"], "subscriptions");
    socket.send(complete("7")).await;
    socket.subscribe("more", "{ hello }").await;
    assert_eq!(socket.receive().await, next("more", &json!({"hello": "hello world"})));
}

#[tokio::test]
async fn a_process_has_a_number_of_sockets_at_most() {
    let router = Router::start_with(|config| config.streams = 1).await;
    let headers = [("sec-websocket-protocol", PROTOCOL)];
    let first = router.anonymous().await;
    assert_eq!(router.handshake(&headers).await.err(), Some(503));
    drop(first);
    router.sockets.close();
    tokio::time::timeout(PATIENCE, router.sockets.wait()).await.expect("the first has ended");
    assert!(router.handshake(&headers).await.is_ok());
}

#[tokio::test]
async fn a_shutdown_closes_1001_and_every_task_ends() {
    let router = Router::start().await;
    let mut busy = router.anonymous().await;
    busy.subscribe("1", "subscription { quiet }").await;
    busy.receive().await;
    let mut idle = router.socket().await;
    router.shutdown.cancel();
    for socket in [&mut busy, &mut idle] {
        assert_eq!(socket.closed().await, (1001, "shutting down".into()));
        assert!(socket.next().await.is_none(), "the handshake of closing is finished");
    }
    router.streams(0).await;
    router.sockets.close();
    tokio::time::timeout(PATIENCE, router.sockets.wait()).await.expect("no task is left");
}

#[tokio::test]
async fn a_client_that_leaves_takes_its_operations_along() {
    let router = Router::start().await;
    let mut polite = router.anonymous().await;
    polite.subscribe("1", "subscription { quiet }").await;
    polite.receive().await;
    let mut rude = router.anonymous().await;
    rude.subscribe("1", "subscription { flood }").await;
    rude.receive().await;
    polite.0.close(None).await.expect("it is open");
    assert!(matches!(polite.next().await, Some(Ok(Message::Close(_)))));
    assert!(polite.next().await.is_none());
    drop(rude);
    router.streams(0).await;
    router.sockets.close();
    tokio::time::timeout(PATIENCE, router.sockets.wait()).await.expect("no task is left");
}

#[tokio::test]
async fn a_client_that_does_not_read_is_given_up_and_others_do_not_notice() {
    let router = Router::start().await;
    let mut slow = router.anonymous().await;
    slow.subscribe("1", "subscription { flood }").await;
    router.streams(1).await;
    let mut other = router.anonymous().await;
    let mut streams = router.seen.streams.subscribe();
    let given_up = async {
        while *streams.borrow_and_update() > 0 {
            router.clock.advance(TimeDelta::seconds(11));
            // It still speaks, so that it is not its silence that ends it; by then the socket may be gone.
            drop(slow.0.send(Message::text(r#"{"type":"pong"}"#)).await);
            other.subscribe("1", "{ hello }").await;
            assert_eq!(other.receive().await, next("1", &json!({"hello": "hello world"})));
            assert_eq!(other.receive().await, complete("1"));
            // Whether it changed is what the loop asks next.
            drop(tokio::time::timeout(LOOK_AGAIN, streams.changed()).await);
        }
    };
    tokio::time::timeout(PATIENCE, given_up).await.expect("the slow one is given up");
}

#[tokio::test]
async fn an_answer_as_long_as_allowed_fits_into_a_frame_and_a_longer_one_is_told() {
    let router = Router::start().await;
    let mut socket = router.anonymous().await;
    let ask = |aliases: usize| {
        let fields = (0..aliases).map(|at| format!("a{at}: hello(name: $n) ")).collect::<Vec<_>>().concat();
        let payload =
            json!({"query": format!("query($n: String!) {{ {fields} }}"), "variables": {"n": "x".repeat(900_000)}});
        json!({"id": "1", "type": "subscribe", "payload": payload})
    };
    socket.send(ask(18)).await;
    let answer = socket.receive().await;
    assert!(answer["payload"]["data"]["a17"].as_str().is_some_and(|text| text.len() > 900_000));
    assert_eq!(socket.receive().await, complete("1"));
    socket.send(ask(19)).await;
    let answer = socket.receive().await;
    assert_eq!((&answer["type"], &answer["payload"]["data"]), (&json!("next"), &Value::Null));
    assert_eq!(answer["payload"]["errors"][0]["extensions"]["limit"], "answerSize");
    assert_eq!(socket.receive().await, complete("1"));
}
