//! Mutations run one after the other, each once.

use serde_json::json;

use crate::fixture::{Fixture, data_of, errors_of};

#[tokio::test]
async fn root_fields_run_in_the_order_of_the_document_whatever_their_subgraph() {
    let f = Fixture::new();
    let query = r#"mutation {
        a: note(text: "1") { author { postCount } }
        b: publish(title: "2") { author { name } }
        c: note(text: "3") { text }
        d: publish(title: "4") { title }
    }"#;
    let data = f.data(query).await;
    assert_eq!(*f.notes.lock().unwrap(), ["users: 1", "posts: 2", "users: 3", "posts: 4"]);
    assert_eq!(data["a"]["author"]["postCount"], 2);
    assert_eq!(data["b"]["author"]["name"], "name 1");
    assert_eq!(f.taken_requests(), ["users", "posts", "posts", "users", "users", "posts"]);
}

#[tokio::test]
async fn equal_calls_under_two_aliases_run_twice() {
    let f = Fixture::new();
    let data = f.data(r#"mutation { a: note(text: "x") { text } b: note(text: "x") { text } }"#).await;
    assert_eq!(data, json!({ "a": { "text": "x" }, "b": { "text": "x" } }));
    assert_eq!(f.notes.lock().unwrap().len(), 2);
}

#[tokio::test]
async fn one_response_key_is_one_call() {
    let f = Fixture::new();
    let data = f.data(r#"mutation { note(text: "x") { text } ... { note(text: "x") { author { id } } } }"#).await;
    assert_eq!(data, json!({ "note": { "text": "x", "author": { "id": "1" } } }));
    assert_eq!(f.notes.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn a_failed_root_field_does_not_stop_the_next() {
    let f = Fixture::new();
    let body = f.ask(r#"mutation { a: note(text: "fail") { text } b: note(text: "ok") { text } }"#).await;
    assert_eq!(*f.notes.lock().unwrap(), ["users: fail", "users: ok"]);
    // `note` is non-null, so its failure leaves no data at all, but both ran.
    assert_eq!(body["data"], json!(null));
    assert_eq!(errors_of(&body), [("FORBIDDEN".to_owned(), json!(["a"]))]);
}

#[tokio::test]
async fn variables_and_type_names_work_in_mutations() {
    let f = Fixture::new();
    let query = "mutation ($t: String!) { __typename first: note(text: $t) { __typename text } }";
    let data = data_of(&f.ask_with(query, json!({ "t": "hi" })).await);
    assert_eq!(data, json!({ "__typename": "Mutation", "first": { "__typename": "Note", "text": "hi" } }));
}
