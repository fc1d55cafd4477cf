//! How many sockets and streams may be open at once: each costs memory for as long as its client likes.

use std::sync::Arc;

use http::{HeaderValue, StatusCode, header};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::refusal::Refusal;

/// The places for sockets and streams of one process. Clones share them.
#[derive(Clone)]
pub(super) struct Places {
    free: Arc<Semaphore>,
    all: usize,
}

/// One place, free again when it is dropped.
pub(super) struct Place {
    _permit: OwnedSemaphorePermit,
}

impl Places {
    pub(super) fn new(all: usize) -> Self {
        let all = all.min(Semaphore::MAX_PERMITS);
        Self { free: Arc::new(Semaphore::new(all)), all }
    }

    /// A place, or the refusal of whoever asked: other processes may have one, and this one soon.
    pub(super) fn take(&self) -> Result<Place, Refusal> {
        let taken = Arc::clone(&self.free).try_acquire_owned();
        taken.map(|permit| Place { _permit: permit }).map_err(|_none_free| {
            let message = format!("all {} sockets and streams of this process are in use, try again later", self.all);
            Refusal::limit(StatusCode::SERVICE_UNAVAILABLE, "streams", message)
                .with(header::RETRY_AFTER, HeaderValue::from_static("1"))
        })
    }
}
