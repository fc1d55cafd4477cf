//! A service's database: opening, beginning a transaction, closing.

use std::{path::Path, sync::Arc};

use sqlx::{PgPool, SqlitePool};
use tokio::sync::watch;

use crate::{
    Migration, Result, Tx, postgres, sqlite,
    tx::{self, Open},
};

/// One service's database: an SQLite file or a PostgreSQL schema. Clones share it.
///
/// Statements on it read; to write, [`begin`](Self::begin) a transaction.
#[derive(Clone)]
pub struct Db(Arc<Inner>);

struct Inner {
    pools: Pools,
    /// How many transactions this process has committed.
    commits: watch::Sender<u64>,
}

/// The connections.
pub(crate) enum Pools {
    /// SQLite admits one writer at a time, so there is one connection for it; waiting happens in order.
    Sqlite { writer: SqlitePool, readers: SqlitePool },
    /// Connections are read-only until a transaction says `READ WRITE`.
    Postgres(PgPool),
}

impl Db {
    /// Opens the file, creates it if missing, and brings its tables up to date.
    ///
    /// A second file `<file>.lock` serialises the migrations of processes that start together. Commits survive the
    /// death of the process; the last ones may be lost with the machine's power (`synchronous=NORMAL`).
    pub async fn open_sqlite(file: &Path, migrations: &[Migration]) -> Result<Self> {
        sqlite::migrate(file, migrations).await?;
        Ok(Self::new(sqlite::open(file).await?))
    }

    /// Opens the schema of the database that `url` names (`postgres://user:password@host:port/database`), creates the
    /// schema if missing, and brings its tables up to date.
    pub async fn open_postgres(url: &str, schema: &'static str, migrations: &[Migration]) -> Result<Self> {
        postgres::migrate(url, schema, migrations).await?;
        Ok(Self::new(postgres::open(url, schema).await?))
    }

    fn new(pools: Pools) -> Self {
        Self(Arc::new(Inner { pools, commits: watch::Sender::new(0) }))
    }

    /// Begins a transaction that may write. Dropping it rolls back.
    ///
    /// On SQLite it is the only one until it ends; a second `begin` in the same task therefore fails after five seconds.
    pub async fn begin(&self) -> Result<Tx> {
        let open = match &self.0.pools {
            // IMMEDIATE: a deferred transaction that turns to writing fails at once when another one wrote meanwhile.
            Pools::Sqlite { writer, .. } => Open::Sqlite(writer.begin_with("BEGIN IMMEDIATE").await?),
            Pools::Postgres(pool) => Open::Postgres(pool.begin_with("BEGIN READ WRITE").await?),
        };
        Ok(tx::begun(open, self.0.commits.clone()))
    }

    /// Wakes after each commit of this process: what the outbox relay waits for. The number only grows.
    pub fn commits(&self) -> watch::Receiver<u64> {
        self.0.commits.subscribe()
    }

    /// Waits until every connection is returned and closes them. Statements fail from now on.
    pub async fn close(&self) {
        match &self.0.pools {
            Pools::Sqlite { writer, readers } => {
                // The last to close folds the write-ahead log into the file, which a reader may not do.
                readers.close().await;
                writer.close().await;
            }
            Pools::Postgres(pool) => pool.close().await,
        }
    }

    pub(crate) fn pools(&self) -> &Pools {
        &self.0.pools
    }
}

impl std::fmt::Debug for Db {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self.0.pools {
            Pools::Sqlite { .. } => "Db(sqlite)",
            Pools::Postgres(_) => "Db(postgres)",
        })
    }
}

/// Readers of a pool: about two a core keep the cores busy, more only lengthen the queue inside the database.
pub(crate) fn pool_size() -> u32 {
    let cores = std::thread::available_parallelism().map_or(2, std::num::NonZero::get);
    u32::try_from(2 * cores).unwrap_or(u32::MAX).max(4)
}
