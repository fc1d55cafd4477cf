//! Where a subgraph's requests go: a schema in this process, or endpoints that speak HTTP.

mod client;
mod endpoints;
mod errors;
mod events;
pub(crate) mod fuzzing;
mod get;
mod http;
mod in_flight;
mod readiness;
mod response;
mod sse;
mod tries;

use std::{fmt, sync::Arc};

use async_graphql::{
    Name, Request, Variables,
    parser::types::{DocumentOperations, ExecutableDocument, OperationType},
};
use bytes::Bytes;
use chatty_access::Caller;
use chatty_kit::Subgraph;
use futures_util::{StreamExt, stream::BoxStream};
use tokio::time::{Instant, timeout_at};

pub(crate) use client::endpoint;
pub use client::{HttpClient, NotAnEndpoint, check_endpoint};
pub(crate) use endpoints::Place;
pub use get::Unavailable;
pub use http::{HttpUpstream, Sealing};

pub(crate) use response::{NotGraphql, Response};

use crate::{
    complete::json::write_str,
    data::{Data, Texts},
};

/// One subgraph as the gateway reaches it.
#[derive(Clone)]
#[non_exhaustive]
pub enum Upstream {
    /// A schema in this process: parsed documents go in and values come out, never JSON text.
    InProcess(Arc<dyn Subgraph>),
    /// One or more endpoints elsewhere.
    Http(HttpUpstream),
}

/// A subgraph's document in the two forms that upstreams take it in.
#[derive(Debug)]
pub(crate) struct SubgraphDocument {
    /// Parsed once; cloned for each request.
    pub(crate) parsed: ExecutableDocument,
    /// The text as a JSON string with its quotes.
    pub(crate) json: Vec<u8>,
}

/// One request to a subgraph.
pub(crate) struct SubgraphRequest<'a> {
    pub(crate) document: &'a SubgraphDocument,
    pub(crate) variables: Vec<(&'a Name, Variable<'a>)>,
    pub(crate) caller: &'a Caller,
    /// Whether it belongs to a mutation, which wants to see what it has just written.
    pub(crate) of_mutation: bool,
}

/// The value of a request's variable.
pub(crate) enum Variable<'a> {
    /// What the client sent.
    Client(&'a async_graphql::Value),
    /// Entities to look up: a JSON list.
    Representations(Vec<u8>),
}

/// An answer as it came.
#[derive(Debug)]
pub(crate) enum Answer {
    /// From a schema in this process.
    Values(async_graphql::Response),
    /// The body of an HTTP response, or one event of a stream.
    Json(Body),
}

/// JSON, and what is kept of it in another form.
#[derive(Debug)]
pub(crate) struct Body {
    pub(crate) bytes: Bytes,
    texts: Box<Texts>,
}

/// Why there is no answer at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Failure {
    /// The subgraph panicked.
    Panicked,
    /// The deadline passed.
    Late,
    /// No endpoint could be reached, or what came is no GraphQL response.
    Unavailable,
}

impl Upstream {
    /// A schema in this process.
    pub fn in_process(subgraph: impl Subgraph) -> Self {
        Self::InProcess(Arc::new(subgraph))
    }

    /// Whether it belongs to this installation, so that what it says is meant for our clients.
    pub(crate) fn is_ours(&self) -> bool {
        match self {
            Self::InProcess(_) => true,
            Self::Http(upstream) => upstream.is_sealed(),
        }
    }

    /// Runs a query or a mutation on the caller's task, until `deadline` at the longest.
    pub(crate) async fn execute(&self, request: SubgraphRequest<'_>, deadline: Instant) -> Result<Answer, Failure> {
        match self {
            Self::InProcess(subgraph) => {
                let answer = timeout_at(deadline, subgraph.execute(request.into_parsed())).await;
                answer.map(|answer| Answer::Values(errors::bounded(answer))).map_err(|_elapsed| Failure::Late)
            }
            Self::Http(upstream) => upstream.execute(&request, deadline).await.map(Answer::from),
        }
    }

    /// Opens a source stream; each item is one event's response. A failure is the last item. A subgraph elsewhere must
    /// have begun to answer by `deadline`.
    pub(crate) fn subscribe(
        &self,
        request: SubgraphRequest<'_>,
        deadline: Instant,
    ) -> BoxStream<'static, Result<Answer, Failure>> {
        match self {
            Self::InProcess(subgraph) => {
                let events = subgraph.subscribe(request.into_parsed());
                events.map(|event| Ok(Answer::Values(errors::bounded(event)))).boxed()
            }
            Self::Http(upstream) => upstream.subscribe(&request, deadline),
        }
    }
}

impl SubgraphDocument {
    /// Parses and prints, which no request then has to do.
    pub(crate) fn parse(text: &str) -> Result<Self, async_graphql::parser::Error> {
        let mut json = Vec::with_capacity(text.len() + 16);
        write_str(&mut json, text);
        Ok(Self { parsed: async_graphql::parser::parse_query(text)?, json })
    }

    /// Whether sending it twice may do something twice.
    fn is_mutation(&self) -> bool {
        let is_mutation = |ty| ty == OperationType::Mutation;
        match &self.parsed.operations {
            DocumentOperations::Single(operation) => is_mutation(operation.node.ty),
            DocumentOperations::Multiple(operations) => operations.values().any(|each| is_mutation(each.node.ty)),
        }
    }
}

impl SubgraphRequest<'_> {
    fn into_parsed(self) -> Request {
        let mut variables = Variables::default();
        for (name, value) in self.variables {
            variables.insert(name.clone(), value.into());
        }
        let mut request = Request::new(String::new()).variables(variables).data(self.caller.clone());
        request.set_parsed_query(self.document.parsed.clone());
        request
    }
}

impl From<Variable<'_>> for async_graphql::Value {
    fn from(variable: Variable<'_>) -> Self {
        match variable {
            Variable::Client(value) => value.clone(),
            Variable::Representations(json) => serde_json::from_slice(&json).expect("we have written it"),
        }
    }
}

impl Answer {
    /// Reads the response into `data`.
    pub(crate) fn read<'a>(&'a self, data: &mut Data<'a>) -> Result<Response<'a>, NotGraphql> {
        match self {
            Self::Values(response) => Ok(Response { data: data.add(&response.data), errors: response.errors.clone() }),
            Self::Json(body) => response::parse(&body.bytes, &body.texts, data),
        }
    }
}

impl From<Bytes> for Answer {
    fn from(bytes: Bytes) -> Self {
        Self::Json(Body { bytes, texts: Box::default() })
    }
}

impl fmt::Debug for Upstream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::InProcess(_) => f.write_str("InProcess"),
            Self::Http(upstream) => upstream.fmt(f),
        }
    }
}
