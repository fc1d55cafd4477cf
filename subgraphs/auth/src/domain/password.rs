//! Passwords as people type them: 8 to 256 characters after NFC, at most 1,024 bytes, nothing trimmed.

use chatty_graphql::{Problem, characters};
use chatty_kit::Fault;
use data_encoding::BASE32_NOPAD;
use secrecy::{ExposeSecret, SecretString};
use unicode_normalization::UnicodeNormalization;

use super::{
    guessable::{Context, Guesses, Weakness},
    random,
};

const MIN: usize = 8;
const MAX: usize = 256;
const MAX_BYTES: usize = 1_024;

/// Composing can shorten a text. What is longer than this before it is not worth the work.
const MAX_TYPED_BYTES: usize = 4 * MAX_BYTES;

/// A password in the form that is hashed.
#[derive(Clone, Debug)]
pub(crate) struct Password {
    text: SecretString,
    score: Option<u8>,
}

impl Password {
    /// A password that somebody chooses: of any characters, long enough, and not among the first that are guessed of
    /// whoever has the names in `context`. NIST SP 800-63B, 3.1.1.2.
    pub(crate) fn choose(typed: &SecretString, context: &Context) -> Result<Self, Problem> {
        let field = context.field();
        if typed.expose_secret().is_empty() {
            return Err(Problem::required(field));
        }
        let password = Self::typed(typed).ok_or_else(|| Problem::too_long(field, MAX))?;
        match characters(password.expose()) {
            ..MIN => return Err(Problem::too_short(field, MIN)),
            MIN..=MAX => {}
            _ => return Err(Problem::too_long(field, MAX)),
        }
        let guesses = Guesses::of(password.expose(), context).map_err(|weakness| match weakness {
            Weakness::Common => Problem::weak_password(field, "common", "is one of the first that are guessed"),
            Weakness::Context => {
                Problem::weak_password(field, "context", "is too close to your name, your address or ours")
            }
        })?;
        Ok(Self { score: Some(guesses.score()), ..password })
    }

    /// A password that somebody proves to know; `None` if it is too long to be anybody's.
    pub(crate) fn typed(typed: &SecretString) -> Option<Self> {
        let text = typed.expose_secret();
        if text.len() > MAX_TYPED_BYTES {
            return None;
        }
        let text: String = text.nfc().collect();
        (text.len() <= MAX_BYTES).then(|| Self { text: text.into(), score: None })
    }

    /// A random password of 26 letters and digits: 130 bits.
    pub(crate) fn generate() -> Result<Self, Fault> {
        let mut text = BASE32_NOPAD.encode(&random::bytes::<17>()?).to_lowercase();
        text.truncate(26);
        Ok(Self { text: text.into(), score: None })
    }

    /// How hard the chosen password is to guess, 0 to 4; `None` if nobody chose it here.
    pub(crate) fn score(&self) -> Option<u8> {
        self.score
    }

    /// The text, for hashing and for the one place that shows a generated password.
    pub(crate) fn expose(&self) -> &str {
        self.text.expose_secret()
    }

    pub(crate) fn into_secret(self) -> SecretString {
        self.text
    }
}

#[cfg(test)]
mod tests {
    use chatty_graphql::UserErrorCode;

    use super::*;

    fn context() -> Context {
        Context::new("Ana_Maria", " ana.m.costa@example.com", Some("Beatriz Costa"))
    }

    fn choose(text: &str) -> Result<Password, UserErrorCode> {
        Password::choose(&text.into(), &context()).map_err(|problem| problem.code)
    }

    #[test]
    fn length_counts_what_people_see_and_nothing_is_trimmed() {
        assert_eq!(choose("").unwrap_err(), UserErrorCode::Required);
        assert_eq!(choose("x7kq2mz").unwrap_err(), UserErrorCode::TooShort);
        assert_eq!(choose("e\u{301}e\u{301}e\u{301}e\u{301}").unwrap_err(), UserErrorCode::TooShort);
        assert_eq!(choose(" x7kq2m ").unwrap().expose(), " x7kq2m ");
        let (text, emoji) = ("x7kq2mzp".repeat(32), "🦀🐈🦊🌙🔥🎈🍕🚀".repeat(32));
        assert_eq!(choose(&text).unwrap().expose(), text);
        assert_eq!(choose(&format!("{text}a")).unwrap_err(), UserErrorCode::TooLong);
        assert!(choose(&emoji).is_ok());
        assert_eq!(choose(&"👩‍👩‍👧‍👦".repeat(50)).unwrap_err(), UserErrorCode::TooLong);
        assert_eq!(choose(&"a".repeat(1_000_000)).unwrap_err(), UserErrorCode::TooLong);
    }

    #[test]
    fn two_spellings_of_one_text_are_one_password() {
        assert_eq!(choose("зайчик-e\u{301}").unwrap().expose(), choose("зайчик-é").unwrap().expose());
    }

    #[test]
    fn a_refusal_names_the_field_and_the_rule() {
        let refusal = |text: &str, context: Context| Password::choose(&text.into(), &context).unwrap_err();
        let common = Problem::weak_password("password", "common", "is one of the first that are guessed");
        assert_eq!(refusal("password1", context()), common);
        let own = refusal("Ana_Maria1", context().in_field("newPassword"));
        let message = "is too close to your name, your address or ours";
        assert_eq!(own, Problem::weak_password("newPassword", "context", message));
    }

    #[test]
    fn a_chosen_password_knows_its_score_and_no_other_does() {
        assert_eq!(choose("x7kq2mzp").unwrap().score(), Some(3));
        assert_eq!(choose("correct horse battery staple").unwrap().score(), Some(4));
        assert_eq!(Password::typed(&"x7kq2mzp".into()).unwrap().score(), None);
    }

    #[test]
    fn generated_passwords_differ_and_are_long_and_nothing_shows_them() {
        let (one, other) = (Password::generate().unwrap(), Password::generate().unwrap());
        assert_ne!(one.expose(), other.expose());
        assert_eq!(one.expose().len(), 26);
        assert_eq!(choose(one.expose()).unwrap().score(), Some(4));
        assert!(!format!("{one:?}").contains(one.expose()));
    }
}
