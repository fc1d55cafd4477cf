//! Operations are planned once.

use futures_util::future::join_all;
use serde_json::json;

use crate::fixture::{Fixture, request, viewer};

#[tokio::test]
async fn a_document_is_planned_once_for_each_decision_of_its_conditions() {
    let f = Fixture::new();
    let query = "query ($on: Boolean!, $id: ID!) { user(id: $id) { name @include(if: $on) id } }";
    for (on, id) in [(true, "1"), (true, "2"), (false, "1"), (true, "3"), (false, "9")] {
        let body = f.ask_with(query, json!({ "on": on, "id": id })).await;
        assert_eq!(body["data"]["user"]["id"], id);
        assert_eq!(body["data"]["user"].get("name").is_some(), on);
    }
    assert_eq!(f.gateway.plans_built(), 2);
}

#[tokio::test]
async fn many_at_once_share_one_plan() {
    let f = Fixture::new();
    let asked = (0..50).map(|_| f.data("{ posts { author { name } } }"));
    let answers = join_all(asked).await;
    assert!(answers.windows(2).all(|pair| pair[0] == pair[1]));
    assert_eq!(f.gateway.plans_built(), 1);
}

#[tokio::test]
async fn an_operation_name_is_part_of_the_key() {
    let f = Fixture::new();
    let text = "query A { me { id } } query B { me { name } }";
    for (name, field) in [("A", "id"), ("B", "name"), ("A", "id")] {
        let request =
            chatty_router::GraphqlRequest { operation_name: Some(name.to_owned()), ..request(text, json!({})) };
        let answer = f.gateway.execute(request, viewer()).await;
        assert!(crate::fixture::read(&answer)["data"]["me"].get(field).is_some());
    }
    assert_eq!(f.gateway.plans_built(), 2);
}

#[tokio::test]
async fn a_refusal_is_cached_without_the_trace_of_who_asked_first() {
    let f = Fixture::new();
    for trace in ["a", "b"] {
        let caller = chatty_access::Caller { trace_id: trace.repeat(32), ..viewer() };
        let answer = f.gateway.execute(request("{ nothing }", json!({})), caller).await;
        assert_eq!(crate::fixture::read(&answer)["errors"][0]["extensions"]["traceId"], trace.repeat(32));
    }
}
