//! What auth publishes.

use chatty_types::UserId;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// Somebody registered; services create their replica of the account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct UserRegistered {
    /// The account.
    pub user_id: UserId,
    /// As registered; later changes come as updates.
    pub username: String,
    /// When.
    pub created_at: DateTime<Utc>,
}
crate::event!(UserRegistered, "auth.user.registered.v1", user_id);
