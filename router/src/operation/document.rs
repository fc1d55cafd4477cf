//! A parsed, validated document with one selected operation.

use apollo_compiler::{
    ExecutableDocument, Name, Node,
    executable::{Operation, OperationType},
    parser::Parser,
    validation::Valid,
};
use chatty_kit::Code;

use super::{cache::check_weight, conditions::DirectiveUse, measure::spelled, refusal::Refusal, variables::Coerced};
use crate::{LimitExceeded, Limits, OperationKind, supergraph::Supergraph};

/// How many times the limit on the weight a document may spell before equal selections are merged.
const REPETITION: u64 = 10;

/// A document that fits the API schema, with the operation to run.
pub(crate) struct Document {
    pub(crate) source: Valid<ExecutableDocument>,
    pub(crate) operation: Node<Operation>,
    pub(crate) kind: OperationKind,
    /// The variables that decide what is selected.
    pub(crate) condition_variables: Vec<Name>,
}

impl Document {
    /// Parses, validates and selects.
    pub(crate) fn parse(
        supergraph: &Supergraph,
        limits: &Limits,
        text: &str,
        operation_name: Option<&str>,
    ) -> Result<Self, Refusal> {
        let source = Parser::new()
            .token_limit(limits.document_bytes)
            .parse_ast(text, "request.graphql")
            .map_err(|invalid| Refusal::from_diagnostics(Code::GraphqlParseFailed, &invalid.errors, limits))?
            .to_executable_validate(&supergraph.api)
            .map_err(|invalid| Refusal::from_diagnostics(Code::GraphqlValidationFailed, &invalid.errors, limits))?;
        LimitExceeded::check("operations", source.operations.len(), limits.operations)?;
        let operation = select(&source, operation_name)?.clone();
        check_weight(spelled(&source, &operation), limits.weight.saturating_mul(REPETITION))?;
        let directives = DirectiveUse::of(&source, &operation);
        LimitExceeded::check("directives", directives.count, limits.directives)?;
        LimitExceeded::check("conditionVariables", directives.variables.len(), limits.condition_variables.min(16))?;
        let kind = match operation.operation_type {
            OperationType::Query => OperationKind::Query,
            OperationType::Mutation => OperationKind::Mutation,
            OperationType::Subscription => OperationKind::Subscription,
        };
        Ok(Self { source, operation, kind, condition_variables: directives.variables })
    }

    /// The values of the condition variables, a bit each. One that is absent or null counts as false.
    pub(crate) fn condition_values(&self, variables: &Coerced) -> u32 {
        let is_true = |name: &Name| variables.get(name) == Some(&async_graphql::Value::Boolean(true));
        let bits = self.condition_variables.iter().enumerate();
        bits.fold(0, |bits, (at, name)| bits | u32::from(is_true(name)) << at)
    }
}

fn select<'d>(document: &'d ExecutableDocument, name: Option<&str>) -> Result<&'d Node<Operation>, Refusal> {
    document.operations.get(name).map_err(|_| {
        let reason = match name {
            Some(_) => "the document has no operation of that name",
            None if document.operations.is_empty() => "the document has no operation",
            None => "the document has several operations; say which by `operationName`",
        };
        Refusal::new(Code::GraphqlValidationFailed, reason)
    })
}
