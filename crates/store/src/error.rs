//! What can go wrong between a statement and its rows.

/// The result of everything in this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why a statement, a transaction or the opening of a database failed.
///
/// Expected conflicts are not errors: write `ON CONFLICT … DO NOTHING RETURNING …` and look whether a row came back,
/// because a failed statement spoils its transaction.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// An earlier statement of the transaction failed or was cancelled; nothing of it is stored.
    #[error("the transaction is aborted")]
    Aborted,
    /// The statement has another number of scalar placeholders than values were bound.
    #[error("{at} wants {expected} values and got {bound}")]
    Arity {
        /// Module and line of the statement.
        at: &'static str,
        /// The highest `$n` of the text.
        expected: usize,
        /// Calls of `bind`.
        bound: usize,
    },
    /// A list was bound that the text does not name, or was bound twice.
    #[error("{at} has no place for the list `{list}`")]
    UnknownList {
        /// Module and line of the statement.
        at: &'static str,
        /// The name that `bind_list` was given.
        list: &'static str,
    },
    /// The text names a list that was not bound.
    #[error("{at} wants the list `{list}`")]
    UnboundList {
        /// Module and line of the statement.
        at: &'static str,
        /// The name in the text, without `$`.
        list: &'static str,
    },
    /// A list of more than [`Query::LONGEST_LIST`](crate::Query::LONGEST_LIST) values; work through it in chunks.
    #[error("{at} got a list `{list}` of {len} values, which is too long")]
    ListTooLong {
        /// Module and line of the statement.
        at: &'static str,
        /// The list's name.
        list: &'static str,
        /// Its values.
        len: usize,
    },
    /// A value could not be written, such as a JSON map with keys that are no strings.
    #[error("{at} got a value that cannot be written")]
    Encode {
        /// Module and line of the statement.
        at: &'static str,
        /// The encoder's reason.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The database refused the statement, or a row did not fit its type.
    #[error("{at} failed")]
    Statement {
        /// Module and line of the statement.
        at: &'static str,
        /// The driver's reason.
        source: sqlx::Error,
    },
    /// The database could not be opened, or a transaction not begun or committed.
    #[error("the database failed")]
    Database(#[from] sqlx::Error),
    /// There is no such server, it does not let us in, or it has no such database.
    #[error("PostgreSQL cannot be used: database `{database}` at {server}")]
    Unreachable {
        /// Host and port.
        server: String,
        /// Its name.
        database: String,
        /// The driver's reason.
        source: sqlx::Error,
    },
    /// A newer build has brought the database further than this one knows. Run that build, or restore a backup.
    #[error("the database is newer than this build of chatty: it has the migration {0}")]
    NewerDatabase(i64),
    /// A migration failed, or was changed after it ran.
    #[error("the migration failed")]
    Migration(#[from] sqlx::migrate::MigrateError),
    /// A migration's text means different things to the two databases.
    #[error("migration {version} says `{phrase}`, which is not portable")]
    UnportableMigration {
        /// Its version.
        version: i64,
        /// What stands in it.
        phrase: &'static str,
    },
    /// The URL of a PostgreSQL database begins otherwise.
    #[error("a database's URL is postgres://user:password@host:port/database")]
    NotAPostgresUrl,
    /// A schema's name is not made of lower-case letters, digits and underscores.
    #[error("`{0}` cannot name a schema")]
    SchemaName(&'static str),
    /// The lock file beside an SQLite database could not be opened or locked.
    #[error("cannot lock the database for its migrations")]
    Lock(#[source] std::io::Error),
    /// The SQLite database's file could not be created.
    #[error("cannot create the database file")]
    Create(#[source] std::io::Error),
}

impl Error {
    /// Whether a unique index or a primary key refused the statement.
    pub fn is_unique_violation(&self) -> bool {
        self.refusal().is_some_and(sqlx::error::DatabaseError::is_unique_violation)
    }

    /// Whether a foreign key refused the statement.
    pub fn is_foreign_key_violation(&self) -> bool {
        self.refusal().is_some_and(sqlx::error::DatabaseError::is_foreign_key_violation)
    }

    /// Whether a CHECK refused the statement.
    pub fn is_check_violation(&self) -> bool {
        self.refusal().is_some_and(sqlx::error::DatabaseError::is_check_violation)
    }

    /// Whether [`Query::fetch_one`](crate::Query::fetch_one) found no row.
    pub fn is_row_not_found(&self) -> bool {
        matches!(self, Self::Statement { source: sqlx::Error::RowNotFound, .. })
    }

    fn refusal(&self) -> Option<&dyn sqlx::error::DatabaseError> {
        match self {
            Self::Database(source) | Self::Statement { source, .. } => source.as_database_error(),
            _ => None,
        }
    }
}
