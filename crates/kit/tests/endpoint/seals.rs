//! Who is let in.

use axum::{
    body::Body,
    http::{HeaderValue, Method, Request, StatusCode, header},
};
use chatty_access::CONTEXT_HEADER;
use chrono::TimeDelta;

use crate::fixture::{Answer, Port};

const RID: &str = r#"{"query":"{ rid }"}"#;

/// 401, in the words for it and no others.
fn assert_unsealed(answer: &Answer, why: &str) {
    assert_eq!((answer.status, answer.body.as_str()), (StatusCode::UNAUTHORIZED, why));
    assert_eq!(answer.headers[header::WWW_AUTHENTICATE], "Chatty-Context");
}

const INVALID: &str = "the request is not sealed by this installation's router\n";
const EXPIRED: &str = "the request's seal has expired\n";

#[tokio::test]
async fn a_sealed_request_is_executed_for_its_caller() {
    let port = Port::start();
    let answer = port.send(port.post(RID)).await;
    assert_eq!(
        (answer.status, answer.json()["data"]["rid"].as_str()),
        (StatusCode::OK, Some("ab".repeat(16).as_str()))
    );
    assert_eq!(answer.headers[header::CONTENT_TYPE], "application/graphql-response+json");
}

#[tokio::test]
async fn a_request_without_exactly_one_seal_for_it_is_refused() {
    let port = Port::start();
    let with = |seals: &[String]| {
        let mut request = port.post(RID);
        request.headers_mut().remove(CONTEXT_HEADER);
        for seal in seals {
            request.headers_mut().append(CONTEXT_HEADER, HeaderValue::from_bytes(seal.as_bytes()).unwrap());
        }
        request
    };
    let genuine = port.seal("things", RID.as_bytes());
    assert_eq!(port.send(with(std::slice::from_ref(&genuine))).await.status, StatusCode::OK);
    for seals in [
        vec![],
        vec![String::new()],
        vec!["v1.ÿ.ÿ".to_owned()],
        vec![genuine.clone(), genuine.clone()],
        vec![genuine.clone(), "v1".to_owned()],
        vec![port.seal("others", RID.as_bytes())],
        vec![port.seal("things", b"")],
        vec![port.seal("things", RID.replace("rid", "leaf").as_bytes())],
    ] {
        assert_unsealed(&port.send(with(&seals)).await, INVALID);
    }
    port.clock.advance(TimeDelta::seconds(32));
    assert_unsealed(&port.send(with(&[genuine])).await, EXPIRED);
    assert_eq!(port.resolved(), 1);
}

#[tokio::test]
async fn the_body_of_a_stranger_is_not_read() {
    let port = Port::start();
    let mut request = port.post(RID);
    request.headers_mut().remove(CONTEXT_HEADER);
    // It never comes, so whoever reads it waits for ever.
    *request.body_mut() = Body::from_stream(futures_util::stream::pending::<Result<Vec<u8>, std::io::Error>>());
    assert_unsealed(&port.send(request).await, INVALID);
}

#[tokio::test]
async fn internal_routes_are_for_the_router_and_others_for_everybody() {
    let port = Port::start();
    let get = |path: &str, seal: Option<String>| {
        let request = Request::get(path.to_owned());
        let request = seal.into_iter().fold(request, |request, seal| request.header(CONTEXT_HEADER, seal));
        port.send(request.body(Body::empty()).unwrap())
    };
    assert_eq!(get("/.well-known/others", None).await.body, "others");
    let answer = get("/internal/others", Some(port.seal("others", b""))).await;
    assert_eq!((answer.status, answer.body), (StatusCode::OK, "ab".repeat(16)));
    for seal in [None, Some(port.seal("things", b"")), Some(port.seal("others", b"body"))] {
        assert_unsealed(&get("/internal/others", seal).await, INVALID);
    }
}

#[tokio::test]
async fn unknown_paths_and_methods_tell_a_stranger_what_they_tell_the_router() {
    let port = Port::start();
    for seal in [None, Some(port.seal("things", b""))] {
        let send = |method: Method, path: &str| {
            let request = Request::builder().method(method).uri(path.to_owned());
            let request = seal.iter().fold(request, |request, seal| request.header(CONTEXT_HEADER, seal));
            port.send(request.body(Body::empty()).unwrap())
        };
        for path in
            ["/", "/graphql", "/graphql/", "/graphql/nobody", "/graphql/things/x", "/internal", "/internal/bare"]
        {
            for method in [Method::GET, Method::POST] {
                let answer = send(method, path).await;
                assert_eq!((answer.status, answer.body.as_str()), (StatusCode::NOT_FOUND, ""), "{path}");
            }
        }
        for method in [Method::GET, Method::PUT, Method::DELETE, Method::OPTIONS, Method::TRACE] {
            let answer = send(method, "/graphql/things").await;
            assert_eq!(
                (answer.status, &answer.headers[header::ALLOW]),
                (StatusCode::METHOD_NOT_ALLOWED, &"POST".parse().unwrap())
            );
        }
    }
}
