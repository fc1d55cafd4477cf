//! What a post or a comment may say.

use std::borrow::Cow;

use chatty_events::posts::Visibility;
use chatty_graphql::{Problem, Problems, Text};

const TITLE: Text = Text { field: "title", length: 1..=200, multiline: false };
const POST_BODY: Text = Text { field: "body", length: 1..=10_000, multiline: true };
const CONTENT_WARNING: Text = Text { field: "contentWarning", length: 1..=200, multiline: false };
const COMMENT_BODY: Text = Text { field: "body", length: 1..=5_000, multiline: true };

/// The parts of a post that its author writes, checked.
#[expect(clippy::struct_field_names, reason = "the fields have the names of the API")]
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Content {
    pub(crate) title: Option<String>,
    pub(crate) body: String,
    /// A language tag in its canonical case, such as `pt-BR`.
    pub(crate) language: Option<String>,
    pub(crate) content_warning: Option<String>,
    pub(crate) visibility: Visibility,
}

/// What an input says of a field that has a value already.
#[derive(Debug, Clone)]
pub(crate) enum Change<T> {
    /// Nothing: it stays.
    Keep,
    /// It is emptied.
    Clear,
    /// It gets this value.
    Set(T),
}

impl<T> Change<T> {
    /// The new value of an optional field: what `check` makes of the given one.
    pub(crate) fn apply<U>(self, old: Option<U>, check: impl FnOnce(T) -> Option<U>) -> Option<U> {
        match self {
            Self::Keep => old,
            Self::Clear => None,
            Self::Set(new) => check(new),
        }
    }

    /// The given value of a field that must have one; `None` to keep the old.
    pub(crate) fn required(self, field: &str) -> Result<Option<T>, Problem> {
        match self {
            Self::Keep => Ok(None),
            Self::Clear => Err(Problem::required(field)),
            Self::Set(new) => Ok(Some(new)),
        }
    }
}

/// A title; one of white space alone is none.
pub(crate) fn title(problems: &mut Problems, text: &str) -> Option<String> {
    optional(problems, &TITLE, text)
}

/// A content warning; one of white space alone is none.
pub(crate) fn content_warning(problems: &mut Problems, text: &str) -> Option<String> {
    optional(problems, &CONTENT_WARNING, text)
}

/// A language tag.
pub(crate) fn language(problems: &mut Problems, text: &str) -> Option<String> {
    problems.check(language_tag(text))
}

/// A post's body.
pub(crate) fn post_body(text: &str) -> Result<String, Problem> {
    POST_BODY.check(text)
}

/// A comment's body.
pub(crate) fn comment_body(text: &str) -> Result<String, Problem> {
    COMMENT_BODY.check(text)
}

fn optional(problems: &mut Problems, rule: &Text, text: &str) -> Option<String> {
    if text.trim().is_empty() { None } else { problems.check(rule.check(text)) }
}

/// Takes the shape of BCP 47 tags (`ru`, `pt-BR`, `zh-Hant-TW`) and gives the canonical case. Whether the subtags are
/// registered is not looked up.
fn language_tag(text: &str) -> Result<String, Problem> {
    const LONGEST: usize = 35;
    let mut subtags = text.split('-');
    let primary = subtags.next().filter(|tag| is_primary(tag));
    let (Some(primary), true) = (primary, text.len() <= LONGEST) else { return Err(not_a_tag()) };
    let mut tag = primary.to_ascii_lowercase();
    for subtag in subtags {
        if !(2..=8).contains(&subtag.len()) || !subtag.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            return Err(not_a_tag());
        }
        tag.push('-');
        tag.push_str(&cased(subtag));
    }
    Ok(tag)
}

fn is_primary(tag: &str) -> bool {
    (2..=3).contains(&tag.len()) && tag.bytes().all(|byte| byte.is_ascii_alphabetic())
}

/// Regions in capitals, scripts with one, everything else without (RFC 5646, 2.1.1).
fn cased(subtag: &str) -> Cow<'_, str> {
    let lower = subtag.to_ascii_lowercase();
    match lower.len() {
        2 => lower.to_ascii_uppercase().into(),
        4 if lower.as_bytes()[0].is_ascii_alphabetic() => (lower[..1].to_ascii_uppercase() + &lower[1..]).into(),
        _ => lower.into(),
    }
}

fn not_a_tag() -> Problem {
    Problem::invalid_format("language", "locale", "must be a language tag such as `ru` or `pt-BR`")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn language_tags_get_their_canonical_case_and_nonsense_is_refused() {
        for (given, kept) in [("ru", "ru"), ("PT-br", "pt-BR"), ("ZH-hant-tw", "zh-Hant-TW"), ("es-419", "es-419")] {
            assert_eq!(language_tag(given).as_deref(), Ok(kept));
        }
        for nonsense in
            ["", "r", "russian", "ru-", "ru_RU", "ру", "ru-a", "ru-123456789", &format!("ru{}", "-abcdefgh".repeat(4))]
        {
            assert!(language_tag(nonsense).is_err(), "{nonsense}");
        }
    }

    #[test]
    fn a_title_of_white_space_is_no_title() {
        let mut problems = Problems::default();
        assert_eq!(title(&mut problems, " \u{3000}"), None);
        assert_eq!(title(&mut problems, " a "), Some("a".to_owned()));
        assert!(problems.refuse_any().is_ok());
    }

    #[test]
    fn a_change_keeps_clears_or_sets() {
        let apply = |change: Change<&'static str>| change.apply(Some("old"), Some);
        assert_eq!(
            (apply(Change::Keep), apply(Change::Clear), apply(Change::Set("new"))),
            (Some("old"), None, Some("new"))
        );
        assert_eq!(Change::<i32>::Clear.required("body"), Err(Problem::required("body")));
    }
}
