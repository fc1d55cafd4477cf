//! Server-sent events out of bytes that arrive in any pieces.
//!
//! The HTML standard's format, without what only browsers need (`id`, `retry`). Fields are bytes until a line is whole,
//! so that no piece can split a character.

use std::collections::VecDeque;

/// One event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Event {
    /// Its `event` field; empty where there was none.
    pub(super) kind: Vec<u8>,
    /// Its `data` lines, joined by LF.
    pub(super) data: Vec<u8>,
}

/// A line or an event is longer than allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct TooLong;

/// Reads a stream of events.
pub(super) struct Parser {
    limit: usize,
    line: Vec<u8>,
    kind: Option<Vec<u8>>,
    /// Empty data is data.
    data: Option<Vec<u8>>,
    /// The last byte was a CR, so that an LF right behind it ends no further line.
    after_cr: bool,
    /// Nothing was read yet: a byte order mark may stand here.
    at_start: bool,
    complete: VecDeque<Event>,
}

const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();

impl Parser {
    /// Events and lines may have `limit` bytes.
    pub(super) fn new(limit: usize) -> Self {
        Self {
            limit,
            line: Vec::new(),
            kind: None,
            data: None,
            after_cr: false,
            at_start: true,
            complete: VecDeque::new(),
        }
    }

    /// Takes the next bytes.
    pub(super) fn feed(&mut self, mut bytes: &[u8]) -> Result<(), TooLong> {
        while !bytes.is_empty() {
            if std::mem::take(&mut self.after_cr) && bytes[0] == b'\n' {
                bytes = &bytes[1..];
                continue;
            }
            let end = bytes.iter().position(|byte| matches!(byte, b'\r' | b'\n'));
            let part = &bytes[..end.unwrap_or(bytes.len())];
            if self.line.len() + part.len() + self.data.as_ref().map_or(0, Vec::len) > self.limit {
                return Err(TooLong);
            }
            self.line.extend_from_slice(part);
            let Some(end) = end else { return Ok(()) };
            self.after_cr = bytes[end] == b'\r';
            bytes = &bytes[end + 1..];
            self.end_line();
        }
        Ok(())
    }

    /// The next event that is whole.
    pub(super) fn next(&mut self) -> Option<Event> {
        self.complete.pop_front()
    }

    fn end_line(&mut self) {
        let line = std::mem::take(&mut self.line);
        let mut text = line.as_slice();
        if std::mem::take(&mut self.at_start) {
            text = text.strip_prefix(BYTE_ORDER_MARK).unwrap_or(text);
        }
        if text.is_empty() {
            let (kind, data) = (self.kind.take(), self.data.take());
            if kind.is_some() || data.is_some() {
                self.complete.push_back(Event { kind: kind.unwrap_or_default(), data: data.unwrap_or_default() });
            }
        } else {
            self.field(text);
        }
        // The memory serves the next line.
        self.line = line;
        self.line.clear();
    }

    fn field(&mut self, line: &[u8]) {
        let colon = line.iter().position(|byte| *byte == b':');
        let (name, value) = match colon {
            Some(at) => (&line[..at], &line[at + 1..]),
            None => (line, &[][..]),
        };
        let value = value.strip_prefix(b" ").unwrap_or(value);
        match name {
            b"event" => self.kind = Some(value.to_vec()),
            b"data" => match &mut self.data {
                Some(data) => {
                    data.push(b'\n');
                    data.extend_from_slice(value);
                }
                None => self.data = Some(value.to_vec()),
            },
            // Comments have no name; whatever else there is, is not for us.
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn event(kind: &str, data: &str) -> Event {
        Event { kind: kind.into(), data: data.into() }
    }

    fn events(pieces: &[&[u8]]) -> Vec<Event> {
        let mut parser = Parser::new(1024);
        for piece in pieces {
            parser.feed(piece).unwrap();
        }
        std::iter::from_fn(|| parser.next()).collect()
    }

    #[test]
    fn lines_end_by_lf_cr_or_both() {
        let expected = [event("next", "{\"a\":1}"), event("complete", "")];
        for end in ["\n", "\r", "\r\n"] {
            let text = ["event: next", "data: {\"a\":1}", "", ": hi", "", "event:complete", "data:", "", ""].join(end);
            assert_eq!(events(&[text.as_bytes()]), expected, "{end:?}");
        }
    }

    #[test]
    fn data_lines_are_joined_and_what_is_unknown_is_left_out() {
        let text =
            "\u{feff}id: 7\nretry: 1\ndata\ndata:  x\nnonsense\n: comment\ndata: y: z\n\nevent: complete\n\ndata: cut";
        assert_eq!(events(&[text.as_bytes()]), [event("", "\n x\ny: z"), event("complete", "")]);
    }

    #[test]
    fn an_event_and_a_line_have_a_longest_length() {
        for text in ["data: 0123456789", ": 0123456789012345", "data: 0123\ndata: 45678", "event: 01234567890"] {
            let mut parser = Parser::new(12);
            assert_eq!(parser.feed(text.as_bytes()), Err(TooLong), "{text}");
        }
        let mut parser = Parser::new(12);
        assert_eq!(parser.feed("data: 123456\n\ndata: 123456\n\n: 1234567890\n".as_bytes()), Ok(()));
    }

    proptest! {
        #[test]
        fn any_pieces_give_the_same_events(
            lines in proptest::collection::vec(
                prop_oneof![
                    Just(String::new()), Just(":".to_owned()), Just("event: next".to_owned()),
                    "data: [a-zäß🦀 :]{0,8}", "[a-z:\u{feff} ]{0,6}",
                ],
                0..30,
            ),
            ends in proptest::collection::vec(prop_oneof![Just("\n"), Just("\r"), Just("\r\n")], 30),
            cuts in proptest::collection::vec(any::<proptest::sample::Index>(), 0..20),
        ) {
            let text: String = lines.iter().zip(&ends).flat_map(|(line, end)| [line.as_str(), end]).collect();
            let bytes = text.as_bytes();
            let mut cuts: Vec<_> = cuts.iter().map(|cut| cut.index(bytes.len() + 1)).collect();
            cuts.extend([0, bytes.len()]);
            cuts.sort_unstable();
            let pieces: Vec<_> = cuts.windows(2).map(|cut| &bytes[cut[0]..cut[1]]).collect();
            prop_assert_eq!(events(&pieces), events(&[bytes]));
            let single: Vec<_> = bytes.chunks(1).collect();
            prop_assert_eq!(events(&single), events(&[bytes]));
        }
    }
}
