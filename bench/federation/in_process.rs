//! The router over four schemas in this process, and the same query on one schema: from a request to bytes.

use std::{
    collections::HashMap,
    hint::black_box,
    time::{Duration, Instant},
};

use async_graphql::{Request, ValidationMode, Variables};
use chatty_access::Caller;
use chatty_router::{Gateway, GraphqlRequest, Limits, Upstream, compose};
use tokio::runtime::Runtime;

use crate::{HEAVY, subgraphs, table};

/// Runs of each, one after the other in turn.
const RUNS: usize = 15;

/// How long one run takes.
const RUN: Duration = Duration::from_millis(400);

pub(crate) fn measure(runtime: &Runtime) {
    let gateway = gateway();
    let request = GraphqlRequest { query: HEAVY.to_owned(), operation_name: None, variables: Variables::default() };
    let (whole, fast) = (subgraphs::plain(ValidationMode::Strict), subgraphs::plain(ValidationMode::Fast));
    let parsed = async_graphql::parser::parse_query(HEAVY).expect("the query parses");

    let routed = || runtime.block_on(gateway.execute(request.clone(), Caller::anonymous())).body;
    let plain = || bytes(&runtime.block_on(whole.execute(Request::new(HEAVY))));
    let floor = || {
        let mut request = Request::new("");
        request.set_parsed_query(parsed.clone());
        bytes(&runtime.block_on(fast.execute(request)))
    };
    let read = |bytes: &[u8]| serde_json::from_slice::<serde_json::Value>(bytes).expect("answers are JSON");
    assert_eq!(read(&routed()), read(&plain()), "both answer alike");

    let mut times = [const { Vec::new() }; 3];
    for run in 0..=RUNS {
        let run_times = [time(routed), time(plain), time(floor)];
        // The first one warms up.
        if run > 0 {
            times.iter_mut().zip(run_times).for_each(|(times, time)| times.push(time));
        }
    }
    let title = format!("In process, {} bytes, {RUNS} runs of {} ms in turn", plain().len(), RUN.as_millis());
    table::head(&title, &["", "µs, median", "least", "most", "router against it"]);
    let (ours, ..) = table::spread(&times[0]);
    let names = ["router over four schemas", "one plain schema, from text", "one plain schema, parsed before"];
    for (name, times) in names.iter().zip(&times) {
        let (median, least, most) = table::spread(times);
        table::row(&[
            (*name).to_owned(),
            format!("{median:.0}"),
            format!("{least:.0}"),
            format!("{most:.0}"),
            format!("{:.2}", ours / median),
        ]);
    }
}

/// The router over the four subgraphs, called as functions.
fn gateway() -> Gateway {
    let built = subgraphs::all();
    let sdl: Vec<_> = subgraphs::NAMES.iter().zip(&built).map(|(name, (sdl, _))| (*name, sdl.as_str())).collect();
    let supergraph = compose(&sdl).expect("the subgraphs compose");
    let upstreams = subgraphs::NAMES.iter().zip(built);
    let upstreams = upstreams.map(|(name, (_, schema))| ((*name).to_owned(), Upstream::InProcess(schema)));
    Gateway::load(&supergraph, upstreams.collect::<HashMap<_, _>>(), Limits::default()).expect("the supergraph loads")
}

fn bytes(response: &async_graphql::Response) -> Vec<u8> {
    serde_json::to_vec(response).expect("a response has a JSON form")
}

/// Microseconds of one call, over a whole run of them.
fn time<T>(call: impl Fn() -> T) -> f64 {
    let (begun, mut calls) = (Instant::now(), 0.0);
    while begun.elapsed() < RUN {
        black_box(call());
        calls += 1.0;
    }
    begun.elapsed().as_secs_f64() * 1e6 / calls
}
