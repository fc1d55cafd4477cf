//! GraphQL over server-sent events: `graphql-sse` in distinct-connections mode, one operation a connection.
//!
//! Each response is a `next`, the end a `complete`. What the document is refused for comes as the one `next`, so that
//! clients that can read nothing but events learn of it; what is no GraphQL request never becomes a stream. `stream` is
//! the life of one, `event` what it says.

mod event;
mod stream;

use std::sync::Arc;

use axum::{
    body::Body,
    response::{IntoResponse, Response},
};
use chatty_access::Caller;
use http::{HeaderName, HeaderValue, header};

use self::stream::Stream;
use super::{RouterState, operation, places::Place};
use crate::{Answer, OperationKind, Prepared};

/// Keeps the most common proxy from collecting events before it passes them on.
const UNBUFFERED: (HeaderName, HeaderValue) =
    (HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no"));

/// Runs an operation; its answers are the events.
pub(super) fn respond(state: Arc<RouterState>, prepared: Prepared, caller: Caller, place: Place) -> Response {
    // What ends by itself may do so while the process stops.
    let endless = prepared.kind() == OperationKind::Subscription;
    let events = operation::run(&state.gateway, prepared, caller.clone());
    with_headers(Stream { state, caller, events, endless }.open(place))
}

/// Tells of an operation that is refused.
pub(super) fn refuse(answer: &Answer) -> Response {
    with_headers([event::next(&answer.body), event::COMPLETE].concat().into())
}

fn with_headers(body: Body) -> Response {
    let content_type = (header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream; charset=utf-8"));
    ([content_type, UNBUFFERED], body).into_response()
}
