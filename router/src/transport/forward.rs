//! Passes requests on to a service that has HTTP routes of its own, without reading them.

use std::{net::IpAddr, time::Duration};

use axum::{
    Router,
    body::{Body, HttpBody},
    extract::Request,
    response::{IntoResponse, Response},
    routing::any,
};
use bytes::Bytes;
use chatty_access::CONTEXT_HEADER;
use futures_util::{Stream, StreamExt, stream};
use http::{
    HeaderMap, HeaderName, HeaderValue, Method, StatusCode,
    header::{self, Entry},
    uri::PathAndQuery,
};
use hyper::body::Incoming;
use tokio::time::{Instant, timeout};

use super::identity::{self, FORWARDED_FOR};
use crate::{HttpUpstream, upstream::Place};

/// Within which a service must have taken a request and begun its answer.
const ANSWER_TIMEOUT: Duration = Duration::from_mins(1);

/// How long either side may send nothing in the middle of a body.
const STALL_TIMEOUT: Duration = Duration::from_secs(30);

/// How many endpoints get a request that can be sent twice.
const TRIES: usize = 2;

/// What concerns one connection and not the request (RFC 9110, 7.6.1), `TE` and `Trailer` among it because neither is
/// passed on.
const HOP_BY_HOP: [HeaderName; 9] = [
    header::CONNECTION,
    HeaderName::from_static("keep-alive"),
    HeaderName::from_static("proxy-connection"),
    header::PROXY_AUTHENTICATE,
    header::PROXY_AUTHORIZATION,
    header::TE,
    header::TRAILER,
    header::TRANSFER_ENCODING,
    header::UPGRADE,
];

/// Routes that pass every request at or below `prefixes` (such as `/.well-known`) on to an endpoint of `service`, and
/// its answer back.
///
/// The server must be started with connect info, like that of [`routes`](super::routes).
pub fn forward(prefixes: &[&'static str], service: &HttpUpstream) -> Router {
    let mut router = Router::new();
    for prefix in prefixes {
        let service = service.clone();
        let handler = any(move |request: Request| {
            let service = service.clone();
            async move { pass(&service, request).await }
        });
        router = router
            .route(prefix, handler.clone())
            .route(&format!("{prefix}/"), handler.clone())
            .route(&format!("{prefix}/{{*rest}}"), handler);
    }
    router
}

/// Why there is no answer to pass back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum NoAnswer {
    /// No connection; nothing was sent.
    Unreachable,
    Broken,
    Late,
}

async fn pass(service: &HttpUpstream, request: Request) -> Response {
    let (mut parts, body) = request.into_parts();
    let path = parts.uri.path_and_query().cloned().unwrap_or(PathAndQuery::from_static("/"));
    if climbs(path.path()) {
        return StatusCode::NOT_FOUND.into_response();
    }
    strip(&mut parts.headers);
    append_peer(&mut parts.headers, identity::peer(&parts.extensions));
    // The client writes the endpoint's.
    parts.headers.remove(header::HOST);
    let bodiless = body.is_end_stream();
    let repeatable = bodiless && matches!(parts.method, Method::GET | Method::HEAD);
    let mut body = Some(Body::from_stream(stalling(body)));
    let mut tried = Vec::new();
    loop {
        let Some(mut place) = service.endpoints().place(&tried, repeatable, Instant::now()) else {
            return refuse(NoAnswer::Unreachable);
        };
        let mut attempt = http::Request::new(body.take().filter(|_| !bodiless).unwrap_or_else(Body::empty));
        *attempt.method_mut() = parts.method.clone();
        *attempt.uri_mut() = place.uri_of(path.clone());
        *attempt.headers_mut() = parts.headers.clone();
        let no_answer = match timeout(ANSWER_TIMEOUT, service.client().send(attempt)).await {
            Ok(Ok(answer)) => {
                place.answered();
                return pass_back(answer, place);
            }
            Ok(Err(error)) if error.is_connect() => NoAnswer::Unreachable,
            Ok(Err(_)) => NoAnswer::Broken,
            Err(_elapsed) => NoAnswer::Late,
        };
        // What broke in the middle of a body may have been the client's side.
        if bodiless || no_answer == NoAnswer::Unreachable {
            place.failed(Instant::now());
        }
        let endpoint = place.uri().authority().map(http::uri::Authority::as_str);
        tracing::warn!(endpoint, ?no_answer, "a request could not be passed on");
        tried.push(place.at);
        let others = service.endpoints().uris().len() > tried.len();
        if !repeatable || no_answer == NoAnswer::Late || tried.len() == TRIES || !others {
            return refuse(no_answer);
        }
    }
}

