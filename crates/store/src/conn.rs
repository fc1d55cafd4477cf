//! Where a statement runs: on a reader of the pool, or inside a transaction.

use crate::{Db, Tx};

/// A place to read from. Store functions that serve both take `on: impl Into<Conn<'_>>`.
///
/// Inside a transaction always read through it: a `Db` does not see what the transaction wrote, and waits for a second
/// connection that an exhausted pool cannot give.
#[derive(Debug)]
pub enum Conn<'a> {
    /// Any reader of the pool.
    Db(&'a Db),
    /// This transaction.
    Tx(&'a mut Tx),
}

impl Conn<'_> {
    /// The same place for a shorter time, for functions that run several statements.
    pub fn reborrow(&mut self) -> Conn<'_> {
        match self {
            Self::Db(db) => Conn::Db(db),
            Self::Tx(tx) => Conn::Tx(tx),
        }
    }

    /// Makes sure that the transaction, if this is one, is not committed.
    pub(crate) fn poison(&mut self) {
        if let Self::Tx(tx) = self {
            tx.poison();
        }
    }
}

impl<'a> From<&'a Db> for Conn<'a> {
    fn from(db: &'a Db) -> Self {
        Self::Db(db)
    }
}

impl<'a> From<&'a mut Tx> for Conn<'a> {
    fn from(tx: &'a mut Tx) -> Self {
        Self::Tx(tx)
    }
}
