//! What a statement may say, and what its text tells about it.
//!
//! [`check`] runs in constants, hence the loops; it reads string literals as if they were SQL, which only ever refuses
//! too much.

/// What [`check`] learnt about a text.
#[derive(Debug)]
pub(crate) struct Shape {
    /// The highest `$n`.
    pub(crate) values: usize,
    /// Whether an `IN ($name)` occurs.
    pub(crate) has_lists: bool,
    /// Whether an empty list means that no row can match.
    pub(crate) empty_is_none: bool,
    /// Whether [`SKIP_LOCKED`] occurs.
    pub(crate) skips_locked: bool,
}

/// What SQLite does not understand and does not need, having one writer.
pub(crate) const SKIP_LOCKED: &str = "FOR UPDATE SKIP LOCKED";

/// Phrases that one of the databases does not understand, or that mean something else there; and what to write instead.
const UNPORTABLE: [(&str, &str); 19] = [
    ("SELECT *", "name the columns: a cached `*` breaks when a column is added"),
    (", *", "name the columns: a cached `*` breaks when a column is added"),
    (".*", "name the columns: a cached `*` breaks when a column is added"),
    ("RETURNING *", "name the columns: a cached `*` breaks when a column is added"),
    ("\"", "SQLite takes an unknown name in double quotes for a string"),
    (";", "one statement a text"),
    ("::", "write CAST(… AS …)"),
    ("?", "write $1, $2 …"),
    ("now()", "bind the clock's time"),
    ("CURRENT_TIMESTAMP", "bind the clock's time"),
    ("ILIKE", "normalise keys in Rust"),
    ("LIKE", "compare a normalised key with a range"),
    ("USING", "write ON, or IN (SELECT …)"),
    ("LATERAL", "SQLite has none"),
    ("DISTINCT ON", "use ROW_NUMBER()"),
    ("GREATEST", "use CASE"),
    ("LEAST", "use CASE"),
    ("FOR SHARE", "SQLite has none"),
    ("= ANY", "bind a list: IN ($name)"),
];

/// Words in whose company a condition that fails does not mean that nothing happens.
const ALTERNATIVES: [&str; 8] = ["OR", "UNION", "EXCEPT", "LEFT", "RIGHT", "FULL", "CASE", "DO UPDATE"];

/// Functions that make a row of no rows, unless there is a GROUP BY.
const AGGREGATES: [&str; 5] = ["COUNT", "SUM", "MIN", "MAX", "AVG"];

/// Checks a text when it compiles; what it panics with becomes the compiler's error.
pub(crate) const fn check(sql: &str) -> Shape {
    let text = sql.as_bytes();
    let mut n = 0;
    while n < UNPORTABLE.len() {
        let (phrase, instead) = UNPORTABLE[n];
        assert!(!says(text, phrase.as_bytes()), "{}", instead);
        n += 1;
    }
    let skips_locked = contains(text, SKIP_LOCKED.as_bytes());
    assert!(skips_locked || !says(text, b"FOR UPDATE"), "write FOR UPDATE SKIP LOCKED, or UPDATE the row first");

    let (mut numbers, mut values, mut has_lists, mut at) = (0_u128, 0, false, 0);
    while at < text.len() {
        let end = if text[at] == b'$' { name_end(text, at + 1) } else { at + 1 };
        if text[at] == b'$' {
            if let Some(number) = number(text, at + 1, end) {
                assert!(0 < number && number < 128, "placeholders are $1 to $127");
                numbers |= 1 << number;
                values = if number > values { number } else { values };
            } else {
                assert!(end > at + 1, "a placeholder is $1, $2 … or $name");
                check_list(text, at, end);
                has_lists = true;
            }
        }
        at = end;
    }
    assert!(numbers.count_ones() as usize == values, "a placeholder between $1 and the highest is missing");
    Shape { values, has_lists, empty_is_none: empty_is_none(text), skips_locked }
}

/// A list stands in `IN ($name)` and nowhere else: padding repeats a value, which only `IN` does not notice.
const fn check_list(text: &[u8], dollar: usize, end: usize) {
    let before = before_space(text, dollar);
    let opened = before > 0 && text[before - 1] == b'(';
    assert!(opened && end < text.len() && text[end] == b')', "a list is written IN ($name)");
    let before = before_space(text, before - 1);
    assert!(ends_with_word(text, before, b"IN"), "a list is written IN ($name)");
    let column = before_space(text, before - 2);
    let before = before_space(text, before_column(text, column));
    let negated = ends_with_word(text, column, b"NOT") || ends_with_word(text, before, b"NOT");
    assert!(!negated, "NOT IN ($name) would match nothing when the list is empty");
}

