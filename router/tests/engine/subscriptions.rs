//! A subscription's events, each completed with what other subgraphs know.

use chatty_router::{Answer, AnswerKind, OperationKind};
use futures_util::StreamExt;
use serde_json::{Value, json};

use crate::fixture::{Fixture, errors_of, read, request, viewer};

async fn events(f: &Fixture, query: &str) -> Vec<Value> {
    let stream = f.gateway.subscribe(request(query, json!({})), viewer()).await.unwrap();
    let events: Vec<_> = stream.map(|answer: Answer| read(&answer)).collect().await;
    let stream = f.over_http().subscribe(request(query, json!({})), viewer()).await.unwrap();
    let by_http: Vec<_> = stream.map(|answer: Answer| read(&answer)).collect().await;
    assert_eq!(by_http, events, "over HTTP the events are others");
    events
}

#[tokio::test]
async fn each_event_gathers_entities_and_the_stream_ends_with_its_source() {
    let f = Fixture::new();
    let events = events(&f, "subscription { p: postAdded(count: 1) { id author { n: name } } }").await;
    assert_eq!(events, [json!({ "data": { "p": { "id": "0", "author": { "n": "name 1" } } } })]);
    assert_eq!(f.taken_requests(), ["posts", "users"]);
}

#[tokio::test]
async fn an_error_in_one_event_does_not_end_the_stream() {
    let f = Fixture::new();
    let events = events(&f, "subscription { postAdded(count: 3) { id author { name } } }").await;
    assert_eq!(events.len(), 3);
    assert_eq!(events[0]["data"]["postAdded"]["author"]["name"], "name 1");
    assert_eq!(events[1]["data"], json!(null));
    assert_eq!(errors_of(&events[1]), [("FORBIDDEN".to_owned(), json!(["postAdded", "author", "name"]))]);
    assert_eq!(events[2]["data"]["postAdded"]["id"], "2");
}

#[tokio::test]
async fn a_source_that_refuses_says_so_in_an_event() {
    let f = Fixture::new();
    let events = events(&f, "subscription { refused { id } }").await;
    assert_eq!(events.len(), 1);
    assert_eq!(events[0]["data"], json!(null));
    assert_eq!(events[0]["errors"][0]["extensions"]["code"], "FORBIDDEN");
}

#[tokio::test]
async fn a_query_as_a_stream_is_one_answer() {
    let f = Fixture::new();
    assert_eq!(events(&f, "{ me { id } }").await, [json!({ "data": { "me": { "id": "1" } } })]);
}

#[tokio::test]
async fn a_subscription_is_refused_where_there_is_no_stream() {
    let f = Fixture::new();
    let query = request("subscription { postAdded(count: 1) { id } }", json!({}));
    let prepared = f.gateway.prepare(&query, &viewer()).await.ok().unwrap();
    assert_eq!(prepared.kind(), OperationKind::Subscription);
    let answer = f.gateway.execute(query, viewer()).await;
    assert_eq!(answer.kind, AnswerKind::Refused(chatty_kit::Code::GraphqlValidationFailed));
    assert!(f.taken_requests().is_empty());
}

#[tokio::test]
async fn a_stream_that_cannot_start_is_refused() {
    let f = Fixture::new();
    let refused = f.gateway.subscribe(request("subscription { nothing }", json!({})), viewer()).await;
    assert_eq!(refused.err().unwrap().kind, AnswerKind::Refused(chatty_kit::Code::GraphqlValidationFailed));
}
