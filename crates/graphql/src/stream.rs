//! What every live stream may say besides its own events.

use async_graphql::{Enum, SimpleObject};

/// The stream cannot go on from your cursor: fetch the list again, then subscribe without `after`.
#[derive(Debug, Clone, Copy, SimpleObject)]
#[graphql(shareable, tag = "resync")]
pub struct ResyncRequired {
    /// Why.
    pub reason: ResyncReason,
}

/// Why a stream cannot go on from a cursor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
pub enum ResyncReason {
    /// The events behind the cursor are no longer kept.
    CursorTooOld,
    /// What the stream is about is gone, or no longer for you.
    Gone,
}
