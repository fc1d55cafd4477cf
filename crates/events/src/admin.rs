//! What admin publishes.

use chatty_types::UserId;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// A moderator's decision about an account is in force.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ModerationApplied {
    /// The decision.
    pub action_id: Uuid,
    /// What was decided.
    pub kind: ModerationKind,
    /// About whom.
    pub target: UserId,
    /// The moderator.
    pub actor_id: UserId,
    /// Told to the person concerned.
    pub reason: String,
    /// When it ends by itself; never if `None`.
    pub expires_at: Option<DateTime<Utc>>,
    /// When it was decided.
    pub at: DateTime<Utc>,
}
crate::event!(ModerationApplied, "admin.moderation.applied.v1", target);

/// A decision about an account was taken back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ModerationRevoked {
    /// The decision.
    pub action_id: Uuid,
    /// About whom.
    pub target: UserId,
    /// When.
    pub at: DateTime<Utc>,
}
crate::event!(ModerationRevoked, "admin.moderation.revoked.v1", target);

/// What may be decided about an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ModerationKind {
    /// Close it, for a time or for good.
    Suspend,
    /// One that this version does not know.
    #[serde(other)]
    Unknown,
}
