//! A closed loop of clients: each has one connection and sends its next request when its last one is answered.

use std::{
    net::SocketAddr,
    time::{Duration, Instant},
};

use axum::body::Body;
use bytes::Bytes;
use futures_util::{StreamExt, future::join_all};
use http::{Request, StatusCode, header};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio_util::task::TaskTracker;

/// What was sent and how long each took.
pub(crate) struct Load {
    /// Microseconds from the request's first byte to the answer's last, ascending.
    pub(crate) latencies: Vec<u32>,
}

/// One kept connection.
pub(crate) struct Client {
    sender: SendRequest<Body>,
    host: String,
}

impl Client {
    pub(crate) async fn connect(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).await.expect("it listens");
        stream.set_nodelay(true).expect("a socket can");
        let (sender, connection) = handshake(TokioIo::new(stream)).await.expect("it speaks HTTP");
        TaskTracker::new().spawn(connection);
        Self { sender, host: address.to_string() }
    }

    /// Sends a body to `/graphql` and reads the whole answer, which must be a success.
    pub(crate) async fn ask(&mut self, body: &Bytes) -> Vec<u8> {
        let request = Request::post("/graphql")
            .header(header::HOST, &self.host)
            .header(header::CONTENT_TYPE, "application/json")
            .header(header::ACCEPT, "application/json")
            .body(Body::from(body.clone()))
            .expect("it is well-formed");
        let answer = self.sender.send_request(request).await.expect("an answer");
        assert_eq!(answer.status(), StatusCode::OK, "no router may refuse what is measured");
        let mut chunks = Body::new(answer.into_body()).into_data_stream();
        let mut read = Vec::new();
        while let Some(chunk) = chunks.next().await {
            read.extend_from_slice(&chunk.expect("the whole answer"));
        }
        read
    }
}

impl Load {
    /// Sends `body` on so many connections for so long; every answer must have `length` bytes.
    pub(crate) async fn run(
        address: SocketAddr,
        body: &Bytes,
        length: usize,
        connections: usize,
        time: Duration,
    ) -> Self {
        let mut clients = join_all((0..connections).map(|_| Client::connect(address))).await;
        let end = Instant::now() + time;
        let each = clients.iter_mut().map(async |client| {
            let mut latencies = Vec::new();
            while Instant::now() < end {
                let begun = Instant::now();
                assert_eq!(client.ask(body).await.len(), length, "every answer is the same");
                latencies.push(u32::try_from(begun.elapsed().as_micros()).unwrap_or(u32::MAX));
            }
            latencies
        });
        let mut latencies = join_all(each).await.concat();
        latencies.sort_unstable();
        Self { latencies }
    }

    /// Milliseconds that so many of a hundred requests did not exceed.
    pub(crate) fn percentile(&self, percent: usize) -> f64 {
        let at = (self.latencies.len() * percent / 100).min(self.latencies.len() - 1);
        f64::from(self.latencies[at]) / 1000.0
    }
}
