//! Usernames that nobody but their former owner may take, for a while.

use chatty_store::{Result, Tx, query};
use chatty_types::UserId;
use chrono::{DateTime, Utc};

/// Holds the name for the user, unless it is held for somebody else at the time `now`. Until the transaction ends, whoever
/// else wants to hold the name waits.
pub(crate) async fn upsert_held(
    tx: &mut Tx,
    (username, skeleton): (&str, Option<&str>),
    user: UserId,
    until: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Result<bool> {
    let held = query!(
        "INSERT INTO held_username (username, user_id, held_until, skeleton) VALUES ($1, $2, $3, $5)
         ON CONFLICT (username) DO UPDATE SET user_id = excluded.user_id, held_until = excluded.held_until
         WHERE held_username.user_id = excluded.user_id OR held_username.held_until <= $4"
    )
    .bind(username)
    .bind(user)
    .bind(until)
    .bind(now)
    .bind(skeleton)
    .execute(tx)
    .await?;
    Ok(held == 1)
}

/// Whether a name that looks so is held at the time `now`, but not for the user.
pub(crate) async fn is_look_alike_held(tx: &mut Tx, skeleton: &str, user: UserId, now: DateTime<Utc>) -> Result<bool> {
    let held = query!(
        "SELECT username FROM held_username
         WHERE skeleton = $1 AND held_until > $2 AND (user_id IS NULL OR user_id <> $3) LIMIT 1"
    );
    let held = held.bind(skeleton).bind(now).bind(user).fetch_optional::<(String,)>(tx).await?;
    Ok(held.is_some())
}

/// How many names are held for the user at the time `now`.
pub(crate) async fn count_held(tx: &mut Tx, user: UserId, now: DateTime<Utc>) -> Result<i64> {
    let (held,) = query!("SELECT COUNT(1) FROM held_username WHERE user_id = $1 AND held_until > $2")
        .bind(user)
        .bind(now)
        .fetch_one::<(i64,)>(tx)
        .await?;
    Ok(held)
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
