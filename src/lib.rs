//! The composition root: which parts there are, and how some or all of them become one running process.
//!
//! Start with [`System::start`]. `main.rs` is the command line over it; the tests start systems of their own.

mod base;
mod config;
mod folder;
mod foreign;
mod front;
mod health;
mod part;
mod peers;
mod reference;
pub mod schema;
mod services;
mod start;

pub use chatty_auth::FirstAdmin;
pub use config::{Config, Mode, RouterConfig};
pub use health::ask_ready;
pub use part::{Part, UnknownPart};
pub use reference::table as configuration_reference;
pub use start::{System, create_admin, migrate, rotate_keys};
