//! A system in another process, known by its URL alone.

use crate::{Client, Socket};

/// The clients of a running server.
pub struct Remote {
    url: String,
    http: reqwest::Client,
}

impl Remote {
    /// The server whose GraphQL endpoint is `url`.
    pub fn new(url: &str) -> Self {
        Self { url: url.to_owned(), http: reqwest::Client::new() }
    }

    /// Somebody who is not signed in.
    pub fn anonymous(&self) -> Client {
        Client::new(self.http.clone(), self.url.clone(), None)
    }

    /// A WebSocket, not yet initialised.
    pub async fn socket(&self) -> Socket {
        Socket::connect(&self.url).await
    }
}
