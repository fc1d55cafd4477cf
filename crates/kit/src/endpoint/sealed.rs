//! Lets in what the router sealed for one service. The header is looked at before the body is read: a stranger's body is
//! none of our memory.

use std::time::Duration;

use axum::{
    body::Body,
    extract::{Request, State},
    http::HeaderMap,
    middleware::Next,
    response::Response,
};
use chatty_access::{CONTEXT_HEADER, SealError, Sealed, Seals};
use chatty_types::Clock;
use futures_util::StreamExt;

use super::refusal::Refusal;

/// Bytes of a body. The representations of a page's entities are large.
pub(super) const LONGEST_BODY: usize = 8 * 1024 * 1024;

/// Bytes that are read of a body that is longer, and not kept.
const PATIENCE: usize = 8 * LONGEST_BODY;

/// How long a body may take to arrive.
const BODY_TIMEOUT: Duration = Duration::from_secs(10);

/// What seals must be for.
#[derive(Clone)]
pub(super) struct Gate {
    pub(super) audience: &'static str,
    pub(super) seals: Seals,
    pub(super) clock: Clock,
}

impl Gate {
    /// The one seal of a request, which must be for this service and still good.
    pub(super) fn check(&self, headers: &HeaderMap) -> Result<Sealed, SealError> {
        let mut values = headers.get_all(CONTEXT_HEADER).iter();
        let (Some(value), None) = (values.next(), values.next()) else { return Err(SealError::Invalid) };
        let value = value.to_str().map_err(|_not_ascii| SealError::Invalid)?;
        self.seals.check(value, self.audience, self.clock.now())
    }
}

/// Lets a sealed request through, with its [`chatty_access::Caller`] as an extension.
pub(super) async fn admit(State(gate): State<Gate>, request: Request, next: Next) -> Result<Response, Refusal> {
    let (mut parts, body) = request.into_parts();
    let sealed = gate.check(&parts.headers)?;
    let body = read(body).await?;
    parts.extensions.insert(sealed.open(&body)?);
    Ok(next.run(Request::from_parts(parts, Body::from(body))).await)
}

/// The whole body.
pub(super) async fn read(body: Body) -> Result<Vec<u8>, Refusal> {
    tokio::time::timeout(BODY_TIMEOUT, collect(body)).await.map_err(|_elapsed| Refusal::Late)?
}

async fn collect(body: Body) -> Result<Vec<u8>, Refusal> {
    // Read some more than allowed before giving up: a router that is still sending would not see the answer.
    let (mut collected, mut received) = (Vec::new(), 0);
    let mut chunks = body.into_data_stream();
    while received <= PATIENCE
        && let Some(chunk) = chunks.next().await
    {
        let chunk = chunk.map_err(Refusal::Broken)?;
        received += chunk.len();
        if received <= LONGEST_BODY {
            collected.extend_from_slice(&chunk);
        }
    }
    if received <= LONGEST_BODY { Ok(collected) } else { Err(Refusal::TooLong) }
}
