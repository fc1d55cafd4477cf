//! A transaction that refuses to commit after a failure.

use sqlx::{Postgres, Sqlite, Transaction};
use tokio::sync::watch;

use crate::{Error, Result};

/// A transaction that may write. Dropping it rolls back.
///
/// A statement that fails, or whose future is dropped before its end, poisons the transaction: every later statement and
/// the commit answer [`Error::Aborted`]. Left alone, PostgreSQL would call such a commit a success and store nothing,
/// while SQLite would store the part before the failure.
pub struct Tx {
    open: Open,
    poisoned: bool,
    commits: watch::Sender<u64>,
}

/// The driver's transaction.
pub(crate) enum Open {
    Sqlite(Transaction<'static, Sqlite>),
    Postgres(Transaction<'static, Postgres>),
}

pub(crate) fn begun(open: Open, commits: watch::Sender<u64>) -> Tx {
    Tx { open, poisoned: false, commits }
}

impl Tx {
    /// Stores everything, or answers an error and stores nothing.
    pub async fn commit(self) -> Result<()> {
        if self.poisoned {
            return Err(Error::Aborted);
        }
        match self.open {
            Open::Sqlite(tx) => tx.commit().await?,
            Open::Postgres(tx) => tx.commit().await?,
        }
        self.commits.send_modify(|commits| *commits += 1);
        Ok(())
    }

    /// The connection for one statement. Until [`Self::heal`] is called the transaction counts as poisoned, so that a
    /// cancelled statement leaves it so.
    pub(crate) fn enter(&mut self) -> Result<&mut Open> {
        if self.poisoned {
            return Err(Error::Aborted);
        }
        self.poisoned = true;
        Ok(&mut self.open)
    }

    /// The statement that [`Self::enter`] was called for has ended well.
    pub(crate) fn heal(&mut self) {
        self.poisoned = false;
    }

    pub(crate) fn poison(&mut self) {
        self.poisoned = true;
    }
}

impl std::fmt::Debug for Tx {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tx").field("poisoned", &self.poisoned).finish_non_exhaustive()
    }
}
