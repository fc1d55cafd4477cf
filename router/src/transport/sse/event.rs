//! Events as bytes.

use bytes::Bytes;

/// Says nothing, so that silence is not taken for a dead connection and a dead one is found out by writing.
pub(super) const HEARTBEAT: Bytes = Bytes::from_static(b":\n\n");

/// The end of an operation. Parsers like those of browsers drop an event without a data line.
pub(super) const COMPLETE: Bytes = Bytes::from_static(b"event: complete\ndata:\n\n");

/// One response. `body` is its JSON, in which there is no end of a line: strings escape it and nothing is indented.
pub(super) fn next(body: &[u8]) -> Bytes {
    debug_assert!(!body.iter().any(|byte| matches!(byte, b'\n' | b'\r')), "a line's end would end the data");
    [&b"event: next\ndata: "[..], body, b"\n\n"].concat().into()
}

/// A response of `errors`, a JSON array, alone.
pub(super) fn errors(errors: &[u8]) -> Bytes {
    next(&[&b"{\"errors\":"[..], errors, b"}"].concat())
}
