//! A shop in four subgraphs behind a router: in process beside one plain schema, over HTTP beside another router, and
//! under clients that mean no good. `bench/README.md` says how to run it.

mod data;
mod hostile;
mod in_process;
mod load;
mod over_http;
mod process;
mod serve;
mod subgraphs;
mod table;

use std::path::PathBuf;

use over_http::Peer;

/// The shop's query: some 85 KB of answer out of eight requests to subgraphs.
const HEAVY: &str = include_str!("heavy.graphql");

/// A query of one request to one subgraph.
const TINY: &str = "{ me { id } }";

/// What the command line asks for.
struct Options {
    /// The built binary.
    chatty: PathBuf,
    /// Hive Router's, if there is one.
    peer: Option<PathBuf>,
    /// How often everything is measured, twice each time.
    rounds: usize,
    /// Seconds of one measurement.
    seconds: u64,
    /// Kept connections of the load.
    connections: usize,
    /// Which parts; all where none is named.
    parts: Vec<String>,
}

impl Options {
    fn read(mut arguments: impl Iterator<Item = String>) -> Self {
        let mut options = Self {
            chatty: "target/dist/chatty".into(),
            peer: None,
            rounds: 3,
            seconds: 5,
            connections: 32,
            parts: Vec::new(),
        };
        while let Some(argument) = arguments.next() {
            let mut value = || arguments.next().unwrap_or_else(|| panic!("{argument} needs a value"));
            let number = |text: String| text.parse().unwrap_or_else(|_| panic!("{text} is not a number"));
            match argument.as_str() {
                "--chatty" => options.chatty = value().into(),
                "--peer" => options.peer = Some(value().into()),
                "--rounds" => options.rounds = number(value()),
                "--seconds" => options.seconds = number(value()) as u64,
                "--connections" => options.connections = number(value()),
                // Cargo's own, to every benchmark.
                "--bench" => {}
                "in-process" | "http" | "hostile" => options.parts.push(argument),
                other => panic!("{other} is not known; there are in-process, http, hostile and some --options"),
            }
        }
        options
    }

    fn wants(&self, part: &str) -> bool {
        self.parts.is_empty() || self.parts.iter().any(|wanted| wanted == part)
    }
}

fn main() {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime starts");
    match arguments.first().map(String::as_str) {
        Some("subgraphs") => return runtime.block_on(serve::subgraphs()),
        Some("floor") => return runtime.block_on(serve::floor()),
        _ => {}
    }
    let options = Options::read(arguments.into_iter());
    if options.wants("in-process") {
        in_process::measure(&runtime);
    }
    if options.wants("http") {
        let peers = [Some(Peer::Chatty(options.chatty.clone())), options.peer.clone().map(Peer::Hive)];
        let peers: Vec<_> = peers.into_iter().flatten().collect();
        over_http::measure(&runtime, &peers, &options);
    }
    if options.wants("hostile") {
        hostile::measure(&runtime, &options.chatty);
    }
}
