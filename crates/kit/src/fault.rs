//! Faults: why a request was *not executed* (or a field not answered). They become `errors[].extensions.code`.
//!
//! What a user did wrong in an executed mutation is not a fault but a problem, and is data in the payload.

use std::{error::Error, time::Duration};

use chatty_access::{Denied, Scope};

/// The top-level error codes of the API (`extensions.code`). Clients switch on them; they never change meaning.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Code {
    /// The document is not GraphQL, or the request is not a GraphQL request.
    GraphqlParseFailed,
    /// The document does not fit the schema.
    GraphqlValidationFailed,
    /// The value of a variable or of a query's argument does not fit.
    BadUserInput,
    /// The request exceeds the limit that `extensions.limit` names.
    LimitExceeded,
    /// An id of another kind, or none.
    BadId,
    /// A cursor of another list, or none.
    CursorMismatch,
    /// Nobody is signed in, or the token is not valid.
    Unauthenticated,
    /// The token was genuine and has expired.
    TokenExpired,
    /// The session lacks a scope, or the request comes from a foreign origin.
    Forbidden,
    /// Too much, too fast; `extensions.retryAfterMs` says when to return.
    RateLimited,
    /// The subgraph that owns this field did not answer in time.
    Timeout,
    /// The subgraph that owns this field cannot be reached, or broke off.
    SubgraphUnavailable,
    /// Our fault; `extensions.traceId` finds it in the log.
    Internal,
}

impl Code {
    /// The spelling in `extensions.code`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::GraphqlParseFailed => "GRAPHQL_PARSE_FAILED",
            Self::GraphqlValidationFailed => "GRAPHQL_VALIDATION_FAILED",
            Self::BadUserInput => "BAD_USER_INPUT",
            Self::LimitExceeded => "LIMIT_EXCEEDED",
            Self::BadId => "BAD_ID",
            Self::CursorMismatch => "CURSOR_MISMATCH",
            Self::Unauthenticated => "UNAUTHENTICATED",
            Self::TokenExpired => "TOKEN_EXPIRED",
            Self::Forbidden => "FORBIDDEN",
            Self::RateLimited => "RATE_LIMITED",
            Self::Timeout => "TIMEOUT",
            Self::SubgraphUnavailable => "SUBGRAPH_UNAVAILABLE",
            Self::Internal => "INTERNAL",
        }
    }
}

/// Why a resolver or a use-case gave up. Travels by `?`; `crates/graphql` turns it into an error that clients may see.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// Nobody is signed in.
    #[error("sign in to do this")]
    Unauthenticated,
    /// The session lacks this scope.
    #[error("this needs the scope `{}`", .0.as_str())]
    Forbidden(Scope),
    /// A query argument is not an id of the wanted kind.
    #[error("{0}")]
    BadId(#[from] chatty_types::IdError),
    /// A query argument is not a cursor of this list.
    #[error("{0}")]
    CursorMismatch(#[from] chatty_types::CursorError),
    /// A query argument is out of range, in words for the client.
    #[error("{0}")]
    BadInput(&'static str),
    /// A bounded resource is busy or a brake is on.
    #[error("too many requests, try again later")]
    RateLimited {
        /// When trying again makes sense.
        retry_after: Duration,
    },
    /// Anything that is our own doing. Never shown to clients.
    #[error("internal error")]
    Internal(#[source] Box<dyn Error + Send + Sync>),
}

impl Fault {
    /// Wraps an error that no client may see.
    pub fn internal(error: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::Internal(error.into())
    }

    /// The code that the client gets.
    pub fn code(&self) -> Code {
        match self {
            Self::Unauthenticated => Code::Unauthenticated,
            Self::Forbidden(_) => Code::Forbidden,
            Self::BadId(_) => Code::BadId,
            Self::CursorMismatch(_) => Code::CursorMismatch,
            Self::BadInput(_) => Code::BadUserInput,
            Self::RateLimited { .. } => Code::RateLimited,
            Self::Internal(_) => Code::Internal,
        }
    }
}

impl From<Denied> for Fault {
    fn from(denied: Denied) -> Self {
        match denied {
            Denied::Unauthenticated => Self::Unauthenticated,
            Denied::Lacks(scope) => Self::Forbidden(scope),
        }
    }
}

impl From<chatty_store::Error> for Fault {
    fn from(error: chatty_store::Error) -> Self {
        Self::internal(error)
    }
}
