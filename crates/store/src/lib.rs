//! One SQL text on SQLite and PostgreSQL.
//!
//! - [`Db`] reads, [`Tx`] writes: [`Query::execute`] takes a transaction only, and a write that is smuggled through a
//!   `Db` is refused by either database.
//! - [`query!`] takes the text. Its shape is checked when it compiles, its arity before it is sent, and its meaning by
//!   the test that calls [`prepare_all`] on both databases.
//! - What the databases share of SQL is told in `docs/decisions/0001-one-sql-text.md`.
//!
//! ```
//! # use chatty_store::{Db, Result, Tx, query};
//! # use uuid::Uuid;
//! #[derive(sqlx::FromRow)]
//! struct PostRow {
//!     id: Uuid,
//!     body: String,
//! }
//!
//! async fn posts_by_ids(db: &Db, ids: &[Uuid]) -> Result<Vec<PostRow>> {
//!     query!("SELECT id, body FROM posts WHERE id IN ($ids)")
//!         .bind_list("ids", ids.iter().copied())
//!         .fetch_all(db)
//!         .await
//! }
//!
//! async fn delete_post(tx: &mut Tx, id: Uuid) -> Result<bool> {
//!     Ok(query!("DELETE FROM posts WHERE id = $1").bind(id).execute(tx).await? > 0)
//! }
//! ```
//!
//! Rows derive [`FromRow`]; the derive names the crate `sqlx`, which the deriving crate therefore lists as a dependency
//! (for nothing else). Tuples are rows too: `fetch_one::<(i64,)>`.

mod bind;
mod conn;
mod count;
mod db;
mod error;
mod lint;
mod migration;
mod postgres;
mod query;
mod sqlite;
mod statement;
mod text;
mod text_enum;
mod tx;

pub use bind::{Bind, Value};
pub use conn::Conn;
pub use count::counted;
pub use db::Db;
pub use error::{Error, Result};
pub use migration::Migration;
pub use postgres::{Reservation, Use, check_url as check_postgres_url, reserve as reserve_postgres};
pub use query::{Query, Record};
pub use sqlx::{FromRow, types::Json};
pub use statement::{Statement, Unprepared, prepare_all, statements};
pub use text_enum::UnknownText;
pub use tx::Tx;

/// What the macros expand to. Not for use by hand.
#[doc(hidden)]
pub mod __private {
    pub use inventory;
    pub use sqlx;
}
