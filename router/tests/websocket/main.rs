//! `graphql-transport-ws` by the letter.

#[path = "../fixture/mod.rs"]
mod fixture;
mod identity;
mod protocol;
mod revocation;
mod shared;
mod socket;
