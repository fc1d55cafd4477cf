//! Follows and their counters: `follow`, `follow_count`.

use chatty_store::{Conn, Db, FromRow, Result, Tx, query};
use chatty_types::{PageArgs, Position, UserId};
use chrono::{DateTime, Utc};
use uuid::Uuid;

/// Follows, or follows again. The pair's new version, or `None` when the follow was in force.
pub(crate) async fn insert_follow(
    tx: &mut Tx,
    follower: UserId,
    followee: UserId,
    now: DateTime<Utc>,
) -> Result<Option<i64>> {
    let version = query!(
        "INSERT INTO follow (follower_id, followee_id, active, version, created_at) VALUES ($1, $2, TRUE, 1, $3)
         ON CONFLICT (follower_id, followee_id) DO UPDATE
         SET active = TRUE, version = follow.version + 1, created_at = excluded.created_at
         WHERE follow.active = FALSE
         RETURNING version"
    )
    .bind(follower)
    .bind(followee)
    .bind(now)
    .fetch_optional::<(i64,)>(tx)
    .await?;
    Ok(version.map(|(version,)| version))
}

/// Ends the follow. The pair's new version, or `None` when none was in force.
pub(crate) async fn update_ended(tx: &mut Tx, follower: UserId, followee: UserId) -> Result<Option<i64>> {
    let version = query!(
        "UPDATE follow SET active = FALSE, version = version + 1
         WHERE follower_id = $1 AND followee_id = $2 AND active = TRUE
         RETURNING version"
    )
    .bind(follower)
    .bind(followee)
    .fetch_optional::<(i64,)>(tx)
    .await?;
    Ok(version.map(|(version,)| version))
}

/// Ends some of the user's follows; whom they followed, each with the pair's new version.
pub(crate) async fn update_following_ended(tx: &mut Tx, user: UserId, limit: i64) -> Result<Vec<(UserId, i64)>> {
    query!(
        "UPDATE follow SET active = FALSE, version = version + 1
         WHERE follower_id = $1 AND active = TRUE AND followee_id IN (
             SELECT f.followee_id FROM follow f WHERE f.follower_id = $1 AND f.active = TRUE LIMIT $2)
         RETURNING followee_id, version"
    )
    .bind(user)
    .bind(limit)
    .fetch_all(tx)
    .await
}

/// Ends some of the follows of the user; who followed them, each with the pair's new version.
pub(crate) async fn update_followers_ended(tx: &mut Tx, user: UserId, limit: i64) -> Result<Vec<(UserId, i64)>> {
    query!(
        "UPDATE follow SET active = FALSE, version = version + 1
         WHERE followee_id = $1 AND active = TRUE AND follower_id IN (
             SELECT f.follower_id FROM follow f WHERE f.followee_id = $1 AND f.active = TRUE LIMIT $2)
         RETURNING follower_id, version"
    )
    .bind(user)
    .bind(limit)
    .fetch_all(tx)
    .await
}

/// Whether the follow is in force.
pub(crate) async fn find_active(on: impl Into<Conn<'_>>, follower: UserId, followee: UserId) -> Result<bool> {
    let found = query!("SELECT version FROM follow WHERE follower_id = $1 AND followee_id = $2 AND active = TRUE")
        .bind(follower)
        .bind(followee)
        .fetch_optional::<(i64,)>(on)
        .await?;
    Ok(found.is_some())
}

/// Adds to a user's counters.
pub(crate) async fn insert_counts(tx: &mut Tx, user: UserId, followers: i64, following: i64) -> Result<()> {
    query!(
        "INSERT INTO follow_count (user_id, followers, following) VALUES ($1, $2, $3)
         ON CONFLICT (user_id) DO UPDATE
         SET followers = follow_count.followers + excluded.followers,
             following = follow_count.following + excluded.following"
    )
    .bind(user)
    .bind(followers)
    .bind(following)
    .execute(tx)
    .await?;
    Ok(())
}

/// Takes from a user's counters. A statement of its own, because a negative row to insert would fail the table's CHECK
/// before its conflict is looked at.
pub(crate) async fn update_counts(tx: &mut Tx, user: UserId, followers: i64, following: i64) -> Result<()> {
    query!("UPDATE follow_count SET followers = followers - $2, following = following - $3 WHERE user_id = $1")
        .bind(user)
        .bind(followers)
        .bind(following)
        .execute(tx)
        .await?;
    Ok(())
}

/// Forgets the counters of a user without follows.
pub(crate) async fn delete_counts(tx: &mut Tx, user: UserId) -> Result<u64> {
    query!("DELETE FROM follow_count WHERE user_id = $1 AND followers = 0 AND following = 0")
        .bind(user)
        .execute(tx)
        .await
}

/// A user's counters.
#[derive(Debug, Clone, Copy, FromRow)]
pub(crate) struct CountsRow {
    /// Whose.
    pub(crate) user_id: UserId,
    /// How many follow them.
    pub(crate) followers: i64,
    /// How many they follow.
    pub(crate) following: i64,
}

