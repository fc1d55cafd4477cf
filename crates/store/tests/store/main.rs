//! One suite for both databases: SQLite always, PostgreSQL when `CHATTY_TEST_POSTGRES_URL` names a database.

// `cfg(test)` is always true here; it tells clippy that these functions may `unwrap`, too.
#[cfg(test)]
mod fixture;
#[cfg(test)]
mod lists;
mod migrations;
mod refusals;
mod rows;
mod statements;
mod transactions;
