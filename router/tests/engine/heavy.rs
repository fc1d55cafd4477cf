//! Small answers of subgraphs that would make much work: entities at many places, nulls and errors.

use async_graphql::{PathSegment, Response, ServerError, Value};
use chatty_router::{Gateway, Limits};
use futures_util::FutureExt;
use serde_json::json;

use crate::{
    fixture::errors_of,
    scripted::{Scripted, ask, gateway, gateway_of},
};

const OWNER: &str = r#"
    type Query { items: [Item!]! roots: Float }
    type Item @key(fields: "id") { id: ID! }
"#;
const EXTENDER: &str = r#"
    type Query { motto: String }
    type Item @key(fields: "id") { id: ID! price: Int note: String }
"#;

/// A gateway over a subgraph of items with these ids and one that knows more of them.
fn items(ids: impl Iterator<Item = String>, extender: Scripted) -> Gateway {
    let items: Vec<_> = ids.map(|id| json!({ "__typename": "Item", "id": id })).collect();
    let roots = vec![json!({ "__typename": "Query" }); items.len()];
    let owner = Scripted::with_data(json!({ "items": items, "roots": roots }));
    let subgraphs = vec![("owner", OWNER, owner), ("extender", EXTENDER, extender)];
    // The composer does not know that the root of every subgraph can be asked anew; other composers do.
    gateway_of(subgraphs, Limits::default(), |sdl| sdl.replace("roots: Float", "roots: [Query!]"))
}

/// One item at many places.
fn one_item(places: usize, extender: Scripted) -> Gateway {
    items((0..places).map(|_| "a".to_owned()), extender)
}

#[tokio::test]
async fn an_answer_at_many_places_is_kept_once_with_whatever_its_subgraph_adds() {
    // A copy for each place would be half a billion values.
    let padding = vec![0; 100_000];
    let extender = Scripted::with_data(json!({ "_entities": [{ "price": 7, "padding": padding }] }));
    let body = ask(&one_item(5_000, extender), "{ items { price } }").await;
    assert_eq!(body, json!({ "data": { "items": vec![json!({ "price": 7 }); 5_000] } }));
    let extender = Scripted::with_data(json!({ "motto": "m", "padding": padding }));
    let body = ask(&one_item(5_000, extender), "{ roots { motto } }").await;
    assert_eq!(body, json!({ "data": { "roots": vec![json!({ "motto": "m" }); 5_000] } }));
}

#[tokio::test]
async fn two_answers_to_one_field_of_an_entity_at_many_places_are_merged_once() {
    let extender = |field: &str| {
        format!(
            "type Query {{ {field}: Int }} type Box {{ {field}: Int }}
             type Item @key(fields: \"id\") {{ id: ID! box: Box @shareable }}"
        )
    };
    let (wide, high) = (extender("width"), extender("height"));
    // For each place alone it would be twenty million objects.
    let answer = |field: &str| {
        let padding = vec![json!({}); 10_000];
        Scripted::with_data(json!({ "_entities": [{ "box": { field: 1, "padding": padding } }] }))
    };
    let owner = Scripted::with_data(json!({ "items": vec![json!({ "__typename": "Item", "id": "a" }); 2_000] }));
    let subgraphs =
        vec![("owner", OWNER, owner), ("wide", &*wide, answer("width")), ("high", &*high, answer("height"))];
    let body = ask(&gateway(subgraphs, Limits::default()), "{ items { box { width height } } }").await;
    let item = json!({ "box": { "width": 1, "height": 1 } });
    assert_eq!(body, json!({ "data": { "items": vec![item; 2_000] } }));
}

#[tokio::test]
async fn entities_of_entities_are_visited_once_and_not_at_each_of_their_places() {
    let person = |field: &str| {
        format!(
            "type Query {{ {field}s: [Person!]! }} type Person @key(fields: \"id\") {{ id: ID! {field}: [Person!] }}"
        )
    };
    let (friends, fans) = (person("friend"), person("fan"));
    let everybody =
        || -> Vec<_> { (0..100).map(|id| json!({ "__typename": "Person", "id": id.to_string() })).collect() };
    let script = |field: &'static str| {
        Scripted::with(move |variables| {
            let asked = match variables.get("representations") {
                Some(Value::List(asked)) => asked.len(),
                _ => 0,
            };
            let entities = vec![json!({ field: everybody() }); asked];
            let data = json!({ format!("{field}s"): everybody(), "_entities": entities });
            std::future::ready(Response::new(Value::from_json(data).unwrap())).boxed()
        })
    };
    let subgraphs = vec![("friends", &*friends, script("friend")), ("fans", &*fans, script("fan"))];
    let query = "{ friends { fan { friend { fan { friend { fan { id } } } } } } }";
    // A million million people, whom nobody can be told of.
    let body = ask(&gateway(subgraphs, Limits { weight: u64::MAX, ..Limits::default() }), query).await;
    assert_eq!(body["data"], json!(null));
    assert_eq!(body["errors"][0]["extensions"]["limit"], json!("answerSize"), "{}", body["errors"]);
}

#[tokio::test]
async fn many_entities_that_are_not_there_are_found_by_one_walk() {
    // One walk for each of them would be 40,000,000,000 steps.
    let count = 200_000;
    let extender = Scripted::with_data(json!({ "_entities": vec![json!(null); count] }));
    let body = ask(&items((0..count).map(|at| at.to_string()), extender), "{ items { price } }").await;
    assert_eq!(body, json!({ "data": { "items": vec![json!({ "price": null }); count] } }));
}

