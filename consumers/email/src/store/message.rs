//! The mails, from their request to their end.

use std::collections::BTreeMap;

use chatty_events::email::MessageRequested;
use chatty_store::{Db, FromRow, Json, Result, Tx, query};
use chatty_types::UserId;
use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::letter::{self, Letter};

chatty_store::text_enum! {
    /// How a mail ended that was QUEUED.
    pub(crate) enum End {
        /// It was delivered.
        Sent = "SENT",
        /// It cannot be written.
        Failed = "FAILED",
        /// It is not to be delivered.
        Suppressed = "SUPPRESSED",
    }
}

/// Queues the mail, unless it is known by its id or its key.
pub(crate) async fn insert(tx: &mut Tx, requested: MessageRequested, now: DateTime<Utc>) -> Result<()> {
    query!(
        "INSERT INTO message
             (id, template, to_user_id, to_address, params, secret, dedupe_key, state, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, 'QUEUED', $8)
         ON CONFLICT DO NOTHING"
    )
    .bind(requested.message_id)
    .bind(letter::name(requested.template))
    .bind(requested.to_user_id)
    .bind(requested.to_address)
    .bind(Json(requested.params))
    .bind(requested.secret)
    .bind(requested.dedupe_key)
    .bind(now)
    .execute(tx)
    .await?;
    Ok(())
}

/// A mail to send, and what is known of its reader.
#[derive(FromRow)]
pub(crate) struct Due {
    pub(crate) id: Uuid,
    pub(crate) template: String,
    /// Where it goes.
    pub(crate) address: String,
    pub(crate) locale: String,
    pub(crate) time_zone: String,
    pub(crate) params: Json<BTreeMap<String, String>>,
    pub(crate) secret: Option<String>,
}

/// Whether [`claim_due`] would find something that nobody else has claimed.
pub(crate) async fn has_due(db: &Db) -> Result<bool> {
    let found = query!(
        "SELECT message.id FROM message JOIN recipient ON recipient.user_id = message.to_user_id
         WHERE message.state = 'QUEUED' AND message.template IN ($templates) LIMIT 1"
    )
    .bind_list("templates", letter::NAMES.iter().copied())
    .fetch_optional::<(Uuid,)>(db)
    .await?;
    Ok(found.is_some())
}

/// The oldest mails whose recipient is known, locked to the end of the transaction; what others have locked is left to
/// them. So is a template that only a newer version of this program knows.
pub(crate) async fn claim_due(tx: &mut Tx, limit: i64) -> Result<Vec<Due>> {
    query!(
        "SELECT message.id, message.template, COALESCE(message.to_address, recipient.address) AS address,
                recipient.locale, recipient.time_zone, message.params, message.secret
         FROM message JOIN recipient ON recipient.user_id = message.to_user_id
         WHERE message.state = 'QUEUED' AND message.template IN ($templates)
         ORDER BY message.created_at, message.id LIMIT $1 FOR UPDATE SKIP LOCKED"
    )
    .bind(limit)
    .bind_list("templates", letter::NAMES.iter().copied())
    .fetch_all(tx)
    .await
}

/// The mail is in the mailbox, and the row has its text in place of its secret.
pub(crate) async fn keep(tx: &mut Tx, id: Uuid, address: &str, letter: &Letter, now: DateTime<Utc>) -> Result<()> {
    query!(
        "UPDATE message SET state = 'SENT', secret = NULL, sent_at = $2, address = $3, address_key = $4,
                            subject = $5, text_body = $6, html_body = $7
         WHERE id = $1"
    )
    .bind(id)
    .bind(now)
    .bind(address)
    .bind(address_key(address))
    .bind(&letter.subject)
    .bind(&letter.text)
    .bind(&letter.html)
    .execute(tx)
    .await?;
    Ok(())
}

/// The mail has ended without a text, and without its secret.
pub(crate) async fn end(tx: &mut Tx, id: Uuid, end: End) -> Result<()> {
    query!("UPDATE message SET state = $2, secret = NULL WHERE id = $1").bind(id).bind(end).execute(tx).await?;
    Ok(())
}

/// A mail in the mailbox.
#[derive(FromRow)]
pub(crate) struct Kept {
    pub(crate) id: Uuid,
    pub(crate) address: String,
    pub(crate) subject: String,
    pub(crate) text_body: String,
    pub(crate) sent_at: DateTime<Utc>,
}

/// The newest mails of the mailbox.
pub(crate) async fn list_kept(db: &Db, limit: i64) -> Result<Vec<Kept>> {
    query!(
        "SELECT id, address, subject, text_body, sent_at FROM message
         WHERE state = 'SENT' AND text_body IS NOT NULL ORDER BY sent_at DESC, id DESC LIMIT $1"
    )
    .bind(limit)
    .fetch_all(db)
    .await
}

/// The newest mails to `address`, whatever the case of its letters.
pub(crate) async fn list_kept_to(db: &Db, address: &str, limit: i64) -> Result<Vec<Kept>> {
    query!(
        "SELECT id, address, subject, text_body, sent_at FROM message
         WHERE state = 'SENT' AND text_body IS NOT NULL AND address_key = $1
         ORDER BY sent_at DESC, id DESC LIMIT $2"
    )
    .bind(address_key(address))
    .bind(limit)
    .fetch_all(db)
    .await
}

/// The HTML of a mail in the mailbox.
pub(crate) async fn find_html(db: &Db, id: Uuid) -> Result<Option<String>> {
    let found = query!("SELECT html_body FROM message WHERE id = $1 AND html_body IS NOT NULL")
        .bind(id)
        .fetch_optional::<(String,)>(db)
        .await?;
    Ok(found.map(|(html,)| html))
}

/// Forgets the user's mails; how many there were.
pub(crate) async fn delete_to(tx: &mut Tx, user: UserId) -> Result<u64> {
    query!("DELETE FROM message WHERE to_user_id = $1").bind(user).execute(tx).await
}

/// Forgets the mails that were requested before `before`, whatever became of them.
pub(crate) async fn delete_before(tx: &mut Tx, before: DateTime<Utc>) -> Result<u64> {
    query!("DELETE FROM message WHERE created_at < $1").bind(before).execute(tx).await
}

/// By which addresses are compared.
fn address_key(address: &str) -> String {
    address.trim().to_lowercase()
}
