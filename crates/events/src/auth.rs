//! What auth publishes.

use std::fmt;

use chatty_types::{SessionId, UserId};
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

/// Access has ended before its tokens have: whoever verifies tokens refuses these from now on, and sockets opened with
/// them are closed.
///
/// Heard by listeners, so it may be lost: whoever must know reads what is revoked from auth besides.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AccessRevoked {
    /// Whose. The member `sessionId` or `userId` of the payload, never both.
    #[serde(flatten)]
    pub revoked: Revoked,
    /// For a user, tokens issued before this are refused; for a session it is when it ended.
    pub not_before: DateTime<Utc>,
    /// Why.
    pub reason: RevocationReason,
}
crate::event!(AccessRevoked, "auth.access.revoked.v1", revoked);

/// What access was revoked from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Revoked {
    /// A session: every token it ever got.
    #[serde(rename = "sessionId")]
    Session(SessionId),
    /// A user: the tokens of all sessions that were issued before a time.
    #[serde(rename = "userId")]
    User(UserId),
}

impl fmt::Display for Revoked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Session(id) => id.fmt(f),
            Self::User(id) => id.fmt(f),
        }
    }
}

/// Why access was revoked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum RevocationReason {
    /// Its owner signed out.
    Logout,
    /// A refresh token that was spent came back, so two parties held the session.
    TokenReused,
    /// One that this version does not know; the revocation holds all the same.
    #[serde(other)]
    Unknown,
}

impl RevocationReason {
    /// Its spelling in payloads and databases.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Logout => "LOGOUT",
            Self::TokenReused => "TOKEN_REUSED",
            Self::Unknown => "UNKNOWN",
        }
    }
}
