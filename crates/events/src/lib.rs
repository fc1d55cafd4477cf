//! Event contracts: what services tell each other, as plain versioned structs, one file a producer.
//!
//! To add one: a struct in the producer's file with `event!`, a sample in `tests/samples.rs`, a row in the producer's
//! `lib.rs`. A changed meaning is a new version and a new struct; both are published for one release.
//! Payloads hold ids and facts, never secrets, tokens or mail addresses; only `email` has exceptions, which it names.

pub mod admin;
pub mod auth;
pub mod email;
mod envelope;
mod erasure;
pub mod posts;
pub mod subscriptions;
pub mod system;

pub use envelope::{Envelope, Event, Undecodable};
pub use erasure::Counts;

/// Declares the type name, producer and subject of an event struct.
macro_rules! event {
    ($event:ident, $type:literal, $subject:ident) => {
        impl $crate::Event for $event {
            const TYPE: &'static str = $type;

            fn subject(&self) -> String {
                self.$subject.to_string()
            }
        }
    };
}
use event;