/// The counters of `users`; who never had a follow is left out.
pub(crate) async fn counts_by_ids(db: &Db, users: &[UserId]) -> Result<Vec<CountsRow>> {
    query!("SELECT user_id, followers, following FROM follow_count WHERE user_id IN ($users)")
        .bind_list("users", users.iter().copied())
        .fetch_all(db)
        .await
}

/// The follows in force between `viewer` and any of `users`, in both directions, as (follower, followee).
pub(crate) async fn list_between(db: &Db, viewer: UserId, users: &[UserId]) -> Result<Vec<(UserId, UserId)>> {
    query!(
        "SELECT follower_id, followee_id FROM follow
         WHERE follower_id = $1 AND followee_id IN ($users) AND active = TRUE
         UNION ALL
         SELECT follower_id, followee_id FROM follow
         WHERE followee_id = $1 AND follower_id IN ($users) AND active = TRUE"
    )
    .bind(viewer)
    .bind_list("users", users.iter().copied())
    .fetch_all(db)
    .await
}

/// A follow as seen from one of its ends.
#[derive(Debug, Clone, Copy, FromRow)]
pub(crate) struct FollowRow {
    /// Whose list it is in.
    pub(crate) owner_id: UserId,
    /// The other end.
    pub(crate) user_id: UserId,
    /// Since when.
    pub(crate) created_at: DateTime<Utc>,
}

/// A part of a list of follows: as many as `limit` behind a time and an id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Part {
    before: DateTime<Utc>,
    id: Uuid,
    limit: i64,
}

/// The end of the year 9999 in milliseconds: later than every follow, and a time that both databases store.
const END_OF_TIME: i64 = 253_402_300_799_999;

impl From<&PageArgs> for Part {
    fn from(args: &PageArgs) -> Self {
        // Everything lies behind this, so that one text serves the first page too and walks the index.
        let Position { sort, id } = args.after.unwrap_or(Position { sort: END_OF_TIME, id: Uuid::max() });
        let before = DateTime::from_timestamp_millis(sort).unwrap_or(DateTime::UNIX_EPOCH);
        Self { before, id, limit: args.limit() }
    }
}

impl FollowRow {
    /// Its place in its list: latest follow first, then the highest id.
    pub(crate) fn position(&self) -> Position {
        Position { sort: self.created_at.timestamp_millis(), id: self.user_id.uuid() }
    }
}

/// The same part of the lists of `users`' followers: rows of all of them, latest first, at least `limit` for each who
/// has as many.
///
/// For each user the inner query finds the last follow of the part, so that the cost is that of the rows and not of the
/// lists. Follows of its very moment come too, however many: cut them.
pub(crate) async fn list_followers(db: &Db, users: &[UserId], part: &Part) -> Result<Vec<FollowRow>> {
    query!(
        "SELECT f.followee_id AS owner_id, f.follower_id AS user_id, f.created_at
         FROM (SELECT c.user_id,
                      COALESCE((SELECT t.created_at FROM follow t
                                WHERE t.followee_id = c.user_id AND t.active = TRUE
                                  AND (t.created_at, t.follower_id) < ($1, $2)
                                ORDER BY t.created_at DESC, t.follower_id DESC LIMIT 1 OFFSET $3), $4) AS since
               FROM follow_count c WHERE c.user_id IN ($users)) AS o
         JOIN follow f ON f.followee_id = o.user_id AND f.created_at >= o.since
         WHERE f.active = TRUE AND (f.created_at, f.follower_id) < ($1, $2)
         ORDER BY f.created_at DESC, f.follower_id DESC"
    )
    .bind(part.before)
    .bind(part.id)
    .bind(part.limit - 1)
    .bind(DateTime::UNIX_EPOCH)
    .bind_list("users", users.iter().copied())
    .fetch_all(db)
    .await
}

/// As [`list_followers`], of whom `users` follow.
pub(crate) async fn list_following(db: &Db, users: &[UserId], part: &Part) -> Result<Vec<FollowRow>> {
    query!(
        "SELECT f.follower_id AS owner_id, f.followee_id AS user_id, f.created_at
         FROM (SELECT c.user_id,
                      COALESCE((SELECT t.created_at FROM follow t
                                WHERE t.follower_id = c.user_id AND t.active = TRUE
                                  AND (t.created_at, t.followee_id) < ($1, $2)
                                ORDER BY t.created_at DESC, t.followee_id DESC LIMIT 1 OFFSET $3), $4) AS since
               FROM follow_count c WHERE c.user_id IN ($users)) AS o
         JOIN follow f ON f.follower_id = o.user_id AND f.created_at >= o.since
         WHERE f.active = TRUE AND (f.created_at, f.followee_id) < ($1, $2)
         ORDER BY f.created_at DESC, f.followee_id DESC"
    )
    .bind(part.before)
    .bind(part.id)
    .bind(part.limit - 1)
    .bind(DateTime::UNIX_EPOCH)
    .bind_list("users", users.iter().copied())
    .fetch_all(db)
    .await
}
