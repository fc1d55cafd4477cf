//! Merges values by moving them.

use crate::{supergraph::Supergraph, value::Value};

/// Merges `source` into `target`: objects member by member, lists item by item, anything else only where nothing is.
///
/// Of two names of an object's type the narrower stands: a subgraph that knows an interface as an object
/// (`@interfaceObject`) calls everything by the interface's name until another one tells the type.
pub(super) fn merge<'a>(supergraph: &Supergraph, target: &mut Value<'a>, source: Value<'a>) {
    match (target, source) {
        (Value::Object(target), Value::Object(source)) => {
            if target.is_empty() {
                *target = source;
                return;
            }
            target.merge(source, |name, known, value| match name {
                TYPENAME if !is_narrower(supergraph, known, &value) => {}
                TYPENAME => *known = value,
                _ => merge(supergraph, known, value),
            });
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

/// The same with a copy of `source`.
pub(super) fn merge_copy<'a>(supergraph: &Supergraph, target: &mut Value<'a>, source: &Value<'a>) {
    match (target, source) {
        (Value::Object(target), Value::Object(source)) => {
            target.merge_copy(source, |name, known, value| match name {
                TYPENAME if !is_narrower(supergraph, known, value) => {}
                TYPENAME => *known = value.clone(),
                _ => merge_copy(supergraph, known, value),
            });
        }
        (Value::List(target), Value::List(source)) if target.len() == source.len() => {
            for (known, value) in target.iter_mut().zip(source) {
                merge_copy(supergraph, known, value);
            }
        }
        (target @ Value::Null, source) => *target = source.clone(),
        _ => {}
    }
}

const TYPENAME: &str = "__typename";

/// Whether `name` is the name of a type that implements the known one.
fn is_narrower(supergraph: &Supergraph, known: &Value<'_>, name: &Value<'_>) -> bool {
    let names = known.as_str().zip(name.as_str());
    names.is_some_and(|(known, name)| known != name && supergraph.satisfies_in_full(name, known))
}

#[cfg(test)]
mod tests {
    use async_graphql::Value as Owned;
    use serde_json::{Value as Json, json};

    use super::*;

    fn merged(target: Json, source: Json) -> Json {
        let supergraph = Supergraph::parse(
            "type Query { media: Media } interface Media { id: ID } type Video implements Media { id: ID }",
        )
        .unwrap();
        let [target, source] = [target, source].map(|json| Owned::from_json(json).unwrap());
        let (mut moved, mut copied) = (Value::from(&target), Value::from(&target));
        merge(&supergraph, &mut moved, Value::from(&source));
        merge_copy(&supergraph, &mut copied, &Value::from(&source));
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
    fn the_narrower_type_name_stands_whichever_came_first() {
        let named = |name: &str| json!({ "__typename": name });
        assert_eq!(merged(named("Media"), named("Video")), named("Video"));
        assert_eq!(merged(named("Video"), named("Media")), named("Video"));
        assert_eq!(merged(named("Video"), named("Query")), named("Video"));
    }

    #[test]
    fn lists_of_different_length_do_not_mix() {
        assert_eq!(merged(json!([{ "x": 1 }]), json!([{ "y": 1 }, { "y": 2 }])), json!([{ "x": 1 }]));
    }
}
