//! Suspensions, deletions and the receipts of erasure.

use chatty_store::{Conn, Db, Result, Tx, query};
use chatty_types::UserId;
use chrono::{DateTime, Utc};
use uuid::Uuid;

/// Why an account is closed, and until when.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub(crate) struct SuspensionRow {
    pub(crate) user_id: UserId,
    pub(crate) action_id: Uuid,
    pub(crate) reason: String,
    /// `None`: for good.
    pub(crate) ends_at: Option<DateTime<Utc>>,
    pub(crate) decided_at: DateTime<Utc>,
}

/// Stores the suspension, unless one is in force that was decided later.
pub(crate) async fn upsert_suspension(tx: &mut Tx, row: &SuspensionRow) -> Result<bool> {
    let stored = query!(
        "INSERT INTO suspension (user_id, action_id, reason, ends_at, decided_at) VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (user_id) DO UPDATE SET
             action_id = excluded.action_id, reason = excluded.reason, ends_at = excluded.ends_at,
             decided_at = excluded.decided_at
         WHERE suspension.decided_at < excluded.decided_at"
    )
    .bind(row.user_id)
    .bind(row.action_id)
    .bind(&row.reason)
    .bind(row.ends_at)
    .bind(row.decided_at)
    .execute(tx)
    .await?;
    Ok(stored == 1)
}

pub(crate) async fn find_suspension(on: impl Into<Conn<'_>>, user: UserId) -> Result<Option<SuspensionRow>> {
    query!("SELECT user_id, action_id, reason, ends_at, decided_at FROM suspension WHERE user_id = $1")
        .bind(user)
        .fetch_optional(on)
        .await
}

/// Whose suspensions have ended by `time`, some of them.
pub(crate) async fn list_suspensions_over(db: &Db, time: DateTime<Utc>, limit: i64) -> Result<Vec<SuspensionRow>> {
    query!(
        "SELECT user_id, action_id, reason, ends_at, decided_at FROM suspension
         WHERE ends_at IS NOT NULL AND ends_at <= $1 ORDER BY ends_at LIMIT $2"
    )
    .bind(time)
    .bind(limit)
    .fetch_all(db)
    .await
}

/// Whether the decision was in force and is not any more.
pub(crate) async fn delete_suspension(tx: &mut Tx, user: UserId, action: Uuid) -> Result<bool> {
    let deleted = query!("DELETE FROM suspension WHERE user_id = $1 AND action_id = $2").bind(user).bind(action);
    Ok(deleted.execute(tx).await? == 1)
}

/// Remembers a decision that was taken back, in case it arrives after that.
pub(crate) async fn insert_revoked_moderation(tx: &mut Tx, action: Uuid, at: DateTime<Utc>) -> Result<()> {
    query!("INSERT INTO revoked_moderation (action_id, revoked_at) VALUES ($1, $2) ON CONFLICT (action_id) DO NOTHING")
        .bind(action)
        .bind(at)
        .execute(tx)
        .await?;
    Ok(())
}

pub(crate) async fn is_moderation_revoked(tx: &mut Tx, action: Uuid) -> Result<bool> {
    let found = query!("SELECT action_id FROM revoked_moderation WHERE action_id = $1").bind(action);
    Ok(found.fetch_optional::<(Uuid,)>(tx).await?.is_some())
}

/// Forgets decisions that were taken back before `time`.
pub(crate) async fn delete_revoked_moderations_before(tx: &mut Tx, time: DateTime<Utc>) -> Result<u64> {
    query!("DELETE FROM revoked_moderation WHERE revoked_at < $1").bind(time).execute(tx).await
}

/// An account that is going to be erased, or was.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub(crate) struct DeletionRow {
    pub(crate) user_id: UserId,
    pub(crate) erasure_id: Uuid,
    /// Who asked for it: the owner, or an administrator.
    pub(crate) requested_by: UserId,
    pub(crate) due_at: DateTime<Utc>,
}

pub(crate) async fn insert_deletion(tx: &mut Tx, row: &DeletionRow) -> Result<()> {
    query!("INSERT INTO deletion (user_id, erasure_id, requested_by, due_at) VALUES ($1, $2, $3, $4)")
        .bind(row.user_id)
        .bind(row.erasure_id)
        .bind(row.requested_by)
        .bind(row.due_at)
        .execute(tx)
        .await?;
    Ok(())
}

pub(crate) async fn find_deletion(on: impl Into<Conn<'_>>, user: UserId) -> Result<Option<DeletionRow>> {
    query!("SELECT user_id, erasure_id, requested_by, due_at FROM deletion WHERE user_id = $1")
        .bind(user)
        .fetch_optional(on)
        .await
}

/// Who is to be erased by `time` and was not, some of them.
pub(crate) async fn list_deletions_due(db: &Db, time: DateTime<Utc>, limit: i64) -> Result<Vec<DeletionRow>> {
    query!(
        "SELECT user_id, erasure_id, requested_by, due_at FROM deletion
         WHERE erased_at IS NULL AND due_at <= $1 ORDER BY due_at LIMIT $2"
    )
    .bind(time)
    .bind(limit)
    .fetch_all(db)
    .await
}

pub(crate) async fn update_deletion_requested_by(tx: &mut Tx, user: UserId, by: UserId) -> Result<()> {
    query!("UPDATE deletion SET requested_by = $2 WHERE user_id = $1").bind(user).bind(by).execute(tx).await?;
    Ok(())
}

pub(crate) async fn delete_deletion(tx: &mut Tx, user: UserId) -> Result<()> {
    query!("DELETE FROM deletion WHERE user_id = $1").bind(user).execute(tx).await?;
    Ok(())
}

pub(crate) async fn update_deletion_erased(tx: &mut Tx, user: UserId, now: DateTime<Utc>) -> Result<()> {
    query!("UPDATE deletion SET erased_at = $2 WHERE user_id = $1").bind(user).bind(now).execute(tx).await?;
    Ok(())
}

/// What a service said it erased; the first word counts.
pub(crate) async fn insert_receipt(
    tx: &mut Tx,
    erasure: Uuid,
    service: &str,
    counts: &str,
    finished_at: DateTime<Utc>,
) -> Result<()> {
    query!(
        "INSERT INTO erasure_receipt (erasure_id, service, counts, finished_at) VALUES ($1, $2, $3, $4)
         ON CONFLICT (erasure_id, service) DO NOTHING"
    )
    .bind(erasure)
    .bind(service)
    .bind(counts)
    .bind(finished_at)
    .execute(tx)
    .await?;
    Ok(())
}
