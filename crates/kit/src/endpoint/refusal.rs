//! Why a request is not executed, and how that is said.

use async_graphql::Pos;
use axum::{
    http::{HeaderValue, StatusCode, header::WWW_AUTHENTICATE},
    response::{IntoResponse, Response},
};
use chatty_access::SealError;

use super::{failure, fragments::Expansion, request::Malformed, respond, sealed::LONGEST_BODY};
use crate::{Code, scan::Excess};

/// A request that never reached the schema.
#[derive(Debug, thiserror::Error)]
pub(super) enum Refusal {
    #[error(transparent)]
    Unsealed(#[from] SealError),
    #[error("the content type must be application/json")]
    NotJson,
    #[error("the body is longer than {LONGEST_BODY} bytes")]
    TooLong,
    #[error("the body did not arrive in time")]
    Late,
    #[error("the body broke off")]
    Broken(#[source] axum::Error),
    #[error(transparent)]
    Malformed(#[from] Malformed),
    #[error(transparent)]
    Excess(#[from] Excess),
    #[error(transparent)]
    Expansion(#[from] Expansion),
    /// The document is not GraphQL, from here on.
    #[error("the document is not GraphQL, as {0} shows")]
    Syntax(Pos),
}

impl Refusal {
    /// Plain text for what concerns HTTP, a GraphQL response for what concerns GraphQL.
    fn answer(&self) -> Response {
        let text = |status: StatusCode| (status, format!("{self}\n")).into_response();
        match self {
            Self::Unsealed(_) => {
                let mut response = text(StatusCode::UNAUTHORIZED);
                response.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static("Chatty-Context"));
                response
            }
            Self::NotJson => text(StatusCode::UNSUPPORTED_MEDIA_TYPE),
            Self::TooLong => text(StatusCode::PAYLOAD_TOO_LARGE),
            Self::Late => text(StatusCode::REQUEST_TIMEOUT),
            Self::Broken(_) => text(StatusCode::BAD_REQUEST),
            Self::Malformed(_) | Self::Syntax(_) => respond(&failure(Code::GraphqlParseFailed, self.to_string())),
            Self::Excess(excess) => self.exceeded(excess.limit()),
            Self::Expansion(Expansion::Wide) => self.exceeded("selections"),
            Self::Expansion(Expansion::Deep) => self.exceeded("depth"),
        }
    }

    fn exceeded(&self, limit: &str) -> Response {
        let mut response = failure(Code::LimitExceeded, self.to_string());
        for extensions in response.errors.iter_mut().filter_map(|error| error.extensions.as_mut()) {
            extensions.set("limit", limit);
        }
        respond(&response)
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        tracing::debug!(reason = &self as &dyn std::error::Error, "a request to a subgraph is refused");
        self.answer()
    }
}
