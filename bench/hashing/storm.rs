//! The built binary under clients that guess passwords: what a trivial query takes, who is refused, and the memory.

use std::{
    fs,
    net::{Ipv4Addr, SocketAddr, TcpListener},
    path::Path,
    process::{Child, Command, Stdio},
    sync::atomic::{AtomicBool, AtomicU32, Ordering::Relaxed},
    time::{Duration, Instant},
};

use futures_util::{FutureExt, future::join_all};
use reqwest::Client;
use serde_json::{Value, json};

/// Clients that sign in with wrong passwords, each from an address of its own and as nobody else.
const GUESSERS: u32 = 200;

/// How long a guesser waits who was refused.
const PAUSE: Duration = Duration::from_millis(100);

/// Trivial queries, and the time between them.
const QUERIES: usize = 1_000;
const PACE: Duration = Duration::from_millis(10);

/// What 95 of a hundred of them take at most.
const GATE: Duration = Duration::from_millis(50);

/// A started binary; killed when this is dropped.
struct Server {
    child: Child,
    url: String,
}

/// How sign-ins were answered.
#[derive(Default)]
struct Told {
    wrong: AtomicU32,
    refused: AtomicU32,
}

/// Whether the gate is passed.
pub(crate) fn measure(chatty: &Path) -> bool {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let server = Server::start(chatty, folder.path());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime starts");
    runtime.block_on(server.answers());
    let quiet = runtime.block_on(server.queries());
    let before = server.memory("VmRSS");
    let (told, is_over, begun) = (Told::default(), AtomicBool::new(false), Instant::now());
    let stormy = runtime.block_on(async {
        let guessers = join_all((0..GUESSERS).map(|n| server.guess(n, &told, &is_over))).boxed_local();
        let queries = async {
            let latencies = server.queries().await;
            is_over.store(true, Relaxed);
            latencies
        };
        futures_util::future::join(queries, guessers).await.0
    });
    let seconds = begun.elapsed().as_secs_f64();
    let (wrong, refused) = (told.wrong.into_inner(), told.refused.into_inner());
    let percentile = |latencies: &[Duration], percent: usize| latencies[latencies.len() * percent / 100];
    let p95 = percentile(&stormy, 95);
    for (name, latencies) in [("before", &quiet), ("in the storm", &stormy)] {
        let [p50, p95, p99] = [50, 95, 99].map(|percent| percentile(latencies, percent).as_secs_f64() * 1_000.0);
        println!("| trivial query {name}, p50 / p95 / p99 | {p50:.1} / {p95:.1} / {p99:.1} ms | p95 < {GATE:?} |");
    }
    println!("| sign-ins hashed, by {GUESSERS} guessers | {:.1}/s | |", f64::from(wrong) / seconds);
    println!("| sign-ins `RATE_LIMITED` | {refused} of {} | |", wrong + refused);
    println!("| memory before, at most | {before} MiB, {} MiB | |", server.memory("VmHWM"));
    p95 < GATE
}

impl Server {
    fn start(chatty: &Path, folder: &Path) -> Self {
        let chatty = chatty.canonicalize().unwrap_or_else(|error| panic!("{}: {error}", chatty.display()));
        let free = TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0))).expect("a free port");
        let address = free.local_addr().expect("it is bound");
        drop(free);
        let mut command = Command::new(chatty);
        command.args(["serve"]).env_clear().current_dir(folder).stdout(Stdio::null());
        command.env("CHATTY_LISTEN", address.to_string()).env("CHATTY_LOG", "warn");
        // So that guessers may come from everywhere.
        command.env("CHATTY_TRUSTED_PROXIES", r#"["127.0.0.0/8"]"#);
        let child = command.spawn().expect("the binary starts");
        Self { child, url: format!("http://{address}/graphql") }
    }

    /// Waits until it does.
    async fn answers(&self) {
        while Client::new().get(self.url.replace("/graphql", "/readyz")).send().await.is_err() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// What each of the trivial queries took, the quickest first.
    async fn queries(&self) -> Vec<Duration> {
        let (client, mut pace) = (Client::new(), tokio::time::interval(PACE));
        let mut latencies = Vec::with_capacity(QUERIES);
        for _ in 0..QUERIES {
            pace.tick().await;
            let begun = Instant::now();
            let answer = self.ask(&client, Ipv4Addr::LOCALHOST, json!({"query": "{ __typename }"})).await;
            latencies.push(begun.elapsed());
            assert_eq!(answer["data"]["__typename"], "Query", "{answer}");
        }
        latencies.sort_unstable();
        latencies
    }

    /// Guesses until the storm is over.
    async fn guess(&self, number: u32, told: &Told, is_over: &AtomicBool) {
        let (client, document) =
            (Client::new(), "mutation($input: LoginInput!) { login(input: $input) { errors { code } } }");
        for round in 0.. {
            if is_over.load(Relaxed) {
                return;
            }
            let address = Ipv4Addr::from_bits((10 << 24) + number * 65_536 + round % 65_536);
            let input = json!({"identifier": format!("nobody_{number}_{round}"), "password": "wrong password"});
            let answer = self.ask(&client, address, json!({"query": document, "variables": {"input": input}})).await;
            if answer["data"]["login"]["errors"][0]["code"] == "BAD_CREDENTIALS" {
                told.wrong.fetch_add(1, Relaxed);
            } else {
                assert_eq!(answer["errors"][0]["extensions"]["code"], "RATE_LIMITED", "{answer}");
                told.refused.fetch_add(1, Relaxed);
                tokio::time::sleep(PAUSE).await;
            }
        }
    }

    async fn ask(&self, client: &Client, from: Ipv4Addr, body: Value) -> Value {
        let request = client.post(&self.url).header("x-forwarded-for", from.to_string()).json(&body);
        request.send().await.expect("it answers").json().await.expect("an answer is JSON")
    }

    /// A line of its status, in MiB.
    fn memory(&self, line: &str) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap_or_default();
        let found = status.lines().find_map(|text| text.strip_prefix(line)?.split_whitespace().nth(1)?.parse().ok());
        found.unwrap_or(0_u64) / 1_024
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
