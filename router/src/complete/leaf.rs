//! Result coercion of leaves: what a subgraph gave must be what the schema promises.

use async_graphql::{Number, Value};

use super::{
    json::{write_number, write_str, write_value},
    shape::Leaf,
};

impl Leaf {
    /// Writes a value that is not null; writes nothing and says no where it does not fit.
    pub(super) fn write(&self, out: &mut Vec<u8>, value: &Value) -> bool {
        match (self, value) {
            (Self::Custom, value) => write_value(out, value),
            (Self::String | Self::Id, Value::String(text)) => write_str(out, text),
            (Self::Id, Value::Number(number)) if number.is_i64() || number.is_u64() => {
                write_str(out, &number.to_string());
            }
            (Self::Boolean, Value::Boolean(value)) => {
                out.extend_from_slice(if *value { b"true" } else { b"false" });
            }
            (Self::Int, Value::Number(number)) => match int(number) {
                Some(int) => write_number(out, &int.into()),
                None => return false,
            },
            (Self::Float, Value::Number(number)) => write_number(out, number),
            (Self::Enum(values), Value::Enum(name)) if values.contains(name.as_str()) => write_str(out, name),
            (Self::Enum(values), Value::String(name)) if values.contains(name.as_str()) => write_str(out, name),
            _ => return false,
        }
        true
    }
}

/// A whole number of 32 bits, also where it was written as `1.0`, which JSON does not tell from `1`.
fn int(number: &Number) -> Option<i32> {
    if let Some(int) = number.as_i64() {
        return i32::try_from(int).ok();
    }
    let float = number.as_f64().filter(|float| float.fract() == 0.0)?;
    let bounds = f64::from(i32::MIN)..=f64::from(i32::MAX);
    #[expect(clippy::cast_possible_truncation, reason = "it has no fraction and lies within the bounds")]
    bounds.contains(&float).then_some(float as i32)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(leaf: &Leaf, value: serde_json::Value) -> Option<String> {
        let mut out = Vec::new();
        let fits = leaf.write(&mut out, &Value::from_json(value).unwrap());
        assert!(fits || out.is_empty());
        fits.then(|| String::from_utf8(out).unwrap())
    }

    #[test]
    fn an_int_has_32_bits() {
        assert_eq!(written(&Leaf::Int, i32::MAX.into()).as_deref(), Some("2147483647"));
        assert_eq!(written(&Leaf::Int, (i64::from(i32::MAX) + 1).into()), None);
        assert_eq!(written(&Leaf::Int, (-7.0).into()).as_deref(), Some("-7"));
        assert_eq!(written(&Leaf::Int, 1.5.into()), None);
        assert_eq!(written(&Leaf::Int, 1e300.into()), None);
        assert_eq!(written(&Leaf::Int, "1".into()), None);
    }

    #[test]
    fn an_id_is_a_string_and_a_boolean_is_no_number() {
        assert_eq!(written(&Leaf::Id, 7.into()).as_deref(), Some("\"7\""));
        assert_eq!(written(&Leaf::Boolean, 1.into()), None);
        assert_eq!(written(&Leaf::String, true.into()), None);
        assert_eq!(written(&Leaf::Custom, serde_json::json!({"a": [1]})).as_deref(), Some("{\"a\":[1]}"));
    }
}
