//! Partial failure: what failed is null, what did not is there, and paths speak the client's language.

use async_graphql::{PathSegment, Response, ServerError, Value};
use chatty_router::Limits;
use futures_util::FutureExt;
use serde_json::json;

use crate::{
    fixture::{Fixture, errors_of, repeated},
    scripted::{self, Scripted},
};

fn forbidden(path: &serde_json::Value) -> (String, serde_json::Value) {
    ("FORBIDDEN".to_owned(), path.clone())
}

#[tokio::test]
async fn a_nullable_field_that_fails_is_null_beside_its_error() {
    let f = Fixture::new();
    let body = f.ask("{ i: me { id secret: private } }").await;
    assert_eq!(body["data"], json!({ "i": { "id": "1", "secret": null } }));
    assert_eq!(errors_of(&body), [forbidden(&json!(["i", "secret"]))]);
    assert_eq!(body["errors"][0]["message"], "not yours");
    assert_eq!(body["errors"][0]["extensions"]["retryAfterMs"], 5);
}

#[tokio::test]
async fn each_alias_of_a_failed_field_has_its_error() {
    let f = Fixture::new();
    let body = f.ask("{ me { a: private b: private } }").await;
    assert_eq!(body["data"], json!({ "me": { "a": null, "b": null } }));
    assert_eq!(errors_of(&body), [forbidden(&json!(["me", "a"])), forbidden(&json!(["me", "b"]))]);
}

#[tokio::test]
async fn an_error_is_told_under_the_alias_that_asked_for_the_field() {
    let f = Fixture::new();
    let body = f.ask("{ a: me { id } b: me { private } c: me { name } }").await;
    assert_eq!(body["data"], json!({ "a": { "id": "1" }, "b": { "private": null }, "c": { "name": "name 1" } }));
    assert_eq!(errors_of(&body), [forbidden(&json!(["b", "private"]))]);
}

#[tokio::test]
async fn a_non_null_failure_takes_the_nearest_nullable_parent_with_it() {
    let f = Fixture::new();
    let body = f.ask("{ u: user(id: \"1\") { name p: requiredPrivate } other: user(id: \"2\") { name } }").await;
    assert_eq!(body["data"], json!({ "u": null, "other": { "name": "name 2" } }));
    assert_eq!(errors_of(&body), [forbidden(&json!(["u", "p"]))]);
    let body = f.ask("{ mine: me { p: requiredPrivate } }").await;
    assert_eq!(body["data"], json!(null));
    assert_eq!(errors_of(&body), [forbidden(&json!(["mine", "p"]))]);
}

#[tokio::test]
async fn an_error_in_a_list_names_the_item() {
    let f = Fixture::new();
    let body = f.ask("{ user(id: \"1\") { f: friends { o: odd } } }").await;
    assert_eq!(body["data"], json!({ "user": null }));
    assert_eq!(errors_of(&body), [forbidden(&json!(["user", "f", 1, "o"]))]);
}

#[tokio::test]
async fn an_error_of_some_entity_is_told_where_a_value_is_missing() {
    let f = Fixture::new();
    // These subgraphs do not say which representation an error is about.
    let body = f.ask("{ all: users { id n: secretCount } }").await;
    assert_eq!(body["data"]["all"], json!([{ "id": "1", "n": 3 }, { "id": "2", "n": null }, { "id": "3", "n": 3 }]));
    assert_eq!(errors_of(&body), [forbidden(&json!(["all", 1, "n"]))]);
}

#[tokio::test]
async fn an_object_all_of_whose_fields_failed_is_still_an_object() {
    let f = Fixture::new();
    assert_eq!(f.ask("{ me { private leak } }").await["data"], json!({ "me": { "private": null, "leak": null } }));
    assert_eq!(f.ask("{ user(id: \"1\") { requiredPrivate private } }").await["data"], json!({ "user": null }));
}

#[tokio::test]
async fn an_entity_that_lacks_a_non_null_field_becomes_null_with_the_subgraphs_error() {
    let f = Fixture::new();
    // `postCount` of user 2 fails in the other subgraph and is non-null there.
    let body = f.ask("{ user(id: \"2\") { name count: postCount } }").await;
    assert_eq!(body["data"], json!({ "user": null }));
    assert_eq!(body["errors"].as_array().unwrap().len(), 1, "{body}");
    assert_eq!(body["errors"][0]["extensions"]["code"], "FORBIDDEN");
    assert_eq!(body["errors"][0]["path"][0], "user");
}

#[tokio::test]
async fn an_entity_that_is_not_there_is_null_without_an_error() {
    let f = Fixture::new();
    let body = f.ask("{ posts { id e: editor { id name } } }").await;
    assert_eq!(body["data"]["posts"][1], json!({ "id": "2", "e": null }));
    let places = errors_of(&body);
    assert_eq!(places, [("FORBIDDEN".to_owned(), json!(["posts", 0, "e", "name"]))], "only the failing one is told");
    // What needs nothing from its owner is answered from the reference.
    let ids = f.data("{ posts { e: editor { id } } }").await;
    assert_eq!(ids["posts"][1], json!({ "e": { "id": "gone" } }));
}

#[tokio::test]
async fn a_missing_entity_that_may_be_null_leaves_the_rest() {
    let f = Fixture::new();
    let body = f.ask("{ posts { id e: editor { name } } }").await;
    assert_eq!(body["data"]["posts"][0], json!({ "id": "1", "e": null }));
    assert_eq!(body["data"]["posts"][1], json!({ "id": "2", "e": null }));
    assert_eq!(body["errors"].as_array().unwrap().len(), 1, "{body}");
    assert_eq!(body["errors"][0]["path"], json!(["posts", 0, "e", "name"]));
}

