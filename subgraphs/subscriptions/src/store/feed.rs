//! Changes of home feeds: `author_gate`, `feed_head`, `feed`. Reading them is in [`super::timeline`].
//!
//! Feeds change on account of an author: one of their posts, or somebody's follow. Every such transaction first locks
//! the author's gate and only then looks at follows and posts. So of a fan-out and a follow that happen at once, the
//! later one sees what the earlier one committed, whichever it is. (SQLite has one writer anyway; PostgreSQL reads
//! afresh with each statement.) Under the gate nobody else touches feed rows of this author's posts, so that what one
//! statement counted is what the next one changes.
//!
//! The numbers of `feed_head` are locked behind the gate, in the order of user ids.

use chatty_store::{Result, Tx, query};
use chatty_types::{PostId, UserId};
use chrono::{DateTime, Utc};
use uuid::Uuid;

/// The author of the post is followed: the bit in `feed.reasons`.
pub(crate) const FOLLOWED_AUTHOR: i64 = 1;

/// Waits for the author's gate and holds it until the transaction ends. Whether the author was erased.
pub(crate) async fn lock_author(tx: &mut Tx, author: UserId) -> Result<bool> {
    let (erased,) = query!(
        "INSERT INTO author_gate (author_id, turns) VALUES ($1, 1)
         ON CONFLICT (author_id) DO UPDATE SET turns = author_gate.turns + 1
         RETURNING erased"
    )
    .bind(author)
    .fetch_one::<(bool,)>(tx)
    .await?;
    Ok(erased)
}

/// Notes at the author's gate that they were erased.
pub(crate) async fn close_author(tx: &mut Tx, author: UserId) -> Result<u64> {
    query!(
        "INSERT INTO author_gate (author_id, turns, erased) VALUES ($1, 1, TRUE)
         ON CONFLICT (author_id) DO UPDATE SET erased = TRUE"
    )
    .bind(author)
    .execute(tx)
    .await
}

/// Gives the next number to the feeds of the author's next `limit` followers, by id behind `after`, whose feed lacks
/// the post. In no order.
pub(crate) async fn insert_heads_lacking(
    tx: &mut Tx,
    author: UserId,
    post: PostId,
    after: Uuid,
    limit: i64,
) -> Result<Vec<(UserId,)>> {
    query!(
        "INSERT INTO feed_head (user_id, seq, trimmed_to)
         SELECT f.follower_id, 1, 0 FROM follow f
         WHERE f.followee_id = $1 AND f.follower_id > $3 AND f.active = TRUE
           AND NOT EXISTS (SELECT 1 FROM feed r
                           WHERE r.user_id = f.follower_id AND r.post_id = $2 AND r.removed = FALSE)
         ORDER BY f.follower_id LIMIT $4
         ON CONFLICT (user_id) DO UPDATE SET seq = feed_head.seq + 1
         RETURNING user_id"
    )
    .bind(author)
    .bind(post)
    .bind(after)
    .bind(limit)
    .fetch_all(tx)
    .await
}

/// Gives the next number to the feeds of the author's next `limit` followers, by id behind `after`, whose feed holds
/// the post; former followers too, for an unfollow may not have been handled yet. In no order.
pub(crate) async fn insert_heads_holding(
    tx: &mut Tx,
    author: UserId,
    post: PostId,
    after: Uuid,
    limit: i64,
) -> Result<Vec<(UserId,)>> {
    query!(
        "INSERT INTO feed_head (user_id, seq, trimmed_to)
         SELECT f.follower_id, 1, 0 FROM follow f
         WHERE f.followee_id = $1 AND f.follower_id > $3
           AND EXISTS (SELECT 1 FROM feed r
                       WHERE r.user_id = f.follower_id AND r.post_id = $2 AND r.removed = FALSE)
         ORDER BY f.follower_id LIMIT $4
         ON CONFLICT (user_id) DO UPDATE SET seq = feed_head.seq + 1
         RETURNING user_id"
    )
    .bind(author)
    .bind(post)
    .bind(after)
    .bind(limit)
    .fetch_all(tx)
    .await
}

/// Adds the post to the feeds of `users` under the number that each was just given.
pub(crate) async fn insert_post(tx: &mut Tx, post: PostId, users: &[UserId], now: DateTime<Utc>) -> Result<u64> {
    query!(
        "INSERT INTO feed (user_id, post_id, seq, reasons, removed, inserted_at)
         SELECT h.user_id, $1, h.seq, $2, FALSE, $3 FROM feed_head h WHERE h.user_id IN ($users)
         ON CONFLICT (user_id, post_id) DO UPDATE
         SET seq = excluded.seq, reasons = excluded.reasons, removed = FALSE, inserted_at = excluded.inserted_at"
    )
    .bind(post)
    .bind(FOLLOWED_AUTHOR)
    .bind(now)
    .bind_list("users", users.iter().copied())
    .execute(tx)
    .await
}

/// Turns the post into a tombstone in the feeds of `users`, under the number that each was just given.
pub(crate) async fn update_post_removed(tx: &mut Tx, post: PostId, users: &[UserId]) -> Result<u64> {
    query!(
        "UPDATE feed SET removed = TRUE, seq = (SELECT h.seq FROM feed_head h WHERE h.user_id = feed.user_id)
         WHERE post_id = $1 AND user_id IN ($users)"
    )
    .bind(post)
    .bind_list("users", users.iter().copied())
    .execute(tx)
    .await
}

