//! A GraphQL federation gateway for any Federation 2 supergraph; it knows no subgraph by name.
//!
//! Start at [`Gateway`]: `prepare` (limits, validation, plan; cached) and `run` (fetch, merge, complete).
//! The transports turn HTTP and WebSocket messages into a [`GraphqlRequest`] and an [`Answer`] back.

mod answer;
mod complete;
mod compose;
mod data;
mod execute;
mod gateway;
mod limits;
mod operation;
mod planner;
pub mod revocation;
mod streams;
mod supergraph;
pub mod transport;
mod upstream;

/// Private parsers, for the fuzz targets; no part of the API.
#[doc(hidden)]
pub mod fuzzing {
    pub use crate::{
        transport::fuzzing::{http_request, websocket_message},
        upstream::fuzzing::{events, subgraph_response},
    };
}

pub use answer::{Answer, AnswerKind, GraphqlRequest};
pub use compose::{ComposeError, compose, compose_located};
pub use gateway::{Gateway, OperationKind, Prepared};
pub use limits::{LimitExceeded, Limits};
pub use supergraph::{LoadError, expanding_interfaces, subgraph_urls};
pub use upstream::{HttpClient, HttpUpstream, NotAnEndpoint, Sealing, Unavailable, Upstream, check_endpoint};
