//! Sessions and the refresh tokens that they have spent.

use chatty_store::{Db, Result, Tx, query};
use chatty_types::{Page, PageArgs, SessionId, UserId};
use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::domain::refresh_token::TokenHash;

/// A signed-in device.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub(crate) struct SessionRow {
    pub(crate) id: SessionId,
    pub(crate) user_id: UserId,
    /// Of the one token that may be used.
    #[sqlx(try_from = "Vec<u8>")]
    pub(crate) token_hash: TokenHash,
    /// Of the token that it replaced; empty for the first.
    pub(crate) parent_hash: Option<Vec<u8>>,
    /// When the token in force was issued.
    pub(crate) rotated_at: DateTime<Utc>,
    pub(crate) created_at: DateTime<Utc>,
    /// When the token in force ends.
    pub(crate) expires_at: DateTime<Utc>,
    pub(crate) ended_at: Option<DateTime<Utc>>,
}

/// A session as its owner sees it.
#[derive(Debug, sqlx::FromRow)]
pub(crate) struct DeviceRow {
    pub(crate) id: SessionId,
    /// The User-Agent that signed in.
    pub(crate) device: Option<String>,
    pub(crate) created_at: DateTime<Utc>,
    /// When the token in force was issued.
    pub(crate) rotated_at: DateTime<Utc>,
}

/// The user's sessions that have neither ended nor expired, newest first.
pub(crate) async fn list_open_sessions(
    db: &Db,
    user: UserId,
    now: DateTime<Utc>,
    args: &PageArgs,
) -> Result<Page<DeviceRow>> {
    let rows = query!(
        "SELECT id, device, created_at, rotated_at FROM session
         WHERE user_id = $1 AND ended_at IS NULL AND expires_at > $2 AND id < $3
         ORDER BY id DESC LIMIT $4"
    )
    .bind(user)
    .bind(now)
    .bind(args.after.map_or(Uuid::max(), |after| after.id))
    .bind(args.limit())
    .fetch_all(db)
    .await?;
    Ok(Page::from_rows(rows, args))
}

pub(crate) async fn insert_session(tx: &mut Tx, session: &SessionRow, device: Option<&str>) -> Result<()> {
    query!(
        "INSERT INTO session (id, user_id, device, token_hash, rotated_at, created_at, expires_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7)"
    )
    .bind(session.id)
    .bind(session.user_id)
    .bind(device)
    .bind(session.token_hash.as_bytes())
    .bind(session.rotated_at)
    .bind(session.created_at)
    .bind(session.expires_at)
    .execute(tx)
    .await?;
    Ok(())
}

/// The session that issued the token, whether it may still be used or not.
pub(crate) async fn find_session_id_by_token(db: &Db, hash: &TokenHash) -> Result<Option<SessionId>> {
    let found = query!(
        "SELECT id FROM session WHERE token_hash = $1
         UNION ALL
         SELECT session_id FROM spent_token WHERE hash = $1"
    )
    .bind(hash.as_bytes())
    .fetch_optional::<(SessionId,)>(db)
    .await?;
    Ok(found.map(|(id,)| id))
}

/// The session, locked against every other change until the transaction ends: writing the row takes its lock.
pub(crate) async fn lock_session(tx: &mut Tx, id: SessionId) -> Result<Option<SessionRow>> {
    query!(
        "UPDATE session SET rotated_at = rotated_at WHERE id = $1
         RETURNING id, user_id, token_hash, parent_hash, rotated_at, created_at, expires_at, ended_at"
    )
    .bind(id)
    .fetch_optional(tx)
    .await
}

/// Puts another token in force; the one before becomes its parent.
pub(crate) async fn update_token(
    tx: &mut Tx,
    id: SessionId,
    hash: &TokenHash,
    now: DateTime<Utc>,
    expires_at: DateTime<Utc>,
) -> Result<()> {
    query!(
        "UPDATE session SET parent_hash = token_hash, token_hash = $2, rotated_at = $3, expires_at = $4 WHERE id = $1"
    )
    .bind(id)
    .bind(hash.as_bytes())
    .bind(now)
    .bind(expires_at)
    .execute(tx)
    .await?;
    Ok(())
}

pub(crate) async fn insert_spent(
    tx: &mut Tx,
    session: SessionId,
    hash: &TokenHash,
    expires_at: DateTime<Utc>,
) -> Result<()> {
    query!("INSERT INTO spent_token (hash, session_id, expires_at) VALUES ($1, $2, $3)")
        .bind(hash.as_bytes())
        .bind(session)
        .bind(expires_at)
        .execute(tx)
        .await?;
    Ok(())
}

/// Ends the session if it belongs to the user and has not ended; its id if so.
pub(crate) async fn update_ended(
    tx: &mut Tx,
    user: UserId,
    session: SessionId,
    now: DateTime<Utc>,
) -> Result<Option<SessionId>> {
    let ended =
        query!("UPDATE session SET ended_at = $3 WHERE id = $1 AND user_id = $2 AND ended_at IS NULL RETURNING id")
            .bind(session)
            .bind(user)
            .bind(now)
            .fetch_optional::<(SessionId,)>(tx)
            .await?;
    Ok(ended.map(|(id,)| id))
}

/// Ends all sessions of the user but `kept`; those that had not ended, in no order.
pub(crate) async fn update_all_ended(
    tx: &mut Tx,
    user: UserId,
    kept: Option<SessionId>,
    now: DateTime<Utc>,
) -> Result<Vec<SessionId>> {
    let ended = query!(
        "UPDATE session SET ended_at = $3
         WHERE user_id = $1 AND ended_at IS NULL AND ($2 IS NULL OR id <> $2)
         RETURNING id"
    )
    .bind(user)
    .bind(kept)
    .bind(now)
    .fetch_all::<(SessionId,)>(tx)
    .await?;
    Ok(ended.into_iter().map(|(id,)| id).collect())
}

/// Whether the user has or had the session.
pub(crate) async fn exists(tx: &mut Tx, user: UserId, session: SessionId) -> Result<bool> {
    let found = query!("SELECT id FROM session WHERE id = $1 AND user_id = $2")
        .bind(session)
        .bind(user)
        .fetch_optional::<(SessionId,)>(tx)
        .await?;
    Ok(found.is_some())
}

/// What the user has signed in with, as far back as sessions are kept, each once.
pub(crate) async fn list_devices(tx: &mut Tx, user: UserId) -> Result<Vec<Option<String>>> {
    let devices = query!("SELECT DISTINCT device FROM session WHERE user_id = $1 LIMIT 1000").bind(user);
    Ok(devices.fetch_all::<(Option<String>,)>(tx).await?.into_iter().map(|(device,)| device).collect())
}

/// Forgets all sessions of the user.
pub(crate) async fn delete_sessions_of(tx: &mut Tx, user: UserId) -> Result<u64> {
    query!("DELETE FROM session WHERE user_id = $1").bind(user).execute(tx).await
}

/// Forgets spent tokens that would have ended before `time`.
pub(crate) async fn delete_spent_before(tx: &mut Tx, time: DateTime<Utc>) -> Result<u64> {
    query!("DELETE FROM spent_token WHERE expires_at < $1").bind(time).execute(tx).await
}

/// Forgets sessions whose last token ended before `time`, with all that belongs to them.
pub(crate) async fn delete_over_before(tx: &mut Tx, time: DateTime<Utc>) -> Result<u64> {
    query!("DELETE FROM session WHERE expires_at < $1").bind(time).execute(tx).await
}
