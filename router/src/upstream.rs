//! Where a subgraph's requests go.

use std::{fmt, sync::Arc};

use async_graphql::{Request, Response};
use chatty_kit::Subgraph;
use futures_util::stream::BoxStream;

/// One subgraph as the gateway reaches it.
#[derive(Clone)]
#[non_exhaustive]
pub enum Upstream {
    /// A schema in this process: parsed documents go in and values come out, never JSON text.
    InProcess(Arc<dyn Subgraph>),
}

impl Upstream {
    /// A schema in this process.
    pub fn in_process(subgraph: impl Subgraph) -> Self {
        Self::InProcess(Arc::new(subgraph))
    }

    /// Runs a query or a mutation on the caller's task.
    pub(crate) async fn execute(&self, request: Request) -> Response {
        match self {
            Self::InProcess(subgraph) => subgraph.execute(request).await,
        }
    }

    /// Opens a source stream; each item is one event's response.
    pub(crate) fn subscribe(&self, request: Request) -> BoxStream<'static, Response> {
        match self {
            Self::InProcess(subgraph) => subgraph.subscribe(request),
        }
    }
}

impl fmt::Debug for Upstream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::InProcess(_) => f.write_str("InProcess"),
        }
    }
}
