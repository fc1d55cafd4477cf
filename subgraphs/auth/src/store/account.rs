//! Accounts.

use chatty_access::Role;
use chatty_store::{Conn, Db, Result, Tx, query, text_enum};
use chatty_types::UserId;
use chrono::{DateTime, Utc};

text_enum! {
    /// Where an account stands.
    pub(crate) enum AccountState {
        /// Usable.
        Active = "ACTIVE",
        /// Closed by a moderator.
        Suspended = "SUSPENDED",
        /// Closed by its owner.
        Deactivated = "DEACTIVATED",
        /// Will be erased.
        DeletionPending = "DELETION_PENDING",
        /// Erased; the row is a tombstone.
        Deleted = "DELETED",
    }
}

text_enum! {
    /// What is known of an account's address.
    pub(crate) enum EmailStatus {
        /// Not confirmed yet.
        Pending = "PENDING",
        /// Confirmed.
        Verified = "VERIFIED",
        /// Mail to it came back.
        Bounced = "BOUNCED",
    }
}

/// A role as a column spells it.
#[derive(Clone, Copy)]
pub(crate) struct RoleText(pub(crate) Role);

impl TryFrom<String> for RoleText {
    type Error = String;

    fn try_from(text: String) -> std::result::Result<Self, String> {
        text.parse().map(Self)
    }
}

/// An account without its password. It has no `Debug`, because addresses do not belong into logs.
#[derive(Clone, sqlx::FromRow)]
pub(crate) struct AccountRow {
    pub(crate) id: UserId,
    pub(crate) username: String,
    pub(crate) email: String,
    pub(crate) email_status: EmailStatus,
    #[sqlx(try_from = "String")]
    pub(crate) role: RoleText,
    pub(crate) state: AccountState,
    pub(crate) display_name: Option<String>,
    pub(crate) bio: Option<String>,
    /// A language tag, such as `ru`.
    pub(crate) locale: String,
    /// A name of the time zone database, such as `Europe/Moscow`.
    pub(crate) time_zone: String,
    pub(crate) version: i64,
    pub(crate) created_at: DateTime<Utc>,
}

/// An account with the hash that its owner's password is checked against.
#[derive(sqlx::FromRow)]
pub(crate) struct CredentialsRow {
    #[sqlx(flatten)]
    pub(crate) account: AccountRow,
    pub(crate) password_hash: String,
}

/// Whether there is an administrator.
pub(crate) async fn has_admin(on: impl Into<Conn<'_>>) -> Result<bool> {
    let admin = query!("SELECT id FROM account WHERE role = 'ADMIN' LIMIT 1").fetch_optional::<(UserId,)>(on).await?;
    Ok(admin.is_some())
}

pub(crate) async fn find_credentials_by_username(db: &Db, username: &str) -> Result<Option<CredentialsRow>> {
    query!(
        "SELECT id, username, email, email_status, role, state, display_name, bio, locale,
             time_zone, version, created_at, password_hash
         FROM account WHERE username = $1"
    )
    .bind(username)
    .fetch_optional(db)
    .await
}

pub(crate) async fn find_credentials_by_email(db: &Db, email_key: &str) -> Result<Option<CredentialsRow>> {
    query!(
        "SELECT id, username, email, email_status, role, state, display_name, bio, locale,
             time_zone, version, created_at, password_hash
         FROM account WHERE email_key = $1"
    )
    .bind(email_key)
    .fetch_optional(db)
    .await
}

pub(crate) async fn find_credentials_by_id(db: &Db, id: UserId) -> Result<Option<CredentialsRow>> {
    query!(
        "SELECT id, username, email, email_status, role, state, display_name, bio, locale,
             time_zone, version, created_at, password_hash
         FROM account WHERE id = $1"
    )
    .bind(id)
    .fetch_optional(db)
    .await
}

pub(crate) async fn find_account(tx: &mut Tx, id: UserId) -> Result<Option<AccountRow>> {
    query!(
        "SELECT id, username, email, email_status, role, state, display_name, bio, locale, time_zone, version, created_at
         FROM account WHERE id = $1"
    )
        .bind(id)
        .fetch_optional(tx)
        .await
}

/// The account, locked against every other change until the transaction ends: writing the row takes its lock.
pub(crate) async fn lock_account(tx: &mut Tx, id: UserId) -> Result<Option<AccountRow>> {
    query!(
        "UPDATE account SET version = version WHERE id = $1
         RETURNING id, username, email, email_status, role, state, display_name, bio, locale, time_zone, version,
             created_at"
    )
    .bind(id)
    .fetch_optional(tx)
    .await
}

pub(crate) async fn accounts_by_ids(db: &Db, ids: &[UserId]) -> Result<Vec<AccountRow>> {
    query!(
        "SELECT id, username, email, email_status, role, state, display_name, bio, locale, time_zone, version, created_at
         FROM account WHERE id IN ($ids)"
    )
        .bind_list("ids", ids.iter().copied())
        .fetch_all(db)
        .await
}

/// Whether the address is in use.
pub(crate) async fn has_email(tx: &mut Tx, email_key: &str) -> Result<bool> {
    let found =
        query!("SELECT version FROM account WHERE email_key = $1").bind(email_key).fetch_optional::<(i64,)>(tx).await?;
    Ok(found.is_some())
}

/// Whether the account was stored; not if its username or its address is in use.
pub(crate) async fn insert_account(
    tx: &mut Tx,
    account: &AccountRow,
    email_key: &str,
    password_hash: &str,
) -> Result<bool> {
    let inserted = query!(
        "INSERT INTO account
             (id, username, email, email_key, email_status, password_hash, role, state, locale, time_zone, version,
              created_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
         ON CONFLICT DO NOTHING"
    )
    .bind(account.id)
    .bind(&account.username)
    .bind(&account.email)
    .bind(email_key)
    .bind(account.email_status)
    .bind(password_hash)
    .bind(account.role.0.as_str())
    .bind(account.state)
    .bind(&account.locale)
    .bind(&account.time_zone)
    .bind(account.version)
    .bind(account.created_at)
    .execute(tx)
    .await?;
    Ok(inserted == 1)
}
