//! Clients name their fields as they like, and plans do not notice.

use serde_json::json;

use crate::fixture::{Fixture, repeated};

#[tokio::test]
async fn an_alias_that_looks_like_a_key_does_not_steer_which_entity_is_fetched() {
    let f = Fixture::new();
    let data = f.data("{ user(id: \"2\") { id: name realId: id posts(first: 1) { author { id } } } }").await;
    assert_eq!(data, json!({ "user": { "id": "name 2", "realId": "2", "posts": [{ "author": { "id": "2" } }] } }));
}

#[tokio::test]
async fn an_alias_may_be_called_like_the_type_name_or_like_a_planners_alias() {
    let f = Fixture::new();
    let data = f.data("{ me { __typename: name _internal_qp_alias_0: id _entities: role } }").await;
    assert_eq!(data, json!({ "me": { "__typename": "name 1", "_internal_qp_alias_0": "1", "_entities": "WRITER" } }));
}

#[tokio::test]
async fn one_field_with_different_arguments_has_as_many_values() {
    let f = Fixture::new();
    let data = f.data(r#"{ me { greeting a: greeting(word: "hi") b: greeting(word: "ho") } }"#).await;
    assert_eq!(data["me"], json!({ "greeting": "hello name 1", "a": "hi name 1", "b": "ho name 1" }));
}

#[tokio::test]
async fn a_thousand_equal_aliases_are_one_field_of_one_request() {
    let f = Fixture::new();
    let aliases = repeated(0..1_000, |at| format!("a{at}: name "));
    let data = f.data(&format!("{{ me {{ {aliases} }} }}")).await;
    let members = data["me"].as_object().unwrap();
    assert_eq!(members.len(), 1_000);
    assert!(members.values().all(|value| value == "name 1"));
    assert_eq!(f.taken_requests(), ["users"]);
}

#[tokio::test]
async fn equal_objects_under_two_aliases_come_with_one_request_and_are_answered_each() {
    let f = Fixture::new();
    let data = f.data("{ a: me { id } b: me { name postCount } }").await;
    assert_eq!(data, json!({ "a": { "id": "1" }, "b": { "name": "name 1", "postCount": 2 } }));
    assert_eq!(f.taken_requests(), ["users", "posts"]);
}

#[tokio::test]
async fn object_arguments_are_equal_whatever_the_order_of_their_members() {
    let f = Fixture::new();
    let data =
        f.data("{ search(filter: { role: WRITER, limit: 3 }) search(filter: { limit: 3, role: WRITER }) }").await;
    assert_eq!(data, json!({ "search": "3 writers None" }));
}

#[tokio::test]
async fn string_arguments_keep_every_character() {
    let f = Fixture::new();
    let data = f.data(r#"{ me { greeting(word: "q\"b\\s\n\tü🦀\u0001") } }"#).await;
    assert_eq!(data["me"]["greeting"], "q\"b\\s\n\tü🦀\u{1} name 1");
    let data = f.data("{ me { greeting(word: \"\"\"block \"x\"\n  two\"\"\") } }").await;
    assert_eq!(data["me"]["greeting"], "block \"x\"\ntwo name 1");
}
