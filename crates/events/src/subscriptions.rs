//! What subscriptions publishes.

use chatty_types::UserId;
use serde::{Deserialize, Serialize};

/// A user follows another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FollowCreated {
    /// Who follows.
    pub follower_id: UserId,
    /// Whom.
    pub followee_id: UserId,
    /// Counts the changes of this pair; a consumer ignores a version that is not newer than what it knows.
    pub version: i64,
}
crate::event!(FollowCreated, "subscriptions.follow.created.v1", follower_id);

/// A user no longer follows another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FollowRemoved {
    /// Who followed.
    pub follower_id: UserId,
    /// Whom.
    pub followee_id: UserId,
    /// Counts the changes of this pair.
    pub version: i64,
}
crate::event!(FollowRemoved, "subscriptions.follow.removed.v1", follower_id);

/// Feeds of these users have grown or shrunk. A broadcast: a hint to look, which may be lost.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FeedAppended {
    /// Why there is work to look for; the broadcast's subject.
    pub source: String,
    /// Whose feeds, at most 1,000 a message.
    pub user_ids: Vec<UserId>,
}
crate::event!(FeedAppended, "subscriptions.feed.appended.v1", source);

crate::erasure::erasure_completed!("subscriptions.erasure.completed.v1");

/// A part of an erasure is done, and the next is to be. The service tells it to itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ErasureContinued {
    /// The account.
    pub user_id: UserId,
}
crate::event!(ErasureContinued, "subscriptions.erasure.continued.v1", user_id);
