//! The tests of the whole product: stories through the public API, and checks of the repository itself.
//!
//! One binary, a module a story. A story reads as a transcript; what it needs is in `chatty-testkit`.

mod account_life;
mod accounts;
mod bad_input;
mod binary;
mod comments;
mod erasure;
mod feed;
mod layering;
mod live;
mod mailbox;
mod nodes;
mod operations;
mod posts;
mod profiles;
mod reload;
mod restart;
mod schema;
mod statements;
mod tidy;
