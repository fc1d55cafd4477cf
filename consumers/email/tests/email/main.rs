//! The email consumer with a real database and bus: what it makes of events, and the mailbox over HTTP.

mod erasure;
mod fixture;
mod mailbox;
mod requests;
mod retention;
