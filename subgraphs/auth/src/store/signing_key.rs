//! Signing keys.

use chatty_store::{Conn, Result, Tx, query};
use chatty_types::SigningKeyId;
use chrono::{DateTime, Utc};

/// A key pair. It has no `Debug`: it is the installation's most valuable secret.
#[derive(sqlx::FromRow)]
pub(crate) struct SigningKeyRow {
    /// Orders the keys: see [`FIRST_SLOT`](crate::domain::signing::FIRST_SLOT).
    pub(crate) slot: i64,
    pub(crate) id: SigningKeyId,
    pub(crate) pkcs8: Vec<u8>,
    /// When it begins to sign.
    pub(crate) signs_from: DateTime<Utc>,
}

/// All key pairs, the newest last.
pub(crate) async fn list_signing_keys(on: impl Into<Conn<'_>>) -> Result<Vec<SigningKeyRow>> {
    query!("SELECT slot, id, pkcs8, signs_from FROM signing_key ORDER BY slot").fetch_all(on).await
}

/// Whether the slot was free and now holds this pair.
pub(crate) async fn insert_signing_key(tx: &mut Tx, key: &SigningKeyRow, now: DateTime<Utc>) -> Result<bool> {
    let inserted = query!(
        "INSERT INTO signing_key (slot, id, pkcs8, signs_from, created_at) VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (slot) DO NOTHING"
    )
    .bind(key.slot)
    .bind(key.id)
    .bind(&key.pkcs8[..])
    .bind(key.signs_from)
    .bind(now)
    .execute(tx)
    .await?;
    Ok(inserted == 1)
}

/// Forgets the pairs below a slot.
pub(crate) async fn delete_signing_keys_below(tx: &mut Tx, slot: i64) -> Result<u64> {
    query!("DELETE FROM signing_key WHERE slot < $1").bind(slot).execute(tx).await
}
