//! Accounts as everybody finds and sees them.

use chatty_store::{Db, Result, Tx, query};
use chatty_types::UserId;
use chrono::{DateTime, Utc};

use super::account::AccountRow;
use crate::domain::username::{Username, skeleton};

/// An account that answers to a name.
#[derive(sqlx::FromRow)]
pub(crate) struct NamedRow {
    #[sqlx(flatten)]
    pub(crate) account: AccountRow,
    /// The account's name, or one that is held for it.
    pub(crate) name: String,
}

/// The accounts that have these names, or had them and may still take them back.
pub(crate) async fn accounts_by_names(db: &Db, names: &[Username], now: DateTime<Utc>) -> Result<Vec<NamedRow>> {
    query!(concat!(
        "SELECT ",
        account_columns!("a."),
        ", a.username AS name FROM account a WHERE a.username IN ($names)
         UNION ALL
         SELECT ",
        account_columns!("a."),
        ", h.username AS name FROM account a JOIN held_username h ON h.user_id = a.id
         WHERE h.username IN ($names) AND h.held_until > $1"
    ))
    .bind(now)
    .bind_list("names", names.iter().map(Username::as_str))
    .fetch_all(db)
    .await
}

/// Whether somebody else's account has the name, or one that looks like it.
pub(crate) async fn is_anothers(tx: &mut Tx, username: &str, user: UserId) -> Result<bool> {
    let found =
        query!("SELECT version FROM account WHERE (username = $1 OR username_skeleton = $2) AND id <> $3 LIMIT 1")
            .bind(username)
            .bind(skeleton(username))
            .bind(user)
            .fetch_optional::<(i64,)>(tx)
            .await?;
    Ok(found.is_some())
}

/// Stores the account's profile and version, if its version is still `before`.
pub(crate) async fn update_profile(
    tx: &mut Tx,
    account: &AccountRow,
    display_key: Option<&str>,
    before: i64,
) -> Result<bool> {
    let updated = query!(
        "UPDATE account SET
             username_skeleton = CASE WHEN username = $3 THEN username_skeleton ELSE $10 END,
             username = $3, display_name = $4, display_key = $5, bio = $6, locale = $7, time_zone = $8,
             version = $9
         WHERE id = $1 AND version = $2"
    )
    .bind(account.id)
    .bind(before)
    .bind(&account.username)
    .bind(account.display_name.as_deref())
    .bind(display_key)
    .bind(account.bio.as_deref())
    .bind(&account.locale)
    .bind(&account.time_zone)
    .bind(account.version)
    .bind(skeleton(&account.username))
    .execute(tx)
    .await?;
    Ok(updated == 1)
}