#[tokio::test]
async fn what_is_not_there_is_null_at_more_places_than_anybody_lists() {
    let owner = r#"
        type Query { groups: [Group!]! }
        type Group @key(fields: "id") { id: ID! }
    "#;
    let members = r#"
        type Query { x: Int }
        type Group @key(fields: "id") { id: ID! items: [Item] }
        type Item @key(fields: "id") { id: ID! }
    "#;
    let prices = r#"
        type Query { y: Int }
        type Item @key(fields: "id") { id: ID! price: Int! }
    "#;
    for count in [5, 600] {
        let groups = vec![json!({ "__typename": "Group", "id": "a" }); count];
        let items: Vec<_> = (0..count).map(|id| json!({ "__typename": "Item", "id": id.to_string() })).collect();
        let subgraphs = vec![
            ("owner", owner, Scripted::with_data(json!({ "groups": groups }))),
            ("members", members, Scripted::with_data(json!({ "_entities": [{ "items": items }] }))),
            ("prices", prices, Scripted::with_data(json!({ "_entities": vec![json!(null); count] }))),
        ];
        let body = ask(&gateway(subgraphs, Limits::default()), "{ groups { items { price } } }").await;
        let group = json!({ "items": vec![json!(null); count] });
        assert_eq!(body, json!({ "data": { "groups": vec![group; count] } }), "{count}");
    }
}

#[tokio::test]
async fn what_would_be_asked_with_too_many_bytes_is_not_asked() {
    let owner = r#"
        type Query { items: [Item!]! }
        type Item @key(fields: "id") { id: ID! parent: Parent }
        type Parent @key(fields: "id") { id: ID! text: String }
    "#;
    let taxes = r#"
        type Query { x: Int }
        type Item @key(fields: "id") { id: ID! parent: Parent @external tax: Int @requires(fields: "parent { text }") }
        type Parent @key(fields: "id") { id: ID! text: String @external }
    "#;
    let parent = json!({ "id": "p", "text": "x".repeat(1024 * 1024) });
    for (count, fits) in [(15, true), (17, false)] {
        let item = |id: usize| json!({ "__typename": "Item", "id": id.to_string(), "parent": parent });
        let items: Vec<_> = (0..count).map(item).collect();
        let answers = vec![json!({ "tax": 7 }); count];
        let (taxing, owning) =
            (Scripted::with_data(json!({ "_entities": answers })), Scripted::with_data(json!({ "items": items })));
        let sent = taxing.sent.clone();
        let gateway = gateway(vec![("owner", owner, owning), ("taxes", taxes, taxing)], Limits::default());
        let body = ask(&gateway, "{ items { tax } }").await;
        let tax = if fits { json!(7) } else { json!(null) };
        assert_eq!(body["data"]["items"], json!(vec![json!({ "tax": tax }); count]));
        let refused = [("SUBGRAPH_UNAVAILABLE".to_owned(), json!(["items", 0, "tax"]))];
        assert_eq!(errors_of(&body), if fits { &[][..] } else { &refused });
        assert_eq!(sent.lock().unwrap().len(), usize::from(fits));
    }
}

/// An extender that knows nothing and reports a hundred errors at this path.
fn failing(path: Vec<PathSegment>) -> Scripted {
    Scripted::with(move |_| {
        let error = |at: usize| {
            let error = ServerError { path: path.clone(), ..ServerError::new(format!("no {at}"), None) };
            let mut extensions = async_graphql::ErrorExtensionValues::default();
            extensions.set("code", "NO");
            ServerError { extensions: Some(extensions), ..error }
        };
        let mut response = Response::new(Value::from_json(json!({ "_entities": [null], "motto": null })).unwrap());
        response.errors = (0..100).map(error).collect();
        std::future::ready(response).boxed()
    })
}

fn messages(body: &serde_json::Value) -> Vec<&serde_json::Value> {
    body["errors"].as_array().unwrap().iter().map(|error| &error["message"]).collect()
}

fn entities(further: &[PathSegment]) -> Vec<PathSegment> {
    [&[PathSegment::Field("_entities".to_owned())], further].concat()
}

#[tokio::test]
async fn of_many_errors_at_many_places_those_that_find_room_are_told_and_one_for_the_rest() {
    let no = |path| ("NO".to_owned(), path);
    let price = PathSegment::Field("price".to_owned());
    let paths =
        [entities(&[]), entities(std::slice::from_ref(&price)), entities(&[PathSegment::Index(0), price]), Vec::new()];
    for path in paths {
        // A place has three steps: each error finds room alone, and no other beside it.
        let body = ask(&one_item(20_000, failing(path.clone())), "{ items { price } }").await;
        assert_eq!(body["data"]["items"], json!(vec![json!({ "price": null }); 20_000]));
        assert_eq!(errors_of(&body)[..2], [no(json!(["items", 0, "price"])), no(json!(["items", 0, "price"]))]);
        let names_an_item = matches!(path.get(1), Some(PathSegment::Index(_)));
        // One that names its item is told at each of its places, as far as errors are told.
        let expected = if names_an_item { &["no 0", "no 1", "no 0", "no 0"][..] } else { &["no 0", "no 1"] };
        assert_eq!(messages(&body).into_iter().take(4).collect::<Vec<_>>(), expected, "{path:?}");
    }
}

#[tokio::test]
async fn many_errors_of_an_answer_at_many_places_are_bounded_as_well() {
    let path = vec![PathSegment::Field("motto".to_owned())];
    let body = ask(&one_item(20_000, failing(path)), "{ roots { motto } }").await;
    assert_eq!(body["data"]["roots"], json!(vec![json!({ "motto": null }); 20_000]));
    assert_eq!(messages(&body)[..4], ["no 0", "no 1", "no 0", "no 0"]);
}
