//! How a Chatty process runs: configuration, telemetry, health, tasks, shutdown, faults, and what a service hands over
//! to be run ([`Service`], [`Worker`]) and is given to run with ([`Env`]).
//!
//! The only crate that reads the environment and that spawns tasks. It knows no service.

mod back_off;
pub mod config;
pub mod endpoint;
mod env;
mod fault;
pub mod http;
pub mod media;
pub mod scan;
mod service;
mod storage;
mod subgraph;
mod tasks;
pub mod telemetry;
mod variables;

pub use back_off::BackOff;
pub use env::Env;
pub use fault::{Code, Fault};
pub use service::{Service, Worker};
pub use storage::Storage;
pub use subgraph::{Exposure, Subgraph};
pub use tasks::{STOP_WITHIN, Tasks};
pub use variables::DistinctVariables;
