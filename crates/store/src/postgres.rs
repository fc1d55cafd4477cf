//! Opening a PostgreSQL schema.

use std::time::Duration;

use sqlx::{
    ConnectOptions, Connection, PgConnection,
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
    let mut connection = connect(options).await?;
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

/// Whether others may serve a schema meanwhile.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Use {
    /// Nobody else.
    Alone,
    /// Others that share it, too.
    Shared,
}

/// A schema that this process serves, as far as others ask. Given back when dropped, or when the process ends.
pub struct Reservation {
    /// The lock lives as long as the session.
    _session: PgConnection,
}

impl std::fmt::Debug for Reservation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Reservation")
    }
}

/// Reserves the schema of the database; `None` while others use it in a way that does not go with this one, for which a
/// predecessor is given two seconds to end.
///
/// A process whose machine died without a word holds it for a minute. The reservation is lost with its connection.
pub async fn reserve(url: &str, schema: &'static str, using: Use) -> Result<Option<Reservation>> {
    let patience = [
        ("lock_timeout", "2000"),
        ("tcp_keepalives_idle", "30"),
        ("tcp_keepalives_interval", "10"),
        ("tcp_keepalives_count", "3"),
    ];
    let mut session = connect(options(url, schema)?.options(patience)).await?;
    let lock = match using {
        Use::Alone => "SELECT pg_advisory_lock(hashtextextended($1, 0))",
        Use::Shared => "SELECT pg_advisory_lock_shared(hashtextextended($1, 0))",
    };
    #[expect(clippy::disallowed_methods, reason = "PostgreSQL alone has such locks")]
    let locked = sqlx::query(lock).bind(format!("chatty serves {schema}")).execute(&mut session).await;
    match locked {
        Ok(_) => Ok(Some(Reservation { _session: session })),
        // lock_not_available
        Err(sqlx::Error::Database(refusal)) if refusal.code().as_deref() == Some("55P03") => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// Whether [`Db::open_postgres`](crate::Db::open_postgres) would understand the URL. The error does not repeat it.
pub fn check_url(url: &str) -> Result<()> {
    if !["postgres://", "postgresql://"].iter().any(|scheme| url.starts_with(scheme)) {
        return Err(Error::NotAPostgresUrl);
    }
    url.parse::<PgConnectOptions>()?;
    Ok(())
}

async fn connect(options: PgConnectOptions) -> Result<PgConnection> {
    options.connect().await.map_err(|source| Error::Unreachable {
        server: format!("{}:{}", options.get_host(), options.get_port()),
        database: options.get_database().unwrap_or(options.get_username()).to_owned(),
        source,
    })
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
