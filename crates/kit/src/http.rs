//! The listener of a process: health, draining, and the routes of what runs there.

use std::{
    io,
    net::SocketAddr,
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use axum::{
    Extension, Router,
    extract::{ConnectInfo, State},
    http::{HeaderValue, StatusCode, header::CONNECTION},
    middleware::map_response_with_state,
    response::Response,
    routing::get,
};
use hyper::server::conn::http1;
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    service::TowerToHyperService,
};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::Semaphore,
};
use tokio_io_timeout::TimeoutStream;
use tokio_util::sync::CancellationToken;

use crate::Tasks;

/// Whether the system takes traffic: `/readyz`.
#[derive(Debug, Clone, Default)]
pub struct Readiness(Arc<AtomicBool>);

impl Readiness {
    /// Says that everything has started.
    pub fn set_ready(&self) {
        self.0.store(true, Ordering::Release);
    }
}

/// `GET /healthz` answers 200 while the process lives; `GET /readyz` 200 while it wants traffic and 503 before it has
/// started and while it drains.
pub fn health(readiness: Readiness, tasks: &Tasks) -> Router {
    let draining = tasks.draining();
    let ready = move || {
        let ready = readiness.0.load(Ordering::Acquire) && !draining.is_cancelled();
        async move { if ready { (StatusCode::OK, "ready\n") } else { (StatusCode::SERVICE_UNAVAILABLE, "not ready\n") } }
    };
    Router::new().route("/healthz", get(|| async { "alive\n" })).route("/readyz", get(ready))
}

/// How long a client may take to begin, to send a request's head, and to stay silent between requests.
const HEAD_TIMEOUT: Duration = Duration::from_secs(15);

/// How long a client may not read what is written to it.
const WRITE_TIMEOUT: Duration = Duration::from_secs(10);

/// How long a connection may go on once the process stops: below [`STOP_WITHIN`](crate::STOP_WITHIN), so that a client
/// who never finishes cannot hold up the end. What is left of that is for draining.
pub const LAST_REQUEST: Duration = Duration::from_secs(20);

/// Connections at a time that speak HTTP; further ones wait to be accepted. One that becomes a WebSocket no longer counts.
/// Above the streams of events that a router has open at once by default, so that these leave room for requests.
const MAX_CONNECTIONS: usize = 20_000;

/// Bytes of a head that has not ended yet before it is given up, and of an answer that wait to be written before more of
/// it is asked for. A request line may have 64 KiB. What is longer is answered 431 and 414; more than 100 headers, 431.
const BUFFER_BYTES: usize = 128 * 1024;

/// How long to wait before accepting again when the system has no descriptor left.
const NO_DESCRIPTOR_PAUSE: Duration = Duration::from_secs(1);

/// Serves `routes` until the tasks stop; then takes no new connections and ends each open one with the request in hand.
/// While the tasks drain, every answer is the last of its connection, so that clients leave for other processes.
/// Every request carries its peer's address as `ConnectInfo<SocketAddr>`. Connections are tasks of their own. A client
/// that closes its connection takes the request along that is being answered on it.
pub async fn serve(listener: TcpListener, routes: Router, tasks: Tasks) {
    accept(listener, routes, tasks, MAX_CONNECTIONS).await;
}

async fn accept(listener: TcpListener, routes: Router, tasks: Tasks, connections: usize) {
    let stopping = tasks.stopping();
    let routes = routes.layer(map_response_with_state(tasks.draining(), close_while_draining));
    let places = Arc::new(Semaphore::new(connections));
    loop {
        let accepted = async {
            let place = Arc::clone(&places).acquire_owned().await.expect("nobody closes the semaphore");
            (listener.accept().await, place)
        };
        let Some((accepted, place)) = stopping.run_until_cancelled(accepted).await else { return };
        match accepted {
            Ok((stream, peer)) => {
                let connection = connection(stream, peer, routes.clone(), stopping.clone());
                tasks.spawn(async move {
                    connection.await;
                    drop(place);
                });
            }
            Err(error) if is_of_the_peer(&error) => {}
            Err(error) => {
                tracing::error!(error = &error as &dyn std::error::Error, "no connection can be accepted");
                tokio::time::sleep(NO_DESCRIPTOR_PAUSE).await;
            }
        }
    }
}

/// Names an answer the last of its connection, unless the connection becomes another protocol's.
async fn close_while_draining(State(draining): State<CancellationToken>, mut response: Response) -> Response {
    if draining.is_cancelled() && response.status() != StatusCode::SWITCHING_PROTOCOLS {
        response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    }
    response
}

