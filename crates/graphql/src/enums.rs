//! Enums that several subgraphs use. One Rust type each, so that composition never merges different values.

use async_graphql::Enum;

/// What an account is trusted with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "chatty_access::Role")]
pub enum Role {
    /// Everyone who registered.
    User,
    /// Reviews reports and moderates.
    Moderator,
    /// Runs the installation.
    Admin,
}

/// Where an account stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
pub enum AccountState {
    /// Usable. An account whose address is not verified yet is active too.
    Active,
    /// Closed by a moderator, for a time or for good.
    Suspended,
    /// Closed by its owner, who may open it again.
    Deactivated,
    /// Will be erased when the undo period ends.
    DeletionPending,
    /// Erased; a tombstone remains.
    Deleted,
}

/// What is known of an account's address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
pub enum EmailStatus {
    /// Not confirmed yet.
    Pending,
    /// Confirmed by the link in a mail.
    Verified,
    /// Mail to it came back.
    Bounced,
}

/// Who may see a post.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "chatty_events::posts::Visibility")]
pub enum Visibility {
    /// Everyone, signed in or not.
    Public,
    /// The author and whoever follows them.
    Followers,
    /// The author alone.
    Private,
}
