//! The text of a statement as the database gets it.

use std::{borrow::Cow, fmt::Write};

use sqlx::{AssertSqlSafe, SqlSafeStr, SqlStr};

use crate::lint::{SKIP_LOCKED, Shape, name_end};

/// The database that a text is sent to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Dialect {
    Sqlite,
    Postgres,
}

/// The names of the lists, each once, in the order in which they occur.
pub(crate) fn lists(sql: &'static str) -> Vec<&'static str> {
    let mut names = Vec::new();
    for piece in sql.split('$').skip(1) {
        let name = &piece[..name_end(piece.as_bytes(), 0)];
        if !name.starts_with(|first: char| first.is_ascii_digit()) && !names.contains(&name) {
            names.push(name);
        }
    }
    names
}

/// The text as it goes to the database: lists written out, numbered behind the other values in the order of `lengths`.
/// A list of no values takes one NULL, which tells PostgreSQL its type.
pub(crate) fn sent(sql: &'static str, shape: &Shape, lengths: &[(&str, usize)], dialect: Dialect) -> SqlStr {
    let alone = shape.skips_locked && dialect == Dialect::Sqlite;
    if !alone && lengths.is_empty() {
        return sql.into_sql_str();
    }
    let text = if alone { Cow::Owned(sql.replace(SKIP_LOCKED, "")) } else { Cow::Borrowed(sql) };
    let placeholders: usize = lengths.iter().map(|(_, length)| length).sum();
    let mut out = String::with_capacity(text.len() + 6 * placeholders);
    let mut pieces = text.split('$');
    out.push_str(pieces.next().unwrap_or_default());
    for piece in pieces {
        let name = &piece[..name_end(piece.as_bytes(), 0)];
        let Some(n) = lengths.iter().position(|(list, _)| *list == name) else {
            out.push('$');
            out.push_str(piece);
            continue;
        };
        let first = 1 + shape.values + lengths[..n].iter().map(|(_, length)| (*length).max(1)).sum::<usize>();
        write_list(&mut out, first, lengths[n].1).expect("a string takes every text");
        out.push_str(&piece[name.len()..]);
    }
    // Assembled from a literal and numbers alone.
    AssertSqlSafe(out).into_sql_str()
}

fn write_list(out: &mut String, first: usize, length: usize) -> std::fmt::Result {
    if length == 0 {
        // `IN (NULL)` would be NULL; in the empty set there is nothing, not even NULL.
        return write!(out, "SELECT ${first} WHERE 1 = 0");
    }
    write!(out, "${first}")?;
    (first + 1..first + length).try_for_each(|n| write!(out, ", ${n}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lint::check;

    fn sent_as(sql: &'static str, lengths: &[(&str, usize)], dialect: Dialect) -> String {
        sent(sql, &check(sql), lengths, dialect).as_str().to_owned()
    }

    #[test]
    fn lists_are_written_out_behind_the_values() {
        let sql = "SELECT id FROM p WHERE a IN ($as) AND x = $1 AND b IN ($bs) AND a2 IN ($as)";
        assert_eq!(lists(sql), ["as", "bs"]);
        assert_eq!(
            sent_as(sql, &[("bs", 1), ("as", 2)], Dialect::Postgres),
            "SELECT id FROM p WHERE a IN ($3, $4) AND x = $1 AND b IN ($2) AND a2 IN ($3, $4)"
        );
    }

    #[test]
    fn an_empty_list_is_an_empty_set() {
        let sql = "SELECT a IN ($as), b IN ($bs) FROM p";
        assert_eq!(
            sent_as(sql, &[("as", 0), ("bs", 1)], Dialect::Sqlite),
            "SELECT a IN (SELECT $1 WHERE 1 = 0), b IN ($2) FROM p"
        );
    }

    #[test]
    fn sqlite_is_not_told_to_skip_locks() {
        let sql = "SELECT id FROM p LIMIT $1 FOR UPDATE SKIP LOCKED";
        assert_eq!(sent_as(sql, &[], Dialect::Postgres), sql);
        assert_eq!(sent_as(sql, &[], Dialect::Sqlite), "SELECT id FROM p LIMIT $1 ");
    }
}
