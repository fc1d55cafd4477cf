//! Lets in what the router sealed for one service. The header is looked at before the body is read: a stranger's body is
//! none of our memory.

use std::time::Duration;

use axum::{
    body::{Body, HttpBody},
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
    if body.size_hint().lower() > LONGEST_BODY as u64 {
        return Err(Refusal::TooLong);
    }
    let mut collected = Vec::new();
    let mut chunks = body.into_data_stream();
    while let Some(chunk) = chunks.next().await {
        collected.extend_from_slice(&chunk.map_err(Refusal::Broken)?);
        if collected.len() > LONGEST_BODY {
            return Err(Refusal::TooLong);
        }
    }
    Ok(collected)
}
