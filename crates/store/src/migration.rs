//! The steps that bring a database's tables up to date; one text for both databases.

use sqlx::{
    SqlStr,
    migrate::{Migrate, MigrateError, MigrationType, Migrator},
};

use crate::{Error, Result, lint};

/// One step, run once in a database's life and never changed afterwards.
///
/// The texts of a service and of the crates whose tables it carries form one list; versions order it and are unique.
#[derive(Debug, Clone, Copy)]
pub struct Migration {
    /// Its place in the order.
    pub version: i64,
    /// What it does, in a few words.
    pub name: &'static str,
    /// One or more statements that mean the same to SQLite and PostgreSQL.
    pub sql: &'static str,
}

/// What one of the two would misread, or accept only while the table is empty.
const UNPORTABLE: [&str; 12] = [
    "[",
    "\"",
    "now()",
    "CURRENT_TIMESTAMP",
    "IDENTITY",
    "SERIAL",
    "BIGSERIAL",
    "USING",
    "INCLUDE",
    "COLLATE",
    "AUTOINCREMENT",
    "COMMENT ON",
];

/// The list as sqlx runs it.
pub(crate) fn migrator(migrations: &[Migration]) -> Result<Migrator> {
    let mut steps = Vec::with_capacity(migrations.len());
    for &Migration { version, name, sql } in migrations {
        let bare = without_comments(sql);
        if let Some(phrase) = UNPORTABLE.into_iter().find(|phrase| lint::says(bare.as_bytes(), phrase.as_bytes())) {
            return Err(Error::UnportableMigration { version, phrase });
        }
        let sql = SqlStr::from_static(sql);
        steps.push(sqlx::migrate::Migration::new(version, name.into(), MigrationType::Simple, sql, false));
    }
    Ok(Migrator::with_migrations(steps))
}

/// Runs what is missing.
pub(crate) async fn run(migrator: &Migrator, connection: &mut impl Migrate) -> Result<()> {
    // `Migrator::run` gives a future that the compiler cannot prove `Send`; this is what it calls.
    migrator.run_direct(None, connection, false).await.map_err(|error| match error {
        MigrateError::VersionMissing(version) => Error::NewerDatabase(version),
        error => error.into(),
    })
}

/// Comments may say what statements may not.
fn without_comments(sql: &str) -> String {
    sql.lines().map(|line| line.split_once("--").map_or(line, |(code, _)| code)).collect::<Vec<_>>().join("\n")
}
