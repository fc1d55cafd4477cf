//! A server that does what a script says, byte by byte.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    sync::watch,
};
use tokio_util::task::TaskTracker;

use crate::fixture::http::listen;

/// What the server does with one request.
#[derive(Clone)]
pub(crate) enum Reaction {
    /// Answers with these bytes and waits for the next request.
    Answer(Vec<u8>),
    /// Answers with these bytes and closes the connection.
    AnswerAndClose(Vec<u8>),
    /// Answers with these bytes and then does nothing until the client goes.
    AnswerAndHold(Vec<u8>),
}

/// One request, as it came.
#[derive(Debug, Clone)]
pub(crate) struct Received {
    /// The lines of the head.
    pub(crate) head: Vec<String>,
    pub(crate) body: Vec<u8>,
}

impl Received {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.head.iter().skip(1).find_map(|line| {
            let (found, value) = line.split_once(": ")?;
            found.eq_ignore_ascii_case(name).then_some(value)
        })
    }
}

/// A running server.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    pub(crate) received: Arc<Mutex<Vec<Received>>>,
    /// Connections that are open.
    pub(crate) open: watch::Sender<usize>,
}

impl Server {
    /// Reacts to the requests of all connections in their order.
    pub(crate) fn start(react: impl Fn(&Received, usize) -> Reaction + Send + Sync + 'static) -> Self {
        let (listener, address) = listen();
        let (received, open) = (Arc::<Mutex<Vec<Received>>>::default(), watch::Sender::new(0));
        let (tasks, react) = (TaskTracker::new(), Arc::new(react));
        let (seen, connections) = (Arc::clone(&received), open.clone());
        tasks.clone().spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (seen, connections, react) = (Arc::clone(&seen), connections.clone(), Arc::clone(&react));
                tasks.spawn(async move {
                    connections.send_modify(|open| *open += 1);
                    connection(stream, &seen, &*react).await;
                    connections.send_modify(|open| *open -= 1);
                });
            }
        });
        Self { address, received, open }
    }

    /// Answers everything with this JSON.
    pub(crate) fn answering(json: &serde_json::Value) -> Self {
        let answer = ok("application/json", &json.to_string());
        Self::start(move |_, _| Reaction::Answer(answer.clone()))
    }

    pub(crate) fn count(&self) -> usize {
        self.received.lock().unwrap().len()
    }
}

async fn connection(
    mut stream: TcpStream,
    seen: &Mutex<Vec<Received>>,
    react: &(impl Fn(&Received, usize) -> Reaction + Send + Sync),
) {
    while let Some(request) = receive(&mut stream).await {
        let number = {
            let mut seen = seen.lock().unwrap();
            seen.push(request.clone());
            seen.len() - 1
        };
        let (bytes, close) = match react(&request, number) {
            Reaction::Answer(bytes) => (bytes, Some(false)),
            Reaction::AnswerAndClose(bytes) => (bytes, Some(true)),
            Reaction::AnswerAndHold(bytes) => (bytes, None),
        };
        let written = stream.write_all(&bytes).await;
        match close {
            Some(false) if written.is_ok() => {}
            Some(_) => return,
            // Until the client closes.
            None => while matches!(stream.read(&mut [0; 1024]).await, Ok(1..)) {},
        }
    }
}

async fn receive(stream: &mut TcpStream) -> Option<Received> {
    let mut bytes = Vec::new();
    let end = loop {
        if let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            break end;
        }
        stream.read_buf(&mut bytes).await.ok().filter(|read| *read > 0)?;
    };
    let head: Vec<_> = String::from_utf8(bytes[..end].to_vec()).unwrap().lines().map(str::to_owned).collect();
    let mut body = bytes.split_off(end + 4);
    let request = Received { head, body: Vec::new() };
    let length = request.header("content-length").map_or(0, |length| length.parse().unwrap());
    while body.len() < length {
        stream.read_buf(&mut body).await.ok().filter(|read| *read > 0)?;
    }
    Some(Received { body, ..request })
}

/// A whole answer with status 200.
pub(crate) fn ok(content_type: &str, body: &str) -> Vec<u8> {
    with_status("200 OK", content_type, body)
}

pub(crate) fn with_status(status: &str, content_type: &str, body: &str) -> Vec<u8> {
    let length = body.len();
    format!("HTTP/1.1 {status}\r\ncontent-type: {content_type}\r\ncontent-length: {length}\r\n\r\n{body}").into_bytes()
}

/// The beginning of an answer whose end is the connection's.
pub(crate) fn begin(content_type: &str, body: &str) -> Vec<u8> {
    format!("HTTP/1.1 200 OK\r\ncontent-type: {content_type}\r\n\r\n{body}").into_bytes()
}

/// An answer that announces more than it has.
pub(crate) fn cut(content_type: &str, body: &str) -> Vec<u8> {
    let length = body.len() + 1;
    format!("HTTP/1.1 200 OK\r\ncontent-type: {content_type}\r\ncontent-length: {length}\r\n\r\n{body}").into_bytes()
}
