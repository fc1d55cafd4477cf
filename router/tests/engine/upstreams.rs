//! What a subgraph may do wrong, or say in an unusual way.

use std::sync::Arc;

use async_graphql::{PathSegment, Response, ServerError, Value};
use chatty_router::{ComposeError, Limits, compose, expanding_interfaces};
use futures_util::{FutureExt, StreamExt};
use serde_json::json;

use crate::{
    fixture::{errors_of, read, request, viewer},
    scripted::{Scripted, ask, gateway, gateway_of},
};

const THINGS: &str = r#"
    type Query { thing: Thing things: [Thing!] strict: Thing! any: Any one: Either }
    type Thing @key(fields: "id") {
        id: ID! int: Int required: Int! float: Float text: String flag: Boolean color: Color list: [Int!] matrix: [[Int]!]
    }
    enum Color { RED GREEN @inaccessible }
    interface Any { id: ID! }
    type Hidden implements Any @inaccessible { id: ID! }
    type Shown implements Any { id: ID! }
    union Either = Shown | Thing
"#;

async fn answer(data: serde_json::Value, query: &str) -> serde_json::Value {
    ask(&gateway(vec![("things", THINGS, Scripted::with_data(data))], Limits::default()), query).await
}

#[tokio::test]
async fn leaves_that_do_not_fit_their_type_are_null_with_an_error() {
    let thing = json!({ "int": 3_000_000_000_u64, "float": "1.5", "text": 7, "flag": 1, "color": "BLUE" });
    let body = answer(json!({ "thing": thing }), "{ thing { i: int float text flag color } }").await;
    assert_eq!(body["data"]["thing"], json!({ "i": null, "float": null, "text": null, "flag": null, "color": null }));
    let paths: Vec<_> = errors_of(&body).into_iter().map(|(_, path)| path[1].clone()).collect();
    assert_eq!(paths, ["i", "float", "text", "flag", "color"]);
}

#[tokio::test]
async fn leaves_that_fit_are_written_as_their_type_says() {
    let thing = json!({ "id": 7, "int": -1, "float": 2, "text": "t", "flag": false, "color": "RED" });
    let body = answer(json!({ "thing": thing }), "{ thing { id int float text flag color } }").await;
    let expected = json!({ "id": "7", "int": -1, "float": 2, "text": "t", "flag": false, "color": "RED" });
    assert_eq!(body, json!({ "data": { "thing": expected } }));
}

#[tokio::test]
async fn what_clients_may_not_see_is_null() {
    let body = answer(json!({ "thing": { "color": "GREEN" } }), "{ thing { color } }").await;
    assert_eq!(body["data"], json!({ "thing": { "color": null } }));
    let data = json!({ "any": { "__typename": "Hidden", "id": "1" }, "one": { "__typename": "Nonsense" } });
    let body = answer(data, "{ any { id } one { __typename } }").await;
    assert_eq!(body["data"], json!({ "any": null, "one": null }));
}

#[tokio::test]
async fn a_null_that_the_schema_forbids_travels_up_and_is_told_once() {
    let body = answer(json!({ "thing": { "required": null, "id": "1" } }), "{ thing { id r: required } }").await;
    assert_eq!(body["data"], json!({ "thing": null }));
    assert_eq!(errors_of(&body), [("INTERNAL".to_owned(), json!(["thing", "r"]))]);
    let body = answer(json!({ "strict": { "required": null } }), "{ strict { required } }").await;
    assert_eq!(body["data"], json!(null));
    assert_eq!(errors_of(&body), [("INTERNAL".to_owned(), json!(["strict", "required"]))]);
}

#[tokio::test]
async fn a_null_in_a_list_takes_what_the_types_say() {
    let data = json!({ "thing": { "list": [1, null], "matrix": [[1, null], [2]] } });
    let body = answer(data, "{ thing { list matrix } }").await;
    assert_eq!(body["data"], json!({ "thing": { "list": null, "matrix": [[1, null], [2]] } }));
    assert_eq!(errors_of(&body), [("INTERNAL".to_owned(), json!(["thing", "list", 1]))]);
    let body = answer(json!({ "things": [{ "id": "1" }, null] }), "{ things { id } }").await;
    assert_eq!(body["data"], json!({ "things": null }));
    assert_eq!(errors_of(&body), [("INTERNAL".to_owned(), json!(["things", 1]))]);
}

#[tokio::test]
async fn an_answer_of_the_wrong_shape_is_an_error_not_a_panic() {
    for data in [json!(null), json!([]), json!({ "thing": [] }), json!({ "thing": 3 }), json!({})] {
        let body = answer(data.clone(), "{ thing { id } }").await;
        assert_eq!(body["data"], json!({ "thing": null }), "{data}");
    }
}

