//! The limits of a request hold whichever way it comes: POST, GET, server-sent events and a socket's `subscribe`.
//!
//! The subgraphs' ports have theirs, tested in `crates/kit/tests/endpoint`.

use std::fmt::Write as _;

use reqwest::{Client, RequestBuilder};
use serde_json::{Value, json};

use crate::fixture::{PATIENCE, Router};

fn repeated(count: usize, text: impl Fn(usize) -> String) -> String {
    (0..count).map(text).collect::<Vec<_>>().concat()
}

/// The name of a limit and a document that is above it. Those of aliases and fetches take a larger schema; the engine's
/// tests have them.
fn table() -> Vec<(&'static str, String)> {
    let chain = repeated(20, |at| format!("fragment F{at} on Asker {{ ...F{} }} ", at + 1));
    let bomb = repeated(14, |at| format!("fragment F{at} on Asker {{ ...F{0} ...F{0} }} ", at + 1));
    let conditions = repeated(9, |at| format!("$v{at}: Boolean = true "));
    vec![
        ("bodySize", format!("{{ hello }} #{}", "x".repeat(32 * 1024))),
        ("tokens", format!("{{ {} }}", "hello ".repeat(5_000))),
        ("depth", "{".repeat(65)),
        ("operations", repeated(17, |at| format!("query Q{at} {{ hello }} "))),
        ("depth", format!("{{ asker {{ ...F0 }} }} {chain} fragment F20 on Asker {{ user }}")),
        ("weight", format!("{{ asker {{ ...F0 }} }} {bomb} fragment F14 on Asker {{ user }}")),
        ("rootFields", format!("{{ {} }}", repeated(51, |at| format!("a{at}: hello(name: \"{at}\") ")))),
        ("rootFields", format!("mutation {{ {} }}", repeated(5, |at| format!("a{at}: bump ")))),
        ("directives", format!("{{ {} }}", "hello @include(if: true) ".repeat(51))),
        (
            "conditionVariables",
            format!("query ({conditions}) {{ {} }}", repeated(9, |at| format!("hello @skip(if: $v{at}) "))),
        ),
        (
            "introspectionDepth",
            format!("{{ __type(name: \"Query\") {}{{ name }}{} }}", "{ ofType ".repeat(30), "}".repeat(30)),
        ),
    ]
}

fn encoded(text: &str) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() {
            out.push(char::from(byte));
        } else {
            write!(out, "%{byte:02X}").expect("a string takes any text");
        }
    }
    out
}

/// The code and the limit of a refusal by HTTP.
async fn refused(request: RequestBuilder) -> (u16, Value) {
    let request = request.header("accept", "application/graphql-response+json").timeout(PATIENCE);
    let response = request.send().await.expect("an answer");
    let status = response.status().as_u16();
    let body: Value = response.json().await.expect("JSON");
    assert!(body.get("data").is_none(), "{body}");
    (status, body["errors"][0]["extensions"].clone())
}

/// The code and the limit in the only answer of an event stream.
async fn refused_by_events(request: RequestBuilder) -> Value {
    let response = request.header("accept", "text/event-stream").timeout(PATIENCE).send().await.expect("an answer");
    assert_eq!(response.status(), 200);
    let text = response.text().await.expect("UTF-8");
    let data: Vec<_> = text.lines().filter_map(|line| line.strip_prefix("data: ")).collect();
    let [answer] = data[..] else { panic!("{text}") };
    assert!(text.contains("event: next\n") && text.contains("event: complete\n"), "{text}");
    let body: Value = serde_json::from_str(answer).expect("JSON");
    assert!(body.get("data").is_none(), "{body}");
    body["errors"][0]["extensions"].clone()
}

#[tokio::test]
async fn each_limit_holds_whichever_way_the_request_comes() {
    let router = Router::start().await;
    let mut socket = router.anonymous().await;
    for (at, (limit, document)) in table().into_iter().enumerate() {
        let check = |way: &str, extensions: &Value| {
            let shown = &document[..document.len().min(80)];
            let found = (extensions["code"].as_str(), extensions["limit"].as_str());
            assert_eq!(found, (Some("LIMIT_EXCEEDED"), Some(limit)), "{way}: {shown}");
        };
        let body = json!({ "query": document }).to_string();
        let post = || Client::new().post(router.url()).header("content-type", "application/json").body(body.clone());
        let (status, extensions) = refused(post()).await;
        assert_eq!(status, 400);
        check("POST", &extensions);
        check("events by POST", &refused_by_events(post()).await);

        let get = || Client::new().get(format!("{}?query={}", router.url(), encoded(&document)));
        let (status, extensions) = refused(get()).await;
        assert_eq!(status, 400);
        check("GET", &extensions);
        check("events by GET", &refused_by_events(get()).await);

        socket.subscribe(&at.to_string(), &document).await;
        let message = socket.receive().await;
        assert_eq!((&message["type"], &message["id"]), (&json!("error"), &json!(at.to_string())), "{message}");
        check("WebSocket", &message["payload"][0]["extensions"]);
    }
    assert_eq!(router.seen.bumps.load(std::sync::atomic::Ordering::SeqCst), 0, "nothing ran");
}

#[tokio::test]
async fn what_is_refused_is_not_repeated_at_length() {
    let router = Router::start().await;
    let long = "x".repeat(30_000);
    let umlauts = "ü".repeat(10_000);
    for (query, variables) in [
        (format!("{{ {long} }}"), json!({})),
        (format!("{{ hello(name: {long}) }}"), json!({})),
        (format!("{{ hello({long}: 1) }}"), json!({})),
        (format!("{{ ...{long} }}"), json!({})),
        (format!("{{ hello @{long} }}"), json!({})),
        (format!("query (${long}: {long}) {{ hello }}"), json!({})),
        (format!("query (${long}: Int!) {{ hello(name: ${long}) }}"), json!({})),
        (format!("{{ hello(name: \"{umlauts}) }}"), json!({})),
        ("query ($n: Int!) { hello(name: $n) }".to_owned(), json!({ "n": umlauts })),
        ("query ($to: Int!) { hello @skip(if: $to) }".to_owned(), json!({ "to": { umlauts.as_str(): umlauts } })),
        (format!("query ($n{long}: Boolean!) {{ hello @skip(if: $n{long}) }}"), json!({ format!("n{long}"): umlauts })),
    ] {
        let body = json!({ "query": query, "variables": variables }).to_string();
        let post = Client::new().post(router.url()).header("content-type", "application/json").body(body);
        let response = post.timeout(PATIENCE).send().await.expect("an answer");
        let text = response.text().await.expect("UTF-8");
        let body: Value = serde_json::from_str(&text).expect("JSON");
        assert!(text.len() < 8 * 1024 && !body["errors"].as_array().expect("errors").is_empty(), "{}", text.len());
    }
}
