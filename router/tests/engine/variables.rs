//! Variables are coerced before anything runs.

use serde_json::{Value, json};

use crate::fixture::{Fixture, data_of};

const SEARCH: &str = "query ($filter: Filter!) { search(filter: $filter) }";

async fn misfit(query: &str, variables: Value) -> String {
    let f = Fixture::new();
    let body = f.ask_with(query, variables).await;
    assert_eq!(body["errors"][0]["extensions"]["code"], "BAD_USER_INPUT", "{body}");
    assert!(body.get("data").is_none() && f.taken_requests().is_empty());
    body["errors"][0]["message"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn input_objects_get_their_defaults_and_lists_wrap_single_values() {
    let f = Fixture::new();
    let data = data_of(&f.ask_with(SEARCH, json!({ "filter": { "role": "READER", "names": "a" } })).await);
    assert_eq!(data["search"], "10 readers Some([\"a\"])");
    let sum = "query ($n: [Int!]! = [1, 2]) { add(numbers: $n) }";
    assert_eq!(f.data(sum).await, json!({ "add": 3 }));
    assert_eq!(data_of(&f.ask_with(sum, json!({ "n": [4, 5.0] })).await), json!({ "add": 9 }));
}

#[tokio::test]
async fn a_member_whose_variable_is_absent_is_absent_and_not_null() {
    let f = Fixture::new();
    let query = "query ($l: Int, $n: [String!], $r: Role = READER) {
        search(filter: { role: $r, limit: $l, names: $n }) again: search(filter: { names: $n, limit: $l, role: $r }) }";
    let data = data_of(&f.ask_with(query, json!({})).await);
    assert_eq!(data, json!({ "search": "10 readers None", "again": "10 readers None" }));
    assert_eq!(f.taken_requests(), ["users"], "equal arguments are one, in whatever order they are written");
    let data = data_of(&f.ask_with(query, json!({ "l": 3, "n": ["a"] })).await);
    assert_eq!(data["search"], "3 readers Some([\"a\"])");
    let items = "query ($a: String!, $composed_0: String) {
        search(filter: { role: WRITER, names: [$a, \"b\"] }) me { greeting(word: $composed_0) } }";
    let data = data_of(&f.ask_with(items, json!({ "a": "x" })).await);
    assert_eq!(data["search"], "10 writers Some([\"x\", \"b\"])");
}

#[tokio::test]
async fn an_id_may_be_given_as_a_number() {
    let f = Fixture::new();
    let query = "query ($id: ID!) { user(id: $id) { id postCount } }";
    let data = data_of(&f.ask_with(query, json!({ "id": 7 })).await);
    assert_eq!(data, json!({ "user": { "id": "7", "postCount": 2 } }));
}

#[tokio::test]
async fn a_value_that_does_not_fit_is_refused_with_its_place() {
    assert_eq!(misfit(SEARCH, json!({})).await, "variable `$filter`: a value is required");
    assert_eq!(misfit(SEARCH, json!({ "filter": null })).await, "variable `$filter`: must not be null");
    assert_eq!(misfit(SEARCH, json!({ "filter": {} })).await, "variable `$filter.role`: a value is required");
    let message = misfit(SEARCH, json!({ "filter": { "role": "KING" } })).await;
    assert_eq!(message, "variable `$filter.role`: expected a value of `Role`");
    let message = misfit(SEARCH, json!({ "filter": { "role": "READER", "names": ["a", 1] } })).await;
    assert_eq!(message, "variable `$filter.names[1]`: expected `String`");
    let message = misfit(SEARCH, json!({ "filter": { "role": "READER", "x": 1 } })).await;
    assert_eq!(message, "variable `$filter`: `Filter` has no member `x`");
    let sum = "query ($n: [Int!]!) { add(numbers: $n) }";
    assert_eq!(misfit(sum, json!({ "n": [3_000_000_000_u64] })).await, "variable `$n[0]`: expected `Int`");
    assert_eq!(misfit(sum, json!({ "n": [1.5] })).await, "variable `$n[0]`: expected `Int`");
}

#[tokio::test]
async fn undeclared_variables_reach_no_subgraph_and_null_is_not_absent() {
    let f = Fixture::new();
    let query = "query ($w: String) { me { greeting(word: $w) } }";
    let data = data_of(&f.ask_with(query, json!({ "w": null, "other": [[[]]] })).await);
    assert_eq!(data["me"]["greeting"], "hello name 1");
    let data = data_of(&f.ask_with(query, json!({ "w": "hi" })).await);
    assert_eq!(data["me"]["greeting"], "hi name 1");
}

#[tokio::test]
async fn a_variable_named_like_the_planners_own_steers_nothing() {
    let f = Fixture::new();
    let query =
        "query ($representations: Int!) { user(id: \"2\") { posts(first: $representations) { author { id } } } }";
    let data = data_of(&f.ask_with(query, json!({ "representations": 1 })).await);
    assert_eq!(data, json!({ "user": { "posts": [{ "author": { "id": "2" } }] } }));
}

#[tokio::test]
async fn a_variable_reaches_every_subgraph_that_uses_it() {
    let f = Fixture::new();
    let query = "query ($n: Int!, $w: String!) {
        me { greeting(word: $w) posts(first: $n) { author { greeting(word: $w) posts(first: $n) { id } } } }
    }";
    let data = data_of(&f.ask_with(query, json!({ "n": 1, "w": "hi" })).await);
    assert_eq!(
        data["me"],
        json!({ "greeting": "hi name 1", "posts": [{ "author": { "greeting": "hi name 1", "posts": [{ "id": "1-0" }] } }] })
    );
}
