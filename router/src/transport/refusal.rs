//! What a transport refuses itself: status, code and message, as a GraphQL answer without `data`.

use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use chatty_access::TokenError;
use chatty_kit::Code;
use http::{HeaderName, HeaderValue, StatusCode, header};
use serde::Serialize;

use super::{identity::Unauthorized, media::Media, request::Malformed};

/// A request that never became a GraphQL request; its status holds for both media types.
#[derive(Debug)]
pub(super) struct Refusal {
    status: StatusCode,
    code: Code,
    message: String,
    limit: Option<&'static str>,
    header: Option<(HeaderName, HeaderValue)>,
}

/// The one error of a refusal, as JSON.
#[derive(Serialize)]
struct Error<'a> {
    message: &'a str,
    extensions: Extensions<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Extensions<'a> {
    code: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    limit: Option<&'static str>,
    trace_id: &'a str,
}

impl Refusal {
    pub(super) fn new(status: StatusCode, code: Code, message: impl Into<String>) -> Self {
        Self { status, code, message: message.into(), limit: None, header: None }
    }

    /// More than the limit that `extensions.limit` names.
    pub(super) fn limit(status: StatusCode, limit: &'static str, message: impl Into<String>) -> Self {
        Self { limit: Some(limit), ..Self::new(status, Code::LimitExceeded, message) }
    }

    /// With one more header, in place of the one that it may have.
    pub(super) fn with(self, name: HeaderName, value: HeaderValue) -> Self {
        Self { header: Some((name, value)), ..self }
    }

    /// The GraphQL `errors` array, which is all of a WebSocket `error` message's payload.
    pub(super) fn errors(&self, trace_id: &str) -> Vec<u8> {
        let extensions = Extensions { code: self.code.as_str(), limit: self.limit, trace_id };
        serde_json::to_vec(&[Error { message: &self.message, extensions }]).expect("text and names are always JSON")
    }

    pub(super) fn respond(self, media: Media, trace_id: &str) -> Response {
        let body = [&b"{\"errors\":"[..], &self.errors(trace_id), b"}"].concat();
        let mut response = (self.status, Bytes::from(body)).into_response();
        response.headers_mut().insert(header::CONTENT_TYPE, media.content_type());
        if let Some((name, value)) = self.header {
            response.headers_mut().insert(name, value);
        }
        response
    }
}

impl From<Malformed> for Refusal {
    fn from(malformed: Malformed) -> Self {
        Self::new(StatusCode::BAD_REQUEST, Code::GraphqlParseFailed, malformed.to_string())
    }
}

impl From<Unauthorized> for Refusal {
    fn from(unauthorized: Unauthorized) -> Self {
        let code = match unauthorized {
            Unauthorized::Token(TokenError::Unready) => {
                let message = unauthorized.to_string();
                return Self::new(StatusCode::SERVICE_UNAVAILABLE, Code::SubgraphUnavailable, message)
                    .with(header::RETRY_AFTER, HeaderValue::from_static("1"));
            }
            Unauthorized::Token(TokenError::Expired) => Code::TokenExpired,
            Unauthorized::Token(TokenError::Invalid | TokenError::Revoked) | Unauthorized::NotBearer => {
                Code::Unauthenticated
            }
        };
        // RFC 6750 names both with the same word.
        let challenge = HeaderValue::from_static("Bearer error=\"invalid_token\"");
        Self::new(StatusCode::UNAUTHORIZED, code, unauthorized.to_string()).with(header::WWW_AUTHENTICATE, challenge)
    }
}