/// Whether every list is a condition of the outermost WHERE, all of which must hold for a row to come out.
const fn empty_is_none(text: &[u8]) -> bool {
    if says_any(text, &AGGREGATES) && !says(text, b"GROUP BY") {
        return false;
    }
    let (mut depth, mut conditions, mut at) = (0, false, 0);
    while at < text.len() {
        match text[at] {
            b'(' => depth += 1,
            b')' => depth -= 1,
            b'$' if !text[at + 1].is_ascii_digit() && (depth != 1 || !conditions) => return false,
            _ if depth == 0 && (at == 0 || !is_word(text[at - 1])) => {
                let mut n = 0;
                while n < ALTERNATIVES.len() {
                    if says_at(text, at, ALTERNATIVES[n].as_bytes()) {
                        return false;
                    }
                    n += 1;
                }
                conditions |= says_at(text, at, b"WHERE");
            }
            _ => {}
        }
        at += 1;
    }
    true
}

const fn says_any(text: &[u8], phrases: &[&str]) -> bool {
    let mut n = 0;
    while n < phrases.len() {
        if says(text, phrases[n].as_bytes()) {
            return true;
        }
        n += 1;
    }
    false
}

/// Whether the text says the phrase: in any case, as whole words, a space standing for any white space.
pub(crate) const fn says(text: &[u8], phrase: &[u8]) -> bool {
    let mut start = 0;
    while start < text.len() {
        let inside_word = start > 0 && is_word(text[start - 1]) && is_word(phrase[0]);
        if !inside_word && says_at(text, start, phrase) {
            return true;
        }
        start += 1;
    }
    false
}

const fn says_at(text: &[u8], start: usize, phrase: &[u8]) -> bool {
    let (mut at, mut n) = (start, 0);
    while n < phrase.len() {
        if at == text.len() {
            return false;
        }
        if phrase[n] == b' ' {
            let gap = at;
            while at < text.len() && text[at].is_ascii_whitespace() {
                at += 1;
            }
            if at == gap {
                return false;
            }
        } else if text[at].eq_ignore_ascii_case(&phrase[n]) {
            at += 1;
        } else {
            return false;
        }
        n += 1;
    }
    at == text.len() || !is_word(text[at]) || !is_word(phrase[n - 1])
}

/// Whether the text holds exactly these bytes.
const fn contains(text: &[u8], bytes: &[u8]) -> bool {
    let mut start = 0;
    while start + bytes.len() <= text.len() {
        let mut n = 0;
        while n < bytes.len() && text[start + n] == bytes[n] {
            n += 1;
        }
        if n == bytes.len() {
            return true;
        }
        start += 1;
    }
    false
}

const fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

/// Where the word that starts at `start` ends.
pub(crate) const fn name_end(text: &[u8], start: usize) -> usize {
    let mut end = start;
    while end < text.len() && is_word(text[end]) {
        end += 1;
    }
    end
}

/// The number that stands there; `None` if the word starts with a letter or is empty.
const fn number(text: &[u8], start: usize, end: usize) -> Option<usize> {
    if start == end || !text[start].is_ascii_digit() {
        return None;
    }
    let (mut number, mut at) = (0_usize, start);
    while at < end {
        assert!(text[at].is_ascii_digit(), "a list's name starts with a letter");
        number = number.saturating_mul(10).saturating_add((text[at] - b'0') as usize);
        at += 1;
    }
    Some(number)
}

/// The end of what stands before the white space before `end`.
const fn before_space(text: &[u8], end: usize) -> usize {
    let mut end = end;
    while end > 0 && text[end - 1].is_ascii_whitespace() {
        end -= 1;
    }
    end
}

/// Where the column's name that ends at `end` begins.
const fn before_column(text: &[u8], end: usize) -> usize {
    let mut start = end;
    while start > 0 && (is_word(text[start - 1]) || text[start - 1] == b'.') {
        start -= 1;
    }
    start
}

