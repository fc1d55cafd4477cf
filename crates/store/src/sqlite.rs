//! Opening an SQLite file.

use std::{
    fs::File,
    io::ErrorKind,
    path::{Path, PathBuf},
    time::Duration,
};

use sqlx::{
    ConnectOptions, Connection,
    pool::PoolOptions,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};

use crate::{
    Error, Migration, Result,
    db::{Pools, pool_size},
    migration::{self, migrator},
};

/// Creates the file if missing and runs what is missing of the migrations.
pub(crate) async fn migrate(file: &Path, migrations: &[Migration]) -> Result<()> {
    let migrator = migrator(migrations)?;
    // sqlx takes no lock on SQLite. This one ends with the file handle, and so with the process at the latest.
    let _lock = lock(file).await?;
    create_private(file)?;
    let mut connection = options(file).connect().await?;
    let done = migration::run(&migrator, &mut connection).await;
    let closed = connection.close().await;
    done?;
    Ok(closed?)
}

/// Creates a missing file such that only this user may read it; SQLite gives the files beside it the same mode.
///
/// A file that exists is not even opened: closing it would let go of the locks that this process has on it.
fn create_private(file: &Path) -> Result<()> {
    let mut options = File::options();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    match options.open(file) {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => Err(Error::Create(error)),
        _ => Ok(()),
    }
}

/// Opens one writer and the readers.
pub(crate) async fn open(file: &Path) -> Result<Pools> {
    let writer = pool(1).connect_with(options(file)).await?;
    let readers = pool(pool_size()).connect_with(options(file).pragma("query_only", "ON")).await?;
    Ok(Pools::Sqlite { writer, readers })
}

fn options(file: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(file)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Normal)
        .foreign_keys(true)
        .busy_timeout(Duration::from_secs(5))
        .pragma("cache_size", "-16000")
        .pragma("mmap_size", "268435456")
        .pragma("temp_store", "MEMORY")
        .statement_cache_capacity(512)
        // `crate::query` traces every statement with its place in the source.
        .disable_statement_logging()
}

fn pool(connections: u32) -> SqlitePoolOptions {
    PoolOptions::new()
        .max_connections(connections)
        .acquire_timeout(Duration::from_secs(5))
        .idle_timeout(None)
        .max_lifetime(None)
        .test_before_acquire(false)
}

/// Waits for the lock beside the file, off the runtime's threads.
async fn lock(file: &Path) -> Result<File> {
    let mut beside = file.as_os_str().to_owned();
    beside.push(".lock");
    let beside = PathBuf::from(beside);
    let locked = tokio::task::spawn_blocking(move || {
        let lock = File::options().create(true).truncate(false).write(true).open(beside)?;
        lock.lock()?;
        Ok(lock)
    });
    locked.await.map_err(std::io::Error::other).flatten().map_err(Error::Lock)
}
