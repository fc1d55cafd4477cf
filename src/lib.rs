//! The composition root: which services there are, and how they become one running system.
//!
//! Start with [`System::start`]. `main.rs` is the command line over it; the tests start systems of their own.

mod config;
mod folder;
pub mod schema;
mod start;

pub use config::{Config, Mode, RouterConfig};
pub use start::{System, create_admin, migrate};
