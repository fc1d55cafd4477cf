//! `@skip` and `@include`, wherever they stand.

use serde_json::json;

use crate::fixture::{Fixture, data_of};

#[tokio::test]
async fn fields_fragments_and_spreads_are_skipped_alike() {
    let f = Fixture::new();
    let query = "
        query ($on: Boolean!) {
            me {
                id @include(if: $on)
                name @skip(if: $on)
                ... @include(if: $on) { role }
                ... on User @skip(if: $on) { postCount }
                ...Greeting @include(if: $on)
            }
        }
        fragment Greeting on User { greeting }";
    let on = data_of(&f.ask_with(query, json!({ "on": true })).await);
    assert_eq!(on, json!({ "me": { "id": "1", "role": "WRITER", "greeting": "hello name 1" } }));
    assert_eq!(f.taken_requests(), ["users"], "what is skipped is not fetched");
    let off = data_of(&f.ask_with(query, json!({ "on": false })).await);
    assert_eq!(off, json!({ "me": { "name": "name 1", "postCount": 2 } }));
}

#[tokio::test]
async fn skip_wins_where_both_speak() {
    let f = Fixture::new();
    let data = f.data("{ me { id name @include(if: true) @skip(if: true) role @include(if: true) @skip(if: false) } }");
    assert_eq!(data.await, json!({ "me": { "id": "1", "role": "WRITER" } }));
}

#[tokio::test]
async fn an_operation_of_which_nothing_is_left_asks_nobody() {
    let f = Fixture::new();
    assert_eq!(f.data("{ me @skip(if: true) { id } }").await, json!({}));
    assert_eq!(f.data("{ ... @include(if: false) { me { id } } }").await, json!({}));
    assert!(f.taken_requests().is_empty());
}

#[tokio::test]
async fn an_object_of_which_nothing_is_left_is_empty() {
    let f = Fixture::new();
    assert_eq!(f.data("{ me { id @skip(if: true) } }").await, json!({ "me": {} }));
    assert_eq!(f.data("{ posts { author { name @include(if: false) } } }").await["posts"][0], json!({ "author": {} }));
}

#[tokio::test]
async fn a_condition_has_the_default_of_its_variable() {
    let f = Fixture::new();
    let query = "query ($on: Boolean = true) { me { id name @include(if: $on) } }";
    assert_eq!(f.data(query).await, json!({ "me": { "id": "1", "name": "name 1" } }));
    let off = data_of(&f.ask_with(query, json!({ "on": false })).await);
    assert_eq!(off, json!({ "me": { "id": "1" } }));
}

#[tokio::test]
async fn a_field_skipped_here_and_selected_there_is_answered() {
    let f = Fixture::new();
    let data = f.data("{ me { name @skip(if: true) } ... { me { name id @skip(if: true) } } }").await;
    assert_eq!(data, json!({ "me": { "name": "name 1" } }));
}

#[tokio::test]
async fn a_skipped_mutation_is_not_executed() {
    let f = Fixture::new();
    let query = r#"mutation { a: note(text: "a") @skip(if: true) { text } b: note(text: "b") { text } }"#;
    assert_eq!(f.data(query).await, json!({ "b": { "text": "b" } }));
    assert_eq!(*f.notes.lock().unwrap(), ["users: b"]);
}

#[tokio::test]
async fn a_condition_given_as_null_is_refused_though_its_variable_has_a_default() {
    let f = Fixture::new();
    let query = "query ($on: Boolean = true) { me { id name @include(if: $on) } }";
    let body = f.ask_with(query, json!({ "on": null })).await;
    assert_eq!(body["errors"][0]["extensions"]["code"], "BAD_USER_INPUT");
    assert!(body.get("data").is_none() && f.taken_requests().is_empty());
    assert_eq!(f.data(query).await["me"], json!({ "id": "1", "name": "name 1" }));
}
