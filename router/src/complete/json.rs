//! Writes values as JSON bytes.

use async_graphql::Value as OwnedValue;
use serde::Serialize;

use crate::data::{Data, Number, Text, Value};

/// Writes a string with its quotes. Runs that need no escape are copied whole.
pub(crate) fn write_str(out: &mut Vec<u8>, text: &str) {
    out.push(b'"');
    let mut rest = text.as_bytes();
    loop {
        let plain = plain_bytes(rest);
        out.extend_from_slice(&rest[..plain]);
        let Some(&escaped) = rest.get(plain) else { break };
        rest = &rest[plain + 1..];
        match escaped {
            b'"' => out.extend_from_slice(b"\\\""),
            b'\\' => out.extend_from_slice(b"\\\\"),
            b'\n' => out.extend_from_slice(b"\\n"),
            b'\r' => out.extend_from_slice(b"\\r"),
            b'\t' => out.extend_from_slice(b"\\t"),
            byte => {
                const HEX: &[u8; 16] = b"0123456789abcdef";
                out.extend_from_slice(b"\\u00");
                out.push(HEX[usize::from(byte >> 4)]);
                out.push(HEX[usize::from(byte & 15)]);
            }
        }
    }
    out.push(b'"');
}

/// Writes a text with its quotes.
pub(crate) fn write_text(out: &mut Vec<u8>, text: Text<'_>) {
    if text.is_plain() {
        out.push(b'"');
        out.extend_from_slice(text.as_str().as_bytes());
        out.push(b'"');
    } else {
        write_str(out, text.as_str());
    }
}

/// How many bytes stand before the first one that needs an escape: a quote, a backslash or a control character.
fn plain_bytes(text: &[u8]) -> usize {
    // Eight at a time: a byte's highest bit is set in `flags` where subtracting has made it borrow. Borrows only spoil
    // what stands behind the first one, so the lowest flag is always right.
    const ONES: u64 = 0x0101_0101_0101_0101;
    let mut at = 0;
    while let Some(eight) = text.get(at..).and_then(<[u8]>::first_chunk::<8>) {
        let word = u64::from_le_bytes(*eight);
        let is = |byte: u8| {
            let zero = word ^ (ONES * u64::from(byte));
            zero.wrapping_sub(ONES) & !zero
        };
        let control = word.wrapping_sub(ONES * 0x20) & !word;
        let flags = (is(b'"') | is(b'\\') | control) & (ONES << 7);
        if flags != 0 {
            return at + flags.trailing_zeros() as usize / 8;
        }
        at += 8;
    }
    let needs_escape = |byte: &u8| *byte < 0x20 || matches!(byte, b'"' | b'\\');
    text[at..].iter().position(needs_escape).map_or(text.len(), |rest| at + rest)
}

/// Writes an integer.
pub(crate) fn write_u64(out: &mut Vec<u8>, mut number: u64) {
    let mut digits = [0_u8; 20];
    let mut at = digits.len();
    loop {
        at -= 1;
        digits[at] = b"0123456789"[(number % 10) as usize];
        number /= 10;
        if number == 0 {
            break;
        }
    }
    out.extend_from_slice(&digits[at..]);
}

/// Writes a number as `serde_json` prints it.
pub(crate) fn write_number(out: &mut Vec<u8>, number: Number) {
    match number {
        Number::Unsigned(number) => write_u64(out, number),
        Number::Negative(number) => {
            out.push(b'-');
            write_u64(out, number.unsigned_abs());
        }
        Number::Float(number) => write_owned(out, &number),
    }
}

/// Writes what has a JSON form by itself: variables, error extensions.
pub(crate) fn write_owned(out: &mut Vec<u8>, value: &impl Serialize) {
    serde_json::to_writer(out, value).expect("a value has a JSON form and a vector takes any bytes");
}

/// Writes any value whole: what custom scalars and representations hold.
pub(crate) fn write_value(out: &mut Vec<u8>, data: &Data<'_>, value: Value<'_>) {
    match value {
        Value::Null => out.extend_from_slice(b"null"),
        Value::Boolean(true) => out.extend_from_slice(b"true"),
        Value::Boolean(false) => out.extend_from_slice(b"false"),
        Value::Number(number) => write_number(out, number),
        Value::String(text) => write_text(out, text),
        Value::List(list) => {
            out.push(b'[');
            for (at, item) in data.items(list).iter().enumerate() {
                if at > 0 {
                    out.push(b',');
                }
                write_value(out, data, *item);
            }
            out.push(b']');
        }
        Value::Object(object) => {
            out.push(b'{');
            for (at, member) in data.all_members(object).iter().enumerate() {
                if at > 0 {
                    out.push(b',');
                }
                write_str(out, member.name);
                out.push(b':');
                write_value(out, data, member.value);
            }
            out.push(b'}');
        }
    }
}

