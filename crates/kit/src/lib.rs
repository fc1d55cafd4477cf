//! How a Chatty process runs: configuration, telemetry, health, tasks, shutdown, faults, and what a service hands over
//! to be run ([`Service`]) and is given to run with ([`Env`]).
//!
//! The only crate that reads the environment and that spawns tasks. It knows no service.

pub mod config;
pub mod endpoint;
mod env;
mod fault;
pub mod http;
pub mod scan;
mod service;
mod storage;
mod subgraph;
mod tasks;
pub mod telemetry;

pub use env::Env;
pub use fault::{Code, Fault};
pub use service::Service;
pub use storage::Storage;
pub use subgraph::{Exposure, Subgraph};
pub use tasks::Tasks;
