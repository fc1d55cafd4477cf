//! A client of `graphql-transport-ws`, and the messages that it expects.

use chatty_access::Claims;
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async,
    tungstenite::{self, Message, client::IntoClientRequest, http::HeaderValue},
};

use crate::fixture::{PATIENCE, Router};

/// The sub-protocol.
pub(crate) const PROTOCOL: &str = "graphql-transport-ws";

/// A client, low enough to misbehave.
pub(crate) struct Socket(pub(crate) WebSocketStream<MaybeTlsStream<TcpStream>>);

impl Router {
    /// Tries to open a socket with these headers; the status where that fails.
    pub(crate) async fn handshake(&self, headers: &[(&'static str, &str)]) -> Result<Socket, u16> {
        let mut request = format!("ws://{}/graphql", self.address).into_client_request().expect("a URL");
        for (name, value) in headers {
            request.headers_mut().append(*name, HeaderValue::from_str(value).expect("visible ASCII"));
        }
        match connect_async(request).await {
            Ok((socket, _)) => Ok(Socket(socket)),
            Err(tungstenite::Error::Http(response)) => Err(response.status().as_u16()),
            Err(error) => panic!("{error}"),
        }
    }

    /// An open socket, not yet initialised.
    pub(crate) async fn socket(&self) -> Socket {
        self.handshake(&[("sec-websocket-protocol", PROTOCOL)]).await.expect("it opens")
    }

    /// A socket that is acknowledged with this payload.
    pub(crate) async fn initialised(&self, payload: Value) -> Socket {
        let mut socket = self.socket().await;
        socket.send(json!({"type": "connection_init", "payload": payload})).await;
        assert_eq!(socket.receive().await, json!({"type": "connection_ack"}));
        socket
    }

    pub(crate) async fn anonymous(&self) -> Socket {
        self.initialised(Value::Null).await
    }

    pub(crate) async fn signed_in(&self, claims: &Claims) -> Socket {
        self.initialised(json!({"authorization": self.sign(claims)})).await
    }
}

impl Socket {
    pub(crate) async fn say(&mut self, message: Message) {
        tokio::time::timeout(PATIENCE, self.0.send(message)).await.expect("it is read").expect("it is open");
    }

    pub(crate) async fn send(&mut self, message: Value) {
        self.say(Message::text(message.to_string())).await;
    }

    pub(crate) async fn subscribe(&mut self, id: &str, document: &str) {
        self.send(json!({"id": id, "type": "subscribe", "payload": {"query": document}})).await;
    }

    pub(crate) async fn next(&mut self) -> Option<Result<Message, tungstenite::Error>> {
        tokio::time::timeout(PATIENCE, self.0.next()).await.expect("the router says something")
    }

    /// The next message, pings included.
    pub(crate) async fn hear(&mut self) -> Value {
        match self.next().await {
            Some(Ok(Message::Text(text))) => serde_json::from_str(&text).expect("JSON"),
            other => panic!("not a message: {other:?}"),
        }
    }

    /// The next message that is no ping of the router.
    pub(crate) async fn receive(&mut self) -> Value {
        loop {
            let message = self.hear().await;
            if message != json!({"type": "ping"}) {
                return message;
            }
        }
    }

    /// The code and the reason that the router closes with; what it still says before is skipped.
    pub(crate) async fn closed(&mut self) -> (u16, String) {
        loop {
            match self.next().await {
                Some(Ok(Message::Text(_))) => {}
                Some(Ok(Message::Close(Some(frame)))) => return (frame.code.into(), frame.reason.to_string()),
                other => panic!("not closed with a code: {other:?}"),
            }
        }
    }

    /// Asks something and waits for the answer, so that the router has read all that was sent before.
    pub(crate) async fn ping(&mut self) {
        self.send(json!({"type": "ping"})).await;
        assert_eq!(self.receive().await, json!({"type": "pong"}));
    }
}

pub(crate) fn next(id: &str, data: &Value) -> Value {
    json!({"id": id, "type": "next", "payload": {"data": data}})
}

pub(crate) fn complete(id: &str) -> Value {
    json!({"id": id, "type": "complete"})
}

/// The code in an `error` message for this operation.
pub(crate) fn error_code(message: &Value, id: &str) -> String {
    assert_eq!((&message["id"], &message["type"]), (&json!(id), &json!("error")), "{message}");
    let error = &message["payload"][0];
    assert!(error["message"].is_string(), "{message}");
    error["extensions"]["code"].as_str().expect("a code").to_owned()
}
