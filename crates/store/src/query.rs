//! Binding values to a statement and running it.

use std::time::{Duration, Instant};

use sqlx::{
    Executor, FromRow, IntoArguments, SqlStr,
    postgres::{PgRow, Postgres},
    sqlite::{Sqlite, SqliteRow},
};
use tracing::Instrument;

use crate::{Bind, Conn, Error, Result, Statement, Tx, Value, bind::Stores, count, db::Pools, text, tx::Open};

/// Takes one statement for both databases.
///
/// - `$1 … $n` are values, bound in this order by [`Query::bind`]; `IN ($name)` is a list, bound by
///   [`Query::bind_list`].
/// - The text is checked when it compiles: no gap in the numbers, no `SELECT *`, one statement, and none of the phrases
///   that only one of the databases understands. `NOT IN ($name)` is refused, because an empty list would turn its
///   meaning round.
/// - `FOR UPDATE SKIP LOCKED` is the one phrase that SQLite does not get: there, a transaction is alone anyway.
/// - The text is registered for [`prepare_all`](crate::prepare_all).
///
/// ```compile_fail
/// chatty_store::query!("SELECT * FROM posts");
/// ```
#[macro_export]
macro_rules! query {
    ($sql:expr) => {{
        const STATEMENT: $crate::Statement = $crate::Statement::new($sql, concat!(module_path!(), ":", line!()));
        $crate::__private::inventory::submit! { STATEMENT }
        $crate::Query::new(&STATEMENT)
    }};
}

/// What a row becomes: any type that derives [`FromRow`], or a tuple of columns.
pub trait Record: Sized + Send + for<'r> FromRow<'r, PgRow> + for<'r> FromRow<'r, SqliteRow> {}

impl<T> Record for T where T: Sized + Send + for<'r> FromRow<'r, PgRow> + for<'r> FromRow<'r, SqliteRow> {}

/// A statement and the values for its placeholders. Made by [`query!`](crate::query!).
#[must_use = "a query does nothing until it is fetched or executed"]
pub struct Query {
    statement: &'static Statement,
    values: Vec<Value>,
    lists: Vec<List>,
}

/// Statements that take longer are worth a line in the log.
const SLOW: Duration = Duration::from_secs(1);

impl Query {
    /// The most values that one list may hold: both databases bound their placeholders, SQLite at 32,766.
    pub const LONGEST_LIST: usize = 1_024;

    #[doc(hidden)]
    pub fn new(statement: &'static Statement) -> Self {
        Self { statement, values: Vec::with_capacity(statement.shape.values), lists: Vec::new() }
    }

    /// Binds the next of `$1 … $n`.
    pub fn bind(mut self, value: impl Bind) -> Self {
        self.values.push(value.value());
        self
    }

    /// Binds the list that the text calls `$name`.
    ///
    /// The list is padded to a power of two, so that few texts need preparing. An empty list matches nothing; if it is
    /// one of the conditions of the outermost WHERE, which all must hold, then the statement is not even sent and yields
    /// no row. [`fetch_one`](Self::fetch_one) always sends it.
    pub fn bind_list<T: Bind>(mut self, name: &'static str, values: impl IntoIterator<Item = T>) -> Self {
        let values = values.into_iter().map(T::value).collect();
        self.lists.push(List { name, values, null: T::NULL });
        self
    }

    /// All rows.
    pub async fn fetch_all<T: Record>(self, on: impl Into<Conn<'_>>) -> Result<Vec<T>> {
        let mut on = on.into();
        self.fetch(&mut on, Want::All).await
    }

    /// The first row, if any.
    pub async fn fetch_optional<T: Record>(self, on: impl Into<Conn<'_>>) -> Result<Option<T>> {
        let mut on = on.into();
        Ok(self.fetch(&mut on, Want::First).await?.pop())
    }

    /// The first row; an error if there is none ([`Error::is_row_not_found`]).
    pub async fn fetch_one<T: Record>(self, on: impl Into<Conn<'_>>) -> Result<T> {
        let (mut on, at) = (on.into(), self.statement.at);
        let row = self.fetch(&mut on, Want::One).await?.pop();
        row.ok_or(Error::Statement { at, source: sqlx::Error::RowNotFound })
    }

    /// Runs a statement that gives no rows, and tells how many it touched.
    pub async fn execute(self, tx: &mut Tx) -> Result<u64> {
        let at = self.statement.at;
        // A wrong binding poisons as well: what the caller meant to write will be missing.
        let Some(ready) = self.ready(false).inspect_err(|_| tx.poison())? else { return Ok(0) };
        let touched = observed(at, async {
            Ok(match tx.enter()? {
                Open::Sqlite(tx) => ready.run::<Sqlite, _>(&mut **tx).await?.rows_affected(),
                Open::Postgres(tx) => ready.run::<Postgres, _>(&mut **tx).await?.rows_affected(),
            })
        })
        .await?;
        tx.heal();
        Ok(touched)
    }

    async fn fetch<T: Record>(self, on: &mut Conn<'_>, want: Want) -> Result<Vec<T>> {
        let at = self.statement.at;
        let Some(ready) = self.ready(want == Want::One).inspect_err(|_| on.poison())? else { return Ok(Vec::new()) };
        let rows = ready.rows(on, want).await?;
        let records: sqlx::Result<_> = match rows {
            Rows::Sqlite(rows) => rows.iter().map(T::from_row).collect(),
            Rows::Postgres(rows) => rows.iter().map(T::from_row).collect(),
        };
        records.map_err(|source| Error::Statement { at, source }).inspect_err(|_| on.poison())
    }