async fn connection(stream: TcpStream, peer: SocketAddr, routes: Router, stopping: CancellationToken) {
    // Answers are written whole; waiting to fill a packet would only delay them.
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%peer, error = &error as &dyn std::error::Error, "no TCP_NODELAY");
    }
    // The server's own timer starts with the first byte; whoever sends none is cut here.
    let begins = tokio::time::timeout(HEAD_TIMEOUT, async { stream.peek(&mut [0]).await });
    if !matches!(stopping.run_until_cancelled(begins).await, Some(Ok(Ok(1..)))) {
        return;
    }
    let service = TowerToHyperService::new(routes.layer(Extension(ConnectInfo(peer))));
    let mut stream = TimeoutStream::new(stream);
    stream.set_write_timeout(Some(WRITE_TIMEOUT));
    // HTTP/1 alone: whoever ends TLS in front speaks it, and telling versions apart would wait for bytes without limit.
    let mut server = http1::Builder::new();
    server.timer(TokioTimer::new()).header_read_timeout(HEAD_TIMEOUT).max_buf_size(BUFFER_BYTES);
    let mut connection = pin!(server.serve_connection(TokioIo::new(Box::pin(stream)), service).with_upgrades());
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = stopping.cancelled() => {
            connection.as_mut().graceful_shutdown();
            match tokio::time::timeout(LAST_REQUEST, connection).await {
                Ok(ended) => ended,
                Err(_elapsed) => return tracing::debug!(%peer, "a connection was cut to stop"),
            }
        }
    };
    if let Err(error) = ended {
        // What a peer does to its connection is no event of ours.
        tracing::debug!(%peer, error = &error as &dyn std::error::Error, "a connection broke");
    }
}

/// Whether accepting failed because the peer has gone, which says nothing of the next one.
fn is_of_the_peer(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}

#[cfg(test)]
mod tests {
    use axum::routing::post;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;
    use crate::STOP_WITHIN;

    /// More than the buffers of a connection hold.
    const LONG: usize = 64 * 1024 * 1024;

    async fn start() -> (SocketAddr, Tasks) {
        start_with(Router::new(), MAX_CONNECTIONS).await
    }

    async fn start_with(more: Router, connections: usize) -> (SocketAddr, Tasks) {
        let (tasks, listener) = (Tasks::default(), TcpListener::bind("127.0.0.1:0").await.unwrap());
        let address = listener.local_addr().unwrap();
        let readiness = Readiness::default();
        readiness.set_ready();
        let whoami = get(|ConnectInfo(peer): ConnectInfo<SocketAddr>| async move { peer.to_string() });
        let echo = post(|body: String| async { body });
        let routes = health(readiness, &tasks)
            .route("/whoami", whoami)
            .route("/echo", echo)
            .route("/long", get(|| async { vec![b'x'; LONG] }))
            .merge(more);
        tasks.spawn(accept(listener, routes, tasks.clone(), connections));
        (address, tasks)
    }

    /// What the server says to `request` until it closes the connection.
    async fn say(stream: &mut TcpStream, request: &str) -> String {
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        answer
    }

    #[tokio::test]
    async fn a_request_knows_its_peer_and_the_system_says_that_it_is_ready() {
        let (address, _tasks) = start().await;
        let mut stream = TcpStream::connect(address).await.unwrap();
        let me = stream.local_addr().unwrap().to_string();
        let answer = say(&mut stream, "GET /whoami HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").await;
        assert!(answer.starts_with("HTTP/1.1 200") && answer.ends_with(&me), "{answer}");
        let mut stream = TcpStream::connect(address).await.unwrap();
        let answer = say(&mut stream, "GET /readyz HTTP/1.0\r\n\r\n").await;
        assert!(answer.starts_with("HTTP/1.0 200"), "{answer}");
    }

    const WHOAMI: &str = "GET /whoami HTTP/1.1\r\nhost: x\r\n\r\n";

    /// One answer with a body of a known length, leaving the connection open.
    async fn hear(stream: &mut TcpStream) -> String {
        let mut answer = String::new();
        while !answer.ends_with("\r\n\r\n") {
            answer.push(char::from(stream.read_u8().await.unwrap()));
        }
        let (_, length) = answer.split_once("content-length: ").unwrap();
        let mut body = vec![0; length.lines().next().unwrap().parse().unwrap()];
        stream.read_exact(&mut body).await.unwrap();
        answer + std::str::from_utf8(&body).unwrap()
    }

