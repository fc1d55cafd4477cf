//! What is answered to one request.

use axum::http::{HeaderValue, StatusCode, header};
use serde_json::json;

use crate::fixture::Port;

#[tokio::test]
async fn variables_and_operation_name_reach_the_schema() {
    let port = Port::start();
    let body = json!({
        "query": "query A { rid } query B($text: String!, $numbers: [Int!]) { echo(text: $text, numbers: $numbers) }",
        "operationName": "B",
        "variables": { "text": "é\u{0}\u{1F600}", "numbers": [1, -9_007_199_254_740_993_i64] },
        "extensions": { "x": 1 },
        "unknown": [{}],
    });
    let answer = port.send(port.post(body.to_string())).await;
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(answer.json(), json!({ "data": { "echo": "é\u{0}\u{1F600}Some([1, -9007199254740993])" } }));
}

#[tokio::test]
async fn a_router_can_rebuild_what_it_gets_in_process() {
    let port = Port::start();
    let answer = port.send(port.query("{ other: refused leaf }")).await;
    assert_eq!(answer.status, StatusCode::OK);
    let response: async_graphql::Response = serde_json::from_str(&answer.body).unwrap();
    // The library leaves a failed field out, here as in process.
    assert_eq!(response.data.into_json().unwrap(), json!({ "leaf": 1 }));
    let [error] = response.errors.as_slice() else { panic!("one error: {}", answer.body) };
    assert_eq!(error.message, "not for you");
    assert_eq!(serde_json::to_value(&error.path).unwrap(), json!(["other"]));
    assert_eq!(serde_json::to_value(&error.extensions).unwrap(), json!({ "code": "FORBIDDEN" }));
}

#[tokio::test]
async fn a_mutation_runs_once() {
    let port = Port::start();
    assert_eq!(port.send(port.query("mutation { write }")).await.json(), json!({ "data": { "write": 1 } }));
    assert_eq!(port.resolved(), 1);
}

#[tokio::test]
async fn a_resolver_that_panics_is_internal_and_the_port_goes_on() {
    let port = Port::start();
    let answer = port.send(port.query("{ leaf panics }")).await;
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(
        answer.json(),
        json!({ "data": null, "errors": [{ "message": "internal error", "extensions": { "code": "INTERNAL" } }] })
    );
    assert_eq!(port.send(port.query("{ leaf }")).await.json(), json!({ "data": { "leaf": 1 } }));
}

#[tokio::test(start_paused = true)]
async fn a_resolver_that_hangs_is_given_up() {
    let port = Port::start();
    assert_eq!(port.send(port.query("{ hangs }")).await.code(), "TIMEOUT");
}

#[tokio::test]
async fn only_json_is_read() {
    let port = Port::start();
    for (content_type, status) in [
        ("application/json", 200),
        ("Application/JSON; charset=utf-8", 200),
        ("application/jsonp", 415),
        ("text/plain", 415),
        ("application/x-www-form-urlencoded", 415),
        ("multipart/form-data; boundary=application/json", 415),
        ("", 415),
        ("ÿ", 415),
    ] {
        let mut request = port.query("{ leaf }");
        request.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_bytes(content_type.as_bytes()).unwrap());
        assert_eq!(port.send(request).await.status, status, "{content_type}");
    }
    let mut none = port.query("{ leaf }");
    none.headers_mut().remove(header::CONTENT_TYPE);
    assert_eq!(port.send(none).await.status, StatusCode::UNSUPPORTED_MEDIA_TYPE);
    let mut two = port.query("{ leaf }");
    two.headers_mut().append(header::CONTENT_TYPE, "application/json".parse().unwrap());
    assert_eq!(port.send(two).await.status, StatusCode::UNSUPPORTED_MEDIA_TYPE);
}

#[tokio::test]
async fn a_subscription_needs_a_stream() {
    let port = Port::start();
    let answer = port.send(port.query("subscription { count(to: 1) }")).await;
    assert_eq!(answer.json()["data"], json!(null));
    assert!(answer.json()["errors"][0]["message"].is_string(), "{}", answer.body);
}
