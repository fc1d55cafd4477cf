//! What is answered by events, what they say, and what never becomes a stream.

use std::sync::atomic::Ordering;

use chatty_router::Limits;
use reqwest::{Client, Method, RequestBuilder};
use serde_json::{Value, json};

use crate::{
    events::{EVENTS, Events},
    fixture::{ORIGIN, PATIENCE, Router},
};

fn get(router: &Router, query_string: &str) -> RequestBuilder {
    Client::new().get(format!("{}?{query_string}", router.url())).header("accept", EVENTS).timeout(PATIENCE)
}

async fn status(request: RequestBuilder) -> (u16, Value) {
    let response = request.timeout(PATIENCE).send().await.expect("an answer");
    (response.status().as_u16(), response.json().await.unwrap_or(Value::Null))
}

#[tokio::test]
async fn queries_mutations_and_subscriptions_are_answered_by_next_and_complete() {
    let router = Router::start().await;
    let mut query = router.events("{ hello }").await;
    let header = |name: &str| query.response.headers().get(name).and_then(|value| value.to_str().ok());
    assert_eq!((header("cache-control"), header("x-accel-buffering")), (Some("no-store"), Some("no")));
    assert_eq!(header("x-trace-id").map(str::len), Some(32));
    assert_eq!(query.block().await.as_deref(), Ok(":"), "said at once");
    assert_eq!(query.response().await, json!({"data": {"hello": "hello world"}}));
    query.complete().await;

    let mut mutation = router.events("mutation { bump }").await;
    assert_eq!(mutation.response().await, json!({"data": {"bump": 1}}));
    mutation.complete().await;

    let mut subscription = router.events("subscription { count(to: 3) }").await;
    for event in 1..=3 {
        assert_eq!(subscription.response().await, json!({"data": {"count": event}}));
    }
    subscription.complete().await;
}

#[tokio::test]
async fn a_get_opens_a_stream_and_changes_nothing() {
    let router = Router::start().await;
    let mut events = Events::of(get(&router, "query=subscription%7Bcount(to:1)%7D")).await;
    assert_eq!(events.response().await, json!({"data": {"count": 1}}));
    events.complete().await;
    let (refused, _) = status(get(&router, "query=mutation%7Bbump%7D")).await;
    assert_eq!((refused, router.seen.bumps.load(Ordering::SeqCst)), (405, 0));
}

#[tokio::test]
async fn a_line_of_json_is_one_line_of_the_event() {
    let router = Router::start().await;
    let name = "a\nb\r\n\n\u{2028}data: x";
    let body = json!({"query": "query($n: String!) { hello(name: $n) }", "variables": {"n": name}}).to_string();
    let mut events = Events::of(router.ask("").body(body)).await;
    assert_eq!(events.response().await["data"]["hello"], format!("hello {name}"));
    events.complete().await;
}

#[tokio::test]
async fn a_refused_document_is_told_by_an_event() {
    let router = Router::start().await;
    let brackets = "{a".repeat(10_000);
    for (document, code) in [
        ("{ hello", "GRAPHQL_PARSE_FAILED"),
        ("{ nonsense }", "GRAPHQL_VALIDATION_FAILED"),
        ("query($n: String!) { hello(name: $n) }", "BAD_USER_INPUT"),
        (brackets.as_str(), "LIMIT_EXCEEDED"),
    ] {
        assert_eq!(router.events(document).await.refused().await, code);
    }
}

