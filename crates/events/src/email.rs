//! Mail: what others ask of the email consumer, and what it publishes.
//!
//! Only here payloads may hold mail addresses, and one of them a secret: see [`MessageRequested::secret`].

use std::collections::BTreeMap;

use chatty_types::UserId;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Where mail reaches somebody, and how to write to them. Published with every change, and at registration.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RecipientChanged {
    /// The account.
    pub user_id: UserId,
    /// The mail address, as its owner wrote it.
    pub address: String,
    /// The language to write in, such as `ru`.
    pub locale: String,
    /// The time zone to write times in, such as `Europe/Moscow`.
    pub time_zone: String,
    /// Whether the address is confirmed.
    pub verified: bool,
    /// The account's: an event that is not newer than what is known is ignored.
    pub version: i64,
}
crate::event!(RecipientChanged, "email.recipient.changed.v1", user_id);

/// Somebody is to get a mail.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MessageRequested {
    /// The mail; its `Message-ID` follows from it.
    pub message_id: Uuid,
    /// What to write.
    pub template: Template,
    /// To whom. Their language and time zone are those of [`RecipientChanged`], and so is the address if none is given.
    pub to_user_id: UserId,
    /// The address that the account had when the mail was asked for, or one that is to be confirmed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to_address: Option<String>,
    /// What the template tells, by name; see [`Template`].
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub params: BTreeMap<String, String>,
    /// The token of the link in the mail. Whoever stores the event removes it as soon as it has done its work; no log,
    /// field or dead letter ever shows it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret: Option<String>,
    /// Of several messages with one key only the first is sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dedupe_key: Option<String>,
}
crate::event!(MessageRequested, "email.message.requested.v1", message_id);

/// The mails of the system. Times among the parameters are RFC 3339 in UTC, for the template to show in the reader's zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Template {
    /// Confirm the address of a new account. Link `/verify-email?token=`. Parameters: `username`, `expiresAt`.
    VerifyEmail,
    /// Confirm the new address of an account. Link `/verify-email?token=`. Parameters: `username`, `expiresAt`.
    ConfirmNewEmail,
    /// Told at the old address: somebody who knows the password asked for another one. Parameters: `username`,
    /// `newAddress`.
    EmailChangeRequested,
    /// Choose a new password. Link `/reset-password?token=`. Parameters: `username`, `expiresAt`.
    ResetPassword,
    /// The password was changed or reset. Parameters: `username`, `at`.
    PasswordChanged,
    /// Somebody signed in on a device that was not seen before. Parameters: `username`, `device`, `network`, `at`.
    NewDevice,
    /// The account will be erased. Parameters: `username`, `dueAt`, `byAdministrator` (absent: by its owner).
    DeletionRequested,
    /// It will not. Parameters: `username`.
    DeletionCancelled,
    /// The account was closed by a moderator. Parameters: `username`, `reason`, `until` (absent: for good).
    AccountSuspended,
}

crate::erasure::erasure_completed!("email.erasure.completed.v1");
