//! When a key pair is published, when it signs, and when it goes.
//!
//! Nobody must ever meet a token whose key they cannot know. A new key is therefore published at once and signs only
//! when everybody has had the time to read it; and a key that signs no more stays published until its last token has
//! ended. Then its pair is deleted. A rotation is refused while the last one's key does not sign yet, so that keys come
//! into force one after the other.

use std::{sync::Arc, time::Duration};

use chatty_kit::{Fault, Tasks};
use chatty_store::Tx;
use chatty_types::SigningKeyId;
use chrono::{DateTime, TimeDelta, Utc};

use super::signing;
use crate::{
    app::App,
    store::signing_key::{SigningKeyRow, delete_signing_keys_below, insert_signing_key, list_signing_keys},
};

/// How often a process of auth reads the keys again. Nothing is signed or published by an older reading.
pub(crate) const READ_EVERY: Duration = Duration::from_secs(5);

/// How long others may keep what the key set's route answered.
pub(crate) const MAX_AGE: Duration = Duration::from_mins(5);

/// How often whoever verifies tokens in another process must read the published keys again.
pub const KEYS_EVERY: Duration = Duration::from_mins(1);

/// For clocks that differ, and for what lies between a reading and its use.
const MARGIN: Duration = Duration::from_mins(1);

/// How long a key is published before it signs: longer than it takes the last of those who verify to have read it.
pub(crate) const PUBLISHED_BEFORE: Duration =
    Duration::from_secs(READ_EVERY.as_secs() + MAX_AGE.as_secs() + KEYS_EVERY.as_secs() + MARGIN.as_secs());

/// A key pair that was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rotation {
    /// The new key.
    pub key: SigningKeyId,
    /// When it begins to sign. It is published already.
    pub signs_from: DateTime<Utc>,
    /// When the last token of the key before it has ended, and that key is deleted.
    pub former_kept_until: DateTime<Utc>,
}

/// Why no key pair was made.
#[derive(Debug, thiserror::Error)]
pub enum RotationError {
    /// The newest does not sign yet.
    #[error("the key {key} of the last rotation signs from {signs_from}: rotate again after that")]
    Pending {
        /// The newest key.
        key: SigningKeyId,
        /// When it will.
        signs_from: DateTime<Utc>,
    },
    /// It was not tried, or failed.
    #[error("the keys could not be rotated")]
    Fault(#[from] Fault),
}

impl From<chatty_store::Error> for RotationError {
    fn from(error: chatty_store::Error) -> Self {
        Self::Fault(error.into())
    }
}

/// Reads the keys again and again, until the system stops.
pub(crate) fn start(tasks: &Tasks, app: &Arc<App>) {
    let app = Arc::clone(app);
    tasks.repeat("reading the signing keys", READ_EVERY, move || {
        let app = Arc::clone(&app);
        async move { app.signer.catch_up().await.map(drop) }
    });
}

/// Makes the next key pair.
pub(crate) async fn rotate(app: &App) -> Result<Rotation, RotationError> {
    let mut tx = app.db.begin().await?;
    let now = app.clock.now();
    let newest = newest(list_signing_keys(&mut tx).await?)?;
    refuse_pending(&newest, now)?;
    let next = signing::new_pair(&app.clock, newest.slot + 1, now + PUBLISHED_BEFORE)?;
    if !insert_signing_key(&mut tx, &next, now).await? {
        // Somebody rotates at the same time, and was faster.
        refuse_pending(&self::newest(list_signing_keys(&mut tx).await?)?, now)?;
        return Err(Fault::internal("the slot of the next signing key is taken").into());
    }
    tx.commit().await?;
    let former_kept_until = next.signs_from + app.lifetimes.access_token() + MARGIN;
    Ok(Rotation { key: next.id, signs_from: next.signs_from, former_kept_until })
}

fn newest(mut keys: Vec<SigningKeyRow>) -> Result<SigningKeyRow, Fault> {
    keys.pop().ok_or_else(|| Fault::internal("the signing key is gone"))
}

fn refuse_pending(newest: &SigningKeyRow, now: DateTime<Utc>) -> Result<(), RotationError> {
    let SigningKeyRow { id: key, signs_from, .. } = *newest;
    if signs_from > now { Err(RotationError::Pending { key, signs_from }) } else { Ok(()) }
}

/// Of `keys`, the newest last, those that are published: the ones to sign, the one that signs, and those whose last
/// token may still be in force.
pub(crate) fn published(keys: &[SigningKeyRow], access_token: TimeDelta, now: DateTime<Utc>) -> &[SigningKeyRow] {
    let is_over = |next: &SigningKeyRow| next.signs_from + access_token + MARGIN <= now;
    &keys[(1..keys.len()).rev().find(|next| is_over(&keys[*next])).unwrap_or(0)..]
}

/// Whether what was read at `read_at` says who signs at `time`. A rotation that it does not know of has a key that does
/// not sign yet, because [`PUBLISHED_BEFORE`] is longer.
pub(crate) fn may_sign(read_at: DateTime<Utc>, time: DateTime<Utc>) -> bool {
    time <= read_at + READ_EVERY + MARGIN
}

/// Deletes the pairs whose last token has ended.
pub(crate) async fn forget(app: &App, tx: &mut Tx) -> Result<(), chatty_store::Error> {
    let keys = list_signing_keys(&mut *tx).await?;
    if let Some(first) = published(&keys, app.lifetimes.access_token(), app.clock.now()).first() {
        delete_signing_keys_below(tx, first.slot).await?;
    }
    Ok(())
}
