//! The linear look at a document before any recursive parser sees it: its size, its tokens, how deep its brackets go.
//!
//! A few kilobytes of nested brackets overflow the stack of a recursive parser, which ends the process and cannot be
//! caught. This scan needs neither recursion nor memory. It knows no grammar: whether the document *is* GraphQL is the
//! parser's business, and where a text is malformed the scan rather counts too much than too little.

/// What a document may measure; every limit is inclusive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ScanLimits {
    /// Bytes of the document.
    pub bytes: usize,
    /// Lexical tokens.
    pub tokens: usize,
    /// Nested brackets of any kind.
    pub depth: usize,
}

/// The first limit that a document exceeds, with what is allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Excess {
    /// It is too long.
    #[error("the document has more than {0} bytes")]
    Bytes(usize),
    /// It has too many lexical tokens.
    #[error("the request exceeds the limit `tokens` of {0}")]
    Tokens(usize),
    /// Its brackets nest too deep.
    #[error("brackets nest deeper than {0}")]
    Depth(usize),
}

impl Excess {
    /// The limit's name in `extensions.limit`.
    pub fn limit(self) -> &'static str {
        match self {
            Self::Bytes(_) => "bodySize",
            Self::Tokens(_) => "tokens",
            Self::Depth(_) => "depth",
        }
    }

    /// What is allowed.
    pub fn allowed(self) -> usize {
        match self {
            Self::Bytes(allowed) | Self::Tokens(allowed) | Self::Depth(allowed) => allowed,
        }
    }
}

/// Refuses a document that is too long, has too many lexical tokens or nests its brackets (`{`, `[`, `(`) too deep.
///
/// Brackets in strings, block strings and comments do not count. Stops at the first limit exceeded.
pub fn check(document: &str, limits: &ScanLimits) -> Result<(), Excess> {
    within(document.len(), limits.bytes, Excess::Bytes)?;
    let text = document.as_bytes();
    let (mut at, mut tokens, mut depth) = (0, 0, 0_usize);
    while let Some(&byte) = text.get(at) {
        at = match byte {
            b' ' | b'\t' | b'\n' | b'\r' | b',' => {
                at += 1;
                continue;
            }
            b'#' => {
                at = skip(text, at, |byte| !is_line_end(byte));
                continue;
            }
            // The byte order mark, ignored wherever it stands.
            0xEF if text[at..].starts_with(b"\xEF\xBB\xBF") => {
                at += 3;
                continue;
            }
            b'{' | b'[' | b'(' => {
                depth += 1;
                within(depth, limits.depth, Excess::Depth)?;
                at + 1
            }
            // A stray closing bracket must not buy depth for later ones.
            b'}' | b']' | b')' => {
                depth = depth.saturating_sub(1);
                at + 1
            }
            b'"' if text[at..].starts_with(b"\"\"\"") => after_block_string(text, at + 3),
            b'"' => after_string(text, at + 1),
            b'.' if text[at..].starts_with(b"...") => at + 3,
            b'_' | b'a'..=b'z' | b'A'..=b'Z' => skip(text, at, is_name),
            b'-' | b'0'..=b'9' => skip(text, at + 1, |byte| is_name(byte) || matches!(byte, b'.' | b'+' | b'-')),
            // Other punctuators, and letters that are no GraphQL, which the parser will name.
            _ => at + 1,
        };
        tokens += 1;
        within(tokens, limits.tokens, Excess::Tokens)?;
    }
    Ok(())
}

fn within(actual: usize, allowed: usize, excess: fn(usize) -> Excess) -> Result<(), Excess> {
    if actual <= allowed { Ok(()) } else { Err(excess(allowed)) }
}

/// The position of the first byte from `at` on that `wanted` does not hold for.
fn skip(text: &[u8], at: usize, wanted: impl Fn(u8) -> bool) -> usize {
    text[at..].iter().position(|byte| !wanted(*byte)).map_or(text.len(), |length| at + length)
}

/// The position behind a string whose content starts at `at`. A line end closes it as well: such a string is malformed,
/// and what follows must not hide in it.
fn after_string(text: &[u8], mut at: usize) -> usize {
    while let Some(&byte) = text.get(at) {
        match byte {
            b'"' => return at + 1,
            b'\\' if text.get(at + 1).is_some_and(|next| !is_line_end(*next)) => at += 2,
            _ if is_line_end(byte) => return at,
            _ => at += 1,
        }
    }
    at
}

/// The position behind a block string whose content starts at `at`.
fn after_block_string(text: &[u8], mut at: usize) -> usize {
    while at < text.len() {
        let rest = &text[at..];
        if rest.starts_with(b"\"\"\"") {
            return at + 3;
        }
        at += if rest.starts_with(b"\\\"\"\"") { 4 } else { 1 };
    }
    at
}

fn is_name(byte: u8) -> bool {
    byte == b'_' || byte.is_ascii_alphanumeric()
}

