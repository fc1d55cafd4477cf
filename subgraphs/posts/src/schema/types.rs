//! Enums of the posts schema.

use async_graphql::Enum;

use crate::store::post::State;

/// Where a post or a comment stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "State")]
pub(crate) enum PostState {
    /// It can be read by whom it is for.
    Published,
    /// Its author deleted it.
    Deleted,
    /// A moderator took it down.
    Removed,
}

/// How a list of posts is ordered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
pub(crate) enum PostOrder {
    /// The newest first.
    New,
}

/// How a thread is ordered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Enum)]
pub(crate) enum CommentOrder {
    /// The oldest first, as a conversation reads.
    Old,
    /// The newest first.
    New,
}
