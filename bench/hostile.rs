//! What hostile documents cost the gateway before they are refused or planned: milliseconds, and how far the process grew.
//!
//! No document may cost more than 200 ms or 64 MB. Every line is one `prepare` on an empty cache, in a process that is
//! warm. `MB` is the peak of the resident memory above what it was before, which is kept by the allocator of the line
//! before where that was larger; Linux only. It exits with 1 if any cost more. The tests say what is refused.

#![allow(clippy::print_stdout, reason = "it is what a probe is for")]

#[path = "../router/tests/engine/hostile/documents.rs"]
mod documents;

use std::{
    collections::HashMap,
    fs,
    process::ExitCode,
    time::{Duration, Instant},
};

use async_graphql::Variables;
use chatty_access::Caller;
use chatty_router::{AnswerKind, Gateway, GraphqlRequest, Limits};
use documents::{Graph, documents};
use serde_json::{Value, json};

/// Signed in or not, everybody here may ask for as much.
fn gateway(graph: Graph) -> Gateway {
    graph.gateway(Limits { anonymous_weight: Limits::default().weight, ..Limits::default() })
}

/// A line of `/proc/self/status`, in kilobytes.
fn memory(line: &str) -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let found = status.lines().find_map(|text| text.strip_prefix(line)?.split_whitespace().nth(1)?.parse().ok());
    found.unwrap_or_default()
}

/// What a request costs, and what becomes of it.
async fn measure(gateway: &Gateway, query: &str, variables: Variables) -> (Duration, u64, String) {
    let request = GraphqlRequest { query: query.to_owned(), operation_name: None, variables };
    // Sets the peak back to what is resident.
    let _ = fs::write("/proc/self/clear_refs", "5");
    let before = memory("VmRSS");
    let started = Instant::now();
    let prepared = gateway.prepare(&request, &Caller::anonymous()).await;
    let verdict = match prepared {
        Err(answer) => told(&answer.body, answer.kind),
        Ok(prepared) => {
            let took = started.elapsed();
            let peak = memory("VmHWM").saturating_sub(before);
            drop(gateway.run(prepared, Caller::anonymous()).await);
            return (took, peak, "planned".to_owned());
        }
    };
    (started.elapsed(), memory("VmHWM").saturating_sub(before), verdict)
}

fn told(body: &[u8], kind: AnswerKind) -> String {
    let body: Value = serde_json::from_slice(body).unwrap_or_default();
    let extensions = &body["errors"][0]["extensions"];
    let text = extensions["limit"].as_str().or(extensions["code"].as_str());
    text.map_or_else(|| format!("{kind:?}"), str::to_owned)
}

/// Values that are dear to coerce, within the limit of a body.
fn variables() -> Vec<(&'static str, &'static str, Value)> {
    let mut deep = json!({});
    for _ in 0..120 {
        deep = json!({ "list": [deep] });
    }
    let wide: Vec<_> = (0..100_000).map(|_| json!({})).collect();
    let unknown: serde_json::Map<_, _> = (0..60_000).map(|at| (format!("member{at}"), json!(1))).collect();
    vec![
        ("an object of depth 120", "query ($in: In) { plain(in: $in) }", json!({ "in": deep })),
        ("a list of 100,000 objects", "query ($in: In) { plain(in: $in) }", json!({ "in": { "list": wide } })),
        ("60,000 unknown members", "query ($in: In) { plain(in: $in) }", json!({ "in": unknown })),
        ("a text of 1 MB", "query ($in: In) { plain(in: $in) }", json!({ "in": "x".repeat(1_000_000) })),
        ("a list where there is none", "query ($of: Int) { plain(of: $of) }", json!({ "of": vec![1; 200_000] })),
    ]
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let mut too_much = 0;
    let mut gateways = HashMap::new();
    println!("{:<40} {:>8} {:>9} {:>6}  verdict", "document", "bytes", "ms", "MB");
    let mut line = |name: &str, bytes: usize, (took, peak, verdict): (Duration, u64, String), expected: &str| {
        let (took, peak) = (took.as_secs_f64() * 1e3, peak / 1024);
        let is_over = took > 200.0 || peak > 64;
        too_much += u32::from(is_over);
        let over = if is_over { "  TOO MUCH" } else { "" };
        let odd = if expected.contains(&verdict) { "" } else { "  NOT AS THE TESTS SAY" };
        println!("{name:<40} {bytes:>8} {took:>9.1} {peak:>6}  {verdict}{over}{odd}");
    };
    for hostile in documents() {
        let gateway = gateways.entry(hostile.graph).or_insert_with(|| gateway(hostile.graph));
        line(
            hostile.name,
            hostile.text.len(),
            measure(gateway, &hostile.text, Variables::from_json(hostile.variables)).await,
            hostile.verdict,
        );
    }
    let gateway = gateway(Graph::Wide);
    for (name, query, variables) in variables() {
        let bytes = variables.to_string().len();
        line(name, bytes, measure(&gateway, query, Variables::from_json(variables)).await, "planned or BAD_USER_INPUT");
    }
    let introspection = "{ __schema { types { ...T } directives { name args { name type { ...R } } } } }
        fragment T on __Type { kind name fields { name args { name type { ...R } } type { ...R } } interfaces { ...R }
            possibleTypes { ...R } inputFields { name type { ...R } } enumValues { name } }
        fragment R on __Type { kind name ofType { kind name ofType { kind name ofType { kind name } } } }";
    line(
        "the usual introspection",
        introspection.len(),
        measure(&gateway, introspection, Variables::default()).await,
        "planned",
    );
    if too_much == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
