//! `graphql-transport-ws` by the letter: handshake, messages, close codes, identity, limits and slow clients.

mod fixture;

use std::{convert::Infallible, sync::Arc, time::Duration};

use chatty_access::{Claims, Revocation, Snapshot};
use chatty_bus::{Bus, InProcess};
use chatty_events::{
    Envelope,
    auth::{AccessRevoked, RevocationReason, Revoked},
};
use chatty_router::{Limits, revocation};
use chrono::TimeDelta;
use fixture::{ORIGIN, PATIENCE, Router};
use futures_util::{FutureExt, SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async,
    tungstenite::{self, Message, client::IntoClientRequest, http::HeaderValue},
};

/// How long a change is waited for before the clock is advanced again.
const LOOK_AGAIN: Duration = Duration::from_millis(200);

const PROTOCOL: &str = "graphql-transport-ws";

struct Socket(WebSocketStream<MaybeTlsStream<TcpStream>>);

impl Router {
    /// Tries to open a socket with these headers; the status where that fails.
    async fn handshake(&self, headers: &[(&'static str, &str)]) -> Result<Socket, u16> {
        let mut request = format!("ws://{}/graphql", self.address).into_client_request().expect("a URL");
        for (name, value) in headers {
            request.headers_mut().append(*name, HeaderValue::from_str(value).expect("visible ASCII"));
        }
        match connect_async(request).await {
            Ok((socket, _)) => Ok(Socket(socket)),
            Err(tungstenite::Error::Http(response)) => Err(response.status().as_u16()),
            Err(error) => panic!("{error}"),
        }
    }

    async fn socket(&self) -> Socket {
        self.handshake(&[("sec-websocket-protocol", PROTOCOL)]).await.expect("it opens")
    }

    /// A socket that is acknowledged with this payload.
    async fn initialised(&self, payload: Value) -> Socket {
        let mut socket = self.socket().await;
        socket.send(json!({"type": "connection_init", "payload": payload})).await;
        assert_eq!(socket.receive().await, json!({"type": "connection_ack"}));
        socket
    }

    async fn anonymous(&self) -> Socket {
        self.initialised(Value::Null).await
    }

    async fn signed_in(&self, claims: &Claims) -> Socket {
        self.initialised(json!({"authorization": self.sign(claims)})).await
    }
}

impl Socket {
    async fn say(&mut self, message: Message) {
        tokio::time::timeout(PATIENCE, self.0.send(message)).await.expect("it is read").expect("it is open");
    }

    async fn send(&mut self, message: Value) {
        self.say(Message::text(message.to_string())).await;
    }

    async fn subscribe(&mut self, id: &str, document: &str) {
        self.send(json!({"id": id, "type": "subscribe", "payload": {"query": document}})).await;
    }

    async fn next(&mut self) -> Option<Result<Message, tungstenite::Error>> {
        tokio::time::timeout(PATIENCE, self.0.next()).await.expect("the router says something")
    }

    /// The next message, pings included.
    async fn hear(&mut self) -> Value {
        match self.next().await {
            Some(Ok(Message::Text(text))) => serde_json::from_str(&text).expect("JSON"),
            other => panic!("not a message: {other:?}"),
        }
    }

    /// The next message that is no ping of the router.
    async fn receive(&mut self) -> Value {
        loop {
            let message = self.hear().await;
            if message != json!({"type": "ping"}) {
                return message;
            }
        }
    }

    /// The code and the reason that the router closes with; what it still says before is skipped.
    async fn closed(&mut self) -> (u16, String) {
        loop {
            match self.next().await {
                Some(Ok(Message::Text(_))) => {}
                Some(Ok(Message::Close(Some(frame)))) => return (frame.code.into(), frame.reason.to_string()),
                other => panic!("not closed with a code: {other:?}"),
            }
        }
    }

    /// Asks something and waits for the answer, so that the router has read all that was sent before.
    async fn ping(&mut self) {
        self.send(json!({"type": "ping"})).await;
        assert_eq!(self.receive().await, json!({"type": "pong"}));
    }
}

fn next(id: &str, data: &Value) -> Value {
    json!({"id": id, "type": "next", "payload": {"data": data}})
}

fn complete(id: &str) -> Value {
    json!({"id": id, "type": "complete"})
}

/// The code in an `error` message for this operation.
fn error_code(message: &Value, id: &str) -> String {
    assert_eq!((&message["id"], &message["type"]), (&json!(id), &json!("error")), "{message}");
    let error = &message["payload"][0];
    assert!(error["message"].is_string(), "{message}");
    error["extensions"]["code"].as_str().expect("a code").to_owned()
}

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