fn is_line_end(byte: u8) -> bool {
    matches!(byte, b'\n' | b'\r')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const LIMITS: ScanLimits = ScanLimits { bytes: 32 * 1024, tokens: 5_000, depth: 64 };

    fn limits(tokens: usize, depth: usize) -> ScanLimits {
        ScanLimits { bytes: 10_000_000, tokens, depth }
    }

    fn exceeded(document: &str) -> Option<&'static str> {
        check(document, &LIMITS).err().map(Excess::limit)
    }

    /// The number that `fits` first accepts.
    fn smallest(fits: impl Fn(usize) -> bool) -> usize {
        (0..10_000).find(|allowed| fits(*allowed)).expect("small documents")
    }

    fn depth(document: &str) -> usize {
        smallest(|allowed| check(document, &limits(usize::MAX, allowed)).is_ok())
    }

    fn tokens(document: &str) -> usize {
        smallest(|allowed| check(document, &limits(allowed, usize::MAX)).is_ok())
    }

    #[test]
    fn an_everyday_document_passes_and_is_counted() {
        let document = "query A($first: Int! = 2) @x {\n  user(id: \"u\") { ...F, posts(first: -1.5e+3) { id } }\n}";
        assert_eq!(exceeded(document), None);
        assert_eq!(depth(document), 3);
        // query A ( $ first : Int ! = 2 ) @ x { / user ( id : "u" ) { / ... F posts ( first : -1.5e+3 ) { id } } / }
        assert_eq!(tokens(document), 14 + 7 + 12 + 1);
    }

    #[test]
    fn brackets_in_strings_and_comments_do_not_count() {
        for document in [
            r#"{ a(x: "{[({[(") }"#,
            r#"{ a(x: "\"{[({[(\\") }"#,
            r#"{ a(x: """{[( " \""" "" {[( """) }"#,
            "# {[( \" \"\"\" {[(\n{ a(x: 1) }",
            "{ a # }}}} \" {[({[(\r(x: 1) }",
            r#"{ a(x: "", y: "") }"#,
            r##"{ a(x: """""", y: "# ") }"##,
        ] {
            assert_eq!(depth(document), 2, "{document}");
        }
    }

    #[test]
    fn nothing_hides_behind_a_malformed_string() {
        assert_eq!(depth("\"abc\n{{{{"), 4);
        assert_eq!(depth("\"abc\\\n{{{{"), 4);
        assert_eq!(depth("\"abc\\\r{{{{"), 4);
    }

    #[test]
    fn stray_closing_brackets_buy_no_depth() {
        assert_eq!(depth("}}}}]]]]{{{{"), 4);
    }

    #[test]
    fn each_limit_has_its_name_and_is_inclusive() {
        let nested = |levels: usize| "{".repeat(levels) + &"}".repeat(levels);
        assert_eq!(exceeded(&nested(LIMITS.depth)), None);
        assert_eq!(exceeded(&nested(LIMITS.depth + 1)), Some("depth"));
        assert_eq!(exceeded(&"a ".repeat(LIMITS.tokens)), None);
        assert_eq!(exceeded(&"a ".repeat(LIMITS.tokens + 1)), Some("tokens"));
        assert_eq!(exceeded(&" ".repeat(LIMITS.bytes)), None);
        assert_eq!(exceeded(&" ".repeat(LIMITS.bytes + 1)), Some("bodySize"));
        assert_eq!(exceeded(&"[(".repeat(50_000)), Some("bodySize"));
    }

    #[test]
    fn a_hundred_thousand_brackets_are_refused_at_the_first_that_is_too_deep() {
        for bracket in ["{", "[", "(", "{a(x:["] {
            let refused = check(&bracket.repeat(100_000), &limits(usize::MAX, 64));
            assert_eq!(refused, Err(Excess::Depth(64)));
        }
    }

    #[test]
    fn a_refusal_says_what_was_measured() {
        let message = |document: &str| check(document, &LIMITS).expect_err("too much").to_string();
        assert_eq!(message(&" ".repeat(32 * 1024 + 1)), "the document has more than 32768 bytes");
        assert_eq!(message(&"{".repeat(65)), "brackets nest deeper than 64");
        assert_eq!(message(&"a ".repeat(5_001)), "the request exceeds the limit `tokens` of 5000");
    }

    /// Pieces that are well-formed one by one, and how deep they alone lead.
    fn piece() -> impl Strategy<Value = String> {
        prop_oneof![
            Just("{"),
            Just("}"),
            Just("["),
            Just("]"),
            Just("("),
            Just(")"),
            Just("name"),
            Just("..."),
            Just("1.5e-3"),
            Just("\"{[( # \\\" \""),
            Just("\"\"\"{[( \\\"\"\" \" \"\"\""),
            Just("# {[( \"\n"),
            Just(","),
            Just("\u{FEFF}"),
        ]
        .prop_map(str::to_owned)
    }

    /// What a reader sees who knows where each piece begins.
    fn reference_depth(pieces: &[String]) -> usize {
        let (mut depth, mut deepest) = (0_usize, 0);
        for piece in pieces {
            match piece.as_str() {
                "{" | "[" | "(" => depth += 1,
                "}" | "]" | ")" => depth = depth.saturating_sub(1),
                _ => {}
            }
            deepest = deepest.max(depth);
        }
        deepest
    }

    proptest! {
        #[test]
        fn depth_and_tokens_agree_with_a_reader_who_knows_the_pieces(pieces in prop::collection::vec(piece(), 0..60)) {
            let document = pieces.join(" ");
            prop_assert_eq!(depth(&document), reference_depth(&pieces));
            let ignored = |piece: &&String| piece.starts_with('#') || *piece == "," || *piece == "\u{FEFF}";
            prop_assert_eq!(tokens(&document), pieces.len() - pieces.iter().filter(ignored).count());
        }

        #[test]
        fn any_text_is_answered(text in "\\PC{0,200}|[\\x00-\\x7f]{0,200}|[{}\\[\\]()\"\\\\#\n a.]{0,200}") {
            let _ = check(&text, &LIMITS);
            let _ = check(&text, &limits(3, 2));
        }
    }
}
