//! What subgraphs say went wrong, and how much of it clients may hear.

use std::borrow::Cow;

use async_graphql::{PathSegment, ServerError, Value as OwnedValue};
use chatty_access::Caller;
use chatty_kit::Code;

use super::{representation::MOST_ASKED, room::MOST_ANSWERED};
use crate::{
    complete::SubgraphError,
    data::{TooManyViews, Value},
    upstream::{NotGraphql, Response},
};

/// Why an answer is not taken in.
#[derive(Debug, thiserror::Error)]
pub(super) enum Unfit {
    #[error("no GraphQL response")]
    NotGraphql(#[from] NotGraphql),
    #[error("the answers to one operation have more than {MOST_ANSWERED} bytes")]
    TooLong,
    #[error("the entities to ask for take more than {MOST_ASKED} bytes")]
    TooMuchAsked,
    #[error("something else than the entities that were asked for")]
    NoEntities,
    #[error(transparent)]
    TooManyViews(#[from] TooManyViews),
}

/// A subgraph's answer.
pub(super) struct Answered<'a> {
    pub(super) data: Value<'a>,
    pub(super) errors: Vec<PlacedError>,
}

/// An error and its path in the subgraph's own response.
pub(super) struct PlacedError {
    pub(super) path: Vec<PathSegment>,
    pub(super) error: SubgraphError,
}

/// Steps of an error's path that are believed. No operation is so deep.
const LONGEST_PATH: usize = 128;

/// Errors of one answer that are logged, and the bytes of each one's message.
const LOGGED_ERRORS: usize = 5;
const LOGGED_BYTES: usize = 1024;

/// What clients may hear of a foreign subgraph's extensions besides the code.
const FOREIGN_EXTENSIONS: [&str; 1] = ["retryAfterMs"];

impl<'a> Answered<'a> {
    /// Takes an answer of a subgraph, which `is_ours` or foreign.
    pub(super) fn from_response(response: Response<'a>, subgraph: &str, is_ours: bool, caller: &Caller) -> Self {
        let mut masked = 0_usize;
        let mut take = |error: ServerError| {
            if public_code(&error).is_none() {
                masked += 1;
                if masked <= LOGGED_ERRORS {
                    let message = &error.message[..error.message.floor_char_boundary(LOGGED_BYTES)];
                    tracing::error!(subgraph, trace_id = caller.trace_id, message, "a subgraph failed");
                }
            }
            PlacedError::new(error, is_ours)
        };
        let errors = response.errors.into_iter().map(&mut take).collect();
        if masked > LOGGED_ERRORS {
            tracing::error!(subgraph, trace_id = caller.trace_id, errors = masked, "a subgraph failed more than once");
        }
        Self { data: response.data, errors }
    }
}

impl PlacedError {
    /// An error with a code was meant for clients. Anything else is a failure of the subgraph, and is masked.
    fn new(error: ServerError, is_ours: bool) -> Self {
        let mut public = match public_code(&error) {
            Some(code) => SubgraphError {
                code: Cow::Owned(code.to_owned()),
                extensions: further_extensions(&error, is_ours),
                ..SubgraphError::new(Code::Internal, &error.message)
            },
            None => SubgraphError::new(Code::Internal, "internal error"),
        };
        // Places are walked by recursion. An error at no place of the operation is one of the request.
        let path = if error.path.len() > LONGEST_PATH { Vec::new() } else { error.path };
        public.once = path.is_empty();
        Self { path, error: public }
    }
}

/// The code of an error that clients may see.
fn public_code(error: &ServerError) -> Option<&str> {
    let code = match error.extensions.as_ref()?.get("code")? {
        OwnedValue::String(code) => code.as_str(),
        OwnedValue::Enum(code) => code.as_str(),
        _ => return None,
    };
    is_public(code).then_some(code)
}

/// A code in the usual spelling that does not say "our fault", nor that the gateway's own document was refused.
fn is_public(code: &str) -> bool {
    let of_the_document = [Code::GraphqlParseFailed, Code::GraphqlValidationFailed, Code::LimitExceeded];
    if of_the_document.iter().any(|refused| refused.as_str() == code) {
        return false;
    }
    let is_letter = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_';
    !code.is_empty() && code.len() <= 64 && code.bytes().all(is_letter) && !code.starts_with("INTERNAL")
}

/// The members of `extensions` that clients may see, besides those that the gateway writes.
fn further_extensions(error: &ServerError, is_ours: bool) -> Vec<(String, OwnedValue)> {
    let Some(extensions) = &error.extensions else { return Vec::new() };
    // The type's only way to list its members is its serialised form.
    let Ok(OwnedValue::Object(members)) = async_graphql::to_value(extensions) else { return Vec::new() };
    members
        .into_iter()
        .filter(|(name, _)| *name != *"code" && *name != *"traceId" && !is_of_a_debugger(name))
        .filter(|(name, _)| is_ours || FOREIGN_EXTENSIONS.contains(&name.as_str()))
        .map(|(name, value)| (name.to_string(), value))
        .collect()
}

/// Whether servers tell their own developers something under this name.
fn is_of_a_debugger(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    name == "stacktrace" || name == "exception" || name.starts_with("debug")
}

#[cfg(test)]
mod tests {
    use std::{
        fmt::Write,
        sync::{Arc, Mutex},
    };

    use tracing::{Event, Metadata, Subscriber, field, span};

    use super::*;

    /// Keeps the fields of what is logged, as text.
    #[derive(Clone, Default)]
    struct Log(Arc<Mutex<Vec<String>>>);

    impl Subscriber for Log {
        fn enabled(&self, _: &Metadata<'_>) -> bool {
            true
        }

        fn new_span(&self, _: &span::Attributes<'_>) -> span::Id {
            span::Id::from_u64(1)
        }

        fn record(&self, _: &span::Id, _: &span::Record<'_>) {}

        fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}

        fn event(&self, event: &Event<'_>) {
            let mut text = String::new();
            event.record(&mut |field: &field::Field, value: &dyn std::fmt::Debug| {
                write!(text, "{field}={value:?} ").unwrap();
            });
            self.0.lock().unwrap().push(text);
        }

        fn enter(&self, _: &span::Id) {}

        fn exit(&self, _: &span::Id) {}
    }

    #[test]
    fn of_many_failures_the_first_are_logged_and_all_are_counted() {
        let errors = vec![ServerError::new("ü".repeat(10_000), None); 90];
        let response = Response { data: Value::Null, errors };
        let log = Log::default();
        let caller = Caller::anonymous();
        let answered = tracing::subscriber::with_default(log.clone(), || {
            Answered::from_response(response, "posts", true, &caller)
        });
        assert_eq!(answered.errors.len(), 90);
        let lines = log.0.lock().unwrap();
        assert_eq!(lines.len(), LOGGED_ERRORS + 1);
        assert!(lines.iter().all(|line| line.len() < 2 * LOGGED_BYTES), "{lines:?}");
        assert!(lines[LOGGED_ERRORS].contains("errors=90"), "{}", lines[LOGGED_ERRORS]);
    }
}