    #[tokio::test(start_paused = true)]
    async fn a_draining_system_answers_and_sends_clients_elsewhere() {
        let (address, tasks) = start().await;
        let (mut kept, mut idle) =
            (TcpStream::connect(address).await.unwrap(), TcpStream::connect(address).await.unwrap());
        for stream in [&mut kept, &mut idle] {
            stream.write_all(WHOAMI.as_bytes()).await.unwrap();
            let answer = hear(stream).await;
            assert!(!answer.contains("connection: close"), "{answer}");
        }
        let (stopping, draining) = (tasks.stopping(), tasks.draining());
        let stop = async {
            tasks.drain(Duration::from_secs(5)).await;
            assert!(!stopping.is_cancelled(), "there is work to finish while draining");
            tasks.finish(Duration::from_secs(25)).await
        };
        let clients = async {
            draining.cancelled().await;
            let answer = say(&mut kept, WHOAMI).await;
            assert!(answer.starts_with("HTTP/1.1 200") && answer.contains("connection: close"), "{answer}");
            let mut new = TcpStream::connect(address).await.unwrap();
            let answer = say(&mut new, "GET /readyz HTTP/1.1\r\nhost: x\r\n\r\n").await;
            assert!(answer.starts_with("HTTP/1.1 503") && answer.contains("connection: close"), "{answer}");
            assert!(!stopping.is_cancelled(), "all that was before the end");
            assert_eq!(say(&mut idle, "").await, "", "an idle connection ends without a word");
            assert!(stopping.is_cancelled(), "and only with the process");
        };
        let (stopped, ()) = tokio::join!(stop, clients);
        assert!(stopped, "in time");
        assert!(TcpStream::connect(address).await.is_err(), "nobody listens any more");
    }

    #[tokio::test(start_paused = true)]
    async fn a_stop_without_a_drain_or_during_one_waits_for_nothing() {
        let before = tokio::time::Instant::now();
        let (_address, tasks) = start().await;
        tasks.drain(Duration::ZERO).await;
        assert!(tasks.finish(STOP_WITHIN).await);
        let (_address, tasks) = start().await;
        let (impatient, hour) = (tasks.clone(), Duration::from_hours(1));
        tokio::join!(tasks.drain(hour), async { assert!(impatient.finish(STOP_WITHIN).await) });
        // The clock is paused: it moves only when something waits.
        assert_eq!(before.elapsed(), Duration::ZERO);
    }

