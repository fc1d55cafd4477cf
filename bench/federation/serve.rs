//! The processes beside the one that is measured: the four subgraphs, and the floor.

use std::{
    collections::HashMap,
    io::{Read, Write},
    net::SocketAddr,
    sync::{Arc, Mutex},
};

use axum::{Router, body::Bytes, http::header, routing::post};
use tokio::net::TcpListener;
use tokio_util::task::TaskTracker;

use crate::subgraphs;

const JSON: [(header::HeaderName, &str); 1] = [(header::CONTENT_TYPE, "application/json")];

/// Serves each subgraph on a port of its own, says where, and ends with its parent.
///
/// An answer is resolved once for each body and then remembered: the machine's cores are for the routers, and no
/// router's figures hang on how fast the subgraphs are.
pub(crate) async fn subgraphs() {
    let (tasks, mut urls) = (TaskTracker::new(), String::new());
    for (_, subgraph) in subgraphs::all() {
        let known = Arc::<Mutex<HashMap<Bytes, Bytes>>>::default();
        let answer = move |body: Bytes| async move {
            let found = known.lock().expect("nobody panics with it").get(&body).cloned();
            if let Some(answer) = found {
                return (JSON, answer);
            }
            let request: async_graphql::Request = serde_json::from_slice(&body).expect("routers send GraphQL");
            let response = subgraph.execute(request).await;
            let answer = Bytes::from(serde_json::to_vec(&response).expect("a response has a JSON form"));
            known.lock().expect("nobody panics with it").insert(body, answer.clone());
            (JSON, answer)
        };
        urls += &start(&tasks, Router::new().route("/", post(answer))).await;
        urls += "\n";
    }
    say(&urls);
    end_with_parent().await;
}

/// Answers everything with the bytes of standard input's first line: the least that any server must do.
pub(crate) async fn floor() {
    let mut line = String::new();
    std::io::stdin().read_line(&mut line).expect("a parent that writes");
    let body = Bytes::from(line.trim_end().to_owned());
    let answer = move |_: Bytes| async move { (JSON, body) };
    let url = start(&TaskTracker::new(), Router::new().route("/graphql", post(answer))).await;
    say(&format!("{url}\n"));
    end_with_parent().await;
}

async fn start(tasks: &TaskTracker, routes: Router) -> String {
    let listener = TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0))).await.expect("a free port");
    let address = listener.local_addr().expect("it is bound");
    let listener = axum::serve::ListenerExt::tap_io(listener, |stream| drop(stream.set_nodelay(true)));
    tasks.spawn(async move { axum::serve(listener, routes).await });
    format!("http://{address}/")
}

fn say(text: &str) {
    let mut out = std::io::stdout();
    out.write_all(text.as_bytes()).and_then(|()| out.flush()).expect("a parent that reads");
}

async fn end_with_parent() {
    let wait = || drop(std::io::stdin().read_to_end(&mut Vec::new()));
    tokio::task::spawn_blocking(wait).await.expect("reading does not panic");
}
