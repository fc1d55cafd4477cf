//! A client of `graphql-transport-ws`, low enough to misbehave.

use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::{net::TcpStream, time::timeout};
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async,
    tungstenite::{Message, client::IntoClientRequest},
};

use crate::Client;

/// A hung server must fail a test, not hang it. Nothing waits this long in a good run.
const PATIENCE: Duration = Duration::from_secs(20);

/// An open socket.
pub struct Socket {
    stream: WebSocketStream<MaybeTlsStream<TcpStream>>,
}

/// How the server closed the socket.
#[derive(Debug, PartialEq, Eq)]
pub struct Closed {
    /// The close code.
    pub code: u16,
    /// The reason.
    pub reason: String,
}

impl Socket {
    /// Connects to the `/graphql` whose `http://` URL is `url`.
    pub(crate) async fn connect(url: &str) -> Self {
        let mut request = url.replacen("http", "ws", 1).into_client_request().expect("a URL");
        request.headers_mut().insert("sec-websocket-protocol", "graphql-transport-ws".parse().expect("a header"));
        let (stream, _) = connect_async(request).await.expect("the socket opens");
        Self { stream }
    }

    /// Sends a protocol message.
    pub async fn send(&mut self, message: Value) {
        self.stream.send(Message::text(message.to_string())).await.expect("the socket takes a message");
    }

    /// Initialises the connection as `client` and waits for the acknowledgement.
    pub async fn init(&mut self, client: &Client) {
        let payload = client.token().map(|token| json!({"authorization": format!("Bearer {token}")}));
        self.send(json!({"type": "connection_init", "payload": payload.unwrap_or(json!({}))})).await;
        let message = self.message().await;
        assert_eq!(message["type"], "connection_ack", "{message}");
    }

    /// Starts an operation.
    pub async fn subscribe(&mut self, id: &str, query: &str, variables: Value) {
        self.send(json!({"id": id, "type": "subscribe", "payload": {"query": query, "variables": variables}})).await;
    }

    /// The next message that is not a keep-alive.
    pub async fn message(&mut self) -> Value {
        match self.next().await {
            Ok(message) => message,
            Err(closed) => panic!("the socket was closed: {closed:?}"),
        }
    }

    /// The data of the next result of operation `id`.
    pub async fn data(&mut self, id: &str) -> Value {
        let mut message = self.message().await;
        assert_eq!((&message["type"], &message["id"]), (&json!("next"), &json!(id)), "{message}");
        assert!(message["payload"]["errors"].is_null(), "{message}");
        message["payload"]["data"].take()
    }

    /// How the server closes the socket, whatever it says before.
    pub async fn closed(&mut self) -> Closed {
        loop {
            if let Err(closed) = self.next().await {
                return closed;
            }
        }
    }

    async fn next(&mut self) -> Result<Value, Closed> {
        loop {
            let message = timeout(PATIENCE, self.stream.next()).await.expect("the server says something in time");
            match message {
                Some(Ok(Message::Text(text))) => {
                    let message: Value = serde_json::from_str(&text).expect("messages are JSON");
                    match message["type"].as_str() {
                        Some("ping") => self.send(json!({"type": "pong"})).await,
                        Some("pong") => {}
                        _ => return Ok(message),
                    }
                }
                Some(Ok(Message::Close(frame))) => {
                    let frame = frame.expect("the server gives a close code");
                    return Err(Closed { code: frame.code.into(), reason: frame.reason.to_string() });
                }
                Some(Ok(_)) => {}
                other => panic!("the socket broke: {other:?}"),
            }
        }
    }
}
