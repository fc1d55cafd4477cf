//! Equal requests at the same time, where queries are de-duplicated.

use std::{collections::HashMap, net::SocketAddr};

use chatty_access::Caller;
use chatty_router::{Gateway, Limits, Upstream};
use chatty_types::SessionId;
use futures_util::{future::join_all, poll};
use serde_json::{Value, json};

use super::{
    nobody,
    server::{Reaction, Server, ok},
    supergraph,
};
use crate::fixture::{http::http_upstream, read, request, viewer};

const QUERY: &str = "{ items { id } }";

fn gateway(items: SocketAddr, prices: SocketAddr) -> Gateway {
    let deduplicating =
        |name: &str, at: SocketAddr| (name.to_owned(), Upstream::Http(http_upstream(name, &[at]).deduplicating()));
    let upstreams = [deduplicating("items", items), deduplicating("prices", prices)];
    Gateway::load(&supergraph(), HashMap::from(upstreams), Limits::default()).unwrap()
}

/// A gateway over `items` that has made its plans, so that nothing but the subgraph keeps a request waiting.
async fn warm_gateway(items: &Server, queries: &[&str]) -> Gateway {
    let gateway = gateway(items.address, nobody());
    for query in queries {
        ask(&gateway, query, viewer()).await;
    }
    items.received.lock().unwrap().clear();
    gateway
}

async fn ask(gateway: &Gateway, query: &str, caller: Caller) -> Value {
    read(&gateway.execute(request(query, json!({})), caller).await)
}

/// Another session of the same user.
fn elsewhere() -> Caller {
    let mut caller = viewer();
    caller.viewer.as_mut().unwrap().session = SessionId::from_uuid(uuid::Uuid::from_u128(7));
    caller
}

#[tokio::test]
async fn equal_queries_of_one_caller_reach_the_subgraph_once() {
    let items = Server::answering(&json!({ "data": { "items": [{ "id": "1" }] } }));
    let gateway = warm_gateway(&items, &[QUERY]).await;
    // All have asked before the server, which runs on this thread, can answer.
    let answers = join_all((0..8).map(|_| ask(&gateway, QUERY, viewer()))).await;
    assert!(answers.iter().all(|answer| *answer == json!({ "data": { "items": [{ "id": "1" }] } })), "{answers:?}");
    assert_eq!(items.count(), 1);
    ask(&gateway, QUERY, viewer()).await;
    assert_eq!(items.count(), 2, "nothing is remembered");
}

#[tokio::test]
async fn each_identity_has_its_own_query() {
    let items = Server::answering(&json!({ "data": { "items": [] } }));
    let gateway = warm_gateway(&items, &[QUERY]).await;
    let callers = [viewer(), elsewhere(), Caller::anonymous(), viewer(), elsewhere(), Caller::anonymous()];
    join_all(callers.map(|caller| ask(&gateway, QUERY, caller))).await;
    assert_eq!(items.count(), 3);
}

#[tokio::test]
async fn mutations_and_different_queries_are_all_sent() {
    let items = Server::answering(&json!({ "data": { "buy": "done", "items": [] } }));
    let (mutation, other) = ("mutation { buy(id: \"1\") }", "{ items { __typename } }");
    let gateway = warm_gateway(&items, &[mutation, QUERY, other]).await;
    let asked = [mutation, mutation, mutation, QUERY, other];
    join_all(asked.map(|query| ask(&gateway, query, viewer()))).await;
    assert_eq!(items.count(), 5);
}

#[tokio::test]
async fn what_a_mutation_reads_is_asked_for_after_it_wrote() {
    let items = Server::start(|received, _| {
        let request: Value = serde_json::from_slice(&received.body).unwrap();
        let query = request["query"].as_str().unwrap();
        let key = query.split_once(": take").unwrap().0.trim_start_matches("mutation{");
        let answer = json!({ "data": { key: { "__typename": "Item", "id": "1" } } });
        Reaction::Answer(ok("application/json", &answer.to_string()))
    });
    let prices = Server::answering(&json!({ "data": { "_entities": [{ "price": 3 }] } }));
    let mutation = "mutation { take { price } }";
    let gateway = gateway(items.address, prices.address);
    let answers = join_all((0..8).map(|_| ask(&gateway, mutation, viewer()))).await;
    assert!(answers.iter().all(|answer| *answer == json!({ "data": { "take": { "price": 3 } } })), "{answers:?}");
    assert_eq!((items.count(), prices.count()), (8, 8), "a query under way may have begun before the write");
}

#[tokio::test]
async fn an_error_is_told_to_all() {
    let error = json!({ "message": "closed", "path": ["items"], "extensions": { "code": "FORBIDDEN" } });
    let items = Server::answering(&json!({ "data": null, "errors": [error] }));
    let gateway = warm_gateway(&items, &[QUERY]).await;
    for answer in join_all((0..3).map(|_| ask(&gateway, QUERY, viewer()))).await {
        assert_eq!(answer["errors"][0]["extensions"]["code"], "FORBIDDEN", "{answer}");
    }
    assert_eq!(items.count(), 1);
}

#[tokio::test]
async fn a_client_that_leaves_takes_no_answer_along() {
    let items = Server::answering(&json!({ "data": { "items": [] } }));
    let gateway = warm_gateway(&items, &[QUERY]).await;
    let (mut first, mut second) = (Box::pin(ask(&gateway, QUERY, viewer())), Box::pin(ask(&gateway, QUERY, viewer())));
    assert!(poll!(&mut first).is_pending() && poll!(&mut second).is_pending());
    drop(first);
    assert_eq!(second.await, json!({ "data": { "items": [] } }));
    assert_eq!(items.count(), 1);
}