    #[tokio::test(start_paused = true)]
    async fn a_client_that_does_not_read_is_cut() {
        let (address, _tasks) = start().await;
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(b"GET /long HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
        // Of the paused clock: it passes when nothing else can happen.
        tokio::time::sleep(WRITE_TIMEOUT * 3).await;
        let (mut received, mut chunk) = (0, vec![0; 1024 * 1024]);
        while let Ok(read @ 1..) = stream.read(&mut chunk).await {
            received += read;
        }
        assert!(received > 0 && received < LONG, "{received}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_connection_that_is_not_used_is_closed() {
        let (address, _tasks) = start().await;
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(WHOAMI.as_bytes()).await.unwrap();
        hear(&mut stream).await;
        assert_eq!(say(&mut stream, "").await, "");
    }

    #[tokio::test]
    async fn a_client_that_leaves_takes_its_request_along() {
        let (begun, mut running) = tokio::sync::mpsc::channel::<()>(1);
        let endless = get(move || {
            let running = begun.clone();
            async move {
                running.send(()).await.unwrap();
                std::future::pending::<()>().await;
                drop(running);
            }
        });
        let (address, tasks) = start_with(Router::new().route("/endless", endless), MAX_CONNECTIONS).await;
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(b"GET /endless HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
        running.recv().await.unwrap();
        drop(stream);
        // Without it there would be a connection to wait for.
        assert!(tasks.finish(LAST_REQUEST / 2).await);
    }

    #[tokio::test]
    async fn connections_beyond_the_limit_wait_for_one_to_end() {
        let (address, _tasks) = start_with(Router::new(), 1).await;
        let (mut first, mut second) =
            (TcpStream::connect(address).await.unwrap(), TcpStream::connect(address).await.unwrap());
        first.write_all(WHOAMI.as_bytes()).await.unwrap();
        hear(&mut first).await;
        second.write_all(WHOAMI.as_bytes()).await.unwrap();
        first.write_all(WHOAMI.as_bytes()).await.unwrap();
        hear(&mut first).await;
        assert!(second.try_read(&mut [0]).is_err(), "nothing to read yet");
        drop(first);
        assert!(hear(&mut second).await.starts_with("HTTP/1.1 200"));
    }

    #[tokio::test]
    async fn a_head_may_be_long_and_not_longer() {
        let (address, _tasks) = start().await;
        let answer = async |path: String, headers: String| {
            let mut stream = TcpStream::connect(address).await.unwrap();
            let request = format!("GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n{headers}\r\n");
            // The server may close before it has read all.
            let (mut read, mut write) = stream.split();
            let mut answer = Vec::new();
            let (_written, _read) = tokio::join!(write.write_all(request.as_bytes()), read.read_to_end(&mut answer));
            String::from_utf8(answer).unwrap()
        };
        let path = |bytes: usize| format!("/whoami?{}", "x".repeat(bytes));
        let header = |bytes: usize| format!("x: {}\r\n", "x".repeat(bytes));
        for (path, headers, status) in [
            (path(60_000), header(60_000), "200"),
            (path(66_000), String::new(), "414"),
            (path(0), header(4 * BUFFER_BYTES), "431"),
            (path(0), "x: x\r\n".repeat(98), "200"),
            (path(0), "x: x\r\n".repeat(99), "431"),
        ] {
            let (path_bytes, bytes) = (path.len(), headers.len());
            let answer = answer(path, headers).await;
            assert!(answer.starts_with(&format!("HTTP/1.1 {status}")), "{path_bytes} {bytes}: {answer}");
        }
    }

    #[tokio::test]
    async fn what_another_server_might_read_otherwise_ends_the_connection() {
        let (address, _tasks) = start().await;
        for (head, status) in [
            // Both: the chunks count, and nothing behind them is read as a request.
            ("content-length: 5\r\ntransfer-encoding: chunked\r\n", "200"),
            ("transfer-encoding: chunked\r\ncontent-length: 5\r\n", "200"),
            ("content-length: 5\r\ncontent-length: 6\r\n", "400"),
            ("content-length: +5\r\n", "400"),
            ("content-length: 5, 5\r\n", "400"),
            ("content-length: -1\r\n", "400"),
            ("content-length: 99999999999999999999\r\n", "400"),
            ("transfer-encoding: xchunked\r\n", "400"),
            ("transfer-encoding: chunked, identity\r\n", "400"),
            ("transfer-encoding : chunked\r\n", "400"),
            ("transfer-encoding:\r\n chunked\r\n", "400"),
            ("transfer\u{b}-encoding: chunked\r\n", "400"),
            ("x: \0\r\n", "400"),
        ] {
            let mut stream = TcpStream::connect(address).await.unwrap();
            let request = format!("POST /echo HTTP/1.1\r\nhost: x\r\n{head}\r\n0\r\n\r\n{WHOAMI}");
            let answer = say(&mut stream, &request).await;
            assert!(answer.starts_with(&format!("HTTP/1.1 {status}")), "{head}: {answer}");
            assert_eq!(answer.matches("HTTP/1.1 ").count(), 1, "{head}: {answer}");
        }
        let mut stream = TcpStream::connect(address).await.unwrap();
        let chunked_by_the_old = "POST /echo HTTP/1.0\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n";
        assert!(say(&mut stream, chunked_by_the_old).await.starts_with("HTTP/1.1 400"));
    }

    // Time stands still here but for what waits: the runtime jumps to the next timer.
    #[tokio::test(start_paused = true)]
    async fn a_head_that_never_ends_is_cut_and_holds_up_no_stop() {
        let (address, tasks) = start().await;
        let mut half_open = TcpStream::connect(address).await.unwrap();
        let mut silent = TcpStream::connect(address).await.unwrap();
        let cut = say(&mut half_open, "POST /graphql HTTP/1.1\r\nhost: x\r\n").await;
        assert!(cut.is_empty() || cut.starts_with("HTTP/1.1 408"), "{cut}");
        assert_eq!(say(&mut silent, "").await, "");
        // The beginning of an HTTP/2 preface is no way round.
        let mut preface = TcpStream::connect(address).await.unwrap();
        assert_eq!(say(&mut preface, "P").await, "");

        let mut half_open = TcpStream::connect(address).await.unwrap();
        half_open.write_all(b"GET /healthz HTTP/1.1\r\n").await.unwrap();
        assert!(tasks.finish(STOP_WITHIN).await, "stopped in time");
    }
}
