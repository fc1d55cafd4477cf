//! What accompanies every request: its trace id, and the answer when a handler panics.

use std::panic::AssertUnwindSafe;

use axum::{extract::Request, middleware::Next, response::Response};
use chatty_kit::Code;
use data_encoding::HEXLOWER;
use futures_util::FutureExt;
use http::{Extensions, HeaderMap, HeaderName, HeaderValue, StatusCode, header};

use super::{media::Media, refusal::Refusal};

/// The response header that carries the trace id, for users to quote.
pub const TRACE_ID: HeaderName = HeaderName::from_static("x-trace-id");

const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");

/// 32 hexadecimal digits in lower case, not all zero (W3C Trace Context). An extension of every request.
#[derive(Debug, Clone)]
pub(super) struct TraceId(pub(super) String);

impl TraceId {
    /// The caller's, if it sends a valid `traceparent`, or a new one.
    fn of(headers: &HeaderMap) -> Self {
        let mut values = headers.get_all(TRACEPARENT).iter();
        match (values.next(), values.next()) {
            (Some(value), None) => {
                value.to_str().ok().and_then(parse).map_or_else(Self::random, |id| Self(id.to_owned()))
            }
            _ => Self::random(),
        }
    }

    /// The one that [`accompany`] gave to a request.
    pub(super) fn find(extensions: &Extensions) -> &str {
        &extensions.get::<Self>().expect("every request is accompanied").0
    }

    pub(super) fn random() -> Self {
        let mut bytes = [0_u8; 16];
        aws_lc_rs::rand::fill(&mut bytes).expect("the operating system has random bytes");
        Self(HEXLOWER.encode(&bytes))
    }
}

/// The trace id of a `traceparent`: `version-trace-parent-flags`, of which later versions may have more.
fn parse(traceparent: &str) -> Option<&str> {
    let hex = |text: &str, length: usize| {
        text.len() == length && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
    };
    let zero = |text: &str| text.bytes().all(|byte| byte == b'0');
    let mut parts = traceparent.split('-');
    let (version, trace, parent, flags) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    let well_formed = hex(version, 2) && hex(trace, 32) && hex(parent, 16) && hex(flags, 2);
    let ended = version != "00" || parts.next().is_none();
    (well_formed && ended && version != "ff" && !zero(trace) && !zero(parent)).then_some(trace)
}

/// Gives a request its [`TraceId`] and its response the headers that all have in common; a panic becomes INTERNAL.
pub(super) async fn accompany(mut request: Request, next: Next) -> Response {
    let trace = TraceId::of(request.headers());
    request.extensions_mut().insert(trace.clone());
    let mut response = AssertUnwindSafe(next.run(request)).catch_unwind().await.unwrap_or_else(|_| {
        tracing::error!(trace_id = trace.0, "a request handler panicked");
        Refusal::new(StatusCode::INTERNAL_SERVER_ERROR, Code::Internal, "internal error").respond(Media::Json, &trace.0)
    });
    let headers = response.headers_mut();
    headers.insert(TRACE_ID, HeaderValue::from_str(&trace.0).expect("hexadecimal digits are visible ASCII"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    // A page must not be able to take an answer for a script or a style.
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";

    #[test]
    fn a_valid_traceparent_gives_the_trace_id() {
        assert_eq!(parse(&format!("00-{TRACE}-00f067aa0ba902b7-01")), Some(TRACE));
        assert_eq!(parse(&format!("cc-{TRACE}-00f067aa0ba902b7-01-later")), Some(TRACE));
    }

    #[test]
    fn whatever_else_gives_none() {
        let parent = "00f067aa0ba902b7";
        for text in [
            String::new(),
            TRACE.into(),
            format!("ff-{TRACE}-{parent}-01"),
            format!("00-{TRACE}-{parent}-01-more"),
            format!("00-{}-{parent}-01", TRACE.to_uppercase()),
            format!("00-{}-{parent}-01", "0".repeat(32)),
            format!("00-{TRACE}-0000000000000000-01"),
            format!("00-{TRACE}-{parent}"),
            format!("00-{TRACE}é-{parent}-01"),
        ] {
            assert_eq!(parse(&text), None, "{text}");
        }
    }

    #[test]
    fn random_trace_ids_differ() {
        let (one, other) = (TraceId::random().0, TraceId::random().0);
        assert_ne!(one, other);
        assert_eq!(one.len(), 32);
    }
}
