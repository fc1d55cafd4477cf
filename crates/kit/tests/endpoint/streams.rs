//! Answers as events, and how they end.

use axum::http::{StatusCode, header};
use chatty_access::CONTEXT_HEADER;
use chatty_kit::{STOP_WITHIN, http};
use futures_util::StreamExt;
use serde_json::json;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

use crate::fixture::{LONG, Port};

const COMPLETE: &str = "event: complete\ndata: null\n\n";

fn next(data: &serde_json::Value) -> String {
    format!("event: next\ndata: {data}\n\n")
}

#[tokio::test]
async fn a_subscription_is_its_responses_and_complete() {
    let port = Port::start();
    let answer = port.send(port.subscribe("subscription { count(to: 2) }")).await;
    assert_eq!(
        (answer.status, &answer.headers[header::CONTENT_TYPE]),
        (StatusCode::OK, &"text/event-stream".parse().unwrap())
    );
    let events = [1, 2].map(|count| next(&json!({ "data": { "count": count } }))).concat();
    assert_eq!(answer.body, events + COMPLETE);
}

#[tokio::test]
async fn a_query_as_events_is_one_response_and_complete() {
    let port = Port::start();
    let answer = port.send(port.subscribe("{ leaf }")).await;
    assert_eq!(answer.body, next(&json!({ "data": { "leaf": 1 } })) + COMPLETE);
}

#[tokio::test]
async fn a_source_that_panics_says_so_and_ends() {
    let port = Port::start();
    let answer = port.send(port.subscribe("subscription { breaks }")).await;
    let internal = r#"{"data":null,"errors":[{"message":"internal error","extensions":{"code":"INTERNAL"}}]}"#;
    let internal = format!("event: next\ndata: {internal}\n\n");
    assert_eq!(answer.body, next(&json!({ "data": { "breaks": 1 } })) + &internal + COMPLETE);
}

#[tokio::test]
async fn what_is_no_request_is_refused_before_a_stream_begins() {
    let port = Port::start();
    let mut unsealed = port.subscribe("subscription { count(to: 2) }");
    unsealed.headers_mut().remove(CONTEXT_HEADER);
    assert_eq!(port.send(unsealed).await.status, StatusCode::UNAUTHORIZED);
    let answer = port.send(port.subscribe("subscription {")).await;
    assert_eq!((answer.status, answer.code().as_str()), (StatusCode::BAD_REQUEST, "GRAPHQL_PARSE_FAILED"));
}

#[tokio::test]
async fn a_stream_that_the_process_ends_is_not_complete() {
    let port = Port::start();
    let response = port.open(port.subscribe("subscription { afterSignal }")).await;
    let mut frames = response.into_body().into_data_stream();
    port.seen.signal.notify_one();
    let first = frames.next().await.unwrap().unwrap();
    assert_eq!(first, next(&json!({ "data": { "afterSignal": 1 } })));
    port.tasks.stop();
    assert!(frames.next().await.is_none(), "no `complete`");
    drop(frames);
    port.seen.dropped.notified().await;
}

#[tokio::test]
async fn dropping_the_answer_drops_the_stream() {
    let port = Port::start();
    let response = port.open(port.subscribe("subscription { afterSignal }")).await;
    let mut frames = response.into_body().into_data_stream();
    port.seen.signal.notify_one();
    frames.next().await.unwrap().unwrap();
    drop(frames);
    port.seen.dropped.notified().await;
}

/// The port behind a real listener, and a connection on which a stream was asked for.
async fn connect(port: &Port) -> TcpStream {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("the loopback works");
    let mut stream =
        TcpStream::connect(listener.local_addr().expect("the loopback works")).await.expect("the loopback works");
    port.tasks.spawn(http::serve(listener, port.routes.clone(), port.tasks.clone()));
    let body = json!({ "query": "subscription { afterSignal }" }).to_string();
    let (seal, length) = (port.seal("things", body.as_bytes()), body.len());
    let head = format!(
        "POST /graphql/things HTTP/1.1\r\nhost: x\r\naccept: text/event-stream\r\ncontent-type: application/json\r\n\
         {CONTEXT_HEADER}: {seal}\r\ncontent-length: {length}\r\n\r\n"
    );
    stream.write_all(format!("{head}{body}").as_bytes()).await.expect("the loopback works");
    stream
}

/// What comes until `end`.
async fn read_until(stream: &mut TcpStream, end: &str) -> String {
    let mut text = String::new();
    while !text.contains(end) {
        text.push(char::from(stream.read_u8().await.expect(end)));
    }
    text
}

// Time stands still here but for what waits: the runtime jumps to the next timer.
#[tokio::test(start_paused = true)]
async fn an_idle_stream_is_kept_alive_and_outlives_every_timeout_of_the_listener() {
    let port = Port::start();
    let mut stream = connect(&port).await;
    let begun = tokio::time::Instant::now();
    let mut signs = 0;
    while begun.elapsed() < LONG {
        read_until(&mut stream, "\r\n:\n\n\r\n").await;
        signs += 1;
    }
    assert!((29..=31).contains(&signs), "one in 10 s: {signs}");
    port.seen.signal.notify_one();
    read_until(&mut stream, r#"data: {"data":{"afterSignal":1}}"#).await;
    assert!(port.tasks.finish(STOP_WITHIN).await, "a stream holds up no stop");
    let mut rest = String::new();
    stream.read_to_string(&mut rest).await.unwrap();
    assert!(rest.ends_with("\r\n0\r\n\r\n") && !rest.contains("complete"), "{rest}");
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_goes_takes_its_stream_with_it() {
    let port = Port::start();
    let mut stream = connect(&port).await;
    read_until(&mut stream, "text/event-stream").await;
    drop(stream);
    port.seen.dropped.notified().await;
}
