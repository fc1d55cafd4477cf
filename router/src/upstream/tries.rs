//! Why a try to get an answer failed, and whether to try again.

use http::StatusCode;
use hyper_util::client::legacy;

use super::response::Unread;

/// Why one try gave no answer.
#[derive(Debug, thiserror::Error)]
pub(super) enum TryError {
    #[error("no connection")]
    NotConnected(#[source] legacy::Error),
    #[error("the connection broke")]
    Broken(#[source] legacy::Error),
    #[error("the answer cannot be read")]
    Unread(#[from] Unread),
    #[error("the answer's status is {0}")]
    Status(StatusCode),
    #[error("no answer in time")]
    Late,
}

impl TryError {
    /// Whether the endpoint should be left alone for a while. One that answers nonsense answers.
    pub(super) fn is_of_the_endpoint(&self) -> bool {
        match self {
            Self::NotConnected(_) | Self::Broken(_) | Self::Unread(Unread::Broken(_)) | Self::Late => true,
            Self::Status(status) => is_of_the_server(*status),
            Self::Unread(Unread::TooLong) => false,
        }
    }

    /// Whether it makes sense, and does no harm, to send the request again.
    pub(super) fn allows_another_try(&self, repeatable: bool) -> bool {
        match self {
            // Nothing was sent.
            Self::NotConnected(_) => true,
            _ => repeatable && self.is_of_the_endpoint(),
        }
    }
}

/// Says that the server or what stands before it cannot serve now.
fn is_of_the_server(status: StatusCode) -> bool {
    matches!(status, StatusCode::BAD_GATEWAY | StatusCode::SERVICE_UNAVAILABLE | StatusCode::GATEWAY_TIMEOUT)
}

/// Refuses statuses under which no body is an answer: the server cannot serve, or it is the router that is not let in.
/// The latter must not reach clients as if their own token had been refused.
pub(super) fn check_status(status: StatusCode) -> Result<(), TryError> {
    let keeps_us_out = [StatusCode::UNAUTHORIZED, StatusCode::FORBIDDEN, StatusCode::PROXY_AUTHENTICATION_REQUIRED];
    if is_of_the_server(status) || keeps_us_out.contains(&status) { Err(TryError::Status(status)) } else { Ok(()) }
}
