//! Links in mails.

use chatty_store::{Conn, Db, Result, Tx, query, text_enum};
use chatty_types::UserId;
use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::domain::{email::Email, refresh_token::TokenHash};

text_enum! {
    /// What a link is for.
    pub(crate) enum Purpose {
        /// To confirm the account's address.
        VerifyEmail = "VERIFY_EMAIL",
        /// To confirm another address and make it the account's.
        ChangeEmail = "CHANGE_EMAIL",
        /// To choose a new password.
        ResetPassword = "RESET_PASSWORD",
    }
}

/// A link. It has no `Debug`, because addresses do not belong into logs.
#[derive(sqlx::FromRow)]
pub(crate) struct MailLinkRow {
    pub(crate) user_id: UserId,
    pub(crate) purpose: Purpose,
    /// Where it was sent, as written and normalised.
    pub(crate) address: String,
    pub(crate) address_key: String,
    pub(crate) expires_at: DateTime<Utc>,
}

/// Somebody wants a link mailed.
#[derive(sqlx::FromRow)]
pub(crate) struct MailWishRow {
    pub(crate) id: Uuid,
    pub(crate) purpose: Purpose,
    pub(crate) address_key: String,
    /// Of the request.
    pub(crate) trace_id: String,
}

pub(crate) async fn insert_mail_wish(tx: &mut Tx, wish: &MailWishRow) -> Result<()> {
    query!("INSERT INTO mail_wish (id, purpose, address_key, trace_id) VALUES ($1, $2, $3, $4)")
        .bind(wish.id)
        .bind(wish.purpose)
        .bind(&wish.address_key)
        .bind(&wish.trace_id)
        .execute(tx)
        .await?;
    Ok(())
}

/// Some of the wishes, the oldest first.
pub(crate) async fn list_mail_wishes(db: &Db, limit: i64) -> Result<Vec<MailWishRow>> {
    query!("SELECT id, purpose, address_key, trace_id FROM mail_wish ORDER BY id LIMIT $1")
        .bind(limit)
        .fetch_all(db)
        .await
}

/// Whether the wish was there: of several who grant it, one finds it.
pub(crate) async fn delete_mail_wish(tx: &mut Tx, id: Uuid) -> Result<bool> {
    Ok(query!("DELETE FROM mail_wish WHERE id = $1").bind(id).execute(tx).await? == 1)
}

/// Stores a link in place of any other of the purpose.
pub(crate) async fn upsert_mail_link(
    tx: &mut Tx,
    hash: &TokenHash,
    (user, purpose): (UserId, Purpose),
    address: &Email,
    (now, expires_at): (DateTime<Utc>, DateTime<Utc>),
) -> Result<()> {
    query!(
        "INSERT INTO mail_link (token_hash, user_id, purpose, address, address_key, created_at, expires_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7)
         ON CONFLICT (user_id, purpose) DO UPDATE SET
             token_hash = excluded.token_hash, address = excluded.address, address_key = excluded.address_key,
             created_at = excluded.created_at, expires_at = excluded.expires_at"
    )
    .bind(hash.as_bytes())
    .bind(user)
    .bind(purpose)
    .bind(address.as_written())
    .bind(address.key())
    .bind(now)
    .bind(expires_at)
    .execute(tx)
    .await?;
    Ok(())
}

pub(crate) async fn find_mail_link(on: impl Into<Conn<'_>>, hash: &TokenHash) -> Result<Option<MailLinkRow>> {
    query!("SELECT user_id, purpose, address, address_key, expires_at FROM mail_link WHERE token_hash = $1")
        .bind(hash.as_bytes())
        .fetch_optional(on)
        .await
}

/// Whether the link was there: of several who use it, one finds it.
pub(crate) async fn delete_mail_link(tx: &mut Tx, hash: &TokenHash) -> Result<bool> {
    let deleted = query!("DELETE FROM mail_link WHERE token_hash = $1").bind(hash.as_bytes()).execute(tx).await?;
    Ok(deleted == 1)
}

/// Forgets the account's link of a purpose.
pub(crate) async fn delete_mail_link_for(tx: &mut Tx, user: UserId, purpose: Purpose) -> Result<u64> {
    query!("DELETE FROM mail_link WHERE user_id = $1 AND purpose = $2").bind(user).bind(purpose).execute(tx).await
}

/// Forgets all links of the account.
pub(crate) async fn delete_mail_links_of(tx: &mut Tx, user: UserId) -> Result<u64> {
    query!("DELETE FROM mail_link WHERE user_id = $1").bind(user).execute(tx).await
}

/// Forgets all links of the account but the one for `kept`.
pub(crate) async fn delete_mail_links_but(tx: &mut Tx, user: UserId, kept: Purpose) -> Result<u64> {
    query!("DELETE FROM mail_link WHERE user_id = $1 AND purpose <> $2").bind(user).bind(kept).execute(tx).await
}

/// Forgets links that ended before `time`.
pub(crate) async fn delete_mail_links_before(tx: &mut Tx, time: DateTime<Utc>) -> Result<u64> {
    query!("DELETE FROM mail_link WHERE expires_at < $1").bind(time).execute(tx).await
}
