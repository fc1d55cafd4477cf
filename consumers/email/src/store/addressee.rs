//! Who is erased, and the lock of whoever is not.

use chatty_store::{Result, Tx, query};
use chatty_types::UserId;
use chrono::{DateTime, Utc};

/// Locks the user's row to the commit; `false` if they are erased, and nothing may be kept of them.
pub(crate) async fn admit(tx: &mut Tx, user: UserId) -> Result<bool> {
    let touched = query!(
        "INSERT INTO addressee (user_id) VALUES ($1)
         ON CONFLICT (user_id) DO UPDATE SET erased_at = NULL WHERE addressee.erased_at IS NULL"
    )
    .bind(user)
    .execute(tx)
    .await?;
    Ok(touched == 1)
}

/// Notes that the user is erased, once nobody else has their row locked.
pub(crate) async fn close(tx: &mut Tx, user: UserId, now: DateTime<Utc>) -> Result<()> {
    query!(
        "INSERT INTO addressee (user_id, erased_at) VALUES ($1, $2)
         ON CONFLICT (user_id) DO UPDATE SET erased_at = COALESCE(addressee.erased_at, excluded.erased_at)"
    )
    .bind(user)
    .bind(now)
    .execute(tx)
    .await?;
    Ok(())
}
