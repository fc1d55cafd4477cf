//! Codes for what a schema on the network refuses before it executes anything.
//!
//! A schema in the router's process gives none: there such an error is a failure of ours, and the router masks what has
//! no code.

use std::sync::Arc;

use async_graphql::async_trait::async_trait;
use async_graphql::{
    ErrorExtensionValues, Response, ServerError, ServerResult, ValidationResult, Variables,
    extensions::{Extension, ExtensionContext, ExtensionFactory, NextParseQuery, NextRequest, NextValidation},
    parser::types::ExecutableDocument,
};
use chatty_kit::Code;

pub(crate) struct Refusals;

impl ExtensionFactory for Refusals {
    fn create(&self) -> Arc<dyn Extension> {
        Arc::new(Self)
    }
}

#[async_trait]
impl Extension for Refusals {
    /// What has no code after everything else was refused before execution: an operation that is not in the document.
    async fn request(&self, ctx: &ExtensionContext<'_>, next: NextRequest<'_>) -> Response {
        let mut response = next.run(ctx).await;
        for error in response.errors.iter_mut().filter(|error| error.extensions.is_none()) {
            refuse(error, Code::GraphqlValidationFailed);
        }
        response
    }

    async fn parse_query(
        &self,
        ctx: &ExtensionContext<'_>,
        query: &str,
        variables: &Variables,
        next: NextParseQuery<'_>,
    ) -> ServerResult<ExecutableDocument> {
        next.run(ctx, query, variables).await.map_err(|mut error| {
            refuse(&mut error, Code::GraphqlParseFailed);
            error
        })
    }

    async fn validation(
        &self,
        ctx: &ExtensionContext<'_>,
        next: NextValidation<'_>,
    ) -> Result<ValidationResult, Vec<ServerError>> {
        next.run(ctx).await.map_err(|mut errors| {
            for error in &mut errors {
                refuse(error, Code::GraphqlValidationFailed);
            }
            errors
        })
    }
}

/// Gives an error that the library made before execution its code; of a limit it is the limit's.
fn refuse(error: &mut ServerError, code: Code) {
    let mut extensions = ErrorExtensionValues::default();
    // The library tells its limits from what is wrong by these words alone.
    let limit = match error.message.as_str() {
        "Query is too complex." => Some("weight"),
        "Query is nested too deep." => Some("depth"),
        message if message.starts_with("The recursion depth of the query cannot be greater than") => Some("depth"),
        _ => None,
    };
    if let Some(limit) = limit {
        extensions.set("limit", limit);
    }
    extensions.set("code", limit.map_or(code, |_| Code::LimitExceeded).as_str());
    error.extensions = Some(extensions);
}
