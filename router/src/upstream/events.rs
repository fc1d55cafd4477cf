//! A subscription's events from a subgraph behind HTTP: server-sent events with one GraphQL response each.

use std::{sync::Arc, time::Duration};

use async_graphql::Response;
use axum::body::{Body, BodyDataStream};
use futures_util::{
    StreamExt,
    stream::{self, BoxStream},
};
use tokio::time::{Instant, timeout};

use super::{Failure, endpoints::Lease, response, sse::Parser};

/// How long a stream may be silent. Chatty's subgraphs send a comment every 10 s.
const SILENCE: Duration = Duration::from_secs(45);

/// Bytes of one event: what a client's answer may have by default.
const MAX_EVENT_BYTES: usize = 16 * 1024 * 1024;

struct Events {
    subgraph: Arc<str>,
    trace_id: String,
    chunks: BodyDataStream,
    parser: Parser,
    /// The stream counts as a request at its endpoint for as long as it is open.
    lease: Lease,
}

/// How a stream broke.
#[derive(Debug, thiserror::Error)]
enum Break {
    #[error("an event is no GraphQL response")]
    NotGraphql(#[from] response::NotGraphql),
    #[error("an event has more than {MAX_EVENT_BYTES} bytes")]
    TooLong,
    #[error("the connection broke")]
    Connection(#[from] axum::Error),
    #[error("the stream ended without saying so")]
    Unfinished,
    #[error("nothing was heard for 45 s")]
    Silent,
}

/// The events until the stream says that it is complete; one that ends in another way has a failure as its last item.
/// Dropping it closes the connection.
pub(super) fn read(
    subgraph: Arc<str>,
    trace_id: String,
    body: Body,
    lease: Lease,
) -> BoxStream<'static, Result<Response, Failure>> {
    let chunks = body.into_data_stream();
    let events = Events { subgraph, trace_id, chunks, parser: Parser::new(MAX_EVENT_BYTES), lease };
    stream::unfold(Some(events), |events| async move {
        let mut events = events?;
        match events.next().await {
            Ok(response) => Some((Ok(response?), Some(events))),
            Err(broken) => {
                events.tell(&broken);
                Some((Err(Failure::Unavailable), None))
            }
        }
    })
    .boxed()
}

impl Events {
    /// The next response; `None` once the stream is complete.
    async fn next(&mut self) -> Result<Option<Response>, Break> {
        loop {
            while let Some(event) = self.parser.next() {
                match event.kind.as_slice() {
                    b"next" => return Ok(Some(response::parse(&event.data)?)),
                    b"complete" => return Ok(None),
                    _ => {}
                }
            }
            let chunk = timeout(SILENCE, self.chunks.next()).await.map_err(|_elapsed| Break::Silent)?;
            let chunk = chunk.ok_or(Break::Unfinished)??;
            self.parser.feed(&chunk).map_err(|_| Break::TooLong)?;
        }
    }

    fn tell(&self, broken: &Break) {
        if matches!(broken, Break::Silent | Break::Connection(_)) {
            self.lease.failed(Instant::now());
        }
        let (subgraph, trace_id) = (&*self.subgraph, &self.trace_id);
        tracing::warn!(subgraph, trace_id, error = broken as &dyn std::error::Error, "a subgraph's stream broke");
    }
}
