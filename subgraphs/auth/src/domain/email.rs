//! Mail addresses: stored as written, compared normalised.

use chatty_graphql::Problem;
use unicode_normalization::UnicodeNormalization;

const FIELD: &str = "email";
/// RFC 5321's limit of a path, without its brackets.
const MAX_BYTES: usize = 254;
const MAX_LOCAL_BYTES: usize = 64;
const MAX_LABEL_BYTES: usize = 63;

/// An address that mail could be sent to. It has no `Debug`, because addresses do not belong into logs.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Email {
    written: String,
    key: String,
}

impl Email {
    /// Trims and checks the text. Whether mail arrives there only mail can tell.
    pub(crate) fn parse(text: &str) -> Result<Self, Problem> {
        let text = text.trim();
        if text.is_empty() {
            return Err(Problem::required(FIELD));
        }
        if text.len() > MAX_BYTES {
            return Err(Problem::too_long(FIELD, MAX_BYTES));
        }
        match text.split_once('@') {
            Some((local, domain)) if is_local_part(local) && is_domain(domain) => Ok(Self::trusted(text)),
            _ => Err(Problem::invalid_format(FIELD, "email", "is not a mail address")),
        }
    }

    /// The address of the first administrator, which `parse` would refuse: its domain is this machine.
    pub(crate) fn of_first_admin() -> Self {
        Self::trusted("admin@localhost")
    }

    /// The address that an account has, which was checked when it got it.
    pub(crate) fn of_account(text: &str) -> Self {
        Self::trusted(text)
    }

    fn trusted(text: &str) -> Self {
        Self { written: text.to_owned(), key: normalise(text) }
    }

    /// As its owner wrote it.
    pub(crate) fn as_written(&self) -> &str {
        &self.written
    }

    /// What tells addresses apart.
    pub(crate) fn key(&self) -> &str {
        &self.key
    }
}

/// The key under which an address is stored, if the text can be anybody's address at all. No database needs to be
/// asked about the rest, and PostgreSQL refuses some of it.
pub(crate) fn find_key(text: &str) -> Option<String> {
    let text = text.trim();
    (text.len() <= MAX_BYTES && !text.chars().any(char::is_control)).then(|| normalise(text))
}

/// The form in which two spellings of one address are equal.
fn normalise(address: &str) -> String {
    // Lower-casing may leave a composed form, so it comes first.
    address.to_lowercase().nfc().collect()
}

/// Dots only between other signs; none of the signs that have a meaning in mail headers.
fn is_local_part(local: &str) -> bool {
    local.len() <= MAX_LOCAL_BYTES && local.split('.').all(|atom| !atom.is_empty() && atom.chars().all(is_plain))
}

fn is_plain(c: char) -> bool {
    !c.is_whitespace() && !c.is_control() && !is_invisible(c) && !"\"(),:;<>@[\\]".contains(c)
}

/// Signs that change how their neighbours look, or look like nothing.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

/// At least two labels of letters, digits and inner hyphens.
fn is_domain(domain: &str) -> bool {
    domain.contains('.') && domain.split('.').all(is_label)
}

fn is_label(label: &str) -> bool {
    (1..=MAX_LABEL_BYTES).contains(&label.len())
        && !label.starts_with('-')
        && !label.ends_with('-')
        && label.chars().all(|c| c.is_alphanumeric() || c == '-')
}

#[cfg(test)]
mod tests {
    use chatty_graphql::UserErrorCode;

    use super::*;

    fn code(text: &str) -> Option<UserErrorCode> {
        Email::parse(text).err().map(|problem| problem.code)
    }

    #[test]
    fn addresses_keep_their_spelling_and_compare_without_it() {
        let email = Email::parse("  Ana.B+news@Example.COM\n").ok().unwrap();
        assert_eq!((email.as_written(), email.key()), ("Ana.B+news@Example.COM", "ana.b+news@example.com"));
        assert_eq!(find_key(" ANA.b+news@example.com").as_deref(), Some(email.key()));
        assert_eq!(find_key("İ@x.org"), find_key("i\u{307}@x.org"));
        assert_eq!(find_key("e\u{301}@x.org"), find_key("É@x.org"));
        assert_eq!(find_key("admin@localhost").as_deref(), Some(Email::of_first_admin().key()));
        assert_eq!((find_key("a\0@b.c"), find_key(&"a@b.c".repeat(60))), (None, None));
    }

    #[test]
    fn what_is_no_address_is_refused() {
        for text in ["a@b.c", "o'neil@mail.example.org", "пётр@почта.рф", "a@xn--80a1acny.xn--p1ai"] {
            assert_eq!(code(text), None, "{text:?}");
        }
        for text in [
            "a",
            "@",
            "a@",
            "@b.c",
            "a@b",
            "a@@b.c",
            "a@b@c.d",
            "a b@c.d",
            "a@b c.d",
            "a@b..c",
            "a@.b.c",
            "a@b.c.",
            ".a@b.c",
            "a.@b.c",
            "a..b@c.d",
            "a@-b.c",
            "a@b-.c",
            "a\r\nbcc:x@b.c",
            "<a@b.c>",
            "a\0@b.c",
            "a@b_c.d",
            "a\u{202e}b@c.d",
            "\"a b\"@c.d",
            "admin@localhost",
        ] {
            assert_eq!(code(text), Some(UserErrorCode::InvalidFormat), "{text:?}");
        }
        assert_eq!(code(" \t"), Some(UserErrorCode::Required));
        assert_eq!(code(&format!("{}@b.c", "a".repeat(65))), Some(UserErrorCode::InvalidFormat));
        assert_eq!(code(&format!("a@{}b.c", "b.".repeat(126))), Some(UserErrorCode::TooLong));
        assert_eq!(code(&format!("a@{}.c", "b".repeat(64))), Some(UserErrorCode::InvalidFormat));
    }
}