/// Whether the last word before `end` is this one, in any case.
const fn ends_with_word(text: &[u8], end: usize, word: &[u8]) -> bool {
    if end < word.len() {
        return false;
    }
    let (start, mut n) = (end - word.len(), 0);
    while n < word.len() {
        if !text[start + n].eq_ignore_ascii_case(&word[n]) {
            return false;
        }
        n += 1;
    }
    start == 0 || !is_word(text[start - 1])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_portable_does_not_compile() {
        for sql in [
            "SELECT * FROM posts",
            "select\n  * from posts",
            "SELECT id, * FROM posts",
            "SELECT p.* FROM posts p",
            "DELETE FROM posts RETURNING *",
            "SELECT id FROM posts WHERE handle = \"u0\"",
            "SELECT id FROM posts; DELETE FROM posts",
            "SELECT id::text FROM posts",
            "SELECT id FROM posts WHERE id = ?",
            "SELECT id FROM posts WHERE created_at < now()",
            "SELECT id FROM posts WHERE body ilike $1",
            "SELECT id FROM posts JOIN users USING (id)",
            "SELECT id FROM posts WHERE id = $2",
            "SELECT id FROM posts WHERE id = $1 AND likes = $3",
            "SELECT id FROM posts WHERE id = $0",
            "SELECT id FROM posts WHERE id = $",
            "SELECT id FROM posts WHERE id = $1a",
            "SELECT id FROM posts WHERE id = $id",
            "SELECT id FROM posts WHERE id IN ($ids, $1)",
            "SELECT id FROM posts WHERE id IN ($1, $ids)",
            "SELECT MIN($ids)",
            "INSERT INTO posts (id) VALUES ($ids)",
            "SELECT id FROM posts WHERE id NOT IN ($ids)",
            "SELECT id FROM posts WHERE id not  in ( $ids)",
            "SELECT id FROM posts WHERE NOT posts.id IN ($ids)",
            "SELECT id FROM posts FOR UPDATE",
            "SELECT id FROM posts FOR UPDATE  SKIP LOCKED",
        ] {
            assert!(std::panic::catch_unwind(|| check(sql)).is_err(), "{sql}");
        }
    }

    #[test]
    fn what_only_looks_unportable_compiles() {
        for sql in [
            "SELECT COUNT(*), likes * 2 FROM posts",
            "SELECT choosing, greatest_hit FROM posts",
            "SELECT id FROM posts WHERE id NOT IN (SELECT post_id FROM hidden)",
            "SELECT id FROM posts WHERE NOT deleted AND id IN ($ids)",
        ] {
            check(sql);
        }
    }

    #[test]
    fn the_shape_is_read_from_the_text() {
        let shape = check("SELECT id FROM p WHERE a = $2 AND b = $1 AND c = $1 AND id IN ( $ids)");
        assert_eq!((shape.values, shape.has_lists, shape.empty_is_none), (2, true, true));
        assert_eq!(check("SELECT $10, $1, $2, $3, $4, $5, $6, $7, $8, $9").values, 10);
    }

    #[test]
    fn an_empty_list_is_skipped_only_where_nothing_could_come_out() {
        for (sql, empty_is_none) in [
            ("SELECT id FROM p WHERE id IN ($ids)", true),
            ("SELECT id FROM p WHERE fork = 'x' AND id IN ($ids) ORDER BY id", true),
            ("SELECT id FROM p WHERE id IN ($ids) AND ($1 IS NULL OR at < $1)", true),
            ("SELECT a, COUNT(*) FROM p WHERE a IN ($as) GROUP BY a", true),
            ("DELETE FROM p WHERE lease = $1 AND id IN ($ids)", true),
            ("SELECT COUNT(*) FROM p WHERE a IN ($as)", false),
            ("SELECT id, id IN ($ids) FROM p", false),
            ("SELECT id FROM p WHERE a = $1 OR id IN ($ids)", false),
            ("SELECT id FROM p WHERE (a = $1 OR id IN ($ids))", false),
            ("SELECT id FROM p WHERE NOT (id IN ($ids))", false),
            ("SELECT id FROM p WHERE NOT EXISTS (SELECT 1 FROM q WHERE id IN ($ids))", false),
            ("SELECT id FROM p WHERE id IN ($ids) UNION SELECT id FROM q", false),
            ("SELECT p.id FROM p LEFT JOIN q ON q.id IN ($ids)", false),
            ("WITH q AS (SELECT id FROM p WHERE id IN ($ids)) SELECT id FROM r", false),
            ("INSERT INTO p (id) VALUES ($1) ON CONFLICT (id) DO UPDATE SET a = $2 WHERE p.id IN ($ids)", false),
        ] {
            assert_eq!(check(sql).empty_is_none, empty_is_none, "{sql}");
        }
    }
}
