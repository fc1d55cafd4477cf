//! What others wrote, made fit to stand in a mail; and where a mail's text has links.

/// The longest that a parameter may be told; more is cut.
const LONGEST: usize = 500;

/// The text in one line, without what could start another paragraph or header, or turn the direction of the rest round.
pub(super) fn one_line(text: &str) -> String {
    let visible = |c: &char| !matches!(c, '\u{61c}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}');
    let spaced = |c: char| if c.is_control() { ' ' } else { c };
    let text: String = text.chars().filter(visible).map(spaced).collect();
    let words: Vec<_> = text.split_whitespace().collect();
    let line = words.join(" ");
    match line.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line,
    }
}

/// A piece of a text.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Span<'a> {
    /// Words.
    Words(&'a str),
    /// A URL, without the punctuation behind it.
    Link(&'a str),
}

/// The pieces of `text`; one after the other they are the whole text.
pub(crate) fn spans(text: &str) -> Vec<Span<'_>> {
    let mut spans = Vec::new();
    let mut rest = text;
    while let Some(begin) = first_link(rest) {
        let url = &rest[begin..];
        let end = url.find(|c: char| c.is_whitespace() || "<>\"'`".contains(c)).unwrap_or(url.len());
        let url = url[..end].trim_end_matches(['.', ',', ';', ':', '!', '?', ')', ']', '»', '…']);
        if begin > 0 {
            spans.push(Span::Words(&rest[..begin]));
        }
        spans.push(Span::Link(url));
        rest = &rest[begin + url.len()..];
    }
    if !rest.is_empty() {
        spans.push(Span::Words(rest));
    }
    spans
}

/// The links of `text`, in their order.
pub(crate) fn links(text: &str) -> Vec<&str> {
    let link = |span| if let Span::Link(url) = span { Some(url) } else { None };
    spans(text).into_iter().filter_map(link).collect()
}

fn first_link(text: &str) -> Option<usize> {
    ["https://", "http://"].iter().filter_map(|scheme| text.find(scheme)).min()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_others_wrote_stays_in_its_line() {
        let cases = [
            ("ana", "ana"),
            ("  two\r\n\r\nlines\tand\u{2028}more\u{0}  ", "two lines and more"),
            ("\u{202e}backwards\u{200b}", "backwards"),
            ("", ""),
        ];
        for (text, line) in cases {
            assert_eq!(one_line(text), line);
        }
        let long = one_line(&"я".repeat(LONGEST + 1));
        assert_eq!(long.chars().count(), LONGEST + 1);
        assert!(long.ends_with('…'));
    }

    #[test]
    fn a_text_is_told_apart_into_words_and_links() {
        let text = "See http://a.example/x?token=T-_1, or (https://b.example).\n";
        let expected = [
            Span::Words("See "),
            Span::Link("http://a.example/x?token=T-_1"),
            Span::Words(", or ("),
            Span::Link("https://b.example"),
            Span::Words(").\n"),
        ];
        assert_eq!(spans(text), expected);
        assert_eq!(links(text), ["http://a.example/x?token=T-_1", "https://b.example"]);
        assert_eq!(links("http:// nothing <script>"), ["http://"]);
        assert_eq!(spans(""), []);
    }
}
