//! The posts subgraph through its schema, on a database and a bus of its own.
#![expect(clippy::unwrap_used, reason = "what panics in a fixture fails its test")]

mod comments;
mod cost;
mod erasure;
mod fixture;
mod idempotency;
mod likes;
mod lists;
mod live;
mod posts;
mod schema;
mod visibility;
