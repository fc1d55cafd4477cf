//! Endpoints that fail, and which requests are sent again.

use std::time::Duration;

use chatty_kit::Tasks;
use chatty_router::Limits;
use serde_json::json;

use super::{
    ask, gateway, nobody,
    server::{Reaction, Server, begin, cut, ok, with_status},
    supergraph, within,
};
use crate::fixture::{errors_of, http};

const RATE: &str = r#"{"data":{"rate":2.5}}"#;

fn healthy() -> Server {
    Server::start(|_, _| Reaction::Answer(ok("application/json", RATE)))
}

/// Answers `buy` under the key that it is asked for by.
fn selling() -> Server {
    Server::start(move |request, _| {
        let body: serde_json::Value = serde_json::from_slice(&request.body).unwrap();
        let query = body["query"].as_str().unwrap();
        let (key, _) = query.split_once('{').unwrap().1.split_once(':').unwrap();
        Reaction::Answer(ok("application/json", &json!({ "data": { key.trim(): "done" } }).to_string()))
    })
}

#[tokio::test]
async fn of_two_endpoints_one_may_be_dead_and_no_query_fails() {
    let (alive, broken) = (healthy(), Server::start(|_, _| Reaction::AnswerAndClose(Vec::new())));
    for dead in [nobody(), broken.address] {
        let gateway = gateway(&[nobody()], &[dead, alive.address], Limits::default());
        for _ in 0..20 {
            assert_eq!(ask(&gateway, "{ rate }").await, json!({ "data": { "rate": 2.5 } }));
        }
    }
    assert_eq!(alive.count(), 40);
    assert!((1..20).contains(&broken.count()), "it is set aside: {}", broken.count());
}

#[tokio::test]
async fn a_server_that_says_it_cannot_serve_is_left_for_another() {
    for status in ["502 Bad Gateway", "503 Service Unavailable", "504 Gateway Timeout"] {
        let draining = Server::start(move |_, _| Reaction::Answer(with_status(status, "application/json", RATE)));
        let alive = healthy();
        let gateway = gateway(&[nobody()], &[draining.address, alive.address], Limits::default());
        for _ in 0..3 {
            assert_eq!(ask(&gateway, "{ rate }").await, json!({ "data": { "rate": 2.5 } }), "{status}");
        }
        assert_eq!((draining.count(), alive.count()), (1, 3), "{status}");
    }
}

#[tokio::test]
async fn a_query_is_sent_three_times_at_most() {
    let broken = Server::start(|_, _| Reaction::AnswerAndClose(cut("application/json", "{")));
    let gateway = gateway(&[nobody()], &[broken.address], Limits::default());
    let body = ask(&gateway, "{ rate }").await;
    assert_eq!(errors_of(&body), [("SUBGRAPH_UNAVAILABLE".to_owned(), json!(["rate"]))]);
    assert_eq!(broken.count(), 3);
}

#[tokio::test]
async fn an_endpoint_that_recovers_answers_the_same_query() {
    let stumbling = Server::start(|_, number| match number {
        0 | 1 => Reaction::AnswerAndClose(Vec::new()),
        _ => Reaction::Answer(ok("application/json", RATE)),
    });
    let gateway = gateway(&[nobody()], &[stumbling.address], Limits::default());
    assert_eq!(ask(&gateway, "{ rate }").await, json!({ "data": { "rate": 2.5 } }));
}

#[tokio::test]
async fn a_mutation_that_may_have_arrived_is_not_sent_again() {
    for answer in [Vec::new(), cut("application/json", "{"), with_status("503 Sorry", "application/json", "{}")] {
        let broken = Server::start(move |_, _| Reaction::AnswerAndClose(answer.clone()));
        let other = selling();
        let gateway = gateway(&[broken.address, other.address], &[nobody()], Limits::default());
        let body = ask(&gateway, "mutation { buy(id: 1) }").await;
        assert_eq!(body["data"], json!({ "buy": null }));
        assert_eq!(errors_of(&body), [("SUBGRAPH_UNAVAILABLE".to_owned(), json!(["buy"]))]);
        assert_eq!((broken.count(), other.count()), (1, 0));
    }
}

