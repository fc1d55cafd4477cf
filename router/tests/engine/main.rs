//! The engine through its public API: two or three small subgraphs, composed, loaded and asked.

#![expect(clippy::unwrap_used, reason = "in what tests share, too, an unwrap is an assertion")]

mod aliases;
mod cache;
mod conditions;
mod errors;
mod fixture;
mod fragments;
mod heavy;
mod hostile;
mod introspection;
mod letter;
mod limits;
mod monolith;
mod mutations;
mod remote;
mod repeated;
mod replace;
mod requests;
mod scripted;
mod shared;
mod subscriptions;
mod upstreams;
mod values;
mod variables;
