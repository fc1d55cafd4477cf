//! What is sent to a subgraph, and what is not.

use chatty_access::CONTEXT_HEADER;
use chatty_router::{Gateway, Limits, LoadError};
use chatty_types::Clock;
use serde_json::{Value, json};

use super::{ask, gateway, nobody, server::Server, supergraph};
use crate::fixture::{
    http::{seals, upstream},
    read, request, viewer,
};

#[tokio::test]
async fn a_request_is_sealed_for_its_subgraph_and_its_body() {
    let items = Server::answering(&json!({ "data": { "items": [] } }));
    let gateway = gateway(&[items.address], &[nobody()], Limits::default());
    assert_eq!(ask(&gateway, "{ items { id } }").await, json!({ "data": { "items": [] } }));
    let received = items.received.lock().unwrap()[0].clone();
    let seal = received.header(CONTEXT_HEADER).unwrap();
    let caller = seals().check(seal, "items", Clock::system().now()).unwrap().open(&received.body).unwrap();
    assert_eq!((caller.viewer, caller.trace_id), (viewer().viewer, viewer().trace_id));
    assert!(seals().check(seal, "prices", Clock::system().now()).is_err());
    assert!(received.header("traceparent").unwrap().starts_with(&format!("00-{}-", viewer().trace_id)));
}

#[tokio::test]
async fn a_request_has_these_headers_and_no_others() {
    let items = Server::answering(&json!({ "data": { "items": [] } }));
    let gateway = gateway(&[items.address], &[nobody()], Limits::default());
    ask(&gateway, "{ items { id } }").await;
    let received = items.received.lock().unwrap()[0].clone();
    assert_eq!(received.head[0], "POST /graphql/items HTTP/1.1");
    let mut names: Vec<_> = received.head[1..].iter().map(|line| line.split(':').next().unwrap()).collect();
    names.sort_unstable();
    assert_eq!(names, ["accept", "chatty-context", "content-length", "content-type", "host", "traceparent"]);
    assert_eq!(received.header("content-type"), Some("application/json"));
    assert_eq!(received.header("accept"), Some("application/graphql-response+json, application/json;q=0.9"));
}

#[tokio::test]
async fn variables_arrive_as_the_client_wrote_them() {
    let items = Server::answering(&json!({ "data": { "buy": "done" } }));
    let gateway = gateway(&[items.address], &[nobody()], Limits::default());
    let query = "mutation ($id: ID!, $note: String, $absent: String) {
        buy(id: $id, note: $note, amount: MANY) other: buy(id: \"2\", note: $absent)
    }";
    let variables = json!({ "id": "\"1\"\\\n", "note": "ü 🦀 \u{1}" });
    read(&gateway.execute(request(query, variables), viewer()).await);
    let received = items.received.lock().unwrap();
    let bodies: Vec<Value> = received.iter().map(|one| serde_json::from_slice(&one.body).unwrap()).collect();
    assert_eq!(bodies.len(), 2);
    let values: Vec<_> = bodies[0]["variables"].as_object().unwrap().values().cloned().collect();
    assert!(values.contains(&json!("\"1\"\\\n")) && values.contains(&json!("ü 🦀 \u{1}")), "{values:?}");
    assert!(bodies[0]["query"].as_str().unwrap().starts_with("mutation"));
    assert_eq!(bodies[1]["variables"], json!({}));
}

#[tokio::test]
async fn connections_are_used_again() {
    let items = Server::answering(&json!({ "data": { "items": [] } }));
    let gateway = gateway(&[items.address], &[nobody()], Limits::default());
    for _ in 0..5 {
        ask(&gateway, "{ items { id } }").await;
    }
    assert_eq!((items.count(), *items.open.borrow()), (5, 1));
}

#[tokio::test]
async fn a_timeout_of_a_subgraph_that_does_not_exist_is_an_error() {
    let mut limits = Limits::default();
    limits.subgraph_timeouts_ms.insert("prizes".to_owned(), 50);
    let upstreams = ["items", "prices"].map(|name| (name.to_owned(), upstream(name, &[nobody()])));
    let refused = Gateway::load(&supergraph(), upstreams.into(), limits).err().unwrap();
    assert!(matches!(&refused, LoadError::UnknownSubgraph(name) if name == "prizes"), "{refused}");
}
