//! A gateway whose supergraph's file is replaced under load.

use std::{
    path::Path,
    sync::atomic::{AtomicBool, Ordering},
};

use chatty_testkit::{Client, Invocation, Remote, eventually};
use serde_json::Value;

/// The URL of a subgraph whose `version` is this.
async fn subgraph(version: &'static str) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let url = format!("http://{}/", listener.local_addr().expect("bound"));
    let answer = serde_json::json!({"data": {"version": version}});
    let routes = axum::Router::new().route("/", axum::routing::post(async move || axum::Json(answer)));
    // Ends with the test's runtime.
    tokio_util::task::TaskTracker::new().spawn(async move { axum::serve(listener, routes).await });
    url
}

fn supergraph(url: &str) -> String {
    chatty_router::compose_located(&[("only", "type Query { version: String }", Some(url))]).expect("it composes")
}

/// Puts a text in a file's place, as a whole or piece by piece.
fn put(file: &Path, text: &str, whole: bool) {
    let written = if whole { file.with_extension("next") } else { file.to_owned() };
    std::fs::write(&written, text).expect("a file");
    if whole {
        std::fs::rename(written, file).expect("it takes the file's place");
    }
}

async fn version(client: &Client) -> Value {
    client.query("{ version }", Value::Null).await["version"].take()
}

#[tokio::test]
async fn a_supergraph_is_replaced_twenty_times_and_no_request_fails() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("supergraph.graphql");
    let versions = ["one", "two"];
    let supergraphs = [supergraph(&subgraph("one").await), supergraph(&subgraph("two").await)];
    put(&file, &supergraphs[0], true);
    let gateway = Invocation::new(env!("CARGO_BIN_EXE_chatty"), folder.path(), "gateway")
        .arguments(["router", "--supergraph", "supergraph.graphql", "--listen", "127.0.0.1:0"])
        .start(1);
    let remote = Remote::new(gateway.url());
    let asking = AtomicBool::new(true);
    let ask = async || {
        let (client, mut seen) = (remote.anonymous(), [0, 0]);
        while asking.load(Ordering::Relaxed) {
            // Whatever is no answer with this data fails the test.
            let found = version(&client).await;
            seen[versions.iter().position(|known| found == *known).expect("one of the two")] += 1;
        }
        seen
    };
    let replace = async {
        let client = remote.anonymous();
        for round in 1..=20 {
            put(&file, &supergraphs[round % 2], round % 3 == 0);
            gateway.hang_up();
            eventually("the other version", async || version(&client).await == versions[round % 2]).await;
        }
        // What is broken or gone changes nothing, and no signal is needed.
        put(&file, "type Query {", false);
        gateway.hang_up();
        std::fs::remove_file(&file).expect("it was there");
        put(&file, &supergraphs[1], true);
        eventually("the last version", async || version(&client).await == "two").await;
        assert!(remote.is_ready().await);
        asking.store(false, Ordering::Relaxed);
    };
    let (first, second, ()) = tokio::join!(ask(), ask(), replace);
    assert!(first.iter().chain(&second).all(|seen| *seen > 0), "both versions are seen: {first:?} {second:?}");
    assert!(gateway.stop().success(), "a clean stop");
}
