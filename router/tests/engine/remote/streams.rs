//! Subscriptions over server-sent events, and how they break.

use chatty_router::{Gateway, Limits};
use futures_util::StreamExt;
use serde_json::{Value, json};

use super::{
    gateway, nobody,
    server::{Reaction, Server, begin, ok, with_status},
    within,
};
use crate::fixture::{errors_of, read, request, viewer};

const SSE: &str = "text/event-stream";

fn event(id: &str) -> String {
    format!("event: next\ndata: {{\"data\":{{\"sold\":{{\"id\":\"{id}\"}}}}}}\n\n")
}

async fn events(gateway: &Gateway) -> Vec<Value> {
    let stream = gateway.subscribe(request("subscription { sold { i: id } }", json!({})), viewer()).await.unwrap();
    stream.map(|answer| read(&answer)).collect().await
}

/// The events of a subgraph that answers these bytes and closes the connection.
async fn of(bytes: Vec<u8>) -> Vec<Value> {
    let items = Server::start(move |_, _| Reaction::AnswerAndClose(bytes.clone()));
    events(&gateway(&[items.address], &[nobody()], Limits::default())).await
}

fn sold(id: &str) -> Value {
    json!({ "data": { "sold": { "i": id } } })
}

fn is_break(event: &Value, code: &str) -> bool {
    event["data"] == json!(null) && errors_of(event) == [(code.to_owned(), json!(["sold"]))]
}

#[tokio::test]
async fn a_stream_that_completes_ends_without_an_error() {
    let text = format!(
        "{}: keep-alive\n\n{}event: other\ndata: x\n\nevent: complete\n\n{}",
        event("1"),
        event("2"),
        event("3")
    );
    assert_eq!(of(begin("text/event-stream; charset=utf-8", &text)).await, [sold("1"), sold("2")]);
}

#[tokio::test]
async fn a_stream_that_breaks_says_so_last() {
    let long = format!("data: {}", "x".repeat(16 * 1024 * 1024));
    for (text, count) in [
        (event("1"), 1),
        (format!("{}event: next\nda", event("1")), 1),
        (String::new(), 0),
        (format!("{}event: next\ndata: <html>\n\n{}", event("1"), event("2")), 1),
        (format!("{}{}{long}", event("1"), event("2")), 2),
    ] {
        let found = of(begin(SSE, &text)).await;
        assert_eq!(found.len(), count + 1, "{text:.90}");
        assert_eq!(found[..count], [sold("1"), sold("2")][..count]);
        assert!(is_break(&found[count], "SUBGRAPH_UNAVAILABLE"), "{text:.90}: {}", found[count]);
    }
}

#[tokio::test]
async fn a_refusal_is_the_only_event() {
    let refusal = r#"{"errors":[{"message":"not for you","extensions":{"code":"FORBIDDEN"}}]}"#;
    let found = of(ok("application/json", refusal)).await;
    assert_eq!(found.len(), 1);
    assert!(is_break(&found[0], "FORBIDDEN"), "{}", found[0]);
    for bytes in [with_status("401 No", SSE, &event("1")), ok("text/html", "<html>"), Vec::new()] {
        let found = of(bytes).await;
        assert_eq!(found.len(), 1);
        assert!(is_break(&found[0], "SUBGRAPH_UNAVAILABLE"), "{}", found[0]);
    }
}

#[tokio::test]
async fn a_subgraph_that_does_not_begin_to_answer_is_late() {
    let items = Server::start(|_, _| Reaction::AnswerAndHold(Vec::new()));
    let found = events(&gateway(&[items.address], &[nobody()], within(50))).await;
    assert_eq!(found.len(), 1);
    assert!(is_break(&found[0], "TIMEOUT"), "{}", found[0]);
}

#[tokio::test]
async fn a_stream_begins_at_the_endpoint_that_works_and_closes_with_its_reader() {
    let text = begin(SSE, &event("1"));
    let items = Server::start(move |_, _| Reaction::AnswerAndHold(text.clone()));
    let gateway = gateway(&[nobody(), items.address], &[nobody()], Limits::default());
    let query = request("subscription { sold { i: id } }", json!({}));
    let mut stream = gateway.subscribe(query, viewer()).await.unwrap();
    assert_eq!(read(&stream.next().await.unwrap()), sold("1"));
    assert_eq!(items.received.lock().unwrap()[0].header("accept"), Some(SSE));
    assert_eq!(*items.open.borrow(), 1);
    drop(stream);
    items.open.subscribe().wait_for(|open| *open == 0).await.unwrap();
}

#[tokio::test]
async fn an_event_whose_errors_path_is_endless_crashes_nothing() {
    for (steps, code) in [(1_900_000, "NO"), (2_000_000, "SUBGRAPH_UNAVAILABLE")] {
        let path = format!("\"sold\"{}", ",0".repeat(steps - 1));
        let error = format!(r#"{{"message":"no","path":[{path}],"extensions":{{"code":"NO"}}}}"#);
        let text = format!("event: next\ndata: {{\"data\":null,\"errors\":[{error}]}}\n\nevent: complete\n\n");
        let found = of(begin(SSE, &text)).await;
        assert_eq!(found.len(), 1);
        assert!(is_break(&found[0], code), "{steps}: {}", found[0]);
    }
}

#[tokio::test]
async fn an_event_of_too_many_values_breaks_the_stream() {
    let text = format!("event: next\ndata: {{\"data\":{{\"x\":[{}0]}}}}\n\n", "0,".repeat(2_000_000));
    let found = of(begin(SSE, &text)).await;
    assert_eq!(found.len(), 1);
    assert!(is_break(&found[0], "SUBGRAPH_UNAVAILABLE"), "{}", found[0]);
}