const OWNER: &str = r#"
    type Query { items: [Item!]! one: Item }
    type Item @key(fields: "id") { id: ID! }
"#;
const EXTENDER: &str = r#"
    type Item @key(fields: "id") { id: ID! price: Int note: String }
"#;

#[tokio::test]
async fn each_distinct_entity_is_sent_once_and_a_null_entity_is_no_error() {
    let owner = Scripted::with_data(json!({
        "items": [
            { "__typename": "Item", "id": "a" }, { "__typename": "Item", "id": "b" }, { "__typename": "Item", "id": "a" },
        ],
    }));
    let extender = Scripted::with_data(json!({ "_entities": [{ "__typename": "Item", "price": 5 }, null] }));
    let sent = Arc::clone(&extender.sent);
    let gateway = gateway(vec![("owner", OWNER, owner), ("extender", EXTENDER, extender)], Limits::default());
    let body = ask(&gateway, "{ items { id p: price } }").await;
    assert_eq!(
        body,
        json!({ "data": { "items": [{ "id": "a", "p": 5 }, { "id": "b", "p": null }, { "id": "a", "p": 5 }] } })
    );
    let sent = sent.lock().unwrap();
    let representations = sent[0].get("representations").unwrap().clone().into_json().unwrap();
    assert_eq!(representations, json!([{ "__typename": "Item", "id": "a" }, { "__typename": "Item", "id": "b" }]));
}

#[tokio::test]
async fn an_error_of_an_entity_is_told_at_every_place_of_that_entity() {
    let owner = Scripted::with_data(json!({
        "items": [{ "__typename": "Item", "id": "a" }, { "__typename": "Item", "id": "b" }, { "__typename": "Item", "id": "a" }],
    }));
    let extender = Scripted::with(|_| {
        let mut response =
            Response::new(Value::from_json(json!({ "_entities": [{ "price": null }, { "price": 5 }] })).unwrap());
        let mut error = ServerError::new("no price today", None);
        error.path = vec![
            PathSegment::Field("_entities".to_owned()),
            PathSegment::Index(0),
            PathSegment::Field("price".to_owned()),
        ];
        error.extensions.get_or_insert_default().set("code", "FORBIDDEN");
        response.errors = vec![error];
        std::future::ready(response).boxed()
    });
    let gateway = gateway(vec![("owner", OWNER, owner), ("extender", EXTENDER, extender)], Limits::default());
    let body = ask(&gateway, "{ items { p: price } }").await;
    assert_eq!(body["data"], json!({ "items": [{ "p": null }, { "p": 5 }, { "p": null }] }));
    let expected = [json!(["items", 0, "p"]), json!(["items", 2, "p"])];
    assert_eq!(errors_of(&body), expected.map(|path| ("FORBIDDEN".to_owned(), path)));
}

#[tokio::test]
async fn a_subgraph_that_does_not_answer_in_time_costs_its_own_fields_only() {
    let owner = Scripted::with_data(json!({
        "items": [{ "__typename": "Item", "id": "a" }, { "__typename": "Item", "id": "b" }],
    }));
    let silent = Scripted::with(|_| std::future::pending().boxed());
    let limits = Limits { subgraph_timeout_ms: 10, ..Limits::default() };
    let gateway = gateway(vec![("owner", OWNER, owner), ("extender", EXTENDER, silent)], limits);
    let body = ask(&gateway, "{ items { id p: price } }").await;
    assert_eq!(body["data"]["items"], json!([{ "id": "a", "p": null }, { "id": "b", "p": null }]));
    assert_eq!(errors_of(&body), [("TIMEOUT".to_owned(), json!(["items", 0, "p"]))]);
}

#[tokio::test]
async fn a_source_that_panics_ends_its_stream_with_an_error() {
    let schema = "type Query { ok: Boolean } type Subscription { ticks: Int! }";
    let event = || Response::new(Value::from_json(json!({ "ticks": 1 })).unwrap());
    let script = Scripted::with_data(json!({})).with_events(move || {
        let mut sent = false;
        futures_util::stream::poll_fn(move |_| {
            assert!(!sent, "a bug in the source");
            sent = true;
            std::task::Poll::Ready(Some(event()))
        })
        .boxed()
    });
    let gateway = gateway(vec![("ticking", schema, script)], Limits::default());
    let stream = gateway.subscribe(request("subscription { t: ticks }", json!({})), viewer()).await.unwrap();
    let answers: Vec<_> = stream.map(|answer| read(&answer)).collect().await;
    assert_eq!(answers.len(), 2);
    assert_eq!(answers[0], json!({ "data": { "t": 1 } }));
    assert_eq!(answers[1]["data"], json!(null));
    assert_eq!(errors_of(&answers[1]), [("INTERNAL".to_owned(), json!(["t"]))]);
}

