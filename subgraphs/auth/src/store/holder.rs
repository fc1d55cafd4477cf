//! Who holds a session that has not ended.

use chatty_store::{Db, FromRow, Result, query};
use chatty_types::{SessionId, UserId};
use chrono::{DateTime, Utc};

use super::account::{AccountState, RoleText};

/// The account behind a session.
#[derive(FromRow)]
pub(crate) struct HolderRow {
    pub(crate) username: String,
    #[sqlx(try_from = "String")]
    pub(crate) role: RoleText,
    pub(crate) state: AccountState,
    /// The account's tokens that were issued before are revoked.
    pub(crate) not_before: Option<DateTime<Utc>>,
}

/// The user's account, if the session is theirs and has not ended.
pub(crate) async fn find_holder(db: &Db, session: SessionId, user: UserId) -> Result<Option<HolderRow>> {
    query!(
        "SELECT a.username, a.role, a.state, r.not_before
         FROM session s JOIN account a ON a.id = s.user_id LEFT JOIN revoked_user r ON r.user_id = s.user_id
         WHERE s.id = $1 AND s.user_id = $2 AND s.ended_at IS NULL"
    )
    .bind(session)
    .bind(user)
    .fetch_optional(db)
    .await
}
