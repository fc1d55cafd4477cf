//! Every statement of the program: its text, where it stands, and whether both databases accept it.

use sqlx::{Executor, SqlStr, postgres::PgDatabaseError};

use crate::{
    Db,
    db::Pools,
    lint::{self, Shape},
    text::{self, Dialect},
};

/// A text that [`query!`](crate::query!) checked and registered.
#[derive(Debug)]
pub struct Statement {
    /// The text as written, with `$name` where a list stands.
    pub sql: &'static str,
    /// `module::path:line`
    pub at: &'static str,
    pub(crate) shape: Shape,
}

inventory::collect!(Statement);

impl Statement {
    /// Checks the text. Called by `query!` in a constant, so that a violation does not compile.
    #[doc(hidden)]
    pub const fn new(sql: &'static str, at: &'static str) -> Self {
        Self { sql, at, shape: lint::check(sql) }
    }

    /// Whether the statement stands in `module` or below.
    fn is_in(&self, module: &str) -> bool {
        self.at.strip_prefix(module).is_some_and(|rest| rest.starts_with(':'))
    }
}

/// All statements of the crates that are linked into this program.
pub fn statements() -> impl Iterator<Item = &'static Statement> {
    inventory::iter::<Statement>()
}

/// A statement that the database did not accept.
#[derive(Debug, thiserror::Error)]
#[error("{} is not accepted", .statement.at)]
pub struct Unprepared {
    /// Which one.
    pub statement: &'static Statement,
    /// The database's reason.
    pub source: sqlx::Error,
}

/// Prepares every statement of the module (such as `chatty_posts`), without running it, and tells how many there are.
///
/// This finds unknown columns and foreign dialect. It does not see the types of bound values and rows: run each store
/// function once on both databases, too.
pub async fn prepare_all(db: &Db, module: &str) -> Result<usize, Vec<Unprepared>> {
    let mut prepared = 0;
    let mut failures = Vec::new();
    for statement in statements().filter(|statement| statement.is_in(module)) {
        let result = match db.pools() {
            Pools::Sqlite { readers, .. } => readers.prepare(probe(statement, Dialect::Sqlite)).await.map(drop),
            Pools::Postgres(pool) => {
                pool.prepare(probe(statement, Dialect::Postgres)).await.map(drop).or_else(forgive_unknown_types)
            }
        };
        match result {
            Ok(()) => prepared += 1,
            Err(source) => failures.push(Unprepared { statement, source }),
        }
    }
    if failures.is_empty() { Ok(prepared) } else { Err(failures) }
}

/// Accepts a text whose placeholders PostgreSQL cannot type, such as `$1 IS NULL`.
///
/// A statement that runs tells the types of its values. PostgreSQL looks for placeholders without a type when it has
/// understood everything else, so nothing of the text goes unchecked.
fn forgive_unknown_types(error: sqlx::Error) -> sqlx::Result<()> {
    let refusal = error.as_database_error().and_then(|refusal| refusal.try_downcast_ref::<PgDatabaseError>());
    let untyped = refusal.is_some_and(|refusal| match refusal.code() {
        "42P18" => true,
        // The same code tells of types that contradict each other, but from another place.
        "42P08" => refusal.routine() == Some("check_parameter_resolution_walker"),
        _ => false,
    });
    if untyped { Ok(()) } else { Err(error) }
}

/// The text as it is sent when each list holds one value.
fn probe(statement: &'static Statement, dialect: Dialect) -> SqlStr {
    let lists: Vec<_> = text::lists(statement.sql).into_iter().map(|name| (name, 1)).collect();
    text::sent(statement.sql, &statement.shape, &lists, dialect)
}
