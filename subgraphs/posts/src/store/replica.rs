//! What other services told: accounts and follows.
#![expect(clippy::similar_names, reason = "follower and followee are the domain's words")]

use chatty_store::{Conn, Db, Result, Tx, query};
use chatty_types::UserId;

/// Notes that the account exists.
pub(crate) async fn insert_user(tx: &mut Tx, user: UserId) -> Result<u64> {
    query!("INSERT INTO user_ref (id, post_count) VALUES ($1, 0) ON CONFLICT (id) DO NOTHING")
        .bind(user)
        .execute(tx)
        .await
}

/// Notes that the account was erased. Waits for whoever writes in its name, and nobody does afterwards: see
/// [`increment_post_count`].
pub(crate) async fn upsert_erased_user(tx: &mut Tx, user: UserId) -> Result<u64> {
    query!(
        "INSERT INTO user_ref (id, post_count, erased) VALUES ($1, 0, TRUE)
         ON CONFLICT (id) DO UPDATE SET erased = TRUE"
    )
    .bind(user)
    .execute(tx)
    .await
}

/// Adds posts to the author's count of public ones; notes that the account exists, even when there are none to add.
/// 0 when it was erased.
pub(crate) async fn increment_post_count(tx: &mut Tx, author: UserId, public: i64) -> Result<u64> {
    query!(
        "INSERT INTO user_ref (id, post_count) VALUES ($1, $2)
         ON CONFLICT (id) DO UPDATE SET post_count = user_ref.post_count + excluded.post_count
         WHERE user_ref.erased = FALSE"
    )
    .bind(author)
    .bind(public)
    .execute(tx)
    .await
}

/// Takes public posts off the author's count.
pub(crate) async fn decrement_post_count(tx: &mut Tx, author: UserId, public: i64) -> Result<u64> {
    query!("UPDATE user_ref SET post_count = post_count - $2 WHERE id = $1").bind(author).bind(public).execute(tx).await
}

/// The counts of public posts of those of the users who are known.
pub(crate) async fn post_counts_by_ids(db: &Db, users: &[UserId]) -> Result<Vec<(UserId, i64)>> {
    query!("SELECT id, post_count FROM user_ref WHERE id IN ($users)")
        .bind_list("users", users.iter().copied())
        .fetch_all(db)
        .await
}

/// Whether `follower` follows `followee`, as far as events have told.
pub(crate) async fn find_follow(on: impl Into<Conn<'_>>, follower: UserId, followee: UserId) -> Result<Option<bool>> {
    let row = query!("SELECT active FROM follow_ref WHERE follower_id = $1 AND followee_id = $2")
        .bind(follower)
        .bind(followee)
        .fetch_optional::<(bool,)>(on)
        .await?;
    Ok(row.map(|(active,)| active))
}

/// Stores the state of a follow unless a newer one is known, or one of the two was erased.
pub(crate) async fn upsert_follow(
    tx: &mut Tx,
    follower: UserId,
    followee: UserId,
    version: i64,
    active: bool,
) -> Result<u64> {
    query!(
        "INSERT INTO follow_ref (follower_id, followee_id, version, active)
         SELECT $1, $2, $3, $4 WHERE NOT EXISTS (SELECT 1 FROM user_ref u WHERE u.id IN ($1, $2) AND u.erased = TRUE)
         ON CONFLICT (follower_id, followee_id) DO UPDATE SET version = excluded.version, active = excluded.active
         WHERE follow_ref.version < excluded.version"
    )
    .bind(follower)
    .bind(followee)
    .bind(version)
    .bind(active)
    .execute(tx)
    .await
}
