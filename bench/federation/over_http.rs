//! Routers over HTTP: the same supergraph, subgraphs and clients, one router after the other in turn.
//!
//! The figure is requests per second of CPU that the router's process has used, so that neither the clients nor the
//! subgraphs on the same machine count.

use std::{
    fmt::Write,
    fs,
    net::SocketAddr,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use bytes::Bytes;
use chatty_router::compose_located;
use serde_json::{Value, json};
use tokio::runtime::Runtime;

use crate::{
    HEAVY, Options, TINY,
    load::{Client, Load},
    process::{Process, free_address},
    subgraphs, table,
};

/// A router's binary.
pub(crate) enum Peer {
    Chatty(PathBuf),
    Hive(PathBuf),
}

/// What is measured in turn.
struct Contender {
    name: String,
    process: Process,
    address: SocketAddr,
    rounds: Vec<Round>,
    /// Bytes of its answer to the query of the moment.
    length: usize,
}

/// One measurement.
struct Round {
    per_cpu_second: f64,
    per_second: f64,
    p50: f64,
    p99: f64,
    resident_mib: f64,
}

/// A folder of what the routers read, which goes with this.
pub(crate) struct Folder(tempfile::TempDir);

/// The four subgraphs, and a supergraph that says where they are.
pub(crate) struct Shop {
    _subgraphs: Process,
    supergraph: String,
    folder: Folder,
}

pub(crate) fn measure(runtime: &Runtime, peers: &[Peer], options: &Options) {
    let shop = Shop::open();
    let rows = [("the shop", HEAVY, false), ("the shop", HEAVY, true), ("one id", TINY, false)];
    for (name, query, deduplicates) in rows {
        let body = Bytes::from(json!({ "query": query }).to_string());
        let mut contenders: Vec<_> = peers.iter().map(|peer| peer.start(&shop, deduplicates)).collect();
        let answers: Vec<_> = contenders.iter_mut().map(|each| each.answer(runtime, &body)).collect();
        for answer in &answers {
            assert_eq!(answers[0], *answer, "all answer alike");
            assert!(answer["errors"].is_null(), "{answer}");
        }
        contenders.push(Contender::floor(&answers[0]));
        contenders.last_mut().expect("it was pushed").answer(runtime, &body);
        take_turns(runtime, &mut contenders, &body, options);
        let title = format!(
            "Over HTTP, {name} ({} bytes), {} connections, de-duplication {}, {} measurements of {} s each",
            contenders[0].length,
            options.connections,
            if deduplicates { "on" } else { "off" },
            2 * options.rounds,
            options.seconds,
        );
        report(&title, &contenders);
    }
}

/// First to last and back again, so that none has the better place.
fn take_turns(runtime: &Runtime, contenders: &mut [Contender], body: &Bytes, options: &Options) {
    let there: Vec<_> = (0..contenders.len()).collect();
    let order: Vec<_> = there.iter().chain(there.iter().rev()).copied().collect();
    for at in there {
        contenders[at].round(runtime, body, options.connections, Duration::from_secs(1));
    }
    for _ in 0..options.rounds {
        for at in &order {
            let time = Duration::from_secs(options.seconds);
            let round = contenders[*at].round(runtime, body, options.connections, time);
            contenders[*at].rounds.push(round);
        }
    }
}

fn report(title: &str, contenders: &[Contender]) {
    let columns = [
        "",
        "requests per CPU-second, median",
        "least",
        "most",
        "first against it",
        "per second",
        "p50 ms",
        "p99 ms",
        "MiB",
    ];
    table::head(title, &columns);
    let of = |contender: &Contender, figure: fn(&Round) -> f64| {
        table::spread(&contender.rounds.iter().map(figure).collect::<Vec<_>>())
    };
    let (first, ..) = of(&contenders[0], |round| round.per_cpu_second);
    for contender in contenders {
        let (median, least, most) = of(contender, |round| round.per_cpu_second);
        let middle = |figure| of(contender, figure).0;
        table::row(&[
            contender.name.clone(),
            format!("{median:.0}"),
            format!("{least:.0}"),
            format!("{most:.0}"),
            format!("{:.2}", first / median),
            format!("{:.0}", middle(|round| round.per_second)),
            format!("{:.1}", middle(|round| round.p50)),
            format!("{:.1}", middle(|round| round.p99)),
            format!("{:.0}", middle(|round| round.resident_mib)),
        ]);
    }
}

impl Shop {
    pub(crate) fn open() -> Self {
        let (process, urls) = Process::ourselves("subgraphs", "", subgraphs::NAMES.len());
        let built = subgraphs::all();
        let located = subgraphs::NAMES.iter().zip(&built).zip(&urls);
        let located: Vec<_> =
            located.map(|((name, (sdl, _)), url)| (*name, sdl.as_str(), Some(url.as_str()))).collect();
        let supergraph = compose_located(&located).expect("the subgraphs compose");
        let folder = Folder(tempfile::tempdir().expect("a folder"));
        Self { _subgraphs: process, supergraph: folder.write("supergraph.graphql", &supergraph), folder }
    }
}

impl Folder {
    /// Writes a file and says where it is.
    fn write(&self, name: &str, text: &str) -> String {
        let path = self.0.path().join(name);
        fs::write(&path, text).expect("the folder is ours");
        path.to_str().expect("a path in Unicode").to_owned()
    }
}

/// Starts our own router on a supergraph.
pub(crate) fn start_chatty(binary: &Path, shop: &Shop, deduplicates: bool) -> (Process, SocketAddr) {
    let address = free_address();
    let mut command = Command::new(binary);
    command.args(["router", "--supergraph", &shop.supergraph, "--listen", &address.to_string()]);
    command.env("CHATTY_LOG", "warn").env("CHATTY_ROUTER__DEDUPLICATE", deduplicates.to_string());
    (Process::start(&mut command, address), address)
}

impl Peer {
    fn start(&self, shop: &Shop, deduplicates: bool) -> Contender {
        let (name, (process, address)) = match self {
            Self::Chatty(binary) => ("chatty router", start_chatty(binary, shop, deduplicates)),
            Self::Hive(binary) => ("Hive Router", start_hive(binary, shop, deduplicates)),
        };
        Contender { name: name.to_owned(), process, address, rounds: Vec::new(), length: 0 }
    }
}

fn start_hive(binary: &Path, shop: &Shop, deduplicates: bool) -> (Process, SocketAddr) {
    let address = free_address();
    let mut config = format!("supergraph:\n  source: file\n  path: {}\n", shop.supergraph);
    write!(config, "http:\n  host: 127.0.0.1\n  port: {}\nlog:\n  level: warn\n", address.port()).expect("it is text");
    write!(config, "traffic_shaping:\n  all:\n    dedupe_enabled: {deduplicates}\n").expect("it is text");
    write!(config, "  router:\n    dedupe:\n      enabled: false\n").expect("it is text");
    shop.folder.write("router.config.yaml", &config);
    let mut command = Command::new(binary);
    command.current_dir(shop.folder.0.path());
    (Process::start(&mut command, address), address)
}

impl Contender {
    /// The same bytes from a handler that does nothing else.
    fn floor(answer: &Value) -> Self {
        let (process, urls) = Process::ourselves("floor", &answer.to_string(), 1);
        let address = urls[0].trim_start_matches("http://").trim_end_matches('/').parse().expect("an address");
        Self { name: "floor: an axum handler".to_owned(), process, address, rounds: Vec::new(), length: 0 }
    }

    /// Its answer, whose length every later one must have.
    fn answer(&mut self, runtime: &Runtime, body: &Bytes) -> Value {
        let answer = runtime.block_on(async { Client::connect(self.address).await.ask(body).await });
        self.length = answer.len();
        serde_json::from_slice(&answer).expect("answers are JSON")
    }

    fn round(&self, runtime: &Runtime, body: &Bytes, connections: usize, time: Duration) -> Round {
        let before = self.process.cpu_seconds();
        let load = runtime.block_on(Load::run(self.address, body, self.length, connections, time));
        let requests = f64::from(u32::try_from(load.latencies.len()).expect("a few seconds hold fewer"));
        Round {
            per_cpu_second: requests / (self.process.cpu_seconds() - before),
            per_second: requests / time.as_secs_f64(),
            p50: load.percentile(50),
            p99: load.percentile(99),
            resident_mib: self.process.resident_mib(),
        }
    }
}