/// Writes `,"name":value` if that takes no more than `room` bytes; otherwise it writes nothing and says so.
pub(crate) fn write_member(out: &mut Vec<u8>, name: &str, value: &OwnedValue, room: usize) -> bool {
    let mut left = room;
    if !takes(&mut left, name.len() + 4) || !may_fit(value, &mut left) {
        return false;
    }
    let start = out.len();
    out.push(b',');
    write_str(out, name);
    out.push(b':');
    write_owned(out, value);
    let fits = out.len() - start <= room;
    if !fits {
        out.truncate(start);
    }
    fits
}

/// Whether a value may take no more bytes than are left, found without writing a large one: it counts what is there
/// however it is escaped.
fn may_fit(value: &OwnedValue, left: &mut usize) -> bool {
    match value {
        OwnedValue::Null | OwnedValue::Boolean(_) | OwnedValue::Number(_) => takes(left, 1),
        OwnedValue::String(text) => takes(left, text.len() + 2),
        OwnedValue::Enum(name) => takes(left, name.len() + 2),
        OwnedValue::Binary(bytes) => takes(left, 2 * bytes.len() + 1),
        OwnedValue::List(items) => takes(left, 2) && items.iter().all(|item| may_fit(item, left)),
        OwnedValue::Object(members) => {
            takes(left, 2) && members.iter().all(|(name, member)| takes(left, name.len() + 3) && may_fit(member, left))
        }
    }
}

fn takes(left: &mut usize, bytes: usize) -> bool {
    let rest = left.checked_sub(bytes);
    *left = rest.unwrap_or_default();
    rest.is_some()
}

#[cfg(test)]
mod tests {
    use super::{OwnedValue as Owned, *};

    #[test]
    fn strings_and_values_read_back_as_serde_reads_them() {
        let text = "plain \"quoted\" back\\slash \n\r\t \u{1} \u{1f} ü 🦀";
        let value = Owned::from_json(serde_json::json!({ text: [1, -2.5, true, null, text], "empty": {} })).unwrap();
        let (mut out, mut owned) = (Vec::new(), Vec::new());
        let mut data = Data::new();
        let added = data.add(&value);
        write_value(&mut out, &data, added);
        write_owned(&mut owned, &value);
        assert_eq!(out, owned);
        let read: serde_json::Value = serde_json::from_slice(&out).unwrap();
        assert_eq!(read, value.into_json().unwrap());
    }

    #[test]
    fn every_byte_is_seen_wherever_it_stands() {
        let needs_escape = |byte: u8| byte < 0x20 || byte == b'"' || byte == b'\\';
        for byte in 0..=u8::MAX {
            for (length, at) in (0..20).flat_map(|length| (0..length).map(move |at| (length, at))) {
                for around in [b' ', b'!', b'#', b'[', b']', 0x7f, 0x80, 0xff] {
                    let mut text = vec![around; length];
                    text[at] = byte;
                    let expected = if needs_escape(byte) { at } else { length };
                    assert_eq!(plain_bytes(&text), expected, "{byte} at {at} of {length} in {around}");
                }
            }
        }
    }

    #[test]
    fn integers_are_written_whole() {
        for number in [0, 7, 10, 1_234_567, u64::MAX] {
            let mut out = Vec::new();
            write_u64(&mut out, number);
            assert_eq!(out, number.to_string().into_bytes());
        }
    }

    #[test]
    fn a_member_is_written_whole_or_not_at_all() {
        for json in [
            serde_json::json!("\n\u{1}ü"),
            serde_json::json!([1, -2.5, true, null, { "a": [] }]),
            serde_json::json!(null),
            serde_json::json!("x".repeat(100)),
        ] {
            let value = Owned::from_json(json.clone()).unwrap();
            let expected = format!(",\"name\":{json}");
            let mut out = Vec::new();
            assert!(!write_member(&mut out, "name", &value, expected.len() - 1) && out.is_empty(), "{json}");
            assert!(write_member(&mut out, "name", &value, expected.len()), "{json}");
            assert_eq!(String::from_utf8(out).unwrap(), expected);
        }
    }
}
