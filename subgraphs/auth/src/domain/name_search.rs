//! Finding people by how a name begins, in any case.

use unicode_normalization::UnicodeNormalization;

/// No name is longer in bytes, so no longer text begins one.
const LONGEST: usize = 1_024;

/// The form in which two spellings of one name are equal.
pub(crate) fn key(name: &str) -> String {
    // Letter by letter: a letter's lower case must not depend on whether the name goes on.
    name.chars().flat_map(char::to_lowercase).nfc().collect()
}

/// The keys that begin with some text: from `start` up to `end`, in the order of their bytes.
#[derive(Debug)]
pub(crate) struct Prefix {
    pub(crate) start: String,
    pub(crate) end: String,
}

impl Prefix {
    /// `None` if no name can begin so, which the database need not be asked about: PostgreSQL would refuse some of it.
    pub(crate) fn of(text: &str) -> Option<Self> {
        if text.len() > LONGEST || text.chars().any(char::is_control) {
            return None;
        }
        let start = key(text);
        // No name has the last of all code points, which is not a character.
        let end = format!("{start}{}", char::MAX);
        Some(Self { start, end })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_prefix_holds_exactly_the_keys_that_begin_with_it(text in "[a-cA-Cé%_]{1,3}", name in "[a-cA-Cé%_]{0,5}") {
            let Prefix { start, end } = Prefix::of(&text).unwrap();
            let key = key(&name);
            prop_assert_eq!((start.as_str()..end.as_str()).contains(&key.as_str()), key.starts_with(&start));
        }
    }

    #[test]
    fn spellings_of_one_name_have_one_key_and_what_begins_no_name_is_told() {
        assert_eq!(key("ÉLAN"), key("e\u{301}lan"));
        assert!(key("ΟΔΟΣΑ").starts_with(&key("ΟΔΟΣ")));
        assert!(Prefix::of(&"a".repeat(1_024)).is_some());
        for hostile in ["a\0", "\u{1b}[2J", &"a".repeat(1_025)] {
            assert!(Prefix::of(hostile).is_none());
        }
    }
}