/// Which of the author's newest `limit` posts belong into the user's feed and are not there.
pub(crate) async fn list_lacking(tx: &mut Tx, user: UserId, author: UserId, limit: i64) -> Result<Vec<(PostId,)>> {
    query!(
        "SELECT n.post_id
         FROM (SELECT p.post_id FROM post_ref p
               WHERE p.author_id = $2 AND p.state = 'PUBLISHED' AND p.visibility IN ('PUBLIC', 'FOLLOWERS')
               ORDER BY p.post_id DESC LIMIT $3) AS n
         WHERE NOT EXISTS (SELECT 1 FROM feed r
                           WHERE r.user_id = $1 AND r.post_id = n.post_id AND r.removed = FALSE)"
    )
    .bind(user)
    .bind(author)
    .bind(limit)
    .fetch_all(tx)
    .await
}

/// How many of the author's posts the user's feed holds.
pub(crate) async fn count_holding(tx: &mut Tx, user: UserId, author: UserId) -> Result<i64> {
    let (count,) = query!(
        "SELECT COUNT(1) FROM post_ref p JOIN feed r ON r.post_id = p.post_id
         WHERE p.author_id = $2 AND r.user_id = $1 AND r.removed = FALSE"
    )
    .bind(user)
    .bind(author)
    .fetch_one::<(i64,)>(tx)
    .await?;
    Ok(count)
}

/// Takes the feed's next `count` numbers; the last of them.
pub(crate) async fn insert_head(tx: &mut Tx, user: UserId, count: i64) -> Result<i64> {
    let (seq,) = query!(
        "INSERT INTO feed_head (user_id, seq, trimmed_to) VALUES ($1, $2, 0)
         ON CONFLICT (user_id) DO UPDATE SET seq = feed_head.seq + excluded.seq
         RETURNING seq"
    )
    .bind(user)
    .bind(count)
    .fetch_one::<(i64,)>(tx)
    .await?;
    Ok(seq)
}

/// Adds `posts` to the user's feed, oldest first, numbered from `behind` + 1.
pub(crate) async fn insert_posts(
    tx: &mut Tx,
    user: UserId,
    posts: &[PostId],
    behind: i64,
    now: DateTime<Utc>,
) -> Result<u64> {
    query!(
        "INSERT INTO feed (user_id, post_id, seq, reasons, removed, inserted_at)
         SELECT $1, p.post_id, $2 + ROW_NUMBER() OVER (ORDER BY p.post_id), $3, FALSE, $4
         FROM post_ref p WHERE p.post_id IN ($posts)
         ON CONFLICT (user_id, post_id) DO UPDATE
         SET seq = excluded.seq, reasons = excluded.reasons, removed = FALSE, inserted_at = excluded.inserted_at"
    )
    .bind(user)
    .bind(behind)
    .bind(FOLLOWED_AUTHOR)
    .bind(now)
    .bind_list("posts", posts.iter().copied())
    .execute(tx)
    .await
}

/// Turns the author's posts in the user's feed into tombstones, oldest first, numbered from `behind` + 1.
pub(crate) async fn update_author_removed(tx: &mut Tx, user: UserId, author: UserId, behind: i64) -> Result<u64> {
    query!(
        "UPDATE feed SET removed = TRUE, seq = gone.seq
         FROM (SELECT r.post_id, $3 + ROW_NUMBER() OVER (ORDER BY r.post_id) AS seq
               FROM post_ref p JOIN feed r ON r.post_id = p.post_id
               WHERE p.author_id = $2 AND r.user_id = $1 AND r.removed = FALSE) AS gone
         WHERE feed.user_id = $1 AND feed.post_id = gone.post_id"
    )
    .bind(user)
    .bind(author)
    .bind(behind)
    .execute(tx)
    .await
}

/// Deletes the author's posts from the user's feed.
pub(crate) async fn delete_author(tx: &mut Tx, user: UserId, author: UserId) -> Result<u64> {
    query!("DELETE FROM feed WHERE user_id = $1 AND post_id IN (SELECT post_id FROM post_ref WHERE author_id = $2)")
        .bind(user)
        .bind(author)
        .execute(tx)
        .await
}

/// Waits for whoever changes the user's feed, and holds them off until the transaction ends.
pub(crate) async fn lock_head(tx: &mut Tx, user: UserId) -> Result<u64> {
    query!("UPDATE feed_head SET seq = seq WHERE user_id = $1").bind(user).execute(tx).await
}

/// Deletes `limit` rows of the user's feed, tombstones too, or as many as there are; how many.
pub(crate) async fn delete_some(tx: &mut Tx, user: UserId, limit: i64) -> Result<u64> {
    query!(
        "DELETE FROM feed
         WHERE user_id = $1 AND post_id IN (SELECT f.post_id FROM feed f WHERE f.user_id = $1 LIMIT $2)"
    )
    .bind(user)
    .bind(limit)
    .execute(tx)
    .await
}

/// Forgets how far the user's feed had come.
pub(crate) async fn delete_head(tx: &mut Tx, user: UserId) -> Result<u64> {
    query!("DELETE FROM feed_head WHERE user_id = $1").bind(user).execute(tx).await
}
