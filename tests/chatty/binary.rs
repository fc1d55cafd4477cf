//! The built binary, driven as a user drives it: the README's operations over real HTTP and WebSocket, Ctrl-C, again.

use std::{path::Path, process::Command};

use chatty_testkit::{Invocation, Process, Readme, Remote};
use serde_json::{Value, json};

/// Starts `chatty` in `folder` on a free port.
fn start(folder: &Path, greeting_lines: usize) -> Process {
    let invocation = Invocation {
        binary: env!("CARGO_BIN_EXE_chatty").into(),
        folder: folder.to_owned(),
        name: "chatty".to_owned(),
        arguments: ["--listen", "127.0.0.1:0"].map(str::to_owned).to_vec(),
        variables: vec![("CHATTY_LOG".to_owned(), "warn".to_owned())],
    };
    invocation.start(greeting_lines)
}

fn command(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_chatty"));
    command.env_clear().current_dir(folder).env("CHATTY_LOG", "warn");
    command
}

#[tokio::test]
async fn the_readme_works_as_pasted_and_a_restart_keeps_the_data() {
    let folder = tempfile::tempdir().expect("a folder");
    let process = start(folder.path(), 3);
    assert!(process.greeting[1].contains("chatty-data"), "{:?}", process.greeting);
    assert!(
        process.greeting[2].starts_with("Administrator, shown this once: username `admin`"),
        "{:?}",
        process.greeting
    );
    let readme = Readme::read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md"));
    let remote = Remote::new(process.url());
    let answers = readme.drive(&remote).await;
    assert_eq!(answers[0]["ana"]["errors"], json!([]));

    let mut socket = remote.socket().await;
    socket.init(&remote.anonymous()).await;
    assert!(process.stop().success(), "a clean stop");
    assert_eq!(socket.closed().await.code, 1001);
    let process = start(folder.path(), 2);
    let nobody = Remote::new(process.url()).anonymous();
    // Another port is another issuer in development, so sign in again.
    let login = nobody.query(&readme.operation("login", &[]), Value::Null).await;
    let ana = readme.signed_in(&nobody, &login, "ana");
    let feed = ana.query(&readme.operation("feed", &[]), Value::Null).await;
    assert_eq!(feed["homeFeed"]["edges"][0]["node"]["author"]["username"], "bob");
}

#[tokio::test]
async fn a_process_that_is_killed_loses_nothing_it_accepted() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut expected = Vec::new();
    for round in 0..4 {
        let mut process = start(folder.path(), 2);
        let remote = Remote::new(process.url());
        let author = remote.register(&format!("author_{round}")).await;
        let reader = if round == 0 {
            remote.register("reader").await
        } else {
            remote.login("reader", "password of reader").await
        };
        reader.follow(&author).await;
        for at in 0..5 {
            let body = format!("post {at} of round {round}");
            author.post(&body).await;
            expected.insert(0, body);
        }
        // The last answers have just come; their events are somewhere between two tables. SIGKILL.
        process.kill();
    }
    let process = start(folder.path(), 2);
    let reader = Remote::new(process.url()).login("reader", "password of reader").await;
    let arrived = async {
        loop {
            let feed = reader.feed().await;
            if feed.len() >= expected.len() {
                return feed;
            }
            tokio::task::yield_now().await;
        }
    };
    let feed = tokio::time::timeout(std::time::Duration::from_secs(20), arrived).await.expect("every event arrives");
    assert_eq!(feed, expected);
}

#[test]
fn commands_say_what_they_did_and_fail_with_a_reason() {
    let folder = tempfile::tempdir().expect("a folder");
    let run = |arguments: &[&str], environment: &[(&str, &str)]| {
        let output = command(folder.path()).args(arguments).envs(environment.iter().copied()).output().expect("runs");
        let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
        (output.status.success(), text(output.stdout), text(output.stderr))
    };
    let (ok, out, _) = run(&["migrate"], &[]);
    assert!(ok && out.contains("posts: up to date"), "{out}");
    let (ok, out, _) = run(&["admin", "create", "--username", "root_1", "--email", "root@example.com"], &[]);
    assert!(ok && out.contains("created the administrator `root_1`") && out.contains("password: "), "{out}");
    let (ok, _, err) = run(&["admin", "create", "--username", "root_1", "--email", "root@example.com"], &[]);
    assert!(!ok && err.contains("already in use"), "{err}");
    let (ok, out, _) = run(&["schema", "print", "posts"], &[]);
    assert!(ok && out.contains("type Post"), "{out}");
    let (ok, _, err) = run(&["schema", "print", "shop"], &[]);
    assert!(
        !ok && err.contains("there is no subgraph `shop`; there are auth, platform, posts, subscriptions"),
        "{err}"
    );
    let (ok, composed, _) = run(&["schema", "compose"], &[]);
    assert!(ok && composed == chatty::schema::SUPERGRAPH);
    let (ok, out, err) = run(&["config", "check"], &[("CHATTY_LISTEN", "127.0.0.1:4001")]);
    assert!(ok, "{out}{err}");
    let (ok, _, err) = run(&["config", "check"], &[("CHATTY_LISTEM", "127.0.0.1:4001")]);
    assert!(!ok && err.contains("listem"), "{err}");
    let (ok, _, err) = run(&["config", "check"], &[("CHATTY_MODE", "production")]);
    assert!(!ok && err.contains("CHATTY_SECRET"), "{err}");
    let secret = "0123456789abcdef0123456789abcdef";
    let (ok, out, _) = run(&["config", "print"], &[("CHATTY_SECRET", secret)]);
    assert!(ok && out.contains("secret = \"********\"") && !out.contains(secret), "{out}");
    let (ok, _, err) = run(&["serve", "--listen", "203.0.113.1:1"], &[]);
    assert!(!ok && err.contains("not free to listen on"), "{err}");
}
