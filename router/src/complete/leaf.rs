//! Result coercion of leaves: what a subgraph gave must be what the schema promises.

use super::{
    json::{write_number, write_text, write_value},
    shape::Leaf,
};
use crate::data::{Data, Number, Value};

impl Leaf {
    /// Writes a value that is not null; writes nothing and says no where it does not fit.
    pub(super) fn write(&self, out: &mut Vec<u8>, data: &Data<'_>, value: Value<'_>) -> bool {
        match (self, value) {
            (Self::Custom, value) => write_value(out, data, value),
            (Self::String | Self::Id, Value::String(text)) => write_text(out, text),
            (Self::Id, Value::Number(number @ (Number::Unsigned(_) | Number::Negative(_)))) => {
                out.push(b'"');
                write_number(out, number);
                out.push(b'"');
            }
            (Self::Boolean, Value::Boolean(value)) => {
                out.extend_from_slice(if value { b"true" } else { b"false" });
            }
            (Self::Int, Value::Number(number)) => match int(number) {
                Some(int) => write_number(out, int),
                None => return false,
            },
            (Self::Float, Value::Number(number)) => write_number(out, number),
            (Self::Enum { visible, .. }, Value::String(name)) if visible.contains(name.as_str()) => {
                write_text(out, name);
            }
            _ => return false,
        }
        true
    }

    /// Whether it is a value of the enum that clients may not see.
    pub(super) fn hides(&self, value: Value<'_>) -> bool {
        matches!((self, value), (Self::Enum { hidden, .. }, Value::String(name)) if hidden.contains(name.as_str()))
    }
}

/// A whole number of 32 bits, also where it was written as `1.0`, which JSON does not tell from `1`.
fn int(number: Number) -> Option<Number> {
    let whole = match number {
        Number::Unsigned(number) => i64::try_from(number).ok()?,
        Number::Negative(number) => number,
        Number::Float(number) => {
            let bounds = f64::from(i32::MIN)..=f64::from(i32::MAX);
            #[expect(clippy::cast_possible_truncation, reason = "it has no fraction and lies within the bounds")]
            let whole = (number.fract() == 0.0 && bounds.contains(&number)).then_some(number as i64)?;
            whole
        }
    };
    i32::try_from(whole).ok().map(|_| Number::from(whole))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::Text;

    fn written(leaf: &Leaf, value: serde_json::Value) -> Option<String> {
        let mut out = Vec::new();
        let (mut data, value) = (Data::new(), async_graphql::Value::from_json(value).unwrap());
        let value = data.add(&value);
        let fits = leaf.write(&mut out, &data, value);
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
            assert_eq!(role.hides(Value::String(Text::any(value))), hidden, "{value}");
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
