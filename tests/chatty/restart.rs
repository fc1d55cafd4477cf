//! Stopping and starting again.

use chatty::{Config, Part, System};
use chatty_testkit::Harness;
use chatty_types::Clock;
use serde_json::{Value, json};
use tokio::net::TcpListener;

#[tokio::test]
async fn a_restart_keeps_everything() {
    let h = Harness::start().await;
    let (ana, bob) = (h.register("ana").await, h.register("bob").await);
    ana.follow(&bob).await;
    let post = bob.post("kept").await;
    ana.mutate("likePost", json!({"postId": post}), "post { id }").await;
    ana.comment(&post, None, "kept too").await;
    let token = ana.token().expect("signed in").to_owned();

    let h = h.restart().await;
    // The same signing key, so even the access token still works.
    let ana_again = h.anonymous().with_token(&token);
    h.settle().await;
    assert_eq!(ana_again.feed().await, ["kept"]);
    let query = "query($id: ID!) { post(id: $id) { likeCount viewerHasLiked comments { nodes { body } } } }";
    let data = ana_again.query(query, json!({"id": post})).await;
    assert_eq!(
        data["post"],
        json!({"likeCount": 1, "viewerHasLiked": true, "comments": {"nodes": [{"body": "kept too"}]}})
    );
    h.login("bob", "password of bob").await.query("{ me { scopes } }", Value::Null).await;
}

/// Everything in one process on SQLite files, whatever the environment of the other stories is.
async fn embedded(config: &Config) -> anyhow::Result<System> {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    System::start(config, Part::ALL, listener, Clock::system()).await
}

#[tokio::test]
async fn a_data_folder_serves_one_process() {
    let folder = tempfile::tempdir().expect("a folder");
    let config = Config { data_dir: folder.path().to_owned(), ..Config::default() };
    let system = embedded(&config).await.expect("it starts");
    let error = embedded(&config).await.err().expect("the folder is in use").to_string();
    assert!(error.starts_with("another chatty process serves auth from"), "{error}");
    assert!(system.stop().await);
    assert!(embedded(&config).await.expect("the folder is free again").stop().await);
}

#[cfg(unix)]
#[tokio::test]
async fn nobody_else_on_the_machine_reads_the_data() {
    use std::os::unix::fs::PermissionsExt;

    let outer = tempfile::tempdir().expect("a folder");
    let config = Config { data_dir: outer.path().join("data"), ..Config::default() };
    let system = embedded(&config).await.expect("it starts");
    let mode = |path: &std::path::Path| path.metadata().expect("it is there").permissions().mode() & 0o077;
    assert_eq!(mode(&config.data_dir), 0);
    let mut databases = 0;
    for entry in std::fs::read_dir(&config.data_dir).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.extension().is_some_and(|extension| extension != "lock") {
            assert_eq!(mode(&path), 0, "{}", path.display());
            databases += 1;
        }
    }
    assert!(databases >= 3, "{databases} files");
    assert!(system.stop().await);
}

#[tokio::test]
async fn sockets_are_told_when_the_server_goes_away() {
    let h = Harness::start().await;
    let mut socket = h.socket().await;
    socket.init(&h.anonymous()).await;
    let (closed, stopped) = tokio::join!(socket.closed(), h.stop());
    assert_eq!(closed.code, 1001);
    assert!(stopped);
}
