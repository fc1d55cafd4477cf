//! What a post or a comment may say.

use chatty_events::posts::Visibility;
use chatty_graphql::{Problem, Problems, Text, language_tag};

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
    problems.check(language_tag("language", text))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_title_of_white_space_is_no_title() {
        let mut problems = Problems::default();
        assert_eq!(title(&mut problems, " \u{3000}"), None);
        assert_eq!(title(&mut problems, " a "), Some("a".to_owned()));
        assert!(problems.refuse_any().is_ok());
    }
}
