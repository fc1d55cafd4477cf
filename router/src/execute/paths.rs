//! Walks merged data along the paths of a plan.

use std::{cell::Cell, collections::HashSet};

use async_graphql::{Name, PathSegment};

use crate::{
    complete::Step,
    data::{Data, ObjectId, Value},
    planner::{Path, PathStep, Rename},
    supergraph::Supergraph,
};

/// Values that are visited to list the places of one answer's errors, and steps of those places.
const MOST_LISTED: usize = 1_000_000;

/// Collects objects at the end of a path. Lists that the path does not mention are entered too.
struct Walk<'w, 'a> {
    supergraph: &'w Supergraph,
    data: &'w Data<'a>,
    /// Objects that others share as parts, and how much of the path was left there. What lies behind one is the same
    /// whoever shares it, and is seen once: the places of an entity of entities are more than anybody could visit.
    crossed: HashSet<(usize, ObjectId)>,
    found: Vec<ObjectId>,
}

impl<'a> Walk<'_, 'a> {
    fn visit(&mut self, value: Value<'a>, path: &[PathStep]) {
        match (value, path.split_first()) {
            (Value::List(items), first) => {
                let path = match first {
                    Some((PathStep::Each, rest)) => rest,
                    _ => path,
                };
                for item in self.data.items(items) {
                    self.visit(*item, path);
                }
            }
            (Value::Object(object), None) => self.found.push(object),
            (Value::Object(object), Some((PathStep::Key(key), rest))) => {
                if let Some((holder, member)) = self.data.whole(object).find(key)
                    && (holder == object || self.crossed.insert((rest.len(), holder)))
                {
                    self.visit(*member, rest);
                }
            }
            (Value::Object(object), Some((PathStep::OneOf(types), rest)))
                if is_one_of(self.supergraph, self.data, object, types) =>
            {
                self.visit(value, rest);
            }
            _ => {}
        }
    }
}

/// The objects that a path leads to, each once, however many places it stands at.
pub(super) fn find<'a>(supergraph: &Supergraph, data: &Data<'a>, from: Value<'a>, path: &[PathStep]) -> Vec<ObjectId> {
    let mut walk = Walk { supergraph, data, crossed: HashSet::new(), found: Vec::new() };
    walk.visit(from, path);
    walk.found
}

/// A place that a path leads to: which object stands there, and the steps from the root of the data.
pub(super) type Place = (ObjectId, Vec<Step>);

/// How much of all places may still be listed. Listing takes long where they are many, so it is done for errors alone.
pub(super) struct Listable(Cell<usize>);

impl Listable {
    pub(super) fn new() -> Self {
        Self(Cell::new(MOST_LISTED))
    }

    /// Whether nothing was left out so far.
    pub(super) fn is_left(&self) -> bool {
        self.0.get() > 0
    }

    fn spend(&self, steps: usize) {
        self.0.set(self.0.get().saturating_sub(steps));
    }
}

/// Lists places.
struct Listing<'w, 'a> {
    supergraph: &'w Supergraph,
    data: &'w Data<'a>,
    listable: &'w Listable,
    steps: Vec<Step>,
    places: Vec<Place>,
}

impl<'a> Listing<'_, 'a> {
    fn visit(&mut self, value: Value<'a>, path: &[PathStep]) {
        self.listable.spend(1);
        if !self.listable.is_left() {
            return;
        }
        match (value, path.split_first()) {
            (Value::List(items), first) => {
                let path = match first {
                    Some((PathStep::Each, rest)) => rest,
                    _ => path,
                };
                for (at, item) in self.data.items(items).iter().enumerate() {
                    self.visit_below(Step::Index(at), *item, path);
                }
            }
            (Value::Object(object), None) => {
                self.listable.spend(self.steps.len());
                self.places.push((object, self.steps.clone()));
            }
            (Value::Object(object), Some((PathStep::Key(key), rest))) => {
                if let Some(member) = self.data.get(object, key) {
                    self.visit_below(Step::Key(key.name().clone()), member, rest);
                }
            }
            (Value::Object(object), Some((PathStep::OneOf(types), rest)))
                if is_one_of(self.supergraph, self.data, object, types) =>
            {
                self.visit(value, rest);
            }
            _ => {}
        }
    }

    fn visit_below(&mut self, step: Step, value: Value<'a>, path: &[PathStep]) {
        self.steps.push(step);
        self.visit(value, path);
        self.steps.pop();
    }
}

/// The places that a path leads to, as far as they may be listed.
pub(super) fn places(supergraph: &Supergraph, data: &Data<'_>, path: &Path, listable: &Listable) -> Vec<Place> {
    let mut listing = Listing { supergraph, data, listable, steps: Vec::new(), places: Vec::new() };
    listing.visit(Value::Object(ObjectId::ROOT), path);
    listing.places
}

/// Whether an object's type is one of these, or an implementer of one. An object without a name may be.
pub(super) fn is_one_of(supergraph: &Supergraph, data: &Data<'_>, object: ObjectId, types: &[String]) -> bool {
    data.typename(object).is_none_or(|name| types.iter().any(|ty| supergraph.satisfies_in_full(name, ty)))
}

/// Gives an answer's values the names back that the planner had replaced.
pub(super) fn rename<'a>(supergraph: &Supergraph, data: &mut Data<'a>, answer: Value<'a>, renames: &'a [Rename]) {
    for rename in renames {
        for object in find(supergraph, data, answer, &rename.path) {
            data.rename(object, &rename.from, &rename.to);
        }
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