    /// Checks what was bound. `None`: an empty list makes the answer known.
    fn ready(self, must_send: bool) -> Result<Option<Ready>> {
        let Self { statement, mut values, lists } = self;
        let Statement { at, shape, .. } = statement;
        if values.len() != shape.values {
            return Err(Error::Arity { at, expected: shape.values, bound: values.len() });
        }
        if shape.has_lists || !lists.is_empty() {
            check_lists(statement, &lists)?;
        }
        if shape.empty_is_none && !must_send && lists.iter().any(|list| list.values.is_empty()) {
            return Ok(None);
        }
        let lengths = lists.into_iter().map(|list| (list.name, list.append_to(&mut values))).collect();
        Ok(Some(Ready { statement, values, lengths }))
    }
}

struct List {
    name: &'static str,
    values: Vec<Value>,
    /// Tells the type of an empty list.
    null: Value,
}

impl List {
    /// Appends the values and repeats the last one up to a power of two; tells how many they became. An empty list
    /// appends its NULL and stays empty.
    fn append_to(self, values: &mut Vec<Value>) -> usize {
        let Some(filler) = self.values.last().cloned() else {
            values.push(self.null);
            return 0;
        };
        let length = self.values.len().next_power_of_two();
        let missing = length - self.values.len();
        values.extend(self.values);
        values.extend(std::iter::repeat_n(filler, missing));
        length
    }
}

/// Every list that the text names is bound once, and no other.
fn check_lists(&Statement { sql, at, .. }: &Statement, lists: &[List]) -> Result<()> {
    let names = text::lists(sql);
    for (n, List { name, values, .. }) in lists.iter().enumerate() {
        if !names.contains(name) || lists[..n].iter().any(|earlier| earlier.name == *name) {
            return Err(Error::UnknownList { at, list: name });
        }
        if values.len() > Query::LONGEST_LIST {
            return Err(Error::ListTooLong { at, list: name, len: values.len() });
        }
    }
    match names.into_iter().find(|name| lists.iter().all(|list| list.name != *name)) {
        Some(list) => Err(Error::UnboundList { at, list }),
        None => Ok(()),
    }
}

impl std::fmt::Debug for Query {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Query").field(&self.statement.at).finish()
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Want {
    All,
    First,
    /// The first row, which must exist.
    One,
}

enum Rows {
    Sqlite(Vec<SqliteRow>),
    Postgres(Vec<PgRow>),
}

/// A statement with all its values in order, lists padded behind the others.
struct Ready {
    statement: &'static Statement,
    values: Vec<Value>,
    /// Name and padded length of each list, in the order of their values.
    lengths: Vec<(&'static str, usize)>,
}

impl Ready {
    /// Fetches without knowing what the rows become, so that this is compiled once and not for each row type.
    async fn rows(self, on: &mut Conn<'_>, want: Want) -> Result<Rows> {
        let at = self.statement.at;
        let rows = observed(at, async {
            Ok(match on {
                Conn::Db(db) => match db.pools() {
                    Pools::Sqlite { readers, .. } => Rows::Sqlite(self.fetch::<Sqlite, _>(readers, want).await?),
                    Pools::Postgres(pool) => Rows::Postgres(self.fetch::<Postgres, _>(pool, want).await?),
                },
                Conn::Tx(tx) => match tx.enter()? {
                    Open::Sqlite(tx) => Rows::Sqlite(self.fetch::<Sqlite, _>(&mut **tx, want).await?),
                    Open::Postgres(tx) => Rows::Postgres(self.fetch::<Postgres, _>(&mut **tx, want).await?),
                },
            })
        })
        .await?;
        if let Conn::Tx(tx) = on {
            tx.heal();
        }
        Ok(rows)
    }

    async fn fetch<'c, DB, E>(self, executor: E, want: Want) -> Result<Vec<DB::Row>>
    where
        DB: Stores,
        E: Executor<'c, Database = DB>,
        DB::Arguments: IntoArguments<DB>,
    {
        let at = self.statement.at;
        let (sql, arguments) = self.sent::<DB>()?;
        let query = sqlx::query_with(sql, arguments);
        let rows = match want {
            Want::All => query.fetch_all(executor).await,
            Want::First | Want::One => query.fetch_optional(executor).await.map(Vec::from_iter),
        };
        rows.map_err(|source| Error::Statement { at, source })
    }

    async fn run<'c, DB, E>(self, executor: E) -> Result<DB::QueryResult>
    where
        DB: Stores,
        E: Executor<'c, Database = DB>,
        DB::Arguments: IntoArguments<DB>,
    {
        let at = self.statement.at;
        let (sql, arguments) = self.sent::<DB>()?;
        sqlx::query_with(sql, arguments).execute(executor).await.map_err(|source| Error::Statement { at, source })
    }

    fn sent<DB: Stores>(self) -> Result<(SqlStr, DB::Arguments)> {
        let Self { statement: Statement { sql, at, shape }, values, lengths } = self;
        let arguments = DB::arguments(values).map_err(|source| Error::Encode { at, source })?;
        Ok((text::sent(sql, shape, &lengths, DB::DIALECT), arguments))
    }
}

/// Counts, traces and times one statement.
async fn observed<T>(at: &'static str, statement: impl Future<Output = Result<T>>) -> Result<T> {
    count::add(1);
    let started = Instant::now();
    let result = statement.instrument(tracing::debug_span!("statement", at)).await;
    let elapsed = started.elapsed();
    if elapsed > SLOW {
        tracing::warn!(at, ?elapsed, "slow statement");
    }
    result
}
