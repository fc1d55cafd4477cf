//! Opening a PostgreSQL schema.

use std::time::Duration;

use sqlx::{
    ConnectOptions, Connection,
    postgres::{PgConnectOptions, PgPoolOptions},
};

use crate::{
    Error, Migration, Result,
    db::{Pools, pool_size},
    migration::{self, migrator},
};

/// Creates the schema if missing and runs what is missing of the migrations.
pub(crate) async fn migrate(url: &str, schema: &'static str, migrations: &[Migration]) -> Result<()> {
    let options = options(url, schema)?;
    let mut migrator = migrator(migrations)?;
    migrator.create_schema(schema);
    // A connection of its own: after a failure sqlx keeps the advisory lock, and only closing gives it back.
    let mut connection = options.connect().await?;
    let done = migration::run(&migrator, &mut connection).await;
    let closed = connection.close().await;
    done?;
    Ok(closed?)
}

/// Opens the pool, whose connections read until a transaction says otherwise.
pub(crate) async fn open(url: &str, schema: &'static str) -> Result<Pools> {
    let options = options(url, schema)?.options([("default_transaction_read_only", "on")]);
    let pool = PgPoolOptions::new()
        .max_connections(pool_size())
        .acquire_timeout(Duration::from_secs(5))
        // A ping before each use would double the cost of a small statement.
        .test_before_acquire(false)
        .connect_with(options)
        .await?;
    Ok(Pools::Postgres(pool))
}

/// Whether [`Db::open_postgres`](crate::Db::open_postgres) would understand the URL. The error does not repeat it.
pub fn check_url(url: &str) -> Result<()> {
    if !["postgres://", "postgresql://"].iter().any(|scheme| url.starts_with(scheme)) {
        return Err(Error::NotAPostgresUrl);
    }
    url.parse::<PgConnectOptions>()?;
    Ok(())
}

fn options(url: &str, schema: &'static str) -> Result<PgConnectOptions> {
    // The name becomes part of a statement's text.
    let mut letters = schema.bytes();
    let plain = letters.next().is_some_and(|first| first.is_ascii_lowercase() || first == b'_')
        && letters.all(|letter| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == b'_');
    if !plain {
        return Err(Error::SchemaName(schema));
    }
    let options: PgConnectOptions = url.parse()?;
    Ok(options
        .options([("search_path", schema)])
        .application_name(schema)
        .statement_cache_capacity(512)
        // `crate::query` traces every statement with its place in the source.
        .disable_statement_logging())
}
