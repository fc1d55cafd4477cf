//! Walks merged data along the paths of a plan.

use async_graphql::{Name, PathSegment};

use super::merge::merge;
use crate::{
    complete::Step,
    planner::{Path, PathStep, Rename},
    supergraph::Supergraph,
    value::Value,
};

/// A place that a path leads to, as steps from the root of the data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) steps: Vec<Step>,
}

/// Visits every value that is not null at the end of a path. Lists that the path does not mention are entered too.
pub(super) fn visit<'v, 'a>(
    supergraph: &Supergraph,
    value: &'v Value<'a>,
    path: &[PathStep],
    indices: &mut Vec<usize>,
    found: &mut dyn FnMut(&'v Value<'a>, &[usize]),
) {
    match (value, path.split_first()) {
        (Value::Null, _) => {}
        (Value::List(items), rest) => {
            let path = match rest {
                Some((PathStep::Each, rest)) => rest,
                _ => path,
            };
            for (at, item) in items.iter().enumerate() {
                indices.push(at);
                visit(supergraph, item, path, indices, found);
                indices.pop();
            }
        }
        (value, None) => found(value, indices),
        (Value::Object(members), Some((PathStep::Key(key, place), rest))) => {
            if let Some(member) = members.get_near(place, key) {
                visit(supergraph, member, rest, indices, found);
            }
        }
        (Value::Object(_), Some((PathStep::OneOf(types), rest))) if is_one_of(supergraph, value, types) => {
            visit(supergraph, value, rest, indices, found);
        }
        _ => {}
    }
}

/// Visits the same values to change them.
pub(super) fn visit_mut<'a>(
    supergraph: &Supergraph,
    value: &mut Value<'a>,
    path: &[PathStep],
    indices: &mut Vec<usize>,
    found: &mut dyn FnMut(&mut Value<'a>, &[usize]),
) {
    match (value, path.split_first()) {
        (Value::Null, _) => {}
        (Value::List(items), rest) => {
            let path = match rest {
                Some((PathStep::Each, rest)) => rest,
                _ => path,
            };
            for (at, item) in items.iter_mut().enumerate() {
                indices.push(at);
                visit_mut(supergraph, item, path, indices, found);
                indices.pop();
            }
        }
        (value, None) => found(value, indices),
        (Value::Object(members), Some((PathStep::Key(key, place), rest))) => {
            if let Some(member) = members.get_near_mut(place, key) {
                visit_mut(supergraph, member, rest, indices, found);
            }
        }
        (value @ Value::Object(_), Some((PathStep::OneOf(types), rest))) if is_one_of(supergraph, value, types) => {
            visit_mut(supergraph, value, rest, indices, found);
        }
        _ => {}
    }
}

/// Whether an object's type is one of these, or an implementer of one. An object without a name may be.
pub(super) fn is_one_of(supergraph: &Supergraph, value: &Value<'_>, types: &[String]) -> bool {
    typename(value).is_none_or(|name| types.iter().any(|ty| supergraph.satisfies_in_full(name, ty)))
}

/// The `__typename` in the data.
pub(super) fn typename<'v>(value: &'v Value<'_>) -> Option<&'v str> {
    let Value::Object(members) = value else { return None };
    members.get("__typename")?.as_str()
}

/// Whether a path leads anywhere.
pub(super) fn exists(supergraph: &Supergraph, data: &Value<'_>, path: &Path) -> bool {
    let mut any = false;
    visit(supergraph, data, path, &mut Vec::new(), &mut |_, _| any = true);
    any
}

/// The places that a path leads to.
pub(super) fn find(supergraph: &Supergraph, data: &Value<'_>, path: &Path) -> Vec<Place> {
    let mut places = Vec::new();
    visit(supergraph, data, path, &mut Vec::new(), &mut |_, indices| {
        places.push(Place { steps: place_steps(data, path, indices) });
    });
    places
}

/// The steps of a place, from its path and the indices of the lists on the way.
pub(super) fn place_steps(data: &Value<'_>, path: &[PathStep], indices: &[usize]) -> Vec<Step> {
    let (mut steps, mut value, mut indices) = (Vec::new(), Some(data), indices.iter());
    let enter_lists =
        |value: &mut Option<&Value<'_>>, indices: &mut std::slice::Iter<'_, usize>, steps: &mut Vec<Step>| {
            while let Some(Value::List(items)) = value {
                let Some(at) = indices.next() else { return };
                steps.push(Step::Index(*at));
                *value = items.get(*at);
            }
        };
    enter_lists(&mut value, &mut indices, &mut steps);
    for step in path {
        if let PathStep::Key(key, _) = step {
            steps.push(Step::Key(key.clone()));
            value = match value {
                Some(Value::Object(members)) => members.get(key),
                _ => None,
            };
            enter_lists(&mut value, &mut indices, &mut steps);
        }
    }
    steps
}

/// Merges a value into every place of a path; the last one gets it moved.
pub(super) fn merge_into<'a>(
    supergraph: &Supergraph,
    data: &mut Value<'a>,
    path: &Path,
    places: &[Place],
    value: Value<'a>,
) {
    let (mut remaining, mut value) = (places.len(), Some(value));
    visit_mut(supergraph, data, path, &mut Vec::new(), &mut |target, _| {
        remaining = remaining.saturating_sub(1);
        let source = if remaining == 0 { value.take() } else { value.clone() };
        if let Some(source) = source {
            merge(supergraph, target, source);
        }
    });
}

/// Gives values the names back that the planner had replaced.
pub(super) fn rename<'a>(supergraph: &Supergraph, data: &mut Value<'a>, renames: &'a [Rename]) {
    for rename in renames {
        visit_mut(supergraph, data, &rename.path, &mut Vec::new(), &mut |value, _| {
            if let Value::Object(members) = value {
                members.rename(&rename.from, &rename.to);
            }
        });
    }
}

/// A subgraph's error path as steps, with the planner's aliases undone.
pub(super) fn steps(path: &[PathSegment], renames: &[Rename]) -> Vec<Step> {
    let step = |segment: &PathSegment| match segment {
        PathSegment::Index(at) => Step::Index(*at),
        PathSegment::Field(key) => {
            let known = renames.iter().find(|rename| *rename.from == **key);
            Step::Key(known.map_or_else(|| Name::new(key), |rename| rename.to.clone()))
        }
    };
    path.iter().map(step).collect()
}
