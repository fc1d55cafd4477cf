//! Passwords as people type them: 8 to 256 characters after NFC, at most 1,024 bytes, nothing trimmed.

use chatty_graphql::{Problem, characters};
use chatty_kit::Fault;
use data_encoding::BASE32_NOPAD;
use secrecy::{ExposeSecret, SecretString};
use unicode_normalization::UnicodeNormalization;

use super::random;

const FIELD: &str = "password";
const MIN: usize = 8;
const MAX: usize = 256;
const MAX_BYTES: usize = 1_024;

/// Composing can shorten a text. What is longer than this before it is not worth the work.
const MAX_TYPED_BYTES: usize = 4 * MAX_BYTES;

/// A password in the form that is hashed.
#[derive(Clone, Debug)]
pub(crate) struct Password(SecretString);

impl Password {
    /// A password that somebody chooses.
    pub(crate) fn choose(typed: &SecretString) -> Result<Self, Problem> {
        if typed.expose_secret().is_empty() {
            return Err(Problem::required(FIELD));
        }
        let password = Self::typed(typed).ok_or_else(|| Problem::too_long(FIELD, MAX))?;
        match characters(password.expose()) {
            ..MIN => Err(Problem::too_short(FIELD, MIN)),
            MIN..=MAX => Ok(password),
            _ => Err(Problem::too_long(FIELD, MAX)),
        }
    }

    /// A password that somebody proves to know; `None` if it is too long to be anybody's.
    pub(crate) fn typed(typed: &SecretString) -> Option<Self> {
        let text = typed.expose_secret();
        if text.len() > MAX_TYPED_BYTES {
            return None;
        }
        let text: String = text.nfc().collect();
        (text.len() <= MAX_BYTES).then(|| Self(text.into()))
    }

    /// A random password of 26 letters and digits: 130 bits.
    pub(crate) fn generate() -> Result<Self, Fault> {
        let mut text = BASE32_NOPAD.encode(&random::bytes::<17>()?).to_lowercase();
        text.truncate(26);
        Ok(Self(text.into()))
    }

    /// The text, for hashing and for the one place that shows a generated password.
    pub(crate) fn expose(&self) -> &str {
        self.0.expose_secret()
    }

    pub(crate) fn into_secret(self) -> SecretString {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use chatty_graphql::UserErrorCode;

    use super::*;

    fn choose(text: &str) -> Result<Password, UserErrorCode> {
        Password::choose(&text.into()).map_err(|problem| problem.code)
    }

    #[test]
    fn length_counts_what_people_see_and_nothing_is_trimmed() {
        assert_eq!(choose("").unwrap_err(), UserErrorCode::Required);
        assert_eq!(choose("1234567").unwrap_err(), UserErrorCode::TooShort);
        assert_eq!(choose("e\u{301}e\u{301}e\u{301}e\u{301}").unwrap_err(), UserErrorCode::TooShort);
        assert_eq!(choose(" 123456 ").unwrap().expose(), " 123456 ");
        assert!(choose(&"a".repeat(256)).is_ok());
        assert_eq!(choose(&"a".repeat(257)).unwrap_err(), UserErrorCode::TooLong);
        assert!(choose(&"🦀".repeat(256)).is_ok());
        assert_eq!(choose(&"👩‍👩‍👧‍👦".repeat(50)).unwrap_err(), UserErrorCode::TooLong);
        assert_eq!(choose(&"a".repeat(1_000_000)).unwrap_err(), UserErrorCode::TooLong);
    }

    #[test]
    fn two_spellings_of_one_text_are_one_password() {
        assert_eq!(choose("пароль-e\u{301}").unwrap().expose(), choose("пароль-é").unwrap().expose());
    }

    #[test]
    fn generated_passwords_differ_and_are_long_and_nothing_shows_them() {
        let (one, other) = (Password::generate().unwrap(), Password::generate().unwrap());
        assert_ne!(one.expose(), other.expose());
        assert_eq!(one.expose().len(), 26);
        assert!(Password::choose(&one.expose().into()).is_ok());
        assert!(!format!("{one:?}").contains(one.expose()));
    }
}
