//! A subgraph schema behind the port for a router elsewhere: what it refuses, and what its errors tell.

use std::sync::Arc;

use async_graphql::{EmptyMutation, Object, Subscription, futures_util::Stream};
use axum::{
    Router,
    body::Body,
    http::{Request, header},
};
use chatty_access::{CONTEXT_HEADER, Caller, Seals};
use chatty_graphql::Request as _;
use chatty_kit::{Exposure, Fault, Service, Tasks, endpoint};
use chatty_types::{Clock, Secret};
use futures_util::stream;
use hyper::service::Service as _;
use hyper_util::service::TowerToHyperService;
use serde_json::{Value, json};

struct Query;

#[expect(clippy::unused_async, reason = "resolvers are async, whatever they do")]
#[Object]
impl Query {
    async fn rid(&self, ctx: &async_graphql::Context<'_>) -> String {
        ctx.caller().trace_id.clone()
    }

    async fn itself(&self) -> Query {
        Query
    }

    async fn broken(&self) -> Result<Option<bool>, Fault> {
        Err(Fault::internal("relation \"secret\" does not exist"))
    }

    async fn signed_in(&self) -> Result<Option<bool>, Fault> {
        Err(Fault::Unauthenticated)
    }
}

struct Streams;

#[Subscription]
impl Streams {
    async fn count(&self) -> impl Stream<Item = i32> {
        stream::iter([1])
    }
}

/// Status and answer of the port to what the router sends.
async fn send(body: Value, accept: &str) -> (u16, String) {
    let (clock, seals) = (Clock::system(), Seals::new(&Secret::new(&[7; 32]).expect("long enough"), None));
    let schema = chatty_graphql::subgraph(Query, EmptyMutation, Streams, Exposure::Network).finish();
    let service = Service {
        name: "things",
        subgraph: Arc::new(schema),
        routes: Router::new(),
        internal: Router::new(),
        consumers: Vec::new(),
        db: None,
    };
    let routes = endpoint::routes(&[service], &seals, &clock, &Tasks::default());
    let body = body.to_string();
    let request = Request::post("/graphql/things")
        .header(header::CONTENT_TYPE, "application/json")
        .header(header::ACCEPT, accept)
        .header(CONTEXT_HEADER, seals.seal("things", &Caller::anonymous(), body.as_bytes(), clock.now()))
        .body(Body::from(body))
        .expect("well-formed");
    let Ok(response) = TowerToHyperService::new(routes).call(request).await;
    let (parts, body) = response.into_parts();
    let body = axum::body::to_bytes(body, usize::MAX).await.expect("well-formed");
    (parts.status.as_u16(), String::from_utf8(body.to_vec()).expect("well-formed"))
}

/// Status and the first error's extensions.
async fn refusal(query: &str) -> (u16, Value) {
    let (status, body) = send(json!({ "query": query }), "application/graphql-response+json").await;
    let body: Value = serde_json::from_str(&body).expect("well-formed");
    (status, body["errors"][0]["extensions"].clone())
}

#[tokio::test]
async fn what_does_not_fit_the_schema_is_refused_with_a_code() {
    let invalid = json!({ "code": "GRAPHQL_VALIDATION_FAILED" });
    for query in
        ["{ unknown }", "{ rid { x } }", "{ itself }", "query A($x: Nope) { rid }", "{ ...F }", "{ rid(x: 1) }"]
    {
        assert_eq!(refusal(query).await, (400, invalid.clone()), "{query}");
    }
    let (status, body) =
        send(json!({ "query": "query A { rid }", "operationName": "B" }), "application/graphql-response+json").await;
    assert!(status == 400 && body.contains("GRAPHQL_VALIDATION_FAILED"), "{status} {body}");
    let (status, body) = send(json!({ "query": "subscription { unknown }" }), "text/event-stream").await;
    assert!(status == 200 && body.contains("GRAPHQL_VALIDATION_FAILED"), "{status} {body}");
}

#[tokio::test]
async fn what_is_too_deep_or_too_much_is_refused_with_the_limit() {
    let nested = |levels: usize| format!("{}{{ rid }}{}", "{ itself ".repeat(levels), "}".repeat(levels));
    let fragments = |levels: usize| format!("{}{{ rid }}{}", "{ ... on Query ".repeat(levels), "}".repeat(levels));
    let exceeded = |limit: &str| (400, json!({ "code": "LIMIT_EXCEEDED", "limit": limit }));
    // The innermost field is one more.
    assert_eq!(refusal(&nested(59)).await, (200, Value::Null));
    assert_eq!(refusal(&nested(60)).await, exceeded("depth"));
    assert_eq!(refusal(&fragments(60)).await, (200, Value::Null));
    assert_eq!(refusal(&fragments(61)).await, exceeded("depth"));
    let fields: Vec<_> = (0..=10_000).map(|n| format!("a{n}: rid")).collect();
    let wide = format!("{{ {} }}", fields.join(" "));
    assert_eq!(refusal(&wide).await, exceeded("weight"));
}

#[tokio::test]
async fn errors_of_resolvers_keep_their_codes_and_tell_no_details() {
    let (status, body) = send(json!({ "query": "{ rid broken signedIn }" }), "application/json").await;
    let body: Value = serde_json::from_str(&body).unwrap();
    assert_eq!((status, &body["data"]), (200, &json!({ "rid": "0".repeat(32) })));
    let mut errors: Vec<_> = body["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|error| json!([error["message"], error["path"], error["extensions"]]).to_string())
        .collect();
    errors.sort();
    assert_eq!(
        errors,
        [
            r#"["internal error",["broken"],{"code":"INTERNAL"}]"#,
            r#"["sign in to do this",["signedIn"],{"code":"UNAUTHENTICATED"}]"#,
        ]
    );
}
