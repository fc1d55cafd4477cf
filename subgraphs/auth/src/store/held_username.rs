//! Usernames that nobody but their former owner may take, for a while.

use chatty_store::{Result, Tx, query};
use chatty_types::UserId;
use chrono::{DateTime, Utc};

/// Holds the name for the user, unless it is held for somebody else at the time `now`. Until the transaction ends, whoever
/// else wants to hold the name waits.
pub(crate) async fn upsert_held(
    tx: &mut Tx,
    username: &str,
    user: UserId,
    until: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Result<bool> {
    let held = query!(
        "INSERT INTO held_username (username, user_id, held_until) VALUES ($1, $2, $3)
         ON CONFLICT (username) DO UPDATE SET user_id = excluded.user_id, held_until = excluded.held_until
         WHERE held_username.user_id = excluded.user_id OR held_username.held_until <= $4"
    )
    .bind(username)
    .bind(user)
    .bind(until)
    .bind(now)
    .execute(tx)
    .await?;
    Ok(held == 1)
}

pub(crate) async fn delete_held(tx: &mut Tx, username: &str) -> Result<u64> {
    query!("DELETE FROM held_username WHERE username = $1").bind(username).execute(tx).await
}

/// Holds what is held for the user for nobody.
pub(crate) async fn update_without_user(tx: &mut Tx, user: UserId) -> Result<()> {
    query!("UPDATE held_username SET user_id = NULL WHERE user_id = $1").bind(user).execute(tx).await?;
    Ok(())
}

/// Lets go of names that were held until `time` or shorter.
pub(crate) async fn delete_held_until(tx: &mut Tx, time: DateTime<Utc>) -> Result<u64> {
    query!("DELETE FROM held_username WHERE held_until <= $1").bind(time).execute(tx).await
}
