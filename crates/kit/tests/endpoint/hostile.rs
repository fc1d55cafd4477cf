//! Bodies and documents that nobody should send.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use axum::{
    body::Body,
    http::{StatusCode, header},
};
use serde_json::json;

use crate::fixture::Port;

/// Of a body, that is at most this.
const LONGEST_BODY: usize = 8 * 1024 * 1024;

#[tokio::test]
async fn what_is_no_request_is_refused_with_a_code() {
    let port = Port::start();
    for body in [
        &b""[..],
        b"[]",
        b"[{\"query\":\"{ rid }\"}]",
        b"\xEF\xBB\xBF{\"query\":\"{ rid }\"}",
        b"{\"query\":\"{ rid }\xFF\"}",
        b"{\"query\":\"{ rid }\",\"query\":\"{ rid }\"}",
        b"{\"query\":\"{ rid }\",\"variables\":[]}",
        b"{\"query\":\"\"}",
        b"{\"query\":\"{ rid\"}",
        b"{\"query\":\"type Query { rid: Int }\"}",
    ] {
        let answer = port.send(port.post(body)).await;
        let shown = String::from_utf8_lossy(body);
        assert_eq!(
            (answer.status, answer.code().as_str()),
            (StatusCode::BAD_REQUEST, "GRAPHQL_PARSE_FAILED"),
            "{shown}"
        );
        assert_eq!(answer.headers[header::CONTENT_TYPE], "application/graphql-response+json");
    }
    assert_eq!(port.resolved(), 0);
}

#[tokio::test]
async fn a_hundred_thousand_brackets_neither_crash_nor_run() {
    let port = Port::start();
    for (open, close) in [("[", "]"), ("{a:", "}"), ("{rid ", "}"), ("(", ")")] {
        let (open, close) = (open.repeat(100_000), close.repeat(100_000));
        let documents = [open.clone(), format!("{{ rid anything(value: {open}1{close}) }}")];
        for document in documents {
            let answer = port.send(port.query(&document)).await;
            assert_eq!((answer.status, answer.code().as_str()), (StatusCode::BAD_REQUEST, "LIMIT_EXCEEDED"));
        }
        let body = format!(r#"{{"query":"{{ rid }}","variables":{{"x":{open}1{close}}}}}"#);
        assert_eq!(port.send(port.post(body)).await.code(), "GRAPHQL_PARSE_FAILED");
    }
    assert_eq!(port.resolved(), 0);
}

#[tokio::test]
async fn the_deepest_documents_that_pass_the_scan_are_answered_on_a_small_stack() {
    let port = Port::start();
    // Two brackets are around the value.
    for (open, close) in [("[", "]"), ("{a:", "}")] {
        let nested = |levels: usize| format!("{}1{}", open.repeat(levels), close.repeat(levels));
        let ask = |levels: usize| port.query(&format!("{{ anything(value: {}) }}", nested(levels)));
        assert_eq!(port.send(ask(126)).await.json(), json!({ "data": { "anything": true } }));
        assert_eq!(port.send(ask(127)).await.json()["errors"][0]["extensions"]["limit"], "depth");
    }
    // What the schema says to selections is its own business; the port only must survive it.
    let selections = format!("{}{{ leaf }}{}", "{ node ".repeat(127), "}".repeat(127));
    assert!(port.send(port.query(&selections)).await.json()["errors"].is_array());
}

#[tokio::test]
async fn long_documents_and_bodies_are_refused() {
    let port = Port::start();
    let tokens = port.send(port.query(&"a ".repeat(50_001))).await;
    assert_eq!(tokens.json()["errors"][0]["extensions"], json!({ "code": "LIMIT_EXCEEDED", "limit": "tokens" }));
    let bytes = port.send(port.query(&" ".repeat(256 * 1024 + 1))).await;
    assert_eq!(bytes.json()["errors"][0]["extensions"], json!({ "code": "LIMIT_EXCEEDED", "limit": "bodySize" }));

    let body = |length: usize| {
        let start = r#"{"query":"{ leaf }","padding":""#;
        format!("{start}{}\"}}", "x".repeat(length - start.len() - 2))
    };
    assert_eq!(port.send(port.post(body(LONGEST_BODY))).await.status, StatusCode::OK);
    assert_eq!(port.send(port.post(body(LONGEST_BODY + 1))).await.status, StatusCode::PAYLOAD_TOO_LARGE);
    // Without a length that could be known beforehand.
    let mut request = port.post(body(LONGEST_BODY + 1));
    let chunks = std::mem::take(request.body_mut()).into_data_stream();
    *request.body_mut() = Body::from_stream(chunks);
    assert_eq!(port.send(request).await.status, StatusCode::PAYLOAD_TOO_LARGE);
}

#[tokio::test(start_paused = true)]
async fn a_body_that_does_not_come_is_not_waited_for() {
    let port = Port::start();
    let mut request = port.query("{ rid }");
    *request.body_mut() = Body::from_stream(futures_util::stream::pending::<Result<Vec<u8>, std::io::Error>>());
    assert_eq!(port.send(request).await.status, StatusCode::REQUEST_TIMEOUT);
    let mut request = port.query("{ rid }");
    let broken = futures_util::stream::iter([Ok(b"{".to_vec()), Err(std::io::Error::other("gone"))]);
    *request.body_mut() = Body::from_stream(broken);
    assert_eq!(port.send(request).await.status, StatusCode::BAD_REQUEST);
    assert_eq!(port.resolved(), 0);
}

#[tokio::test]
async fn fragments_that_multiply_are_refused_before_they_are_expanded() {
    let port = Port::start();
    let link = |at: usize| format!("fragment f{at} on Query {{ ...f{0} ...f{0} }} ", at + 1);
    let links: String = (0..20).map(link).collect();
    let document = |last: &str| format!("{{ ...f0 }} {links} fragment f20 on Query {{ {last} }}");
    for document in [document("rid"), document("...f0")] {
        let answer = port.send(port.query(&document)).await;
        assert_eq!((answer.status, answer.code().as_str()), (StatusCode::BAD_REQUEST, "LIMIT_EXCEEDED"));
    }
    assert_eq!(port.resolved(), 0);
    // The planner prints some.
    let answer = port.send(port.query("{ ...a ...a } fragment a on Query { leaf }")).await;
    assert!(answer.json()["data"].is_object(), "{}", answer.body);
}

#[tokio::test]
async fn of_a_body_that_is_too_long_some_more_is_read_so_that_its_sender_hears_of_it() {
    let port = Port::start();
    let mut request = port.query("{ rid }");
    let (chunk, chunks) = (vec![b' '; 1024 * 1024], Arc::<AtomicUsize>::default());
    let read = Arc::clone(&chunks);
    *request.body_mut() = Body::from_stream(futures_util::stream::repeat_with(move || {
        read.fetch_add(1, Ordering::Relaxed);
        Ok::<_, std::io::Error>(chunk.clone())
    }));
    assert_eq!(port.send(request).await.status, StatusCode::PAYLOAD_TOO_LARGE);
    let read = chunks.load(Ordering::Relaxed);
    assert!((32..128).contains(&read), "{read} MiB");
}
