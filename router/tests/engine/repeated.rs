//! An entity that stands at several places: it is asked for once, kept once and written once, and no place borrows what is
//! another's.

use chatty_router::Limits;
use serde_json::json;

use crate::{
    fixture::errors_of,
    scripted::{Scripted, ask, gateway},
};

const OWNER: &str = r#"
    type Query { rows: [Row] }
    type Row { at: Int must: Int! item: Item }
    type Item @key(fields: "id") { id: ID! mark: Int tags: [Int] }
"#;
const EXTENDER: &str = r#"
    type Query { motto: String }
    type Item @key(fields: "id") { id: ID! price: Int }
"#;

/// What is answered to a query over these rows, of whose one item the extender knows this.
async fn asked(rows: serde_json::Value, entity: serde_json::Value, query: &str) -> serde_json::Value {
    let owner = Scripted::with_data(json!({ "rows": rows }));
    let extender = Scripted::with_data(json!({ "_entities": [entity] }));
    ask(&gateway(vec![("owner", OWNER, owner), ("extender", EXTENDER, extender)], Limits::default()), query).await
}

fn item(mark: i32) -> serde_json::Value {
    json!({ "__typename": "Item", "id": "a", "mark": mark, "tags": [mark] })
}

#[tokio::test]
async fn what_a_place_has_of_its_own_stays_there() {
    let rows: Vec<_> = [1, 1, 2, 1, 3].map(|mark| json!({ "item": item(mark) })).to_vec();
    let body = asked(json!(rows), json!({ "price": 7 }), "{ rows { item { mark price tags id } } }").await;
    let expected =
        [1, 1, 2, 1, 3].map(|mark| json!({ "item": { "mark": mark, "price": 7, "tags": [mark], "id": "a" } }));
    assert_eq!(body, json!({ "data": { "rows": expected } }));
}

#[tokio::test]
async fn what_is_wrong_with_an_entity_is_told_at_each_of_its_places() {
    let rows: Vec<_> = (0..3).map(|_| json!({ "item": item(1) })).collect();
    let body = asked(json!(rows), json!({ "price": "dear" }), "{ rows { item { id price } } }").await;
    assert_eq!(body["data"]["rows"], json!(vec![json!({ "item": { "id": "a", "price": null } }); 3]));
    let told = |at: usize| ("INTERNAL".to_owned(), json!(["rows", at, "item", "price"]));
    assert_eq!(errors_of(&body), [told(0), told(1), told(2)]);
}

#[tokio::test]
async fn what_was_cut_off_is_not_copied() {
    let row = |at: i32, must: Option<i32>| json!({ "at": at, "must": must, "item": item(1) });
    let rows = json!([row(0, None), row(1, Some(1)), row(2, None), row(3, Some(3)), row(4, Some(4))]);
    let body = asked(rows, json!({ "price": 7 }), "{ rows { item { id price } at must } }").await;
    let whole = |at: i32| json!({ "item": { "id": "a", "price": 7 }, "at": at, "must": at });
    assert_eq!(body["data"]["rows"], json!([null, whole(1), null, whole(3), whole(4)]));
    assert_eq!(errors_of(&body).len(), 2, "{body}");
}
