//! A parsed, validated document with one selected operation.

use apollo_compiler::{
    ExecutableDocument, Name, Node,
    executable::{Operation, OperationType},
    parser::Parser,
    validation::Valid,
};
use chatty_kit::Code;

use super::{
    cache::check_weight,
    conditions::DirectiveUse,
    measure::spelled,
    refusal::{Refusal, truncate},
    values,
    variables::Coerced,
};
use crate::{LimitExceeded, Limits, OperationKind, supergraph::Supergraph};

/// How many times the limit on the weight a document may spell before equal selections are merged.
const REPETITION: u64 = 10;

/// A document that fits the API schema, with the operation to run.
pub(crate) struct Document {
    pub(crate) source: Valid<ExecutableDocument>,
    pub(crate) operation: Node<Operation>,
    pub(crate) kind: OperationKind,
    /// Selections once fragments are spread, before equal ones are merged.
    pub(crate) spelled: u64,
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
        values::check(&source, &supergraph.api, limits)?;
        let operation = select(&source, operation_name)?.clone();
        let spelled = spelled(&source, &operation);
        check_weight(spelled, limits.weight.saturating_mul(REPETITION))?;
        let directives = DirectiveUse::of(&source, &operation);
        LimitExceeded::check("directives", directives.count, limits.directives)?;
        LimitExceeded::check("conditionVariables", directives.variables.len(), limits.condition_variables.min(16))?;
        let kind = match operation.operation_type {
            OperationType::Query => OperationKind::Query,
            OperationType::Mutation => OperationKind::Mutation,
            OperationType::Subscription => OperationKind::Subscription,
        };
        Ok(Self { source, operation, kind, spelled, condition_variables: directives.variables })
    }

    /// The values of the condition variables, a bit each. One with a default may be declared nullable and be given a
    /// null all the same, which decides nothing.
    pub(crate) fn condition_values(&self, variables: &Coerced, limits: &Limits) -> Result<u32, Refusal> {
        let mut bits = 0;
        for (at, name) in self.condition_variables.iter().enumerate() {
            let Some(async_graphql::Value::Boolean(value)) = variables.get(name) else {
                let message = format!("variable `${name}`: `@skip` and `@include` take no null");
                return Err(Refusal::new(Code::BadUserInput, truncate(message, limits.error_bytes)));
            };
            bits |= u32::from(*value) << at;
        }
        Ok(bits)
    }
}

/// The document does not have the operation that was asked for. The name is not repeated.
pub(super) fn unknown_operation() -> Refusal {
    Refusal::new(Code::GraphqlValidationFailed, "the document has no operation of that name")
}

fn select<'d>(document: &'d ExecutableDocument, name: Option<&str>) -> Result<&'d Node<Operation>, Refusal> {
    document.operations.get(name).map_err(|_| {
        let reason = match name {
            Some(_) => return unknown_operation(),
            None if document.operations.is_empty() => "the document has no operation",
            None => "the document has several operations; say which by `operationName`",
        };
        Refusal::new(Code::GraphqlValidationFailed, reason)
    })
}
