//! Idempotency keys: the same mutation with the same key and input happens once within 24 hours.

use chatty_store::{Error, Migration, Tx, query};
use chrono::{DateTime, TimeDelta, Utc};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::{Problem, Refusal};

/// The table, for the migrations of a service with creating mutations.
pub const MIGRATION: Migration = Migration {
    version: 50,
    name: "idempotency",
    sql: include_str!("../../../migrations/shared/0050_idempotency.sql"),
};

const KEPT: TimeDelta = TimeDelta::hours(24);

/// One keyed call of a mutation.
#[derive(Debug)]
pub struct Call<'a> {
    /// Who: the viewer's id or, without login, [`anonymous_scope`].
    pub scope: &'a str,
    /// The mutation's name.
    pub mutation: &'static str,
    /// The client's key.
    pub key: Uuid,
    /// The hash of the input without its key: [`input_hash`].
    pub input_hash: [u8; 32],
}

/// What a keyed call has to do.
#[derive(Debug, PartialEq, Eq)]
pub enum Claim {
    /// It is the first: go on, the key is taken if the transaction commits.
    First,
    /// It happened before and made this: answer with it.
    Replay(Uuid),
}

/// Claims the call's key for what it is about to create, `outcome`. A concurrent duplicate waits here for the first
/// call's transaction; another input under the same key is a problem.
pub async fn claim(tx: &mut Tx, call: &Call<'_>, outcome: Uuid, now: DateTime<Utc>) -> Result<Claim, Refusal> {
    let first = query!(
        "INSERT INTO idempotency (scope, mutation, key, input_hash, outcome, created_at)
         VALUES ($1, $2, $3, $4, $5, $6)
         ON CONFLICT (scope, mutation, key)
         DO UPDATE SET input_hash = excluded.input_hash, outcome = excluded.outcome, created_at = excluded.created_at
         WHERE idempotency.created_at <= $7
         RETURNING outcome"
    )
    .bind(call.scope)
    .bind(call.mutation)
    .bind(call.key)
    .bind(call.input_hash.to_vec())
    .bind(outcome)
    .bind(now)
    .bind(now - KEPT)
    .fetch_optional::<(Uuid,)>(&mut *tx)
    .await?;
    if first.is_some() {
        return Ok(Claim::First);
    }
    let (hash, outcome, created_at) = query!(
        "SELECT input_hash, outcome, created_at FROM idempotency WHERE scope = $1 AND mutation = $2 AND key = $3"
    )
    .bind(call.scope)
    .bind(call.mutation)
    .bind(call.key)
    .fetch_one::<(Vec<u8>, Uuid, DateTime<Utc>)>(tx)
    .await?;
    if hash == call.input_hash {
        Ok(Claim::Replay(outcome))
    } else {
        Err(Problem::idempotency_key_reused(created_at).into())
    }
}

/// Forgets keys that are older than 24 hours; returns how many.
pub async fn prune(tx: &mut Tx, now: DateTime<Utc>) -> Result<u64, Error> {
    query!("DELETE FROM idempotency WHERE created_at <= $1").bind(now - KEPT).execute(tx).await
}

/// Forgets the keys of a scope, such as those of a user who was erased.
pub async fn forget(tx: &mut Tx, scope: &str) -> Result<u64, Error> {
    query!("DELETE FROM idempotency WHERE scope = $1").bind(scope).execute(tx).await
}

/// The hash of an input's parts. Each part is set off by its length, so that no two inputs run together.
pub fn input_hash<'a>(parts: impl IntoIterator<Item = Option<&'a str>>) -> [u8; 32] {
    let mut hash = Sha256::new();
    for part in parts {
        match part {
            None => hash.update([0]),
            Some(text) => {
                hash.update([1]);
                hash.update((text.len() as u64).to_be_bytes());
                hash.update(text);
            }
        }
    }
    hash.finalize().into()
}

/// The key scope of a caller who is not signed in: a hash of what the input is about, such as the mail address.
pub fn anonymous_scope(identity: &str) -> String {
    use std::fmt::Write;
    input_hash([Some(identity)]).iter().fold(String::from("anon:"), |mut text, byte| {
        write!(text, "{byte:02x}").expect("writing to a string cannot fail");
        text
    })
}
