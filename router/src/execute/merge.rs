//! Merges values by moving them.

use crate::value::Value;

/// Merges `source` into `target`: objects member by member, lists item by item, anything else only where nothing is.
pub(super) fn merge<'a>(target: &mut Value<'a>, source: Value<'a>) {
    match (target, source) {
        (Value::Object(target), Value::Object(source)) => {
            if target.is_empty() {
                *target = source;
                return;
            }
            target.merge(source, merge);
        }
        (Value::List(target), Value::List(source)) if target.len() == source.len() => {
            for (known, value) in target.iter_mut().zip(source) {
                merge(known, value);
            }
        }
        (target @ Value::Null, source) => *target = source,
        // Two subgraphs that answer the same field must agree; the first one stands.
        _ => {}
    }
}

/// The same with a copy of `source`.
pub(super) fn merge_copy<'a>(target: &mut Value<'a>, source: &Value<'a>) {
    match (target, source) {
        (Value::Object(target), Value::Object(source)) => target.merge_copy(source, merge_copy),
        (Value::List(target), Value::List(source)) if target.len() == source.len() => {
            for (known, value) in target.iter_mut().zip(source) {
                merge_copy(known, value);
            }
        }
        (target @ Value::Null, source) => *target = source.clone(),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use async_graphql::Value as Owned;
    use serde_json::{Value as Json, json};

    use super::*;

    fn merged(target: Json, source: Json) -> Json {
        let [target, source] = [target, source].map(|json| Owned::from_json(json).unwrap());
        let (mut moved, mut copied) = (Value::from(&target), Value::from(&target));
        merge(&mut moved, Value::from(&source));
        merge_copy(&mut copied, &Value::from(&source));
        assert_eq!(moved, copied);
        Owned::from(moved).into_json().unwrap()
    }

    #[test]
    fn objects_and_lists_merge_and_the_first_leaf_stands() {
        let target = json!({ "a": { "x": 1 }, "l": [{ "x": 1 }, null], "n": null, "v": 1 });
        let source = json!({ "a": { "y": 2 }, "l": [{ "y": 2 }, { "y": 3 }], "n": 4, "v": 5, "w": 6 });
        let expected = json!({
            "a": { "x": 1, "y": 2 }, "l": [{ "x": 1, "y": 2 }, { "y": 3 }], "n": 4, "v": 1, "w": 6,
        });
        assert_eq!(merged(target, source), expected);
    }

    #[test]
    fn lists_of_different_length_do_not_mix() {
        assert_eq!(merged(json!([{ "x": 1 }]), json!([{ "y": 1 }, { "y": 2 }])), json!([{ "x": 1 }]));
    }
}
