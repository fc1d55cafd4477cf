//! What a storm of sign-ins costs: how much of the machine's hashing the pool gets done, and what everybody else feels.
//!
//! `throughput` compares sign-ins in this process with bare argon2 on as many threads; `storm` starts the built binary
//! and asks it trivial queries while clients guess passwords. Exits with 1 where a gate is missed. `bench/README.md`
//! says how to run it.

#![allow(clippy::print_stdout, reason = "it is what a probe is for")]

mod storm;
mod throughput;

use std::{path::PathBuf, process::ExitCode};

fn main() -> ExitCode {
    let (mut chatty, mut parts) = (PathBuf::from("target/dist/chatty"), Vec::new());
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--chatty" => chatty = arguments.next().expect("--chatty needs a path").into(),
            // Cargo's own, to every benchmark.
            "--bench" => {}
            "throughput" | "storm" => parts.push(argument),
            other => panic!("{other} is not known; there are throughput, storm and --chatty"),
        }
    }
    let wants = |part: &str| parts.is_empty() || parts.iter().any(|wanted| wanted == part);
    println!("| figure | value | gate |\n|---|---|---|");
    let throughput = !wants("throughput") || throughput::measure();
    let storm = !wants("storm") || storm::measure(&chatty);
    if throughput && storm { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// The middle of some values.
fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
