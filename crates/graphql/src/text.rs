//! Text from users: length in user-perceived characters, something to see, and no control characters.

use std::ops::RangeInclusive;

use unicode_segmentation::UnicodeSegmentation;

use crate::Problem;

/// How many user-perceived characters (extended grapheme clusters) `text` has.
pub fn characters(text: &str) -> usize {
    text.graphemes(true).count()
}

/// What a text field accepts.
#[derive(Debug, Clone)]
pub struct Text {
    /// The input's field.
    pub field: &'static str,
    /// User-perceived characters.
    pub length: RangeInclusive<usize>,
    /// Whether line breaks and tabs are allowed.
    pub multiline: bool,
}

/// A perceived character may be any number of bytes; this many on average are generous for every script and emoji.
const BYTES_A_CHARACTER: usize = 16;

impl Text {
    /// The text without white space around it, or the first problem with it.
    pub fn check(&self, text: &str) -> Result<String, Problem> {
        let text = text.trim();
        let (min, max) = (*self.length.start(), *self.length.end());
        if min > 0 && !text.chars().any(is_visible) {
            return Err(Problem::required(self.field));
        }
        if text.len() > max * BYTES_A_CHARACTER {
            return Err(Problem::too_long(self.field, max));
        }
        if text.chars().any(|c| c.is_control() && !(self.multiline && matches!(c, '\n' | '\r' | '\t'))) {
            return Err(Problem::invalid_format(self.field, "text", "must not contain control characters"));
        }
        match characters(text) {
            length if length > max => Err(Problem::too_long(self.field, max)),
            length if length < min => Err(Problem::too_short(self.field, min)),
            _ => Ok(text.to_owned()),
        }
    }
}

/// Whether a character shows anything. Joiners, selectors, fillers and direction marks alone make an empty-looking text.
fn is_visible(c: char) -> bool {
    let ignorable = matches!(c,
        '\u{AD}' | '\u{34F}' | '\u{61C}' | '\u{115F}' | '\u{1160}' | '\u{17B4}' | '\u{17B5}' | '\u{180B}'..='\u{180F}'
        | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{2800}' | '\u{3164}'
        | '\u{FE00}'..='\u{FE0F}' | '\u{FEFF}' | '\u{FFA0}' | '\u{E0000}'..='\u{E0FFF}');
    !ignorable && !c.is_whitespace() && !c.is_control()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::UserErrorCode;

    const BODY: Text = Text { field: "body", length: 1..=5, multiline: true };

    fn code(text: &str) -> Option<UserErrorCode> {
        BODY.check(text).err().map(|problem| problem.code)
    }

    #[test]
    fn length_is_counted_as_people_see_it() {
        assert_eq!(characters("👩‍👩‍👧‍👦é"), 2);
        assert_eq!(BODY.check("  👩‍👩‍👧‍👦👩‍👩‍👧‍👦é\n "), Ok("👩‍👩‍👧‍👦👩‍👩‍👧‍👦é".to_owned()));
        assert_eq!(code("123456"), Some(UserErrorCode::TooLong));
        for empty in [" \n\u{3000} ", "\u{200B}", "\u{3164}\u{2800}", "\u{202E}\u{FEFF}\u{FE0F}"] {
            assert_eq!(code(empty), Some(UserErrorCode::Required), "{empty:?}");
        }
    }

    #[test]
    fn what_no_database_stores_and_no_screen_shows_is_refused() {
        assert_eq!(code("a\0b"), Some(UserErrorCode::InvalidFormat));
        assert_eq!(code("a\u{1b}b"), Some(UserErrorCode::InvalidFormat));
        let one_long_cluster = format!("a{}", "\u{301}".repeat(1_000));
        assert_eq!(code(&one_long_cluster), Some(UserErrorCode::TooLong));
        let line = Text { multiline: false, ..BODY };
        assert_eq!(line.check("a\nb").err().map(|problem| problem.code), Some(UserErrorCode::InvalidFormat));
    }
}
