//! The email consumer with a real database and bus: what it makes of events, and the mailbox over HTTP.
#![expect(clippy::unwrap_used, reason = "what panics in a fixture fails its test")]

mod erasure;
mod fixture;
mod mailbox;
mod requests;
mod retention;
