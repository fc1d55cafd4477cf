//! Merges values by moving them.

use async_graphql::Value;

use crate::supergraph::Supergraph;

/// Merges `source` into `target`: objects member by member, lists item by item, anything else only where nothing is.
///
/// Of two names of an object's type the narrower stands: a subgraph that knows an interface as an object
/// (`@interfaceObject`) calls everything by the interface's name until another one tells the type.
pub(super) fn merge(supergraph: &Supergraph, target: &mut Value, source: Value) {
    match (target, source) {
        (Value::Object(target), Value::Object(source)) => {
            if target.is_empty() {
                *target = source;
                return;
            }
            for (key, value) in source {
                match target.get_mut(&key) {
                    Some(known) if key == "__typename" => narrow(supergraph, known, value),
                    Some(known) => merge(supergraph, known, value),
                    None => drop(target.insert(key, value)),
                }
            }
        }
        (Value::List(target), Value::List(source)) if target.len() == source.len() => {
            for (known, value) in target.iter_mut().zip(source) {
                merge(supergraph, known, value);
            }
        }
        (target @ Value::Null, source) => *target = source,
        // Two subgraphs that answer the same field must agree; the first one stands.
        _ => {}
    }
}

fn narrow(supergraph: &Supergraph, known: &mut Value, name: Value) {
    if let (Some(wide), Some(narrow)) = (text(known), text(&name))
        && supergraph.satisfies_in_full(narrow, wide)
    {
        *known = name;
    }
}

fn text(value: &Value) -> Option<&str> {
    match value {
        Value::String(name) => Some(name),
        Value::Enum(name) => Some(name),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn merged(target: serde_json::Value, source: serde_json::Value) -> serde_json::Value {
        let supergraph = Supergraph::parse(
            "type Query { media: Media } interface Media { id: ID } type Video implements Media { id: ID }",
        );
        let mut target = Value::from_json(target).unwrap();
        merge(&supergraph.unwrap(), &mut target, Value::from_json(source).unwrap());
        target.into_json().unwrap()
    }

    #[test]
    fn the_narrower_type_name_stands_whichever_came_first() {
        let named = |name: &str| serde_json::json!({ "__typename": name });
        assert_eq!(merged(named("Media"), named("Video")), named("Video"));
        assert_eq!(merged(named("Video"), named("Media")), named("Video"));
        assert_eq!(merged(named("Video"), named("Query")), named("Video"));
    }

    #[test]
    fn objects_and_lists_merge_and_the_first_leaf_stands() {
        let target = serde_json::json!({ "a": { "x": 1 }, "l": [{ "x": 1 }, null], "n": null, "v": 1 });
        let source = serde_json::json!({ "a": { "y": 2 }, "l": [{ "y": 2 }, { "y": 3 }], "n": 4, "v": 5, "w": 6 });
        let expected = serde_json::json!({
            "a": { "x": 1, "y": 2 }, "l": [{ "x": 1, "y": 2 }, { "y": 3 }], "n": 4, "v": 1, "w": 6,
        });
        assert_eq!(merged(target, source), expected);
    }

    #[test]
    fn lists_of_different_length_do_not_mix() {
        let one = serde_json::json!([{ "x": 1 }]);
        assert_eq!(merged(one.clone(), serde_json::json!([{ "y": 1 }, { "y": 2 }])), one);
    }
}
