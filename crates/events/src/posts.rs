//! What posts publishes.

use chatty_types::{CommentId, PostId, UserId};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// Who may see a post.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Visibility {
    /// Everyone.
    Public,
    /// The author and whoever follows them.
    Followers,
    /// The author alone.
    Private,
}

/// A post was published.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PostCreated {
    /// The post.
    pub post_id: PostId,
    /// Its author.
    pub author_id: UserId,
    /// Who may see it.
    pub visibility: Visibility,
    /// When.
    pub created_at: DateTime<Utc>,
}
crate::event!(PostCreated, "posts.post.created.v1", post_id);

/// A post was edited.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PostUpdated {
    /// The post.
    pub post_id: PostId,
    /// Its author.
    pub author_id: UserId,
    /// Counts edits; a consumer ignores a version that is not newer than what it knows.
    pub version: i64,
    /// Who may see it now.
    pub visibility: Visibility,
}
crate::event!(PostUpdated, "posts.post.updated.v1", post_id);

/// A post is gone for everyone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PostDeleted {
    /// The post.
    pub post_id: PostId,
    /// Its author.
    pub author_id: UserId,
    /// The version that the deletion made.
    pub version: i64,
}
crate::event!(PostDeleted, "posts.post.deleted.v1", post_id);

/// A user likes a post.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PostLiked {
    /// The post.
    pub post_id: PostId,
    /// Its author.
    pub author_id: UserId,
    /// Who likes it.
    pub user_id: UserId,
}
crate::event!(PostLiked, "posts.post.liked.v1", post_id);

/// A user no longer likes a post.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PostUnliked {
    /// The post.
    pub post_id: PostId,
    /// Its author.
    pub author_id: UserId,
    /// Who took the like back.
    pub user_id: UserId,
}
crate::event!(PostUnliked, "posts.post.unliked.v1", post_id);

/// A comment was written. The subject is the post, so that a thread's events keep their order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CommentCreated {
    /// The comment.
    pub comment_id: CommentId,
    /// The post it belongs to.
    pub post_id: PostId,
    /// The comment it answers, if any.
    pub parent_id: Option<CommentId>,
    /// Who wrote it.
    pub author_id: UserId,
    /// 0 for a comment on the post itself.
    pub depth: i64,
}
crate::event!(CommentCreated, "posts.comment.created.v1", post_id);

/// A comment was deleted. The subject is the post.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CommentDeleted {
    /// The comment.
    pub comment_id: CommentId,
    /// The post it belonged to.
    pub post_id: PostId,
    /// Who wrote it.
    pub author_id: UserId,
}
crate::event!(CommentDeleted, "posts.comment.deleted.v1", post_id);

crate::erasure::erasure_completed!("posts.erasure.completed.v1");

/// A part of an erasure is done, and the next is to be. The service tells it to itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ErasureContinued {
    /// The account.
    pub user_id: UserId,
}
crate::event!(ErasureContinued, "posts.erasure.continued.v1", user_id);
