//! A whole Chatty inside a test: real HTTP and WebSocket on a free port, its own data folder, a clock to advance.
//!
//! ```text
//! let h = Harness::start().await;
//! let (ana, bob) = (h.register("ana").await, h.register("bob").await);
//! ana.follow(&bob).await;
//! bob.post("hello").await;
//! h.settle().await;
//! ```
//! Everything but `settle`, `publish` and `counted` goes through the public API. A test fails by panicking where the surprise is, so nothing here returns an
//! error.

mod builders;
mod client;
mod eventually;
mod harness;
mod mailbox;
mod process;
mod readme;
mod remote;
mod socket;

pub use client::{Client, Reply};
pub use eventually::eventually;
pub use harness::Harness;
pub use mailbox::Mail;
pub use process::{Invocation, Process};
pub use readme::Readme;
pub use remote::Remote;
pub use socket::{Closed, Socket};
