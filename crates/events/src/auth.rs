//! What auth publishes.

use std::fmt;

use chatty_types::{SessionId, UserId};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Somebody registered; services create their replica of the account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct UserRegistered {
    /// The account.
    pub user_id: UserId,
    /// As registered; later changes come as updates.
    pub username: String,
    /// The language, such as `ru`.
    #[serde(default = "english")]
    pub locale: String,
    /// When.
    pub created_at: DateTime<Utc>,
}
crate::event!(UserRegistered, "auth.user.registered.v1", user_id);

/// The language of whoever registered before languages were told.
fn english() -> String {
    "en".to_owned()
}

/// An account's address was confirmed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct UserEmailVerified {
    /// The account.
    pub user_id: UserId,
}
crate::event!(UserEmailVerified, "auth.user.email_verified.v1", user_id);

/// Somebody changed their profile.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct UserUpdated {
    /// The account.
    pub user_id: UserId,
    /// What is different now, and nothing else.
    pub changed: ChangedProfile,
    /// The account's, after the change.
    pub version: i64,
}
crate::event!(UserUpdated, "auth.user.updated.v1", user_id);

/// The changed fields of a profile. An absent one stayed as it was; a null one was removed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ChangedProfile {
    /// The unique name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub username: Option<String>,
    /// The name that is shown.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    pub display_name: Option<Option<String>>,
    /// The language.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub locale: Option<String>,
}

/// A member that is there, be it null.
#[expect(clippy::option_option, reason = "absent, null and a text are three different things")]
fn present<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<Option<String>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

/// Where an account stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum AccountState {
    /// Usable.
    Active,
    /// Closed by a moderator.
    Suspended,
    /// Closed by its owner.
    Deactivated,
    /// Will be erased.
    DeletionPending,
    /// Erased.
    Deleted,
}

/// An account stands elsewhere now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct UserStateChanged {
    /// The account.
    pub user_id: UserId,
    /// Where it stood.
    pub from: AccountState,
    /// Where it stands.
    pub to: AccountState,
    /// When that ends by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<DateTime<Utc>>,
    /// The moderator's decision that did it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub action_id: Option<Uuid>,
    /// The account's, after the change.
    pub version: i64,
}
crate::event!(UserStateChanged, "auth.user.state_changed.v1", user_id);

/// An account is trusted with something else now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct UserRoleChanged {
    /// The account.
    pub user_id: UserId,
    /// The role that it had, such as `USER`.
    pub before: String,
    /// The role that it has.
    pub after: String,
    /// What that allows.
    pub scopes: Vec<String>,
    /// Why, in the words of the administrator who did it.
    pub reason: String,
    /// The account's, after the change.
    pub version: i64,
}
crate::event!(UserRoleChanged, "auth.user.role_changed.v1", user_id);

/// An account will be erased.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct UserDeletionRequested {
    /// The account.
    pub user_id: UserId,
    /// When.
    pub due_at: DateTime<Utc>,
}
crate::event!(UserDeletionRequested, "auth.user.deletion_requested.v1", user_id);

/// It will not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct UserDeletionCancelled {
    /// The account.
    pub user_id: UserId,
}
crate::event!(UserDeletionCancelled, "auth.user.deletion_cancelled.v1", user_id);

/// An account was erased, and only its id is left. Every service erases what it keeps of it and answers by its
/// `erasure.completed`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct UserDeleted {
    /// The account.
    pub user_id: UserId,
    /// What the answers name.
    pub erasure_id: Uuid,
}
crate::event!(UserDeleted, "auth.user.deleted.v1", user_id);

/// Somebody signed in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SessionStarted {
    /// The session.
    pub session_id: SessionId,
    /// Whose.
    pub user_id: UserId,
    /// What the client called itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device: Option<String>,
}
crate::event!(SessionStarted, "auth.session.started.v1", session_id);

/// Something happened to an account that its owner may not have done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SecuritySuspicious {
    /// The account.
    pub user_id: UserId,
    /// What happened.
    pub kind: SuspicionKind,
}
crate::event!(SecuritySuspicious, "auth.security.suspicious.v1", user_id);

/// What may be wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum SuspicionKind {
    /// A spent refresh token came back: two parties held the session.
    RefreshReuse,
    /// So many wrong passwords that more are refused for a while.
    Lockout,
}

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
    /// The password was changed or reset.
    PasswordChanged,
    /// The account's role is another one now.
    RoleChanged,
    /// The account was closed by a moderator.
    Suspended,
    /// The account will be erased, or was.
    Deleted,
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
            Self::PasswordChanged => "PASSWORD_CHANGED",
            Self::RoleChanged => "ROLE_CHANGED",
            Self::Suspended => "SUSPENDED",
            Self::Deleted => "DELETED",
            Self::Unknown => "UNKNOWN",
        }
    }
}
