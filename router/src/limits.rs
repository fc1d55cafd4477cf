//! What one request may ask for. The defaults hold for any supergraph.

use std::{collections::BTreeMap, time::Duration};

use chatty_kit::scan::{Excess, ScanLimits};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The limits of one request; every one is inclusive.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    /// Bytes of a request body after decompression.
    pub body_bytes: usize,
    /// Bytes of the document.
    pub document_bytes: usize,
    /// Lexical tokens of the document.
    pub tokens: usize,
    /// Nested brackets of any kind.
    pub bracket_depth: usize,
    /// Operations in one document.
    pub operations: usize,
    /// Bytes of an answer. What a null further down makes the answer lose again counts as well.
    pub answer_bytes: usize,
    /// Fields, fragments and spreads from the root to the deepest leaf, fragments expanded.
    pub depth: usize,
    /// Selections after fragments and interfaces are expanded. An operation that asks for `__schema` or `__type` weighs
    /// at least what it spells before equal selections are merged.
    pub weight: u64,
    /// The same for callers who are not signed in.
    pub anonymous_weight: u64,
    /// Whether callers who are not signed in may ask for `__schema` and `__type`. Never in production.
    pub anonymous_introspection: bool,
    /// Depth of `__schema` and `__type`, counted alone. Of lists that multiply (`fields`, `interfaces`, `possibleTypes`,
    /// `inputFields`) two may stand inside each other, whatever this says.
    pub introspection_depth: usize,
    /// Aliases, equal leaves of one object counted once.
    pub aliases: usize,
    /// Root fields of a query.
    pub root_fields: usize,
    /// Root fields of a mutation.
    pub mutations: usize,
    /// Directives in the document.
    pub directives: usize,
    /// Variables that `@skip` and `@include` depend on; each doubles the plans of an operation.
    pub condition_variables: usize,
    /// Subgraph requests in one plan.
    pub fetches: usize,
    /// Milliseconds that a subgraph may take for one request, further tries included.
    pub subgraph_timeout_ms: u64,
    /// The same for some subgraphs by their names, in place of `subgraph_timeout_ms`.
    pub subgraph_timeouts_ms: BTreeMap<String, u64>,
    /// Open operations on one socket.
    pub subscriptions: usize,
    /// Errors in one answer.
    pub errors: usize,
    /// Bytes of one error's message, and of its extensions besides `code`; those that take more are left out.
    pub error_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            body_bytes: 1024 * 1024,
            document_bytes: 32 * 1024,
            tokens: 5_000,
            bracket_depth: 64,
            operations: 16,
            answer_bytes: 16 * 1024 * 1024,
            depth: 20,
            weight: 1_000,
            anonymous_weight: 500,
            anonymous_introspection: true,
            introspection_depth: 30,
            aliases: 100,
            root_fields: 50,
            mutations: 4,
            directives: 50,
            condition_variables: 8,
            fetches: 50,
            subgraph_timeout_ms: 10_000,
            subgraph_timeouts_ms: BTreeMap::new(),
            subscriptions: 100,
            errors: 10,
            error_bytes: 512,
        }
    }
}

impl Limits {
    /// What the linear scan lets through to the parser.
    pub(crate) fn scan(&self) -> ScanLimits {
        ScanLimits { bytes: self.document_bytes, tokens: self.tokens, depth: self.bracket_depth }
    }

    /// How long this subgraph may take for one request.
    pub(crate) fn subgraph_timeout(&self, subgraph: &str) -> Duration {
        let configured = self.subgraph_timeouts_ms.get(subgraph).copied();
        Duration::from_millis(configured.unwrap_or(self.subgraph_timeout_ms))
    }
}

/// A request that asks for more than [`Limits`] allow.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct LimitExceeded {
    /// The limit's name in `extensions.limit`: `depth`, `aliases`, `tokens`, `weight`, `rootFields`, `answerSize`, ….
    pub limit: &'static str,
    /// What is allowed.
    pub allowed: u64,
    /// What was measured, in words.
    pub message: String,
}

impl LimitExceeded {
    pub(crate) fn new(limit: &'static str, allowed: u64) -> Self {
        Self { limit, allowed, message: format!("the request exceeds the limit `{limit}` of {allowed}") }
    }

    /// In other words, where the limit's name does not say what was measured.
    pub(crate) fn saying(self, message: String) -> Self {
        Self { message, ..self }
    }

    /// Refuses `actual` when it is more than `allowed`.
    pub(crate) fn check(limit: &'static str, actual: usize, allowed: usize) -> Result<(), Self> {
        if actual <= allowed { Ok(()) } else { Err(Self::new(limit, allowed as u64)) }
    }
}

impl From<Excess> for LimitExceeded {
    fn from(excess: Excess) -> Self {
        Self { limit: excess.limit(), allowed: excess.allowed() as u64, message: excess.to_string() }
    }
}
