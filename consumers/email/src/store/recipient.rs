//! Where mail reaches somebody.

use chatty_events::email::RecipientChanged;
use chatty_store::{Result, Tx, query};
use chatty_types::UserId;

/// Notes the recipient unless something as new is known.
pub(crate) async fn upsert(tx: &mut Tx, recipient: &RecipientChanged) -> Result<()> {
    query!(
        "INSERT INTO recipient (user_id, address, locale, time_zone, verified, version) VALUES ($1, $2, $3, $4, $5, $6)
         ON CONFLICT (user_id) DO UPDATE
         SET address = excluded.address, locale = excluded.locale, time_zone = excluded.time_zone,
             verified = excluded.verified, version = excluded.version
         WHERE recipient.version < excluded.version"
    )
    .bind(recipient.user_id)
    .bind(&recipient.address)
    .bind(&recipient.locale)
    .bind(&recipient.time_zone)
    .bind(recipient.verified)
    .bind(recipient.version)
    .execute(tx)
    .await?;
    Ok(())
}

/// Forgets the recipient; how many there were.
pub(crate) async fn delete(tx: &mut Tx, user: UserId) -> Result<u64> {
    query!("DELETE FROM recipient WHERE user_id = $1").bind(user).execute(tx).await
}