#[tokio::test]
async fn an_error_without_a_path_speaks_of_the_whole_request_once() {
    let failing = Scripted::with(|_| {
        let mut response = Response::new(Value::Null);
        response.errors = vec![ServerError::new("nothing works", None)];
        std::future::ready(response).boxed()
    });
    let gateway = gateway(vec![("things", THINGS, failing)], Limits::default());
    let body = ask(&gateway, "{ a: thing { id } things { id } }").await;
    assert_eq!(body["data"], json!({ "a": null, "things": null }));
    assert_eq!(errors_of(&body), [("INTERNAL".to_owned(), json!(["a"]))]);
}

#[tokio::test]
async fn requirements_are_fetched_and_sent() {
    let owner = r#"
        type Query { one: Parcel }
        type Parcel @key(fields: "id") { id: ID! weight: Int size: Size }
        type Size { width: Int }
    "#;
    let shipping = r#"
        type Parcel @key(fields: "id") {
            id: ID! weight: Int @external size: Size @external cost: Int @requires(fields: "weight size { width }")
        }
        type Size { width: Int @external }
    "#;
    let parcel = json!({ "__typename": "Parcel", "id": "p", "weight": null, "size": { "width": 3 } });
    let owning = Scripted::with_data(json!({ "one": parcel }));
    let costing = Scripted::with_data(json!({ "_entities": [{ "__typename": "Parcel", "cost": 9 }] }));
    let sent = Arc::clone(&costing.sent);
    let gateway = gateway(vec![("owner", owner, owning), ("shipping", shipping, costing)], Limits::default());
    let body = ask(&gateway, "{ one { weight: id cost } }").await;
    assert_eq!(body, json!({ "data": { "one": { "weight": "p", "cost": 9 } } }));
    let sent = sent.lock().unwrap();
    let representations = sent[0].get("representations").unwrap().clone().into_json().unwrap();
    assert_eq!(representations, json!([{ "__typename": "Parcel", "id": "p", "weight": null, "size": { "width": 3 } }]));
}

