//! What the gateway answers when all goes well.

use std::collections::HashMap;

use chatty_access::Caller;
use chatty_router::{AnswerKind, Gateway, GraphqlRequest, Limits, LoadError, OperationKind, expanding_interfaces};
use serde_json::json;

use crate::fixture::{Fixture, read, repeated, request, supergraph, viewer};

#[tokio::test]
async fn a_query_of_one_subgraph_is_one_request() {
    let f = Fixture::new();
    assert_eq!(f.data("{ me { id name } }").await, json!({ "me": { "id": "1", "name": "name 1" } }));
    assert_eq!(f.taken_requests(), ["users"]);
}

#[tokio::test]
async fn an_entity_gathers_its_fields_from_two_subgraphs() {
    let f = Fixture::new();
    let data = f.data("{ posts { title author { name posts(first: 1) { id } } } }").await;
    assert_eq!(
        data["posts"][1],
        json!({ "title": "post 2", "author": { "name": "name 2", "posts": [{ "id": "2-0" }] } })
    );
    assert_eq!(f.taken_requests(), ["posts", "users"]);
}

#[tokio::test]
async fn the_answer_has_the_fields_in_the_order_of_the_question() {
    let f = Fixture::new();
    let answer = f.gateway.execute(request("{ me { role postCount name } }", json!({})), viewer()).await;
    let text = String::from_utf8(answer.body.to_vec()).unwrap();
    assert_eq!(text, r#"{"data":{"me":{"role":"WRITER","postCount":2,"name":"name 1"}}}"#);
    assert_eq!(answer.kind, AnswerKind::Executed);
}

#[tokio::test]
async fn a_custom_scalar_passes_as_it_is() {
    let f = Fixture::new();
    let data = f.data("{ user(id: \"7\") { meta } }").await;
    assert_eq!(data["user"]["meta"], json!({ "nested": [1, { "deep": null }], "id": "7" }));
}

#[tokio::test]
async fn a_null_root_field_asks_nobody_else() {
    let f = Fixture::new();
    assert_eq!(f.data("{ user(id: \"404\") { name postCount } }").await, json!({ "user": null }));
    assert_eq!(f.taken_requests(), ["users"]);
}

#[tokio::test]
async fn subgraphs_know_who_calls() {
    let f = Fixture::new();
    assert_eq!(f.data("{ caller }").await, json!({ "caller": "cafe".repeat(8) }));
}

#[tokio::test]
async fn one_of_several_operations_is_chosen_by_name() {
    let f = Fixture::new();
    let several = "query A { me { id } } query B { me { name } } mutation C { note(text: \"x\") { text } }";
    let named =
        |name: Option<&str>| GraphqlRequest { operation_name: name.map(str::to_owned), ..request(several, json!({})) };
    let answer = f.gateway.execute(named(Some("B")), viewer()).await;
    assert_eq!(read(&answer)["data"], json!({ "me": { "name": "name 1" } }));
    let prepared = f.gateway.prepare(&named(Some("C")), &viewer()).await.ok().unwrap();
    assert_eq!(prepared.kind(), OperationKind::Mutation);
    assert!(f.notes.lock().unwrap().is_empty(), "preparing executes nothing");
    for name in [None, Some("D"), Some("")] {
        let answer = f.gateway.execute(named(name), viewer()).await;
        assert_eq!(read(&answer)["errors"][0]["extensions"]["code"], "GRAPHQL_VALIDATION_FAILED", "{name:?}");
    }
}

#[tokio::test]
async fn a_document_that_does_not_parse_or_fit_is_refused_with_locations() {
    let f = Fixture::new();
    let body = f.ask("{ me { ").await;
    assert_eq!(body["errors"][0]["extensions"]["code"], "GRAPHQL_PARSE_FAILED");
    let body = f.ask("{\n  me { nam }\n}").await;
    assert_eq!(body["errors"][0]["extensions"]["code"], "GRAPHQL_VALIDATION_FAILED");
    assert_eq!(body["errors"][0]["locations"], json!([{ "line": 2, "column": 8 }]));
    let message = body["errors"][0]["message"].as_str().unwrap();
    assert!(!message.to_lowercase().contains("did you mean") && !message.contains("`name`"), "no hints: {message}");
    assert_eq!(f.refusal("").await.0, "GRAPHQL_PARSE_FAILED");
}

#[tokio::test]
async fn at_most_ten_short_errors_are_reported() {
    let f = Fixture::new();
    let fields = repeated(0..40, |at| format!("unknown{at}{} ", "x".repeat(600)));
    let body = f.ask(&format!("{{ {fields} }}")).await;
    let errors = body["errors"].as_array().unwrap();
    assert_eq!(errors.len(), 10);
    assert!(errors.iter().all(|error| error["message"].as_str().unwrap().len() <= 512));
}

#[tokio::test]
async fn the_federation_fields_are_not_for_clients() {
    let f = Fixture::new();
    for query in [
        "{ _service { sdl } }",
        "{ _entities(representations: []) { __typename } }",
        "{ me: _entities(representations: [{ __typename: \"User\", id: \"1\" }]) { ... on User { id } } }",
        "{ ...F } fragment F on _Entity { __typename }",
        "query ($r: [_Any!]!) { _entities(representations: $r) { __typename } }",
    ] {
        assert_eq!(f.refusal(query).await.0, "GRAPHQL_VALIDATION_FAILED", "{query}");
    }
    let types = f.data("{ a: __type(name: \"_Entity\") { name } b: __type(name: \"_Any\") { name } c: __type(name: \"_Service\") { name } }").await;
    assert_eq!(types, json!({ "a": null, "b": null, "c": null }));
    assert!(f.taken_requests().is_empty());
}

#[test]
fn a_supergraph_needs_an_upstream_for_each_subgraph() {
    let loaded = Gateway::load(&supergraph(), HashMap::new(), Limits::default());
    assert!(matches!(loaded, Err(LoadError::MissingUpstream(_))));
    assert!(matches!(Gateway::load("type Query", HashMap::new(), Limits::default()), Err(LoadError::Schema(_))));
}

#[tokio::test]
async fn the_api_schema_shows_no_federation() {
    let f = Fixture::new();
    let sdl = f.gateway.api_schema_sdl();
    assert!(sdl.contains("type User") && sdl.contains("postCount"));
    assert!(!sdl.contains("join__") && !sdl.contains("_entities") && !sdl.contains("@key"));
}

#[test]
fn interfaces_declared_once_are_not_expanded() {
    assert_eq!(expanding_interfaces(&supergraph()).unwrap(), []);
}

#[tokio::test]
async fn anonymous_callers_may_ask_for_less() {
    let limits = Limits { weight: 20, anonymous_weight: 3, ..Limits::default() };
    let f = Fixture::with_limits(limits);
    let query = request("{ me { id name role friends { id } } }", json!({}));
    let answer = f.gateway.execute(query.clone(), Caller::anonymous()).await;
    assert_eq!(read(&answer)["errors"][0]["extensions"]["limit"], "weight");
    assert_eq!(f.gateway.execute(query, viewer()).await.kind, AnswerKind::Executed);
    let small = request("{ me { id name } }", json!({}));
    assert_eq!(f.gateway.execute(small, Caller::anonymous()).await.kind, AnswerKind::Executed);
}

#[tokio::test]
async fn an_operation_name_longer_than_the_document_is_unknown_and_not_repeated() {
    let f = Fixture::new();
    let asked = |name: String| GraphqlRequest { operation_name: Some(name), ..request("{ me { id } }", json!({})) };
    let long = f.gateway.execute(asked("y".repeat(1_000_000)), viewer()).await;
    let short = f.gateway.execute(asked("y".to_owned()), viewer()).await;
    assert_eq!(read(&long), read(&short));
    assert!(long.body.len() < 300);
}
