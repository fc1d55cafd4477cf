//! Whose access has ended before their tokens have: `revoked_session`, `revoked_user`.

use chatty_events::auth::RevocationReason;
use chatty_store::{Db, Query, Result, Tx, query};
use chatty_types::{SessionId, UserId};
use chrono::{DateTime, Utc};

/// Stores that the sessions, which must exist, are revoked. The first time counts.
pub(crate) async fn insert_revoked_sessions(
    tx: &mut Tx,
    sessions: &[SessionId],
    reason: RevocationReason,
    now: DateTime<Utc>,
) -> Result<()> {
    for sessions in sessions.chunks(Query::LONGEST_LIST) {
        query!(
            "INSERT INTO revoked_session (session_id, reason, revoked_at)
             SELECT id, $1, $2 FROM session WHERE id IN ($sessions)
             ON CONFLICT (session_id) DO NOTHING"
        )
        .bind(reason.as_str())
        .bind(now)
        .bind_list("sessions", sessions.iter().copied())
        .execute(tx)
        .await?;
    }
    Ok(())
}

/// Stores that the user's earlier tokens are revoked. The latest time counts.
pub(crate) async fn upsert_revoked_user(
    tx: &mut Tx,
    user: UserId,
    not_before: DateTime<Utc>,
    reason: RevocationReason,
) -> Result<()> {
    query!(
        "INSERT INTO revoked_user (user_id, not_before, reason) VALUES ($1, $2, $3)
         ON CONFLICT (user_id) DO UPDATE SET not_before = excluded.not_before, reason = excluded.reason
         WHERE excluded.not_before > revoked_user.not_before"
    )
    .bind(user)
    .bind(not_before)
    .bind(reason.as_str())
    .execute(tx)
    .await?;
    Ok(())
}

/// Before when the user's tokens are revoked, if they are.
pub(crate) async fn find_not_before(tx: &mut Tx, user: UserId) -> Result<Option<DateTime<Utc>>> {
    let found = query!("SELECT not_before FROM revoked_user WHERE user_id = $1").bind(user);
    Ok(found.fetch_optional::<(DateTime<Utc>,)>(tx).await?.map(|(not_before,)| not_before))
}

/// Which sessions were revoked since `time`, and when.
pub(crate) async fn list_revoked_sessions(db: &Db, time: DateTime<Utc>) -> Result<Vec<(SessionId, DateTime<Utc>)>> {
    query!("SELECT session_id, revoked_at FROM revoked_session WHERE revoked_at >= $1").bind(time).fetch_all(db).await
}

/// Whose tokens of before a time that is not before `time` are revoked, and that time.
pub(crate) async fn list_revoked_users(db: &Db, time: DateTime<Utc>) -> Result<Vec<(UserId, DateTime<Utc>)>> {
    query!("SELECT user_id, not_before FROM revoked_user WHERE not_before >= $1").bind(time).fetch_all(db).await
}

/// Forgets sessions that were revoked before `time`.
pub(crate) async fn delete_revoked_sessions_before(tx: &mut Tx, time: DateTime<Utc>) -> Result<u64> {
    query!("DELETE FROM revoked_session WHERE revoked_at < $1").bind(time).execute(tx).await
}

/// Forgets users all of whose revoked tokens were issued before `time`.
pub(crate) async fn delete_revoked_users_before(tx: &mut Tx, time: DateTime<Utc>) -> Result<u64> {
    query!("DELETE FROM revoked_user WHERE not_before < $1").bind(time).execute(tx).await
}
