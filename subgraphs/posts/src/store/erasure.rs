//! How far the erasures of accounts have come, and what is left of them.

use chatty_store::{FromRow, Result, Tx, query};
use chatty_types::{CommentId, PostId, UserId};
use chrono::{DateTime, Utc};
use uuid::Uuid;

/// An erasure under way.
#[derive(Debug, Clone, Copy, FromRow)]
pub(crate) struct ErasureRow {
    /// What the answer names.
    pub(crate) erasure_id: Uuid,
    pub(crate) posts: i64,
    pub(crate) comments: i64,
    pub(crate) likes: i64,
}

/// Notes that the account is to be erased; whether that is news.
pub(crate) async fn insert(tx: &mut Tx, user: UserId, erasure: Uuid) -> Result<bool> {
    let inserted = query!(
        "INSERT INTO erasure (user_id, erasure_id, posts, comments, likes) VALUES ($1, $2, 0, 0, 0)
         ON CONFLICT (user_id) DO NOTHING"
    )
    .bind(user)
    .bind(erasure)
    .execute(tx)
    .await?;
    Ok(inserted == 1)
}

/// The erasure of the account, unless it is finished, locked until `tx` ends.
pub(crate) async fn find_locked(tx: &mut Tx, user: UserId) -> Result<Option<ErasureRow>> {
    query!(
        "UPDATE erasure SET posts = posts WHERE user_id = $1 AND finished_at IS NULL
         RETURNING erasure_id, posts, comments, likes"
    )
    .bind(user)
    .fetch_optional(tx)
    .await
}

/// Stores what has been erased so far.
pub(crate) async fn update_counts(tx: &mut Tx, user: UserId, row: &ErasureRow) -> Result<u64> {
    query!("UPDATE erasure SET posts = $2, comments = $3, likes = $4 WHERE user_id = $1")
        .bind(user)
        .bind(row.posts)
        .bind(row.comments)
        .bind(row.likes)
        .execute(tx)
        .await
}

/// Notes that nothing is left.
pub(crate) async fn update_finished(tx: &mut Tx, user: UserId, now: DateTime<Utc>) -> Result<u64> {
    query!("UPDATE erasure SET finished_at = $2 WHERE user_id = $1").bind(user).bind(now).execute(tx).await
}

/// Posts of the author that still have words.
pub(crate) async fn list_posts(tx: &mut Tx, author: UserId, limit: i64) -> Result<Vec<(PostId,)>> {
    query!("SELECT id FROM post WHERE author_id = $1 AND body <> '' ORDER BY id LIMIT $2")
        .bind(author)
        .bind(limit)
        .fetch_all(tx)
        .await
}

/// Comments of the author that still have words, with their posts, post by post.
pub(crate) async fn list_comments(tx: &mut Tx, author: UserId, limit: i64) -> Result<Vec<(PostId, CommentId)>> {
    query!("SELECT post_id, id FROM post_comment WHERE author_id = $1 AND body <> '' ORDER BY post_id, id LIMIT $2")
        .bind(author)
        .bind(limit)
        .fetch_all(tx)
        .await
}

/// Posts that the user likes.
pub(crate) async fn list_liked(tx: &mut Tx, user: UserId, limit: i64) -> Result<Vec<(PostId,)>> {
    query!("SELECT post_id FROM post_like WHERE user_id = $1 ORDER BY post_id LIMIT $2")
        .bind(user)
        .bind(limit)
        .fetch_all(tx)
        .await
}

/// Forgets some of whom the user follows and who follows them; how many.
pub(crate) async fn delete_follows(tx: &mut Tx, user: UserId, limit: i64) -> Result<u64> {
    query!(
        "DELETE FROM follow_ref WHERE (follower_id, followee_id) IN (
             SELECT follower_id, followee_id FROM follow_ref WHERE follower_id = $1 OR followee_id = $1 LIMIT $2)"
    )
    .bind(user)
    .bind(limit)
    .execute(tx)
    .await
}
