//! What a trivial query and the process suffer from clients that send slowly and from sockets on which nothing happens.

use std::{
    net::SocketAddr,
    path::Path,
    time::{Duration, Instant},
};

use bytes::Bytes;
use futures_util::{SinkExt, StreamExt, future::join_all};
use tokio::{io::AsyncWriteExt, net::TcpStream, runtime::Runtime, time::interval};
use tokio_tungstenite::{
    WebSocketStream, client_async,
    tungstenite::{Message, client::IntoClientRequest, http::HeaderValue},
};
use tokio_util::task::TaskTracker;

use crate::{
    load::Client,
    over_http::{Shop, start_chatty},
    process::Process,
    table,
};

/// Clients that send a byte of their request at a time.
const SLOW: usize = 200;

/// How long they wait before the next byte.
const DRIBBLE: Duration = Duration::from_millis(250);

/// Sockets that have said who they are and nothing else.
const IDLE: usize = 500;

/// The query, and how many of it.
const TRIVIAL: &str = r#"{"query":"{ __typename }"}"#;
const QUERIES: usize = 1000;

/// How long between two of them.
const PACE: Duration = Duration::from_millis(10);

/// How long descriptors may take to come back before we give up.
const PATIENCE: Duration = Duration::from_secs(30);

pub(crate) fn measure(runtime: &Runtime, chatty: &Path) {
    let shop = Shop::open();
    let (process, address) = start_chatty(chatty, &shop, false);
    let quiet = runtime.block_on(queries(address));
    let (memory, descriptors) = (process.resident_mib(), process.descriptors());

    let (sockets, tasks) = (runtime.block_on(sockets(address)), TaskTracker::new());
    let entered = runtime.enter();
    let slow: Vec<_> = (0..SLOW).map(|_| tasks.spawn(dribble(address))).collect();
    drop(entered);
    let loud = runtime.block_on(queries(address));
    let (crowded, open) = (process.resident_mib(), process.descriptors());
    assert!(open >= descriptors + SLOW + IDLE, "all of them are there: {open}");
    slow.iter().for_each(tokio::task::JoinHandle::abort);
    drop(sockets);
    let back = runtime.block_on(async {
        join_all(slow).await;
        until_back(&process, descriptors).await
    });

    let title = format!("{SLOW} slow senders and {IDLE} idle sockets, {QUERIES} trivial queries");
    table::head(&title, &["", "before", "with them"]);
    for (name, percent) in [("p50 ms", 50), ("p95 ms", 95), ("p99 ms", 99)] {
        let figure = |load: &crate::load::Load| format!("{:.2}", load.percentile(percent));
        table::row(&[name.to_owned(), figure(&quiet), figure(&loud)]);
    }
    table::row(&["MiB".to_owned(), format!("{memory:.0}"), format!("{crowded:.0}")]);
    table::row(&["descriptors".to_owned(), descriptors.to_string(), open.to_string()]);
    table::line(format_args!("\nDescriptors are back {:.2} s after they have gone.", back.as_secs_f64()));
}

async fn queries(address: SocketAddr) -> crate::load::Load {
    let (mut client, body, mut pace) = (Client::connect(address).await, Bytes::from(TRIVIAL), interval(PACE));
    let mut latencies = Vec::with_capacity(QUERIES);
    for _ in 0..QUERIES {
        pace.tick().await;
        let begun = Instant::now();
        client.ask(&body).await;
        latencies.push(u32::try_from(begun.elapsed().as_micros()).unwrap_or(u32::MAX));
    }
    latencies.sort_unstable();
    crate::load::Load { latencies }
}

/// Opens the sockets and introduces each.
async fn sockets(address: SocketAddr) -> Vec<WebSocketStream<TcpStream>> {
    let open = async |_| {
        let mut request = format!("ws://{address}/graphql").into_client_request().expect("a url");
        let protocol = HeaderValue::from_static("graphql-transport-ws");
        request.headers_mut().insert("sec-websocket-protocol", protocol);
        let stream = TcpStream::connect(address).await.expect("it listens");
        let (mut socket, _) = client_async(request, stream).await.expect("it upgrades");
        socket.send(Message::text(r#"{"type":"connection_init"}"#)).await.expect("it reads");
        let acknowledged = socket.next().await.expect("it answers").expect("a message");
        assert!(acknowledged.to_text().is_ok_and(|text| text.contains("connection_ack")), "{acknowledged}");
        socket
    };
    join_all((0..IDLE).map(open)).await
}

/// Sends a request's head, and of its body a byte now and then; begins again when it is cut.
async fn dribble(address: SocketAddr) {
    loop {
        let Ok(mut stream) = TcpStream::connect(address).await else { continue };
        let head =
            "POST /graphql HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 1000\r\n\r\n";
        let mut pace = interval(DRIBBLE);
        if stream.write_all(head.as_bytes()).await.is_err() {
            continue;
        }
        while stream.write_all(b" ").await.is_ok() {
            pace.tick().await;
        }
    }
}

/// How long it takes until no more descriptors are open than before.
async fn until_back(process: &Process, before: usize) -> Duration {
    let begun = Instant::now();
    while process.descriptors() > before {
        assert!(begun.elapsed() < PATIENCE, "{} descriptors are still open", process.descriptors());
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    begun.elapsed()
}
