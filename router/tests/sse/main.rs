//! `graphql-sse` in distinct-connections mode: GraphQL answered by server-sent events.

mod events;
#[path = "../fixture/mod.rs"]
mod fixture;
mod protocol;
mod stay;
