//! The error policy: faults become codes, everything else is masked and logged with the trace id.
//!
//! `async-graphql` shows clients the text of any error that passes through `?`. This extension, which every subgraph
//! schema has, is the one place that decides what they see.

use std::sync::Arc;

use async_graphql::async_trait::async_trait;
use async_graphql::{
    ErrorExtensionValues, Response, ServerError, ServerResult,
    extensions::{Extension, ExtensionContext, ExtensionFactory, NextExecute, NextPrepareRequest, NextSubscribe},
};
use chatty_access::{Caller, Scope};
use chatty_kit::{Code, Fault};
use futures_util::{StreamExt, stream::BoxStream};

pub(crate) struct ErrorPolicy;

impl ExtensionFactory for ErrorPolicy {
    fn create(&self) -> Arc<dyn Extension> {
        Arc::new(Self)
    }
}

#[async_trait]
impl Extension for ErrorPolicy {
    async fn execute(&self, ctx: &ExtensionContext<'_>, name: Option<&str>, next: NextExecute<'_>) -> Response {
        let mut response = next.run(ctx, name).await;
        let trace_id = ctx.data_opt::<Caller>().map_or("", |caller| &caller.trace_id);
        for error in &mut response.errors {
            translate(error, trace_id);
        }
        response
    }

    /// A stream that cannot start says so past [`Self::execute`], which only sees its events.
    fn subscribe<'s>(
        &self,
        ctx: &ExtensionContext<'_>,
        stream: BoxStream<'s, Response>,
        next: NextSubscribe<'_>,
    ) -> BoxStream<'s, Response> {
        let translated = next.run(ctx, stream).map(|mut response| {
            for error in response.errors.iter_mut().filter(|error| error.extensions.is_none()) {
                // The request's data, and so its trace, is out of reach here.
                translate(error, "");
            }
            response
        });
        translated.boxed()
    }
}

fn translate(error: &mut ServerError, trace_id: &str) {
    let mut extensions = ErrorExtensionValues::default();
    let code = match (error.source::<Fault>(), &error.source) {
        (Some(fault), _) => {
            match fault {
                Fault::RateLimited { retry_after } => {
                    extensions.set("retryAfterMs", u64::try_from(retry_after.as_millis()).unwrap_or(u64::MAX));
                }
                Fault::Forbidden(scope) => extensions.set("requiredScope", Scope::as_str(*scope)),
                Fault::Internal(source) => log(&**source, trace_id),
                _ => {}
            }
            fault.code()
        }
        // Without a source it is the library's own complaint about an argument.
        (None, None) => Code::BadUserInput,
        (None, Some(_)) => {
            tracing::error!(trace_id, error = error.message, "a resolver failed with an error that is not a fault");
            Code::Internal
        }
    };
    if code == Code::Internal {
        "internal error".clone_into(&mut error.message);
    }
    extensions.set("code", code.as_str());
    error.extensions = Some(extensions);
    error.source = None;
}

fn log(error: &(dyn std::error::Error + 'static), trace_id: &str) {
    tracing::error!(trace_id, error, "a resolver failed");
}

/// Gives every request of a subgraph data of its own, such as its loaders.
pub struct PerRequest<F>(pub Arc<F>);

impl<F> ExtensionFactory for PerRequest<F>
where
    F: Fn(async_graphql::Request) -> async_graphql::Request + Send + Sync + 'static,
{
    fn create(&self) -> Arc<dyn Extension> {
        Arc::new(Self(Arc::clone(&self.0)))
    }
}

#[async_trait]
impl<F> Extension for PerRequest<F>
where
    F: Fn(async_graphql::Request) -> async_graphql::Request + Send + Sync + 'static,
{
    async fn prepare_request(
        &self,
        ctx: &ExtensionContext<'_>,
        request: async_graphql::Request,
        next: NextPrepareRequest<'_>,
    ) -> ServerResult<async_graphql::Request> {
        next.run(ctx, (self.0)(request)).await
    }
}

#[cfg(test)]
mod tests {
    use async_graphql::{EmptyMutation, EmptySubscription, Object, Subscription};
    use chatty_kit::Exposure;
    use futures_util::stream;

    use super::*;

    struct Query;

    #[expect(clippy::unused_async, reason = "resolvers are async, whatever they do")]
    #[Object]
    impl Query {
        async fn database(&self) -> async_graphql::Result<Option<bool>> {
            Err(std::io::Error::other("relation \"secret_table\" does not exist"))?
        }

        async fn wrapped(&self) -> Result<Option<bool>, Fault> {
            Err(Fault::internal("password column missing"))
        }

        async fn busy(&self) -> Result<Option<bool>, Fault> {
            Err(Fault::RateLimited { retry_after: std::time::Duration::from_millis(250) })
        }

        async fn private(&self) -> Result<Option<bool>, Fault> {
            Err(Fault::Forbidden(Scope::AdminRead))
        }
    }

    #[tokio::test]
    async fn faults_become_codes_and_raw_errors_never_reach_the_reply() {
        let schema = crate::subgraph(Query, EmptyMutation, EmptySubscription, Exposure::InProcess).finish();
        let response = schema.execute("{ database wrapped busy private }").await;
        let mut seen: Vec<_> = response
            .errors
            .iter()
            .map(|error| serde_json::to_string(&(&error.message, &error.extensions)).unwrap())
            .collect();
        seen.sort();
        assert_eq!(
            seen,
            [
                r#"["internal error",{"code":"INTERNAL"}]"#,
                r#"["internal error",{"code":"INTERNAL"}]"#,
                r#"["this needs the scope `admin:read`",{"code":"FORBIDDEN","requiredScope":"admin:read"}]"#,
                r#"["too many requests, try again later",{"code":"RATE_LIMITED","retryAfterMs":250}]"#,
            ]
        );
    }
    struct Streams;

    #[expect(clippy::unused_async, reason = "resolvers are async, whatever they do")]
    #[Subscription]
    impl Streams {
        async fn refused(&self) -> Result<stream::Empty<bool>, Fault> {
            Err(Fault::Unauthenticated)
        }

        async fn broken(&self) -> Result<stream::Empty<bool>, Fault> {
            Err(Fault::internal("stream table missing"))
        }

        async fn failing(&self) -> impl stream::Stream<Item = Result<bool, async_graphql::Error>> {
            stream::iter([Ok(true), Err(Fault::internal("stream table missing").into())])
        }
    }

    #[tokio::test]
    async fn streams_that_fail_at_the_start_or_later_do_it_with_a_code() {
        let schema = crate::subgraph(Query, EmptyMutation, Streams, Exposure::InProcess).finish();
        for (field, codes) in
            [("refused", &["UNAUTHENTICATED"][..]), ("broken", &["INTERNAL"]), ("failing", &["", "INTERNAL"])]
        {
            let responses: Vec<_> = schema.execute_stream(format!("subscription {{ {field} }}")).collect().await;
            let seen: Vec<_> = responses
                .iter()
                .map(|response| serde_json::to_value(&response.errors).unwrap())
                .map(|errors| errors[0]["extensions"]["code"].as_str().unwrap_or_default().to_owned())
                .collect();
            assert_eq!(seen, codes);
            assert!(!responses.iter().any(|response| format!("{response:?}").contains("table missing")));
        }
    }
}