fn pass_back(answer: http::Response<Incoming>, place: Place) -> Response {
    let (mut parts, body) = answer.into_parts();
    strip(&mut parts.headers);
    let chunks = stalling(Body::new(body)).map(move |chunk| {
        // The request is at its endpoint until its answer is passed on.
        let _held = &place;
        chunk
    });
    Response::from_parts(parts, Body::from_stream(chunks))
}

fn refuse(no_answer: NoAnswer) -> Response {
    let (status, message) = match no_answer {
        NoAnswer::Unreachable => (StatusCode::SERVICE_UNAVAILABLE, "the service is unavailable, try again later\n"),
        NoAnswer::Broken => (StatusCode::BAD_GATEWAY, "the service did not answer\n"),
        NoAnswer::Late => (StatusCode::GATEWAY_TIMEOUT, "the service did not answer in time\n"),
    };
    (status, message).into_response()
}

/// Whether a server that tidies paths up would find another one than the router did.
fn climbs(path: &str) -> bool {
    let path = path.to_ascii_lowercase().replace("%2e", ".").replace("%2f", "/").replace("%5c", "/").replace('\\', "/");
    path.split('/').any(|segment| segment == "." || segment == "..")
}

/// Removes what is not for the next server: the connection's own headers, and the seal that only the router may give.
fn strip(headers: &mut HeaderMap) {
    let named: Vec<_> = headers
        .get_all(header::CONNECTION)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .filter_map(|name| name.trim().parse::<HeaderName>().ok())
        .collect();
    let sealed = HeaderName::from_static(CONTEXT_HEADER);
    for name in named.iter().chain(&HOP_BY_HOP).chain([&sealed]) {
        if let Entry::Occupied(entry) = headers.entry(name) {
            entry.remove_entry_mult();
        }
    }
}

fn append_peer(headers: &mut HeaderMap, peer: IpAddr) {
    let value = HeaderValue::try_from(peer.to_string()).expect("an address is visible ASCII");
    headers.append(FORWARDED_FOR, value);
}

/// A body's data, which breaks off when nothing comes for too long.
fn stalling(body: Body) -> impl Stream<Item = Result<Bytes, axum::Error>> {
    stream::unfold(Some(body.into_data_stream()), |chunks| async {
        let mut chunks = chunks?;
        match timeout(STALL_TIMEOUT, chunks.next()).await {
            Ok(Some(Ok(chunk))) => Some((Ok(chunk), Some(chunks))),
            Ok(Some(Err(error))) => Some((Err(error), None)),
            Ok(None) => None,
            Err(elapsed) => Some((Err(axum::Error::new(elapsed)), None)),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_connections_own_headers_and_a_forged_seal_are_removed() {
        let mut headers = HeaderMap::new();
        for (name, value) in [
            ("connection", "close, X-Private"),
            ("x-private", "1"),
            ("upgrade", "websocket"),
            ("te", "trailers"),
            ("chatty-context", "v1.a.b"),
            ("chatty-context", "v1.c.d"),
            ("authorization", "Bearer x"),
            ("content-length", "3"),
        ] {
            headers.append(name, HeaderValue::from_static(value));
        }
        strip(&mut headers);
        let mut left: Vec<_> = headers.keys().map(HeaderName::as_str).collect();
        left.sort_unstable();
        assert_eq!(left, ["authorization", "content-length"]);
    }

    #[test]
    fn a_path_may_not_climb_out_of_its_prefix() {
        for path in ["/a/../b", "/a/%2E%2e/b", "/a/..%2fb", "/a/..\\b", "/a/.", "/a/..%5Cb"] {
            assert!(climbs(path), "{path}");
        }
        for path in ["/.well-known/jwks.json", "/a/..b", "/a/...", "/"] {
            assert!(!climbs(path), "{path}");
        }
    }
}
