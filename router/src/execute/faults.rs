//! What subgraphs say went wrong, and how much of it clients may hear.

use std::borrow::Cow;

use async_graphql::{PathSegment, Response, ServerError, Value};
use chatty_access::Caller;
use chatty_kit::Code;

use crate::complete::SubgraphError;

/// A subgraph's answer.
pub(super) struct Answered {
    pub(super) data: Value,
    pub(super) errors: Vec<PlacedError>,
}

/// An error and its path in the subgraph's own response.
pub(super) struct PlacedError {
    pub(super) path: Vec<PathSegment>,
    pub(super) error: SubgraphError,
}

impl Answered {
    pub(super) fn from_response(response: Response, subgraph: &str, caller: &Caller) -> Self {
        let errors = response.errors.into_iter().map(|error| PlacedError::new(error, subgraph, caller)).collect();
        Self { data: response.data, errors }
    }
}

impl PlacedError {
    /// An error with a code was meant for clients. Anything else is a failure of the subgraph, and is masked.
    fn new(error: ServerError, subgraph: &str, caller: &Caller) -> Self {
        let code = error.extensions.as_ref().and_then(|extensions| match extensions.get("code") {
            Some(Value::String(code)) => Some(code.as_str()),
            Some(Value::Enum(code)) => Some(code.as_str()),
            _ => None,
        });
        let mut public = if let Some(code) = code.filter(|code| is_public(code)) {
            SubgraphError {
                code: Cow::Owned(code.to_owned()),
                extensions: further_extensions(&error),
                ..SubgraphError::new(Code::Internal, &error.message)
            }
        } else {
            tracing::error!(subgraph, trace_id = caller.trace_id, message = error.message, "a subgraph failed");
            SubgraphError::new(Code::Internal, "internal error")
        };
        public.once = error.path.is_empty();
        Self { path: error.path, error: public }
    }
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

/// The members of `extensions` besides those that the gateway writes.
fn further_extensions(error: &ServerError) -> Vec<(String, Value)> {
    let Some(extensions) = &error.extensions else { return Vec::new() };
    // The type's only way to list its members is its serialised form.
    let Ok(Value::Object(members)) = async_graphql::to_value(extensions) else { return Vec::new() };
    members
        .into_iter()
        .filter(|(name, _)| *name != *"code" && *name != *"traceId")
        .map(|(name, value)| (name.to_string(), value))
        .collect()
}
