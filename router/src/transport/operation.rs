//! One operation on a transport with a stream of answers: everything the client is to hear of it, whatever happens in it.

use std::panic::AssertUnwindSafe;

use bytes::Bytes;
use chatty_access::Caller;
use chatty_kit::Code;
use futures_util::{
    Stream, StreamExt,
    future::ready,
    stream::{self, BoxStream},
};
use http::StatusCode;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::refusal::Refusal;
use crate::{Answer, AnswerKind, Gateway, GraphqlRequest, Prepared};

/// What an operation has to say.
#[derive(Debug)]
pub(super) enum Event {
    /// The JSON of a response.
    Next(Bytes),
    /// The JSON of an array of errors. The last event, also where the stream would go on.
    Error(Vec<u8>),
    /// The last event.
    Complete,
}

/// Prepares and starts an operation once the stream is polled.
pub(super) fn open(gateway: Gateway, request: GraphqlRequest, caller: Caller) -> BoxStream<'static, Event> {
    let trace_id = caller.trace_id.clone();
    let opened = async move { gateway.subscribe(request, caller).await };
    let answers = stream::once(opened).flat_map(|opened| match opened {
        Ok(answers) => until_end(answers),
        Err(refusal) => stream::once(ready(Some(refusal))).boxed(),
    });
    narrate(answers, trace_id).boxed()
}

/// Starts a prepared operation once the stream is polled.
pub(super) fn run(gateway: &Gateway, prepared: Prepared, caller: Caller) -> BoxStream<'static, Event> {
    let trace_id = caller.trace_id.clone();
    narrate(until_end(gateway.stream(prepared, caller)), trace_id).boxed()
}

/// The answers, and `None` for their end.
fn until_end(answers: BoxStream<'static, Answer>) -> BoxStream<'static, Option<Answer>> {
    answers.map(Some).chain(stream::once(ready(None))).boxed()
}

/// Turns answers, and `None` for their end, into events. A panic becomes an error and stays the operation's own.
fn narrate(answers: impl Stream<Item = Option<Answer>>, trace_id: String) -> impl Stream<Item = Event> {
    AssertUnwindSafe(answers).catch_unwind().map(move |answer| {
        let event = match answer {
            Ok(Some(answer)) => event(answer),
            Ok(None) => Ok(Event::Complete),
            Err(_) => {
                tracing::error!(trace_id, "an operation panicked");
                Err(internal())
            }
        };
        event.unwrap_or_else(|refusal| Event::Error(refusal.errors(&trace_id)))
    })
}

fn event(answer: Answer) -> Result<Event, Refusal> {
    match answer.kind {
        AnswerKind::Executed => Ok(Event::Next(answer.body)),
        AnswerKind::Refused(_) => {
            errors_of(&answer.body).map(|errors| Event::Error(errors.to_vec())).ok_or_else(internal)
        }
    }
}

/// The `errors` of a refused operation's body.
fn errors_of(body: &[u8]) -> Option<&[u8]> {
    #[derive(Deserialize)]
    struct Body<'a> {
        #[serde(borrow)]
        errors: &'a RawValue,
    }
    serde_json::from_slice::<Body<'_>>(body).ok().map(|body| body.errors.get().as_bytes())
}

fn internal() -> Refusal {
    Refusal::new(StatusCode::INTERNAL_SERVER_ERROR, Code::Internal, "internal error")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_panic_is_the_operations_last_word() {
        let answers = stream::iter(0..3).map(|at| {
            assert!(at < 1, "the third is never asked for");
            Some(Answer { body: "{}".into(), kind: AnswerKind::Executed })
        });
        let events: Vec<_> = narrate(answers, "abc".into()).collect().await;
        let [Event::Next(_), Event::Error(errors)] = events.as_slice() else { panic!("{events:?}") };
        let errors: serde_json::Value = serde_json::from_slice(errors).unwrap();
        assert_eq!(errors[0]["extensions"], serde_json::json!({"code": "INTERNAL", "traceId": "abc"}));
    }

    #[test]
    fn the_errors_of_a_body_are_cut_out_of_it() {
        assert_eq!(errors_of(br#"{"errors": [ {"message":"x"} ]}"#), Some(&br#"[ {"message":"x"} ]"#[..]));
        assert_eq!(errors_of(b"{}"), None);
    }
}
