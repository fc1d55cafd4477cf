//! What every bus must do, told once: on the bus and the database that the environment names (`chatty-scratch`).
#![expect(clippy::unwrap_used, reason = "in what tests share, too, an unwrap is an assertion")]

mod broker;
mod broker_only;
mod delivery;
mod failures;
mod in_process_only;
mod notes;
mod turns;
mod world;
