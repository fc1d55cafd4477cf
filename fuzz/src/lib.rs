//! What must hold for any bytes: one plain function a target, which panics where it does not.
//!
//! `tests/corpus.rs` feeds them what lies in `corpus/`, and mutations of it; `long/` has them for `cargo fuzz`.
//! To add one: a function in its module, a line in [`TARGETS`], a folder of small inputs and a file in `long/`.

mod clients;
mod graphql;
mod texts;

pub use clients::{events, http_request, subgraph_response, websocket_message};
pub use graphql::{document, scan};
pub use texts::{cursor, id, seal};

/// Takes any bytes.
pub type Target = fn(&[u8]);

/// All targets by the names of their folders.
pub const TARGETS: [(&str, Target); 9] = [
    ("cursor", cursor),
    ("document", document),
    ("events", events),
    ("http_request", http_request),
    ("id", id),
    ("scan", scan),
    ("seal", seal),
    ("subgraph_response", subgraph_response),
    ("websocket_message", websocket_message),
];
