//! The built binary, driven as a user drives it: the README's operations over real HTTP and WebSocket, Ctrl-C, again.

use std::{
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
};

use chatty_testkit::Remote;
use serde_json::{Value, json};

/// A running binary; killed when the test ends in whatever way.
struct Process {
    child: Child,
    greeting: Vec<String>,
}

impl Process {
    /// Starts `chatty` on a free port and waits for its greeting.
    fn start(folder: &Path, greeting_lines: usize) -> Self {
        let mut child =
            command(folder).arg("--listen").arg("127.0.0.1:0").stdout(Stdio::piped()).spawn().expect("starts");
        let stdout = BufReader::new(child.stdout.take().expect("piped"));
        let greeting = stdout.lines().take(greeting_lines).map(|line| line.expect("text")).collect();
        Self { child, greeting }
    }

    fn url(&self) -> &str {
        self.greeting[0].rsplit(' ').next().expect("the URL ends the first line")
    }

    /// Asks it to stop, as service managers do, and waits for it.
    fn stop(mut self) -> std::process::ExitStatus {
        let stopped = Command::new("kill").arg(self.child.id().to_string()).status().expect("kill runs");
        assert!(stopped.success());
        self.child.wait().expect("it ends")
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Already ended is fine.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

fn command(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_chatty"));
    command.env_clear().current_dir(folder).env("CHATTY_LOG", "warn");
    command
}

#[tokio::test]
async fn the_readme_works_as_pasted_and_a_restart_keeps_the_data() {
    let folder = tempfile::tempdir().expect("a folder");
    let process = Process::start(folder.path(), 3);
    assert!(process.greeting[1].contains("chatty-data"), "{:?}", process.greeting);
    assert!(
        process.greeting[2].starts_with("Administrator, shown this once: username `admin`"),
        "{:?}",
        process.greeting
    );

    let remote = Remote::new(process.url());
    let operations = readme_operations();
    let run = async |client: &chatty_testkit::Client, name: &str, replace: &[(&str, &str)]| -> Value {
        let mut operation = operations.get(name).unwrap_or_else(|| panic!("the README has `{name}`")).clone();
        for (placeholder, value) in replace {
            assert!(operation.contains(placeholder), "{name} has {placeholder}");
            operation = operation.replace(placeholder, value);
        }
        client.query(&operation, Value::Null).await
    };
    let nobody = remote.anonymous();
    let registered = run(&nobody, "register", &[]).await;
    assert_eq!(registered["ana"]["errors"], json!([]));
    let bob_id = registered["bob"]["user"]["id"].as_str().expect("an id").to_owned();
    let login = run(&nobody, "login", &[]).await;
    let token = |who: &str| login[who]["accessToken"].as_str().expect("a token").to_owned();
    let (ana, bob) = (nobody.with_token(&token("ana")), nobody.with_token(&token("bob")));
    run(&ana, "follow", &[("usr_…", &bob_id)]).await;

    let mut socket = remote.socket().await;
    socket.init(&ana).await;
    socket.subscribe("1", &operations["live"], Value::Null).await;
    assert_eq!(socket.data("1").await["homeFeedEvents"]["__typename"], "FeedCaughtUp");
    let published = run(&bob, "post", &[]).await;
    let post = published["createPost"]["post"]["id"].as_str().expect("an id").to_owned();
    let live = socket.data("1").await;
    assert_eq!(live["homeFeedEvents"]["edge"]["node"]["author"]["username"], "bob");
    run(&ana, "like and comment", &[("pst_…", &post)]).await;
    let feed = run(&ana, "feed", &[]).await;
    let node = &feed["homeFeed"]["edges"][0]["node"];
    assert_eq!((&node["id"], &node["likeCount"], &node["viewerHasLiked"]), (&json!(post), &json!(1), &json!(true)));
    assert_eq!(node["author"]["username"], "bob");

    assert!(process.stop().success(), "a clean stop");
    assert_eq!(socket.closed().await.code, 1001);
    let process = Process::start(folder.path(), 2);
    let remote = Remote::new(process.url());
    // Another port is another issuer in development, so sign in again.
    let login = remote.anonymous().query(&operations["login"], Value::Null).await;
    let ana = remote.anonymous().with_token(login["ana"]["accessToken"].as_str().expect("a token"));
    let feed = ana.query(&operations["feed"], Value::Null).await;
    assert_eq!(feed["homeFeed"]["edges"][0]["node"]["id"], post);
}

#[tokio::test]
async fn a_process_that_is_killed_loses_nothing_it_accepted() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut expected = Vec::new();
    for round in 0..4 {
        let mut process = Process::start(folder.path(), 2);
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
        process.child.kill().expect("it was running");
        process.child.wait().expect("it ends");
    }
    let process = Process::start(folder.path(), 2);
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

/// The README's operations: each block of GraphQL under its own heading of the third level.
fn readme_operations() -> std::collections::HashMap<String, String> {
    let readme = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md")).expect("a README");
    let mut operations = std::collections::HashMap::new();
    let mut heading = String::new();
    let mut block: Option<String> = None;
    for line in readme.lines() {
        match &mut block {
            Some(text) if line == "```" => {
                operations.insert(heading.clone(), std::mem::take(text));
                block = None;
            }
            Some(text) => {
                text.push_str(line);
                text.push('\n');
            }
            None if line == "```graphql" => block = Some(String::new()),
            None => {
                if let Some(text) = line.strip_prefix("### ") {
                    heading = text.to_lowercase();
                }
            }
        }
    }
    operations
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
