//! A subscription's events from a subgraph behind HTTP: server-sent events with one GraphQL response each.

use std::{sync::Arc, time::Duration};

use axum::body::{Body, BodyDataStream};
use bytes::Bytes;
use futures_util::{
    StreamExt,
    stream::{self, BoxStream},
};
use tokio::time::{Instant, timeout};

use super::{
    Answer, Failure,
    endpoints::Place,
    response::{self, MAX_RESPONSE_BYTES},
    sse::Parser,
};
use crate::data::Data;

/// How long a stream may be silent. Chatty's subgraphs send a comment every 10 s.
const SILENCE: Duration = Duration::from_secs(45);

struct Events {
    subgraph: Arc<str>,
    trace_id: String,
    chunks: BodyDataStream,
    parser: Parser,
    /// The stream counts as a request at its endpoint for as long as it is open.
    place: Place,
    /// How long it may be silent.
    patience: Duration,
}

/// How a stream broke.
#[derive(Debug, thiserror::Error)]
enum Break {
    #[error("an event is no GraphQL response")]
    NotGraphql(#[from] response::NotGraphql),
    #[error("an event has more than {MAX_RESPONSE_BYTES} bytes")]
    TooLong,
    #[error("the connection broke")]
    Connection(#[from] axum::Error),
    #[error("the stream ended without saying so")]
    Unfinished,
    #[error("nothing was heard for too long")]
    Silent,
}

/// The events until the stream says that it is complete; one that ends in another way has a failure as its last item.
/// Dropping it closes the connection.
pub(super) fn read(
    subgraph: Arc<str>,
    trace_id: String,
    body: Body,
    place: Place,
) -> BoxStream<'static, Result<Answer, Failure>> {
    let parser = Parser::new(MAX_RESPONSE_BYTES);
    Events { subgraph, trace_id, chunks: body.into_data_stream(), parser, place, patience: SILENCE }.stream()
}

impl Events {
    fn stream(self) -> BoxStream<'static, Result<Answer, Failure>> {
        stream::unfold(Some(self), |events| async move {
            let mut events = events?;
            match events.next().await {
                Ok(answer) => Some((Ok(answer?), Some(events))),
                Err(broken) => {
                    events.tell(&broken);
                    Some((Err(Failure::Unavailable), None))
                }
            }
        })
        .boxed()
    }

    /// The next response; `None` once the stream is complete.
    async fn next(&mut self) -> Result<Option<Answer>, Break> {
        loop {
            while let Some(event) = self.parser.next() {
                match event.kind.as_slice() {
                    b"next" => {
                        // Read again by whoever completes it; a stream that says anything else has broken.
                        let answer = Answer::from(Bytes::from(event.data));
                        answer.read(&mut Data::new())?;
                        return Ok(Some(answer));
                    }
                    b"complete" => return Ok(None),
                    _ => {}
                }
            }
            let chunk = timeout(self.patience, self.chunks.next()).await.map_err(|_elapsed| Break::Silent)?;
            let chunk = chunk.ok_or(Break::Unfinished)??;
            self.parser.feed(&chunk).map_err(|_| Break::TooLong)?;
        }
    }

    fn tell(&mut self, broken: &Break) {
        if matches!(broken, Break::Silent | Break::Connection(_)) {
            self.place.failed(Instant::now());
        }
        let (subgraph, trace_id) = (&*self.subgraph, &self.trace_id);
        tracing::warn!(subgraph, trace_id, error = broken as &dyn std::error::Error, "a subgraph's stream broke");
    }
}

#[cfg(test)]
mod tests {
    use futures_util::future::ready;

    use super::*;
    use crate::upstream::endpoints::Endpoints;

    #[tokio::test]
    async fn a_silent_stream_is_given_up_and_its_endpoint_set_aside() {
        let endpoints = Endpoints::new(vec!["http://10.0.0.1/".parse().unwrap()]);
        let place = endpoints.place(&[], true, Instant::now()).unwrap();
        let begun = stream::once(ready(Ok::<_, axum::Error>(Bytes::from_static(b"event: next\n"))));
        let events = Events {
            subgraph: "quiet".into(),
            trace_id: String::new(),
            chunks: Body::from_stream(begun.chain(stream::pending())).into_data_stream(),
            parser: Parser::new(MAX_RESPONSE_BYTES),
            place,
            patience: Duration::from_millis(10),
        };
        let found: Vec<_> = events.stream().collect().await;
        assert!(matches!(found[..], [Err(Failure::Unavailable)]), "{found:?}");
        assert!(endpoints.place(&[], true, Instant::now()).unwrap().last_resort);
    }

    #[tokio::test]
    async fn an_event_may_be_as_long_as_an_answer() {
        let endpoints = Endpoints::new(vec!["http://10.0.0.1/".parse().unwrap()]);
        let event = async |line_bytes: usize| {
            let place = endpoints.place(&[], true, Instant::now()).unwrap();
            let data = r#"data: {"data":{}}"#;
            let line = data.to_owned() + &" ".repeat(line_bytes - data.len());
            let body =
                ["event: next\n", &line, "\n\nevent: complete\n\n"].map(|text| Ok::<_, axum::Error>(text.to_owned()));
            read("long".into(), String::new(), Body::from_stream(stream::iter(body)), place).collect::<Vec<_>>().await
        };
        assert!(matches!(event(MAX_RESPONSE_BYTES).await[..], [Ok(_)]));
        assert!(matches!(event(MAX_RESPONSE_BYTES + 1).await[..], [Err(Failure::Unavailable)]));
    }
}
