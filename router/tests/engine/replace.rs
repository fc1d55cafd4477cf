//! Another supergraph takes the place of the one in service, under requests and streams that go on.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
};

use async_graphql::{Response, Value as Data};
use chatty_router::{Gateway, Limits, LoadError, Upstream};
use futures_util::{FutureExt, StreamExt};
use serde_json::{Value, json};
use tokio::sync::Semaphore;

use crate::{
    fixture::{read, request, viewer},
    scripted::{Scripted, ask, composed, source},
};

const OLD: &str = "type Query { greeting: String item(id: ID!): Item } type Subscription { sold: Item }
    type Item @key(fields: \"id\") { id: ID! }";
const NEW: &str = "type Query { greeting: String farewell: String }";
const PRICES: &str = "type Item @key(fields: \"id\") { id: ID! price: Int } type Query { ping: Int }";

fn answer(data: Value) -> Response {
    Response::new(Data::from_json(data).unwrap())
}

fn new() -> (String, HashMap<String, Upstream>) {
    composed(vec![("only", NEW, Scripted::with_data(json!({"greeting": "new", "farewell": "bye"})))])
}

fn old() -> (String, HashMap<String, Upstream>) {
    composed(vec![("only", OLD, Scripted::with_data(json!({"greeting": "old"})))])
}

fn load((supergraph, upstreams): (String, HashMap<String, Upstream>)) -> Gateway {
    Gateway::load(&supergraph, upstreams, Limits::default()).unwrap()
}

fn replace(gateway: &Gateway, (supergraph, upstreams): (String, HashMap<String, Upstream>)) -> Result<bool, LoadError> {
    gateway.replace(&supergraph, upstreams, Limits::default())
}

#[tokio::test]
async fn a_request_ends_on_the_supergraph_that_it_began_with() {
    let (reached, gate) = (Arc::new(Semaphore::new(0)), Arc::new(Semaphore::new(0)));
    let (reaching, waiting) = (Arc::clone(&reached), Arc::clone(&gate));
    let slow = Scripted::with(move |_| {
        let (reached, gate) = (Arc::clone(&reaching), Arc::clone(&waiting));
        async move {
            reached.add_permits(1);
            gate.acquire().await.unwrap().forget();
            answer(json!({"greeting": "old"}))
        }
        .boxed()
    });
    let gateway = load(composed(vec![("only", OLD, slow)]));
    let clone = gateway.clone();
    let prepared = gateway.prepare(&request("{ greeting }", json!({})), &viewer()).await.ok().unwrap();
    let (in_flight, ()) = tokio::join!(ask(&gateway, "{ greeting }"), async {
        reached.acquire().await.unwrap().forget();
        assert!(replace(&gateway, new()).unwrap());
        assert_eq!(ask(&clone, "{ greeting farewell }").await["data"], json!({"greeting": "new", "farewell": "bye"}));
        gate.add_permits(2);
    });
    assert_eq!(in_flight["data"], json!({"greeting": "old"}));
    assert_eq!(read(&gateway.run(prepared, viewer()).await)["data"], json!({"greeting": "old"}));
    assert!(clone.api_schema_sdl().contains("farewell"));
    assert_eq!(
        ask(&gateway, "{ item(id: 1) { id } }").await["errors"][0]["extensions"]["code"],
        "GRAPHQL_VALIDATION_FAILED"
    );
}

#[tokio::test]
async fn what_cannot_be_served_leaves_everything_as_it_is() {
    let gateway = load(old());
    assert_eq!(ask(&gateway, "{ greeting }").await["data"]["greeting"], "old");
    let half = new().0;
    let half = half[..half.len() / 2].to_owned();
    for broken in ["", "type Query { a: Int }", "type {", &half] {
        assert!(replace(&gateway, (broken.to_owned(), new().1)).is_err(), "{broken}");
    }
    let missing = replace(&gateway, (new().0, HashMap::new()));
    assert!(matches!(missing, Err(LoadError::MissingUpstream(name)) if name == "only"));
    let limits = Limits { subgraph_timeouts_ms: [("another".to_owned(), 5)].into(), ..Limits::default() };
    let unknown = gateway.replace(&new().0, new().1, limits);
    assert!(matches!(unknown, Err(LoadError::UnknownSubgraph(name)) if name == "another"));
    assert_eq!(ask(&gateway, "{ greeting }").await["data"]["greeting"], "old");
    assert_eq!(gateway.plans_built(), 1, "its plans are still there");
}

#[tokio::test]
async fn an_equal_text_changes_nothing_and_another_one_begins_with_empty_caches() {
    let gateway = load(old());
    ask(&gateway, "{ greeting }").await;
    assert!(!replace(&gateway, (old().0, HashMap::new())).unwrap());
    assert_eq!(ask(&gateway, "{ greeting }").await["data"]["greeting"], "old");
    assert_eq!(gateway.plans_built(), 1);
    assert!(replace(&gateway, new()).unwrap());
    assert_eq!(ask(&gateway, "{ greeting }").await["data"]["greeting"], "new");
    assert_eq!(gateway.plans_built(), 2, "it counts on");
}

#[tokio::test]
async fn limits_are_replaced_with_the_supergraph() {
    let gateway = load(old());
    let (supergraph, upstreams) = new();
    gateway.replace(&supergraph, upstreams, Limits { depth: 1, body_bytes: 7, ..Limits::default() }).unwrap();
    assert_eq!(gateway.limits().body_bytes, 7);
}

#[tokio::test]
async fn an_open_stream_goes_on_where_it_began_although_its_subgraphs_are_gone() {
    let (events, source) = source();
    let source = Mutex::new(Some(source));
    let items = Scripted::with_data(json!({})).with_events(move || source.lock().unwrap().take().unwrap());
    let prices = Scripted::with_data(json!({"_entities": [{"price": 5}]}));
    let gateway = load(composed(vec![("items", OLD, items), ("prices", PRICES, prices)]));
    let query = request("subscription { sold { id price } }", json!({}));
    let mut stream = gateway.subscribe(query.clone(), viewer()).await.unwrap();
    let mut sell = async |id: &str| {
        events.send(answer(json!({"sold": {"__typename": "Item", "id": id}}))).unwrap();
        read(&stream.next().await.unwrap())["data"]["sold"].take()
    };
    assert_eq!(sell("1").await, json!({"id": "1", "price": 5}));
    assert!(replace(&gateway, new()).unwrap());
    assert_eq!(sell("2").await, json!({"id": "2", "price": 5}));
    assert!(gateway.subscribe(query, viewer()).await.is_err(), "nobody subscribes there any more");
    drop(events);
    assert!(stream.next().await.is_none());
}
