//! A system that is known by its URL alone, in this process or another.

use serde_json::json;

use crate::{Client, Socket, eventually};

/// The clients of a running server.
#[derive(Clone)]
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

    /// A new account, signed in. Its password is `password of <username>`.
    pub async fn register(&self, username: &str) -> Client {
        let password = format!("password of {username}");
        let input = json!({"username": username, "email": format!("{username}@example.com"), "password": password});
        self.anonymous().mutate("register", input, "user { id }").await;
        self.login(username, &password).await
    }

    /// Signs in, as on another device.
    pub async fn login(&self, identifier: &str, password: &str) -> Client {
        let input = json!({"identifier": identifier, "password": password});
        let signed_in = self.anonymous().mutate("login", input, "accessToken refreshToken user { id }").await;
        Client::new(self.http.clone(), self.url.clone(), Some(signed_in))
    }

    /// Whether the server says that it wants traffic.
    pub async fn is_ready(&self) -> bool {
        let asked = self.http.get(self.url.replace("/graphql", "/readyz")).send().await;
        asked.is_ok_and(|answer| answer.status().is_success())
    }

    /// Waits until the server says that it is ready.
    pub async fn ready(&self) {
        eventually("the server becomes ready", async || self.is_ready().await).await;
    }

    /// The HTTP client that all clients share.
    pub fn http(&self) -> &reqwest::Client {
        &self.http
    }

    /// A WebSocket, not yet initialised.
    pub async fn socket(&self) -> Socket {
        Socket::connect(&self.url).await
    }
}