#[tokio::test]
async fn a_payload_may_lead_back_to_the_query_root_of_another_subgraph() {
    let acting = "
        type Query { a: Int act: Payload }
        type Payload { ok: Boolean query: Float }
    ";
    let acted = Scripted::with_data(json!({ "act": { "ok": true, "query": { "__typename": "Query", "a": 1 } } }));
    let other = Scripted::with_data(json!({ "b": 2 }));
    let sent = Arc::clone(&other.sent);
    let subgraphs = vec![("acting", acting, acted), ("other", "type Query { b: Int }", other)];
    // The composer does not know that the root of every subgraph can be asked anew; other composers do.
    let gateway = gateway_of(subgraphs, Limits::default(), |sdl| sdl.replace("query: Float", "query: Query"));
    let body = ask(&gateway, "{ act { ok query { x: a b } } }").await;
    let data = body["data"]["act"].clone();
    assert_eq!(data["ok"], json!(true), "{body}");
    assert_eq!(data["query"]["b"], json!(2), "{body}");
    assert_eq!(sent.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn members_of_a_union_may_type_a_field_differently_in_one_subgraph() {
    // Such fields cannot share a response key in one subgraph request; the planner's own alias comes back renamed.
    let schema = "
        type Query { any: [Any!]! }
        union Any = Loose | Strict
        type Loose { value: String }
        type Strict { value: String! @shareable }
    ";
    let other = "type Strict { value: String @shareable }";
    let answering = Scripted::with_data(json!({
        "any": [
            { "__typename": "Loose", "value": null },
            { "__typename": "Strict", "_internal_qp_alias_0": "b" },
        ],
    }));
    let subgraphs = vec![("one", schema, answering), ("other", other, Scripted::with_data(json!({})))];
    let gateway = gateway(subgraphs, Limits::default());
    let body = ask(&gateway, "{ any { ... on Loose { value } ... on Strict { value } } }").await;
    assert_eq!(body, json!({ "data": { "any": [{ "value": null }, { "value": "b" }] } }));
}

#[tokio::test]
async fn an_interface_object_is_asked_for_under_the_interfaces_name() {
    let owner = r#"
        type Query { media: [Media!]! }
        interface Media @key(fields: "id") { id: ID! title: String }
        type Book implements Media @key(fields: "id") { id: ID! title: String }
        type Film implements Media @key(fields: "id") { id: ID! title: String minutes: Int }
    "#;
    let scores = r#"type Media @key(fields: "id") @interfaceObject { id: ID! score: Int }"#;
    let owning = Scripted::with_data(json!({
        "media": [{ "__typename": "Book", "id": "b", "title": "B" }, { "__typename": "Film", "id": "f", "minutes": 90 }],
    }));
    let scoring = Scripted::with_data(json!({
        "_entities": [{ "__typename": "Media", "score": 1 }, { "__typename": "Media", "score": 2 }],
    }));
    let sent = Arc::clone(&scoring.sent);
    let gateway = gateway(vec![("owner", owner, owning), ("scores", scores, scoring)], Limits::default());
    let body = ask(&gateway, "{ media { __typename s: score ... on Film { minutes } } }").await;
    let expected = json!([{ "__typename": "Book", "s": 1 }, { "__typename": "Film", "s": 2, "minutes": 90 }]);
    assert_eq!(body, json!({ "data": { "media": expected } }));
    let sent = sent.lock().unwrap();
    let representations = sent[0].get("representations").unwrap().clone().into_json().unwrap();
    assert_eq!(representations, json!([{ "__typename": "Media", "id": "b" }, { "__typename": "Media", "id": "f" }]));
}

#[test]
fn an_interface_that_two_subgraphs_declare_differently_would_be_expanded() {
    let link =
        r#"extend schema @link(url: "https://specs.apollo.dev/federation/v2.3", import: ["@key", "@shareable"])"#;
    let one = format!(
        r#"{link} type Query {{ named: Named }} interface Named {{ id: ID! name: String }}
        type A implements Named @key(fields: "id") {{ id: ID! name: String @shareable }}"#
    );
    let other = format!(
        r#"{link} interface Named {{ id: ID! nick: String }}
        type A implements Named @key(fields: "id") {{ id: ID! nick: String @shareable }}"#
    );
    let supergraph = compose(&[("one", &one), ("other", &other)]).unwrap();
    let pair = |field: &str| ("Named".to_owned(), field.to_owned());
    assert_eq!(expanding_interfaces(&supergraph).unwrap(), [pair("name"), pair("nick")]);
}

#[test]
fn subgraphs_that_do_not_fit_together_do_not_compose() {
    let bad = compose(&[("a", "type Query {"), ("b", "type Query { x: Int }")]);
    assert!(matches!(bad, Err(ComposeError::Syntax { subgraph, .. }) if subgraph == "a"));
    let link = |imports: &str| {
        format!(r#"extend schema @link(url: "https://specs.apollo.dev/federation/v2.8", import: [{imports}])"#)
    };
    let one = format!("{} type Query {{ x: Int }}", link("\"@key\""));
    let other = format!("{} type Query {{ x: String }}", link("\"@key\""));
    assert!(matches!(compose(&[("a", &one), ("b", &other)]), Err(ComposeError::Incompatible(_))));
}

#[test]
fn contexts_are_refused_because_the_planner_would_ignore_them() {
    for import in [r#""@context", "@fromContext""#, r#"{ name: "@context", as: "@c" }, "@fromContext""#] {
        let sdl = format!(
            r#"extend schema @link(url: "https://specs.apollo.dev/federation/v2.8", import: ["@key", {import}])
            type Query {{ x: Int }}"#
        );
        let refused = compose(&[("a", &sdl)]);
        assert!(matches!(refused, Err(ComposeError::Unsupported { .. })), "{refused:?}");
    }
}

#[tokio::test]
async fn an_endless_error_path_of_a_subgraph_in_this_process_is_one_of_the_whole_request() {
    let script = Scripted::with(|_| {
        let mut error = ServerError::new("no", None);
        error.path = vec![PathSegment::Index(0); 1_000_000];
        std::future::ready(Response::from_errors(vec![error])).boxed()
    });
    let gateway = gateway(vec![("a", "type Query { a: Int }", script)], Limits::default());
    let body = ask(&gateway, "{ a }").await;
    assert_eq!(body["data"], json!({ "a": null }));
    assert_eq!(errors_of(&body), [("INTERNAL".to_owned(), json!(["a"]))]);
}

#[tokio::test]
async fn too_many_errors_of_a_subgraph_in_this_process_are_one_of_the_whole_request() {
    let script = Scripted::with(|_| {
        let mut error = ServerError::new("no", None);
        error.path = vec![PathSegment::Field("a".to_owned())];
        std::future::ready(Response::from_errors(vec![error; 10_000])).boxed()
    });
    let limits = Limits { errors: 100_000, ..Limits::default() };
    let body = ask(&gateway(vec![("a", "type Query { a: Int }", script)], limits), "{ a }").await;
    assert_eq!(errors_of(&body).len(), 101);
}
