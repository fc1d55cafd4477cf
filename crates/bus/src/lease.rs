//! Whose turn it is to publish a service's outbox. Knows the row, not what is done with the turn.
//!
//! The row counts turns and stores no time: a contender measures with its own monotonic clock how long the number has
//! stood still, so the clocks of machines are never compared.

use std::time::Duration;

use chatty_store::{Db, Error, Tx, query};
use tokio::time::Instant;
use uuid::Uuid;

/// How often a holder shows that it lives.
pub(crate) const RENEW_EVERY: Duration = Duration::from_secs(1);
/// A number that stands still for so long has no living holder.
const PATIENCE: Duration = Duration::from_secs(4);
/// How often a contender looks. With [`PATIENCE`] it takes over within 4.5 s.
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// One relay's wish for the turn, and the turn itself once [`Watch::look`] gave it.
pub(crate) struct Lease {
    db: Db,
    me: Uuid,
}

impl Lease {
    /// `me` names the relay; no two share a name.
    pub(crate) fn new(db: Db, me: Uuid) -> Self {
        Self { db, me }
    }

    /// Shows that the holder lives; `false` if another one took over.
    pub(crate) async fn renew(&self) -> Result<bool, Error> {
        let mut tx = self.db.begin().await?;
        let held = self.renew_in(&mut tx).await?;
        tx.commit().await?;
        Ok(held)
    }

    /// The same inside a transaction that does other work of the holder's.
    pub(crate) async fn renew_in(&self, tx: &mut Tx) -> Result<bool, Error> {
        let touched =
            query!("UPDATE relay_lease SET turns = turns + 1 WHERE holder = $1").bind(self.me).execute(tx).await?;
        Ok(touched == 1)
    }

    /// Lets the next contender in without a wait.
    pub(crate) async fn give_up(&self) -> Result<(), Error> {
        let mut tx = self.db.begin().await?;
        query!("UPDATE relay_lease SET holder = NULL, turns = turns + 1 WHERE holder = $1")
            .bind(self.me)
            .execute(&mut tx)
            .await?;
        tx.commit().await
    }

    /// Takes the turn if nobody has moved since `turns` was read.
    async fn take(&self, turns: i64) -> Result<bool, Error> {
        let mut tx = self.db.begin().await?;
        let touched = query!("UPDATE relay_lease SET holder = $1, turns = turns + 1 WHERE turns = $2")
            .bind(self.me)
            .bind(turns)
            .execute(&mut tx)
            .await?;
        tx.commit().await?;
        Ok(touched == 1)
    }
}

/// What a contender has seen so far.
pub(crate) struct Watch<'a> {
    lease: &'a Lease,
    /// The number of turns, and since when it has stood there.
    seen: Option<(i64, Instant)>,
    look_at: Instant,
}

impl<'a> Watch<'a> {
    pub(crate) fn new(lease: &'a Lease) -> Self {
        Self { lease, seen: None, look_at: Instant::now() }
    }

    /// When to look next.
    pub(crate) fn look_at(&self) -> Instant {
        self.look_at
    }

    /// Looks once; `true` when the turn is now the contender's.
    pub(crate) async fn look(&mut self) -> Result<bool, Error> {
        let now = Instant::now();
        self.look_at = now + LOOK_EVERY;
        let (holder, turns) = query!("SELECT holder, turns FROM relay_lease WHERE id = 1")
            .fetch_one::<(Option<Uuid>, i64)>(&self.lease.db)
            .await?;
        let since = match self.seen {
            Some((seen, since)) if seen == turns => since,
            _ => now,
        };
        self.seen = Some((turns, since));
        self.look_at = self.look_at.min(since + PATIENCE).max(now);
        if holder.is_none() || now.duration_since(since) >= PATIENCE {
            return self.lease.take(turns).await;
        }
        Ok(false)
    }
}
