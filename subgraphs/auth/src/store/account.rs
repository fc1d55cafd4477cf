//! Accounts.

use chatty_access::Role;
use chatty_store::{Conn, Db, Result, Tx, query, text_enum};
use chatty_types::UserId;
use chrono::{DateTime, Utc};

use crate::domain::username;

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
    /// Another one than before means another password.
    pub(crate) password_number: i64,
}

/// Whether there is an administrator.
pub(crate) async fn has_admin(on: impl Into<Conn<'_>>) -> Result<bool> {
    let admin = query!("SELECT id FROM account WHERE role = 'ADMIN' LIMIT 1").fetch_optional::<(UserId,)>(on).await?;
    Ok(admin.is_some())
}

pub(crate) async fn find_credentials_by_username(db: &Db, username: &str) -> Result<Option<CredentialsRow>> {
    query!(concat!(
        "SELECT ",
        account_columns!(),
        ", password_hash, password_number
         FROM account WHERE username = $1"
    ))
    .bind(username)
    .fetch_optional(db)
    .await
}

pub(crate) async fn find_credentials_by_email(db: &Db, email_key: &str) -> Result<Option<CredentialsRow>> {
    query!(concat!(
        "SELECT ",
        account_columns!(),
        ", password_hash, password_number
         FROM account WHERE email_key = $1"
    ))
    .bind(email_key)
    .fetch_optional(db)
    .await
}

pub(crate) async fn find_credentials_by_id(db: &Db, id: UserId) -> Result<Option<CredentialsRow>> {
    query!(concat!(
        "SELECT ",
        account_columns!(),
        ", password_hash, password_number
         FROM account WHERE id = $1"
    ))
    .bind(id)
    .fetch_optional(db)
    .await
}

/// The account, locked against every other change until the transaction ends: writing the row takes its lock.
pub(crate) async fn lock_account(tx: &mut Tx, id: UserId) -> Result<Option<AccountRow>> {
    Ok(lock_credentials(tx, id).await?.map(|row| row.account))
}

/// The same with the hash of its password.
pub(crate) async fn lock_credentials(tx: &mut Tx, id: UserId) -> Result<Option<CredentialsRow>> {
    query!(concat!(
        "UPDATE account SET version = version WHERE id = $1
         RETURNING ",
        account_columns!(),
        ", password_hash, password_number"
    ))
    .bind(id)
    .fetch_optional(tx)
    .await
}

pub(crate) async fn find_account(on: impl Into<Conn<'_>>, id: UserId) -> Result<Option<AccountRow>> {
    query!(concat!(
        "SELECT ",
        account_columns!(),
        "
         FROM account WHERE id = $1"
    ))
    .bind(id)
    .fetch_optional(on)
    .await
}

/// Whose address it is.
pub(crate) async fn find_id_by_email(on: impl Into<Conn<'_>>, email_key: &str) -> Result<Option<UserId>> {
    let found = query!("SELECT id FROM account WHERE email_key = $1").bind(email_key);
    Ok(found.fetch_optional::<(UserId,)>(on).await?.map(|(id,)| id))
}

pub(crate) async fn accounts_by_ids(db: &Db, ids: &[UserId]) -> Result<Vec<AccountRow>> {
    query!(concat!(
        "SELECT ",
        account_columns!(),
        "
         FROM account WHERE id IN ($ids)"
    ))
    .bind_list("ids", ids.iter().copied())
    .fetch_all(db)
    .await
}

/// Whether the account was stored; not if its username, one that looks like it, or its address is in use.
pub(crate) async fn insert_account(
    tx: &mut Tx,
    account: &AccountRow,
    email_key: &str,
    password_hash: &str,
) -> Result<bool> {
    let inserted = query!(
        "INSERT INTO account
             (id, username, username_skeleton, email, email_key, email_status, password_hash, role, state, locale,
              time_zone, version, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
         ON CONFLICT DO NOTHING"
    )
    .bind(account.id)
    .bind(&account.username)
    .bind(username::skeleton(&account.username))
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

/// Makes the address the account's, unless somebody else has it.
pub(crate) async fn update_email(
    tx: &mut Tx,
    id: UserId,
    (address, key): (&str, &str),
    status: EmailStatus,
) -> Result<Option<AccountRow>> {
    query!(concat!(
        "UPDATE account SET email = $2, email_key = $3, email_status = $4, version = version + 1
         WHERE id = $1 AND NOT EXISTS (SELECT 1 FROM account AS other WHERE other.email_key = $3 AND other.id <> $1)
         RETURNING ",
        account_columns!()
    ))
    .bind(id)
    .bind(address)
    .bind(key)
    .bind(status)
    .fetch_optional(tx)
    .await
}

pub(crate) async fn update_password(tx: &mut Tx, id: UserId, hash: &str) -> Result<()> {
    query!("UPDATE account SET password_hash = $2, password_number = password_number + 1 WHERE id = $1")
        .bind(id)
        .bind(hash)
        .execute(tx)
        .await?;
    Ok(())
}

/// Lets the account stand elsewhere; as it is then.
pub(crate) async fn update_state(tx: &mut Tx, id: UserId, state: AccountState) -> Result<Option<AccountRow>> {
    query!(concat!(
        "UPDATE account SET state = $2, version = version + 1 WHERE id = $1
         RETURNING ",
        account_columns!()
    ))
    .bind(id)
    .bind(state)
    .fetch_optional(tx)
    .await
}

/// Leaves nothing of the account but its id. What must be unique becomes something that nobody can sign in with.
pub(crate) async fn update_erased(tx: &mut Tx, id: UserId, tombstone: &str) -> Result<()> {
    query!(
        "UPDATE account SET
             username = $2, username_skeleton = NULL, email = $2, email_key = $2, email_status = 'PENDING',
             password_hash = '', role = 'USER', state = 'DELETED', display_name = NULL, display_key = NULL, bio = NULL,
             locale = 'en', time_zone = 'UTC', version = version + 1
         WHERE id = $1"
    )
    .bind(id)
    .bind(tombstone)
    .execute(tx)
    .await?;
    Ok(())
}

/// Puts one hash of the account's password in the place of another, if that is still there.
pub(crate) async fn update_outdated_hash(tx: &mut Tx, id: UserId, outdated: &str, hash: &str) -> Result<()> {
    query!("UPDATE account SET password_hash = $3 WHERE id = $1 AND password_hash = $2")
        .bind(id)
        .bind(outdated)
        .bind(hash)
        .execute(tx)
        .await?;
    Ok(())
}
