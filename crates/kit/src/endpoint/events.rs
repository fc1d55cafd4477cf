//! Answers as Server-Sent Events: each response a `next`, then `complete` (graphql-sse, distinct connections).

use std::{convert::Infallible, future::ready, panic::AssertUnwindSafe, sync::Arc, time::Duration};

use async_graphql::{Request, Response as GraphqlResponse};
use axum::response::{
    IntoResponse, Response,
    sse::{Event, KeepAlive, Sse},
};
use futures_util::{StreamExt, stream};

use super::Port;

/// How long a stream is silent before it says that it lives. A peer that has gone is noticed by the second time.
const KEEP_ALIVE: Duration = Duration::from_secs(10);

/// A stream of all responses to `request`. It ends with `complete`, unless the process stops first: then the router
/// knows that there would have been more.
pub(super) fn respond(port: &Arc<Port>, request: Request, trace_id: String) -> Response {
    let stopping = port.stopping.clone().cancelled_owned();
    let port = Arc::clone(port);
    let responses = AssertUnwindSafe(port.subgraph.subscribe(request)).catch_unwind();
    let events = responses
        .map(move |response| next(&response.unwrap_or_else(|_panic| port.panicked(&trace_id))))
        // Browsers and parsers like theirs drop events without data.
        .chain(stream::once(ready(Event::default().event("complete").data("null"))))
        .take_until(stopping)
        .map(Ok::<_, Infallible>);
    Sse::new(events).keep_alive(KeepAlive::new().interval(KEEP_ALIVE)).into_response()
}

fn next(response: &GraphqlResponse) -> Event {
    Event::default().event("next").json_data(response).expect("values and errors are always JSON")
}
