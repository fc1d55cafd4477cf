//! The built binary, driven as a user drives it: the README's operations over real HTTP and WebSocket, Ctrl-C, again.

use std::{path::Path, process::Command};

use chatty_testkit::{Invocation, Process, Readme, Remote, eventually};
use serde_json::{Value, json};

/// Starts `chatty` in `folder` on a free port.
fn start(folder: &Path, greeting_lines: usize) -> Process {
    Invocation::new(env!("CARGO_BIN_EXE_chatty"), folder, "chatty")
        .arguments(["--listen", "127.0.0.1:0"])
        .variables([("CHATTY_LOG", "warn")])
        .start(greeting_lines)
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
async fn the_readmes_mails_arrive_and_their_links_work_as_pasted() {
    let folder = tempfile::tempdir().expect("a folder");
    let process = start(folder.path(), 3);
    let readme = Readme::read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md"));
    let nobody = Remote::new(process.url()).anonymous();
    nobody.query(&readme.operation("register", &[]), Value::Null).await;
    let mailbox = process.url().replace("/graphql", "/dev/mailbox?to=ana@example.com");
    let token = async |mails: usize| {
        let mut newest = Value::Null;
        eventually("the mail is there", async || {
            let request = reqwest::Client::new().get(&mailbox).header("accept", "application/json");
            let all: Vec<Value> = request.send().await.expect("an answer").json().await.expect("JSON");
            newest = all.first().cloned().unwrap_or_default();
            all.len() == mails
        })
        .await;
        let link = newest["links"][0].as_str().expect("a link").to_owned();
        link.split_once("?token=").expect("a token").1.to_owned()
    };
    let confirm = readme.operation("confirm the address", &[("…", &token(1).await)]);
    let confirmed = nobody.query(&confirm, Value::Null).await;
    assert_eq!(confirmed["verifyEmail"]["user"], json!({"username": "ana", "emailStatus": "VERIFIED"}));

    let login = nobody.query(&readme.operation("login", &[]), Value::Null).await;
    let refresh = json!({"refreshToken": login["ana"]["refreshToken"]});
    nobody.mutate("refreshToken", refresh, "accessToken").await;
    let asked = nobody.query(&readme.operation("forget the password", &[]), Value::Null).await;
    assert_eq!(asked["requestPasswordReset"], json!({"ok": true, "errors": []}));
    let choose = readme.operation("choose a new one", &[("…", &token(2).await)]);
    assert_eq!(nobody.query(&choose, Value::Null).await["resetPassword"]["ok"], true);
    let (_, new) = choose.split_once("newPassword: \"").expect("it names the new password");
    let new = new.split('"').next();
    let old = nobody.query(&readme.operation("login", &[]), Value::Null).await;
    assert_eq!(old["ana"]["errors"][0]["code"], "BAD_CREDENTIALS");
    nobody.mutate("login", json!({"identifier": "ana", "password": new}), "accessToken").await;
}

#[tokio::test]
async fn keys_are_rotated_beside_a_running_process_and_nobody_is_signed_out() {
    let folder = tempfile::tempdir().expect("a folder");
    let process = start(folder.path(), 3);
    let remote = Remote::new(process.url());
    let ana = remote.register("ana").await;
    let rotate = || command(folder.path()).args(["keys", "rotate"]).output().expect("the binary starts");
    let done = rotate();
    let said = String::from_utf8(done.stdout).expect("UTF-8");
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    let key = said.split([' ', ':']).find(|word| word.starts_with("key_")).expect("it names the key").to_owned();
    let url = process.url().replace("/graphql", "/.well-known/jwks.json");
    eventually("the running process publishes the new key", async || {
        let answer = reqwest::get(&url).await.expect("an answer");
        answer.text().await.expect("a body").contains(&key)
    })
    .await;
    let again = rotate();
    assert!(!again.status.success() && String::from_utf8_lossy(&again.stderr).contains(&key), "it does not sign yet");
    let me = ana.query("{ me { user { username } } }", Value::Null).await;
    assert_eq!(me["me"]["user"]["username"], "ana");
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
    eventually("every event arrives", async || reader.feed().await.len() >= expected.len()).await;
    assert_eq!(reader.feed().await, expected);
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
    let (ok, out, _) = run(&["config", "reference"], &[]);
    assert!(ok && out == chatty::configuration_reference());
    let (ok, _, err) = run(&["health", "--listen", "127.0.0.1:1"], &[]);
    assert!(!ok && err.contains("nothing answers at 127.0.0.1:1"), "{err}");
}

/// A command line, variables, and what is said.
type Refusal<'a> = (&'a [&'a str], &'a [(&'a str, &'a str)], &'a str);

#[test]
fn a_process_that_cannot_run_says_what_to_mend_and_exits() {
    let folder = tempfile::tempdir().expect("a folder");
    let public = ("CHATTY_PUBLIC_URL", "https://chatty.example");
    let broker = ("CHATTY_BROKER_URL", "amqp://chatty:hunter2@127.0.0.1:1/%2f");
    let nowhere = "postgres://chatty:hunter2@127.0.0.1:1/chatty";
    let cases: &[Refusal] = &[
        (
            &["serve"],
            &[("CHATTY_DATABASE_URL", nowhere)],
            "PostgreSQL cannot be used: database `chatty` at 127.0.0.1:1",
        ),
        (
            &["serve"],
            &[("CHATTY_DATABASE_URL", "mysql://hunter2")],
            "`database_url` cannot be used: a database's URL is",
        ),
        (&["serve"], &[("CHATTY_BROKER_URL", "http://hunter2")], "`broker_url` and `broker_prefix` cannot be used"),
        (
            &["serve", "shop"],
            &[],
            "there is no part `shop`; there are auth, posts, subscriptions, platform, email and router",
        ),
        (&["serve", "auth"], &[public], "needs `broker_url` (CHATTY_BROKER_URL)"),
        (&["serve", "auth"], &[broker], "needs `public_url` (CHATTY_PUBLIC_URL)"),
        (&["serve", "router"], &[broker, public], "a router without auth beside it needs `auth_url` (CHATTY_AUTH_URL)"),
        (
            &["serve", "router"],
            &[("CHATTY_AUTH_URL", "localhost:4001")],
            "`auth_url` cannot be used: the url is relative",
        ),
        (&["serve"], &[("CHATTY_MODE", "production"), public], "production needs `secret`"),
        (
            &["serve"],
            &[("CHATTY_SECRET", "too short")],
            "`secret` cannot be used: the secret must have at least 32 bytes",
        ),
        (&["serve"], &[("CHATTY_SECRET_PREVIOUS", "too short")], "`secret_previous` cannot be used"),
        (&["serve"], &[("CHATTY_DATABASE_ULR", "x")], "unknown field: found `database_ulr`"),
        (&["serve"], &[("CHATTY_DRAIN_SECONDS", "60")], "`drain_seconds` may be at most 10"),
        (&["serve"], &[("CHATTY_TRUSTED_PROXIES", "[\"10.0.0.0/33\"]")], "CHATTY_TRUSTED_PROXIES"),
        (&["router", "--supergraph", "nothing.graphql"], &[], "nothing.graphql cannot be read"),
    ];
    for (arguments, environment, expected) in cases {
        let environment = environment.iter().copied().chain([("CHATTY_LISTEN", "127.0.0.1:0")]);
        let output = command(folder.path()).args(*arguments).envs(environment).output().expect("it ends");
        let said = String::from_utf8(output.stderr).expect("UTF-8");
        assert!(!output.status.success() && said.contains(expected), "{arguments:?}: {said}");
        assert!(!said.contains("hunter2") && !said.contains("panicked"), "{arguments:?}: {said}");
    }
}

#[tokio::test]
async fn a_gateway_serves_any_supergraph_whose_subgraph_urls_are_in_the_file() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut places = Vec::new();
    for (name, sdl, answer) in [
        ("greetings", "type Query { hello: String }", json!({"data": {"hello": "world"}})),
        ("numbers", "type Query { answer: Int }", json!({"data": {"answer": 42}})),
    ] {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let url = format!("http://{}/api", listener.local_addr().expect("bound"));
        let routes = axum::Router::new().route("/api", axum::routing::post(async move || axum::Json(answer)));
        // Ends with the test's runtime.
        tokio_util::task::TaskTracker::new().spawn(async move { axum::serve(listener, routes).await });
        let file = folder.path().join(format!("{name}.graphql"));
        std::fs::write(&file, sdl).expect("a file");
        places.push(format!("{name}={}@{url}", file.display()));
    }
    let composed = command(folder.path()).args(["schema", "compose"]).args(places).output().expect("runs");
    assert!(composed.status.success(), "{composed:?}");
    std::fs::write(folder.path().join("supergraph.graphql"), composed.stdout).expect("a file");

    let gateway = Invocation::new(env!("CARGO_BIN_EXE_chatty"), folder.path(), "gateway")
        .arguments(["router", "--supergraph", "supergraph.graphql", "--listen", "127.0.0.1:0"])
        .start(1);
    // Nobody verifies tokens here, so any is as good as none.
    let client = Remote::new(gateway.url()).anonymous().with_token("of another world");
    let data = client.query("{ hello both: answer }", Value::Null).await;
    assert_eq!(data, json!({"hello": "world", "both": 42}));
    assert!(gateway.stop().success(), "a clean stop");
}