#[tokio::test]
async fn what_a_subgraph_did_not_mean_for_clients_is_masked() {
    let f = Fixture::new();
    let body = f.ask("{ me { id leak } }").await;
    assert_eq!(body["data"], json!({ "me": { "id": "1", "leak": null } }));
    assert_eq!(errors_of(&body), [("INTERNAL".to_owned(), json!(["me", "leak"]))]);
    assert_eq!(body["errors"][0]["message"], "internal error");
    assert!(!body.to_string().contains("postgres"));
}

#[tokio::test]
async fn a_panic_of_one_subgraph_leaves_the_others_answers() {
    let f = Fixture::new();
    let body = f.ask("{ me { name c: crash } caller }").await;
    assert_eq!(body["data"], json!({ "me": { "name": "name 1", "c": null }, "caller": "cafe".repeat(8) }));
    assert_eq!(errors_of(&body), [("INTERNAL".to_owned(), json!(["me", "c"]))]);
    assert_eq!(f.data("{ me { postCount } }").await, json!({ "me": { "postCount": 2 } }));
}

#[tokio::test]
async fn at_most_ten_errors_are_told() {
    let f = Fixture::new();
    let aliases = repeated(0..20, |at| format!("a{at}: private "));
    let body = f.ask(&format!("{{ me {{ {aliases} }} }}")).await;
    assert_eq!(body["data"]["me"].as_object().unwrap().len(), 20);
    assert_eq!(body["errors"].as_array().unwrap().len(), 10);
}

#[tokio::test]
async fn what_fails_under_one_alias_leaves_the_other_alias_of_the_same_object_alone() {
    let f = Fixture::new();
    let body = f.ask("{ x: user(id: \"1\") { requiredPrivate } y: user(id: \"1\") { name } }").await;
    assert_eq!(body["data"], json!({ "x": null, "y": { "name": "name 1" } }));
    assert_eq!(errors_of(&body), [forbidden(&json!(["x", "requiredPrivate"]))]);
    let body = f.ask("{ user(id: \"2\") { name } x: user(id: \"2\") { f: friends { odd } } }").await;
    assert_eq!(body["data"], json!({ "user": { "name": "name 2" }, "x": null }));
    assert_eq!(errors_of(&body), [forbidden(&json!(["x", "f", 1, "odd"]))]);
}

#[tokio::test]
async fn why_an_entity_is_null_is_told_whichever_of_its_fields_comes_first() {
    let first = r#"type Query { loose: [T] strict: [T!] } type T @key(fields: "id") { id: ID! }"#;
    let second = r#"type Query { pong: Int } type T @key(fields: "id") { id: ID! ok: Int! bad: Int! }"#;
    let things = json!([{ "__typename": "T", "id": "1" }, { "__typename": "T", "id": "2" }]);
    // The second one is null because one of its fields must not be.
    let script = |_: &_| {
        let data = json!({ "_entities": [{ "ok": 1, "bad": 2 }, null] });
        let path =
            vec![PathSegment::Field("_entities".into()), PathSegment::Index(1), PathSegment::Field("bad".into())];
        let error = ServerError { path, ..ServerError::new("no", None) };
        let mut response = Response::new(Value::from_json(data).unwrap());
        response.errors.push(error);
        std::future::ready(response).boxed()
    };
    let data = json!({ "loose": things, "strict": things });
    let gateway = scripted::gateway(
        vec![("first", first, Scripted::with_data(data)), ("second", second, Scripted::with(script))],
        Limits::default(),
    );
    for fields in ["ok bad", "bad ok"] {
        let body = scripted::ask(&gateway, &format!("{{ loose {{ {fields} }} }}")).await;
        assert_eq!(body["data"]["loose"], json!([{ "ok": 1, "bad": 2 }, null]), "{fields}");
        assert_eq!(errors_of(&body), [("INTERNAL".to_owned(), json!(["loose", 1, "bad"]))], "{fields}");
        let body = scripted::ask(&gateway, &format!("{{ strict {{ {fields} }} }}")).await;
        assert_eq!(body["data"]["strict"], json!(null), "{fields}");
        assert_eq!(errors_of(&body), [("INTERNAL".to_owned(), json!(["strict", 1, "bad"]))], "{fields}");
    }
}

#[tokio::test]
async fn a_failed_request_is_told_where_it_leaves_a_value_without_some_of_its_fields() {
    let owner = Scripted::with_data(json!({ "item": { "__typename": "Item", "id": "1", "size": { "width": 1 } } }));
    let silent = Scripted::with_data(json!({ "_entities": 7 }));
    let subgraphs = vec![
        (
            "owner",
            "type Query { item: Item } type Item @key(fields: \"id\") { id: ID! size: Size @shareable }
             type Size { width: Int }",
            owner,
        ),
        (
            "other",
            "type Query { x: Int } type Item @key(fields: \"id\") { id: ID! size: Size @shareable }
             type Size { height: Int box: Box } type Box { depth: Int! }",
            silent,
        ),
    ];
    let gateway = scripted::gateway(subgraphs, Limits::default());
    let body = scripted::ask(&gateway, "{ item { size { width h: height box { depth } } } }").await;
    assert_eq!(body["data"], json!({ "item": { "size": { "width": 1, "h": null, "box": null } } }));
    let told = ("SUBGRAPH_UNAVAILABLE".to_owned(), json!(["item", "size", "h"]));
    assert_eq!(errors_of(&body), [told], "once, where the first part is missing");
    let body = scripted::ask(&gateway, "{ item { size { width } } }").await;
    assert_eq!(body, json!({ "data": { "item": { "size": { "width": 1 } } } }));
}
