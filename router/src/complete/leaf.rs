//! Result coercion of leaves: what a subgraph gave must be what the schema promises.

use async_graphql::Number;

use super::{
    json::{write_number, write_str, write_value},
    shape::Leaf,
};
use crate::value::Value;

impl Leaf {
    /// Writes a value that is not null; writes nothing and says no where it does not fit.
    pub(super) fn write(&self, out: &mut Vec<u8>, value: &Value<'_>) -> bool {
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
            (Self::Enum { visible, .. }, Value::String(name)) if visible.contains(&**name) => write_str(out, name),
            _ => return false,
        }
        true
    }

    /// Whether it is a value of the enum that clients may not see.
    pub(super) fn hides(&self, value: &Value<'_>) -> bool {
        matches!((self, value), (Self::Enum { hidden, .. }, Value::String(name)) if hidden.contains(&**name))
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
        let fits = leaf.write(&mut out, &Value::from(&async_graphql::Value::from_json(value).unwrap()));
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
    fn a_value_that_clients_may_not_see_is_hidden_and_one_that_is_none_is_not() {
        let values = |names: &[&str]| names.iter().map(|name| apollo_compiler::Name::new(name).unwrap()).collect();
        let role = Leaf::Enum { visible: values(&["READER"]), hidden: values(&["ROBOT"]) };
        assert_eq!(written(&role, "READER".into()).as_deref(), Some("\"READER\""));
        for (value, hidden) in [("ROBOT", true), ("GHOST", false)] {
            assert_eq!(written(&role, value.into()), None);
            assert_eq!(role.hides(&Value::String(value.into())), hidden, "{value}");
        }
    }

    #[test]
    fn an_id_is_a_string_and_a_boolean_is_no_number() {
        assert_eq!(written(&Leaf::Id, 7.into()).as_deref(), Some("\"7\""));
        assert_eq!(written(&Leaf::Boolean, 1.into()), None);
        assert_eq!(written(&Leaf::String, true.into()), None);
        assert_eq!(written(&Leaf::Custom, serde_json::json!({"a": [1]})).as_deref(), Some("{\"a\":[1]}"));
    }
}
