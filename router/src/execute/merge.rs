//! Merges values by moving them.

use async_graphql::Value;

/// Merges `source` into `target`: objects member by member, lists item by item, anything else only where nothing is.
pub(super) fn merge(target: &mut Value, source: Value) {
    match (target, source) {
        (Value::Object(target), Value::Object(source)) => {
            if target.is_empty() {
                *target = source;
                return;
            }
            for (key, value) in source {
                match target.get_mut(&key) {
                    Some(known) => merge(known, value),
                    None => drop(target.insert(key, value)),
                }
            }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn objects_and_lists_merge_and_the_first_leaf_stands() {
        let mut target =
            Value::from_json(serde_json::json!({ "a": { "x": 1 }, "l": [{ "x": 1 }, null], "n": null, "v": 1 }))
                .unwrap();
        let source = serde_json::json!({ "a": { "y": 2 }, "l": [{ "y": 2 }, { "y": 3 }], "n": 4, "v": 5, "w": 6 });
        merge(&mut target, Value::from_json(source).unwrap());
        let merged = serde_json::json!({
            "a": { "x": 1, "y": 2 }, "l": [{ "x": 1, "y": 2 }, { "y": 3 }], "n": 4, "v": 1, "w": 6,
        });
        assert_eq!(target.into_json().unwrap(), merged);
    }

    #[test]
    fn lists_of_different_length_do_not_mix() {
        let mut target = Value::from_json(serde_json::json!([{ "x": 1 }])).unwrap();
        merge(&mut target, Value::from_json(serde_json::json!([{ "y": 1 }, { "y": 2 }])).unwrap());
        assert_eq!(target.into_json().unwrap(), serde_json::json!([{ "x": 1 }]));
    }
}
