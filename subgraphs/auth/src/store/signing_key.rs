//! Signing keys.

use chatty_store::{Db, Result, Tx, query};
use chatty_types::SigningKeyId;
use chrono::{DateTime, Utc};

/// A key pair. It has no `Debug`: it is the installation's most valuable secret.
#[derive(sqlx::FromRow)]
pub(crate) struct SigningKeyRow {
    pub(crate) id: SigningKeyId,
    pub(crate) pkcs8: Vec<u8>,
}

/// All key pairs, the one that signs last.
pub(crate) async fn list_signing_keys(db: &Db) -> Result<Vec<SigningKeyRow>> {
    query!("SELECT id, pkcs8 FROM signing_key ORDER BY slot").fetch_all(db).await
}

/// Whether the slot was free and now holds this pair.
pub(crate) async fn insert_signing_key(
    tx: &mut Tx,
    slot: i64,
    id: SigningKeyId,
    pkcs8: &[u8],
    now: DateTime<Utc>,
) -> Result<bool> {
    let inserted = query!(
        "INSERT INTO signing_key (slot, id, pkcs8, created_at) VALUES ($1, $2, $3, $4) ON CONFLICT (slot) DO NOTHING"
    )
    .bind(slot)
    .bind(id)
    .bind(pkcs8)
    .bind(now)
    .execute(tx)
    .await?;
    Ok(inserted == 1)
}
