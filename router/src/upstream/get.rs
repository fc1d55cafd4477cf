//! Plain documents of a service in other processes, such as its keys.

use std::time::Duration;

use axum::body::Body;
use bytes::Bytes;
use chatty_access::{CONTEXT_HEADER, Caller};
use http::{Request, StatusCode, uri::PathAndQuery};
use tokio::time::{Instant, timeout};

use super::{
    HttpUpstream,
    endpoints::Place,
    response::{self, Unread},
};

/// How long one endpoint may take.
const PATIENCE: Duration = Duration::from_secs(2);

/// Why there is no document; of several endpoints, what the last one did.
#[derive(Debug, thiserror::Error)]
pub enum Unavailable {
    /// No endpoint could be reached, or none answered in time.
    #[error("no endpoint answers")]
    NoAnswer,
    /// Another status than 200.
    #[error("the answer's status is {0}")]
    Status(StatusCode),
}

impl HttpUpstream {
    /// Reads what `GET path` gives; each endpoint is asked once, until one answers. Sealed like every other request.
    pub async fn get(&self, path: &'static str) -> Result<Bytes, Unavailable> {
        let (mut tried, mut reason) = (Vec::new(), Unavailable::NoAnswer);
        while let Some(mut place) = self.endpoints().place(&tried, true, Instant::now()) {
            if tried.contains(&place.at) {
                break;
            }
            match timeout(PATIENCE, self.get_from(&place, path)).await {
                Ok(Ok(document)) => {
                    place.answered();
                    return Ok(document);
                }
                Ok(Err(Unavailable::Status(status))) => {
                    place.answered();
                    reason = Unavailable::Status(status);
                }
                Ok(Err(Unavailable::NoAnswer)) | Err(_) => place.failed(Instant::now()),
            }
            tried.push(place.at);
        }
        Err(reason)
    }

    async fn get_from(&self, place: &Place, path: &'static str) -> Result<Bytes, Unavailable> {
        let mut request = Request::new(Body::empty());
        *request.uri_mut() = place.uri_of(PathAndQuery::from_static(path));
        if let Some(seal) = self.seal(&Caller::anonymous(), b"") {
            request.headers_mut().insert(CONTEXT_HEADER, seal);
        }
        let answer = self.client().send(request).await.map_err(|_| Unavailable::NoAnswer)?;
        if answer.status() != StatusCode::OK {
            return Err(Unavailable::Status(answer.status()));
        }
        response::collect(answer.into_body()).await.map_err(|_: Unread| Unavailable::NoAnswer)
    }
}