#[tokio::test]
async fn what_is_no_graphql_request_never_becomes_a_stream() {
    let router = Router::start().await;
    let ask = || router.ask("{ hello }");
    for (request, expected, code) in [
        (ask().body("{"), 400, "GRAPHQL_PARSE_FAILED"),
        (ask().body(r#"{"query":1}"#), 400, "GRAPHQL_PARSE_FAILED"),
        (ask().body(" ".repeat(Limits::default().body_bytes + 1)), 413, "LIMIT_EXCEEDED"),
        (ask().header("authorization", "Bearer nonsense"), 401, "UNAUTHENTICATED"),
    ] {
        let (status, body) = status(request).await;
        assert_eq!((status, body["errors"][0]["extensions"]["code"].as_str()), (expected, Some(code)));
    }
    assert_eq!(status(router.ask("{ hello }").header("content-type", "text/plain")).await.0, 415);
    let put = Client::new().request(Method::PUT, router.url()).header("accept", EVENTS);
    assert_eq!(status(put).await.0, 405, "reservations belong to the mode with a single connection");
}

#[tokio::test]
async fn whoever_takes_json_too_gets_events_for_subscriptions_only() {
    let router = Router::start().await;
    let either = |document: &str| {
        let body = json!({ "query": document }).to_string();
        let accept = "application/graphql-response+json, text/event-stream;q=0.9";
        Client::new().post(router.url()).header("content-type", "application/json").header("accept", accept).body(body)
    };
    assert_eq!(status(either("{ hello }")).await, (200, json!({"data": {"hello": "hello world"}})));
    assert_eq!(status(either("{ nonsense }")).await.0, 400);
    let mut events = Events::of(either("subscription { count(to: 1) }")).await;
    assert_eq!(events.response().await, json!({"data": {"count": 1}}));
    events.complete().await;

    let body = json!({"query": "subscription { quiet }"}).to_string();
    let json_alone = Client::new().post(router.url()).header("content-type", "application/json").body(body);
    let (status, body) = status(json_alone).await;
    let message = body["errors"][0]["message"].as_str().expect("a message");
    assert_eq!(status, 200);
    assert!(message.contains("graphql-transport-ws") && message.contains("text/event-stream"), "{message}");
}

#[tokio::test]
async fn a_page_of_a_foreign_origin_opens_no_stream() {
    let router =
        Router::start_with(|config| config.allowed_origins = vec!["https://app.example".parse().unwrap()]).await;
    let stream = |origin: &str| get(&router, "query=subscription%7Bquiet%7D").header("origin", origin);
    for foreign in ["https://evil.example", "http://chat.example", "null", ""] {
        let (status, body) = status(stream(foreign)).await;
        assert_eq!((status, &body["errors"][0]["extensions"]["code"]), (403, &json!("FORBIDDEN")), "{foreign}");
    }
    router.streams(0).await;
    for own in [ORIGIN, "https://app.example"] {
        let mut events = Events::of(stream(own)).await;
        assert_eq!(events.response().await, json!({"data": {"quiet": 1}}), "{own}");
    }
    let events = Events::of(stream("https://app.example")).await;
    let allowed = events.response.headers().get("access-control-allow-origin");
    assert_eq!(allowed.and_then(|origin| origin.to_str().ok()), Some("https://app.example"));
}

#[tokio::test]
async fn streams_and_sockets_share_a_number_of_places() {
    let router = Router::start_with(|config| config.streams = 1).await;
    let mut first = router.events("subscription { quiet }").await;
    first.response().await;
    let refused = router.ask("subscription { quiet }").send().await.expect("an answer");
    let again = refused.headers().get("retry-after").and_then(|seconds| seconds.to_str().ok());
    assert_eq!((refused.status().as_u16(), again), (503, Some("1")));
    let body: Value = refused.json().await.expect("JSON");
    assert_eq!(body["errors"][0]["extensions"]["limit"], "streams");
    let socket = Client::new()
        .get(router.url())
        .header("connection", "upgrade")
        .header("upgrade", "websocket")
        .header("sec-websocket-version", "13")
        .header("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ==")
        .header("sec-websocket-protocol", "graphql-transport-ws");
    assert_eq!(status(socket).await.0, 503);
    let plain = Client::new().get(format!("{}?query=%7Bhello%7D", router.url()));
    assert_eq!(status(plain).await.0, 200, "plain requests need none");
    drop(first);
    router.streams(0).await;
    router.sockets.close();
    tokio::time::timeout(PATIENCE, router.sockets.wait()).await.expect("the stream has ended");
    router.events("{ hello }").await.response().await;
}
