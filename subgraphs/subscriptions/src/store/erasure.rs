//! How far the erasures of accounts have come.

use chatty_store::{FromRow, Result, Tx, query};
use chatty_types::UserId;
use chrono::{DateTime, Utc};
use uuid::Uuid;

/// An erasure under way, with what it has erased so far.
#[derive(Debug, Clone, Copy, FromRow)]
pub(crate) struct ErasureRow {
    /// What the answer names.
    pub(crate) erasure_id: Uuid,
    /// Whom the user followed.
    pub(crate) following: i64,
    /// Who followed the user.
    pub(crate) followers: i64,
    /// What was in the user's feed, or had been.
    pub(crate) feed_items: i64,
}

/// Notes that the account is to be erased; whether that is news.
pub(crate) async fn insert(tx: &mut Tx, user: UserId, erasure: Uuid) -> Result<bool> {
    let inserted = query!(
        "INSERT INTO erasure (user_id, erasure_id, following, followers, feed_items) VALUES ($1, $2, 0, 0, 0)
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
        "UPDATE erasure SET following = following WHERE user_id = $1 AND finished_at IS NULL
         RETURNING erasure_id, following, followers, feed_items"
    )
    .bind(user)
    .fetch_optional(tx)
    .await
}

/// Stores what has been erased so far.
pub(crate) async fn update_counts(tx: &mut Tx, user: UserId, row: &ErasureRow) -> Result<u64> {
    query!("UPDATE erasure SET following = $2, followers = $3, feed_items = $4 WHERE user_id = $1")
        .bind(user)
        .bind(row.following)
        .bind(row.followers)
        .bind(row.feed_items)
        .execute(tx)
        .await
}

/// Notes that nothing is left.
pub(crate) async fn update_finished(tx: &mut Tx, user: UserId, now: DateTime<Utc>) -> Result<u64> {
    query!("UPDATE erasure SET finished_at = $2 WHERE user_id = $1").bind(user).bind(now).execute(tx).await
}