#[tokio::test]
async fn a_mutation_that_was_never_sent_goes_elsewhere() {
    let other = selling();
    let gateway = gateway(&[nobody(), other.address], &[nobody()], Limits::default());
    for _ in 0..5 {
        assert_eq!(ask(&gateway, "mutation { buy(id: 1) }").await, json!({ "data": { "buy": "done" } }));
    }
    assert_eq!(other.count(), 5);
}

#[tokio::test]
async fn a_connection_that_the_server_closed_while_idle_fails_no_query() {
    let closing = Server::start(|_, _| Reaction::AnswerAndClose(ok("application/json", RATE)));
    let gateway = gateway(&[nobody()], &[closing.address], Limits::default());
    let mut open = closing.open.subscribe();
    for count in 1..=20 {
        assert_eq!(ask(&gateway, "{ rate }").await, json!({ "data": { "rate": 2.5 } }));
        open.wait_for(|open| *open == 0).await.unwrap();
        assert_eq!(closing.count(), count);
    }
}

#[tokio::test]
async fn a_black_hole_costs_its_own_fields_and_no_more_than_its_time() {
    let items = Server::answering(&json!({ "data": { "items": [{ "__typename": "Item", "id": "a" }] } }));
    let hole = Server::start(|_, _| Reaction::AnswerAndHold(Vec::new()));
    let mut limits = within(60_000);
    limits.subgraph_timeouts_ms.insert("prices".to_owned(), 50);
    let gateway = gateway(&[items.address], &[hole.address], limits);
    let body = ask(&gateway, "{ items { id price } rate }").await;
    assert_eq!(body["data"], json!({ "items": [{ "id": "a", "price": null }], "rate": null }));
    let late = |path| ("TIMEOUT".to_owned(), path);
    assert_eq!(errors_of(&body), [late(json!(["items", 0, "price"])), late(json!(["rate"]))]);
    // The connections are given up, too.
    hole.open.subscribe().wait_for(|open| *open == 0).await.unwrap();
}

#[tokio::test]
async fn a_slow_trickle_does_not_outlast_the_deadline() {
    let trickle = Server::start(|_, _| Reaction::AnswerAndHold(begin("application/json", "{\"data\":")));
    let gateway = gateway(&[nobody()], &[trickle.address], within(50));
    let body = ask(&gateway, "{ rate }").await;
    assert_eq!(errors_of(&body), [("TIMEOUT".to_owned(), json!(["rate"]))]);
}

#[tokio::test]
async fn an_endpoint_that_drains_gets_no_more_requests() {
    let draining = Server::start(|request, _| {
        let ready = !request.head[0].starts_with("GET /readyz ");
        Reaction::Answer(if ready {
            ok("application/json", RATE)
        } else {
            with_status("503 Draining", "text/plain", "")
        })
    });
    let alive = Server::start(|_, _| Reaction::Answer(ok("application/json", RATE)));
    let tasks = Tasks::default();
    let upstream = http::http_upstream("prices", &[draining.address, alive.address]);
    upstream.watch_readiness(&tasks);
    let upstreams =
        [("items", http::upstream("items", &[nobody()])), ("prices", chatty_router::Upstream::Http(upstream))];
    let upstreams = upstreams.map(|(name, upstream)| (name.to_owned(), upstream)).into();
    let gateway = chatty_router::Gateway::load(&supergraph(), upstreams, Limits::default()).unwrap();
    let asked =
        |server: &Server| server.received.lock().unwrap().iter().filter(|one| one.head[0].starts_with("POST")).count();
    // Once the check has been answered: until then both take turns.
    while asked(&alive) < asked(&draining) + 10 {
        assert_eq!(ask(&gateway, "{ rate }").await, json!({ "data": { "rate": 2.5 } }));
    }
    let before = asked(&draining);
    for _ in 0..10 {
        ask(&gateway, "{ rate }").await;
    }
    assert_eq!(asked(&draining), before);
    assert!(tasks.finish(Duration::from_secs(5)).await, "the questions end with the tasks");
}
