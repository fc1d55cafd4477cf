//! What the bus tells itself.

use serde::{Deserialize, Serialize};

/// A service's outbox has grown in a process that does not publish it. A broadcast: a hint to look, which may be lost.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OutboxAppended {
    /// Whose outbox.
    pub service: String,
}
crate::event!(OutboxAppended, "system.outbox.appended.v1", service);
