//! A subgraph in this process, as the router calls it.

use async_graphql::{Executor, ObjectType, Request, Response, Schema, SubscriptionType};
use futures_util::{
    FutureExt, StreamExt,
    future::BoxFuture,
    stream::{self, BoxStream},
};

/// Who sends requests to a subgraph schema, and so what it must check itself. Fixed when the schema is built.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exposure {
    /// The router in the same process, with documents that it has validated and limited.
    InProcess,
    /// A router elsewhere, with texts: they are validated, and limited again.
    Network,
}

/// Executes subgraph requests in memory.
///
/// The request carries its parsed document (`Request::set_parsed_query`) and, as data, the
/// [`chatty_access::Caller`].
pub trait Subgraph: Send + Sync + 'static {
    /// Runs a query or a mutation.
    fn execute(&self, request: Request) -> BoxFuture<'_, Response>;

    /// Runs a subscription; each item is one event's response. Dropping the stream ends the subscription.
    fn subscribe(&self, request: Request) -> BoxStream<'static, Response>;
}

impl<Q, M, S> Subgraph for Schema<Q, M, S>
where
    Q: ObjectType + 'static,
    M: ObjectType + 'static,
    S: SubscriptionType + 'static,
{
    fn execute(&self, request: Request) -> BoxFuture<'_, Response> {
        Schema::execute(self, request).boxed()
    }

    fn subscribe(&self, request: Request) -> BoxStream<'static, Response> {
        let schema = self.clone();
        // The stream that the schema gives borrows nothing, but its type does not say so.
        stream::once(async move { Executor::execute_stream(&schema, request, None) }).flatten().boxed()
    }
}
