//! Usernames: 3 to 30 of `[a-z0-9_]` after lower-casing.

use chatty_graphql::Problem;

const FIELD: &str = "username";
const MIN: usize = 3;
const MAX: usize = 30;

/// A username in its one spelling.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Username(String);

impl Username {
    /// Lower-cases and checks the text.
    pub(crate) fn parse(text: &str) -> Result<Self, Problem> {
        if text.is_empty() {
            return Err(Problem::required(FIELD));
        }
        if !text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_') {
            return Err(Problem::invalid_format(FIELD, "username", "may hold only letters a-z, digits and `_`"));
        }
        match text.len() {
            ..MIN => Err(Problem::too_short(FIELD, MIN)),
            MIN..=MAX => Ok(Self(text.to_ascii_lowercase())),
            _ => Err(Problem::too_long(FIELD, MAX)),
        }
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// The name of the first administrator.
    pub(crate) fn of_first_admin() -> Self {
        Self("admin".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use chatty_graphql::UserErrorCode;
    use proptest::prelude::*;

    use super::*;

    fn code(text: &str) -> UserErrorCode {
        Username::parse(text).expect_err("refused").code
    }

    #[test]
    fn only_the_one_alphabet_and_length_pass() {
        assert_eq!(Username::parse("Ana_01").unwrap().as_str(), "ana_01");
        assert_eq!(Username::parse(&"a".repeat(30)).unwrap().as_str().len(), 30);
        assert_eq!(code(""), UserErrorCode::Required);
        assert_eq!(code("ab"), UserErrorCode::TooShort);
        assert_eq!(code(&"a".repeat(31)), UserErrorCode::TooLong);
        for text in [" ana", "ana ", "ana-b", "ana.b", "ана", "ａｎａ", "an\0a", "ſana", "K\u{212a}lvin", "a@b.c"]
        {
            assert_eq!(code(text), UserErrorCode::InvalidFormat, "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn a_username_is_its_own_spelling(text in "\\PC{0,40}|[a-zA-Z0-9_]{3,30}") {
            if let Ok(name) = Username::parse(&text) {
                prop_assert_eq!(Username::parse(name.as_str()), Ok(name.clone()));
                prop_assert!(name.as_str().bytes().all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'_')));
            }
        }
    }
}
