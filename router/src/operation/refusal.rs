//! Why an operation is refused before it is executed; cached like a success, so without the caller's trace id.

use std::sync::Arc;

use apollo_compiler::{Node, parser::SourceMap, validation::DiagnosticList};
use bytes::Bytes;
use chatty_access::Caller;
use chatty_kit::Code;

use crate::{Answer, AnswerKind, LimitExceeded, Limits, complete::json};

/// A request error: there will be no `data`. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Refusal {
    code: Code,
    reasons: Arc<[Reason]>,
    limit: Option<&'static str>,
}

#[derive(Debug)]
struct Reason {
    message: String,
    /// Line and column, from 1.
    locations: Vec<(usize, usize)>,
}

impl Refusal {
    pub(crate) fn new(code: Code, message: impl Into<String>) -> Self {
        let reason = Reason { message: message.into(), locations: Vec::new() };
        Self { code, reasons: Arc::new([reason]), limit: None }
    }

    /// A refusal of something in the document.
    pub(crate) fn at<T>(code: Code, message: String, node: &Node<T>, sources: &SourceMap) -> Self {
        let range = node.line_column_range(sources);
        let locations = range.map(|range| (range.start.line, range.start.column)).into_iter().collect();
        Self { code, reasons: Arc::new([Reason { message, locations }]), limit: None }
    }

    /// Something of ours failed; the cause belongs into the log.
    pub(crate) fn internal() -> Self {
        Self::new(Code::Internal, "internal error")
    }

    /// The first complaints of the parser or the validator.
    pub(crate) fn from_diagnostics(code: Code, diagnostics: &DiagnosticList, limits: &Limits) -> Self {
        let mut diagnostics: Vec<_> = diagnostics.iter().collect();
        // The validator drops what it does not know and then misses it; the cause is told before the consequence.
        diagnostics.sort_by_key(|diagnostic| diagnostic.error.to_string().ends_with("must have a subselection set"));
        let reasons = diagnostics
            .into_iter()
            .take(limits.errors)
            .map(|diagnostic| Reason {
                message: truncate(diagnostic.error.to_string(), limits.error_bytes),
                locations: diagnostic
                    .line_column_range()
                    .map(|range| (range.start.line, range.start.column))
                    .into_iter()
                    .collect(),
            })
            .collect();
        Self { code, reasons, limit: None }
    }

    /// The whole response.
    pub(crate) fn answer(&self, caller: &Caller) -> Answer {
        let mut body = Vec::with_capacity(256);
        body.push(b'{');
        self.write_errors(&mut body, caller);
        body.push(b'}');
        Answer { body: Bytes::from(body), kind: AnswerKind::Refused(self.code) }
    }

    /// Writes the response's member `errors`.
    pub(crate) fn write_errors(&self, body: &mut Vec<u8>, caller: &Caller) {
        body.extend_from_slice(b"\"errors\":[");
        for (at, reason) in self.reasons.iter().enumerate() {
            body.extend_from_slice(if at == 0 { b"{\"message\":" } else { b",{\"message\":" });
            json::write_str(body, &reason.message);
            for (line, column) in &reason.locations {
                body.extend_from_slice(format!(",\"locations\":[{{\"line\":{line},\"column\":{column}}}]").as_bytes());
            }
            body.extend_from_slice(b",\"extensions\":{\"code\":");
            json::write_str(body, self.code.as_str());
            if let Some(limit) = self.limit {
                body.extend_from_slice(b",\"limit\":");
                json::write_str(body, limit);
            }
            body.extend_from_slice(b",\"traceId\":");
            json::write_str(body, &caller.trace_id);
            body.extend_from_slice(b"}}");
        }
        body.push(b']');
    }

    /// What it takes to keep, in bytes.
    pub(crate) fn bytes(&self) -> usize {
        self.reasons.iter().map(|reason| reason.message.len() + 64).sum()
    }
}

impl From<LimitExceeded> for Refusal {
    fn from(exceeded: LimitExceeded) -> Self {
        Self { limit: Some(exceeded.limit), ..Self::new(Code::LimitExceeded, exceeded.to_string()) }
    }
}

/// Cuts a message to so many bytes, at a character's boundary.
pub(crate) fn truncate(mut message: String, bytes: usize) -> String {
    if message.len() > bytes {
        message.truncate(message.floor_char_boundary(bytes));
    }
    message
}
