//! What goes into the gateway and what comes out.

use async_graphql::Variables;
use bytes::Bytes;
use chatty_access::Caller;
use chatty_kit::Code;

/// One GraphQL request, parsed by a transport.
#[derive(Debug, Clone, Default)]
pub struct GraphqlRequest {
    /// The document.
    pub query: String,
    /// Which operation of the document to run; needed only where it has several.
    pub operation_name: Option<String>,
    /// Raw values, not yet coerced.
    pub variables: Variables,
}

/// A whole GraphQL response, ready to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The response as JSON in UTF-8.
    pub body: Bytes,
    /// Whether the operation was executed.
    pub kind: AnswerKind,
}

/// Whether an operation was executed; a transport derives its status from this.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AnswerKind {
    /// The answer has a `data` member, which may be null.
    Executed,
    /// The request was refused before execution; there is no `data`.
    Refused(Code),
}

impl Answer {
    /// Refuses a request with one error and no data, as a transport does for what never reached the engine.
    pub fn refused(code: Code, message: &str, caller: &Caller) -> Self {
        let error = serde_json::json!({
            "message": message,
            "extensions": { "code": code.as_str(), "traceId": caller.trace_id },
        });
        let body = serde_json::json!({ "errors": [error] }).to_string();
        Self { body: body.into(), kind: AnswerKind::Refused(code) }
    }
}
