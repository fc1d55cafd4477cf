//! How a Chatty process runs: configuration, telemetry, health, tasks, shutdown, and what a service hands over to be run.

mod fault;
mod subgraph;

pub use fault::{Code, Fault};
pub use subgraph::Subgraph;
