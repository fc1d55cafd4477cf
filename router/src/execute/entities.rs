//! Entity requests: representations out of merged data, entities back to where they came from.
//!
//! Each distinct representation is sent once, however many places it stands at.

use std::{borrow::Cow, collections::HashMap, hash::BuildHasher, slice};

use async_graphql::Name;

use super::{
    faults::{Answered, PlacedError, Unfit},
    file,
    merge::{merge, merge_copy},
    paths::{self, is_one_of, typename},
    room::Room,
};
use crate::{
    complete::{Errors, Step},
    planner::{EntityCall, Requirement},
    supergraph::Supergraph,
    upstream::{Failure, Variable},
    value::{Object, Value},
};

/// The representations of one request.
pub(super) struct Batch<'a> {
    /// One for each distinct variable of the request.
    sets: Vec<Representations<'a>>,
}

/// The representations in one variable, and where they stand.
struct Representations<'a> {
    variable: &'a Name,
    values: Vec<Value<'a>>,
    /// How many values there are, which are moved into the request.
    asked: usize,
    /// For each path of the call.
    places: Vec<Places>,
    /// For each path of the call, where something stands that has no representation.
    unasked: Vec<Vec<Box<[usize]>>>,
}

/// The places of entities at the end of a path, in the order of the walk.
#[derive(Default)]
struct Places {
    /// The indices of the lists on the way to each place, one after the other.
    indices: Vec<usize>,
    /// Where each one's indices end, and which representation it has.
    placed: Vec<(usize, usize)>,
}

impl Places {
    fn push(&mut self, indices: &[usize], representation: usize) {
        self.indices.extend_from_slice(indices);
        self.placed.push((self.indices.len(), representation));
    }

    /// The indices of each place, and its representation.
    fn iter(&self) -> impl Iterator<Item = (&[usize], usize)> {
        let mut start = 0;
        self.placed.iter().map(move |(end, representation)| {
            let indices = &self.indices[start..*end];
            start = *end;
            (indices, *representation)
        })
    }
}

impl<'a> Batch<'a> {
    /// Reads the representations that the calls need.
    pub(super) fn read(supergraph: &Supergraph, data: &Value<'a>, calls: &'a [EntityCall]) -> Self {
        let mut sets: Vec<Representations<'_>> = Vec::with_capacity(calls.len());
        for call in calls {
            if !sets.iter().any(|set| *set.variable == call.variable) {
                sets.push(Representations::read(supergraph, data, call));
            }
        }
        Self { sets }
    }

    /// The values of the request's variables; `None` where no entity is to be asked for.
    pub(super) fn into_request(mut self) -> Option<(Self, Vec<(&'a Name, Variable<'a>)>)> {
        if self.sets.iter().all(|set| set.values.is_empty()) {
            return None;
        }
        let variables = self
            .sets
            .iter_mut()
            .map(|set| (set.variable, Variable::Representations(std::mem::take(&mut set.values))))
            .collect();
        Some((self, variables))
    }

    /// Moves the answered entities to their places and files the errors. Fails where something else than entities was
    /// answered, which is filed as well.
    pub(super) fn merge(
        &self,
        supergraph: &Supergraph,
        calls: &'a [EntityCall],
        answer: Result<Answered<'a>, Failure>,
        data: &mut Value<'a>,
        errors: &mut Errors,
        copies: &Room,
    ) -> Result<(), Unfit> {
        let mut answered = match answer {
            Ok(answered) => answered,
            Err(failure) => {
                errors.add(failure.into_error(), self.places(calls, data));
                return Ok(());
            }
        };
        let is_explained = !answered.errors.is_empty();
        self.file_errors(calls, answered.errors, data, errors);
        let (mut unfit, mut unanswered) = (None, Vec::new());
        for call in calls {
            let found = match &mut answered.data {
                Value::Object(members) => members.get_mut(&call.key).map(std::mem::take),
                _ => None,
            };
            let merged = match found {
                Some(Value::List(entities)) if self.fit(call, &entities) => {
                    let is_absent = |at: usize| entities.get(at) == Some(&Value::Null);
                    errors.add_absences(self.places_of(call, data, is_absent, &[]));
                    self.merge_call(supergraph, call, entities, data, copies)
                }
                None | Some(Value::Null) if is_explained => Ok(()),
                _ => Err(Unfit::NoEntities),
            };
            if let Err(reason) = merged {
                unfit = Some(reason);
                unanswered.push(call);
            }
        }
        let Some(unfit) = unfit else { return Ok(()) };
        errors.add(Failure::Unavailable.into_error(), self.places(unanswered, data));
        Err(unfit)
    }

    /// Files the errors of an answer at the places that they speak of.
    fn file_errors(&self, calls: &[EntityCall], found: Vec<PlacedError>, data: &Value<'_>, errors: &mut Errors) {
        for error in found {
            let steps = paths::steps(&error.path, &[]);
            let call = match steps.first() {
                Some(Step::Key(key)) => calls.iter().find(|call| call.key == *key),
                _ => None,
            };
            let (meant, only, tail) = match (call, steps.get(1)) {
                (Some(call), Some(Step::Index(at))) => {
                    (slice::from_ref(call), Some(*at), paths::steps(&error.path[2..], &call.renames))
                }
                // No index: some entity, and nobody says which. It is told where a value is missing.
                (Some(call), _) => (slice::from_ref(call), None, paths::steps(&error.path[1..], &call.renames)),
                (None, _) => (calls, None, Vec::new()),
            };
            let mut public = error.error;
            public.once |= only.is_none();
            let is_meant = |at| only.is_none_or(|only| only == at);
            let places = meant.iter().flat_map(|call| self.places_of(call, data, is_meant, &tail));
            if let Err(rest) = errors.add_one_of_many(public, places) {
                errors.add(rest, self.places(calls, data));
                break;
            }
        }
    }

    /// The fields that are not asked for because their entity lacks what they require, where an error already tells
    /// that it does.
    pub(super) fn unasked_places(&self, calls: &[EntityCall], data: &Value, errors: &Errors) -> Vec<Vec<Step>> {
        let mut filed = Vec::new();
        for call in calls.iter().filter(|_| !errors.is_empty()) {
            let Some(set) = self.set(call) else { continue };
            for (path, indices) in call.paths.iter().zip(&set.unasked) {
                let places = indices.iter().map(|indices| paths::place_steps(data, path, indices));
                let explained = places.filter(|place| errors.explains(place));
                explained.for_each(|place| filed.extend(file(&place, &[], &call.provides)));
            }
        }
        filed
    }

    /// Whether these can be the entities: one for each representation, in their order, or null.
    fn fit(&self, call: &EntityCall, entities: &[Value<'_>]) -> bool {
        self.set(call).is_some_and(|set| set.asked == entities.len())
            && entities.iter().all(|entity| matches!(entity, Value::Object(_) | Value::Null))
    }

    fn set(&self, call: &EntityCall) -> Option<&Representations<'a>> {
        self.sets.iter().find(|set| *set.variable == call.variable)
    }

    /// Where an error belongs that is `tail` below each of these representations: at every place of them, by one walk.
    fn places_of(
        &self,
        call: &EntityCall,
        data: &Value<'_>,
        is_meant: impl Fn(usize) -> bool + Copy,
        tail: &[Step],
    ) -> impl Iterator<Item = Vec<Step>> {
        let ends = self.set(call).into_iter().flat_map(|set| call.paths.iter().zip(&set.places));
        ends.flat_map(move |(path, places)| {
            let places = places.iter().filter(move |(_, at)| is_meant(*at));
            places.flat_map(move |(indices, _)| file(&paths::place_steps(data, path, indices), tail, &call.provides))
        })
    }

    /// All fields that calls are for.
    fn places<'c>(
        &self,
        calls: impl IntoIterator<Item = &'c EntityCall>,
        data: &Value<'_>,
    ) -> impl Iterator<Item = Vec<Step>> {
        calls.into_iter().flat_map(|call| self.places_of(call, data, |_| true, &[]))
    }

    fn merge_call(
        &self,
        supergraph: &Supergraph,
        call: &'a EntityCall,
        mut entities: Vec<Value<'a>>,
        data: &mut Value<'a>,
        copies: &Room,
    ) -> Result<(), Unfit> {
        let Some(set) = self.set(call) else { return Ok(()) };
        if !call.renames.is_empty() {
            for entity in &mut entities {
                paths::rename(supergraph, entity, &call.renames);
            }
        }
        let mut uses = vec![0_usize; entities.len()];
        for (_, at) in set.places.iter().flat_map(Places::iter) {
            if let Some(uses) = uses.get_mut(at) {
                *uses += 1;
            }
        }
        let further_uses = uses.iter().map(|uses| uses.saturating_sub(1));
        copies.take_copies(entities.iter().zip(further_uses)).ok_or(Unfit::TooManyCopies)?;
        for (path, places) in call.paths.iter().zip(&set.places) {
            let mut places = places.iter().peekable();
            paths::visit_mut(supergraph, data, path, &mut Vec::new(), &mut |target, indices| {
                // A place that was not there when representations were read has none.
                let Some((_, at)) = places.next_if(|(next, _)| *next == indices) else { return };
                let (Some(entity), Some(uses)) = (entities.get_mut(at), uses.get_mut(at)) else { return };
                *uses -= 1;
                if *uses == 0 {
                    merge(supergraph, target, std::mem::take(entity));
                } else {
                    merge_copy(supergraph, target, entity);
                }
            });
        }
        Ok(())
    }
}

impl<'a> Representations<'a> {
    fn read(supergraph: &Supergraph, data: &Value<'a>, call: &'a EntityCall) -> Self {
        let mut distinct = Distinct::default();
        let (mut places, mut unasked) = (Vec::with_capacity(call.paths.len()), Vec::with_capacity(call.paths.len()));
        for path in &call.paths {
            let (mut here, mut lacking) = (Places::default(), Vec::<Box<[usize]>>::new());
            paths::visit(supergraph, data, path, &mut Vec::new(), &mut |value, indices| {
                if represent(supergraph, value, call, &mut distinct.next).is_some() {
                    here.push(indices, distinct.add());
                } else {
                    lacking.push(indices.into());
                }
            });
            places.push(here);
            unasked.push(lacking);
        }
        let asked = distinct.values.len();
        Self { variable: &call.variable, values: distinct.values, asked, places, unasked }
    }
}

/// Values without repetition, in order.
#[derive(Default)]
struct Distinct<'a> {
    values: Vec<Value<'a>>,
    by_hash: HashMap<u64, Vec<usize>>,
    /// The next value, whose room serves another one if it turns out to be known: most are.
    next: Object<'a>,
}

impl<'a> Distinct<'a> {
    /// The index of a value that equals the next one, which may be itself.
    fn add(&mut self) -> usize {
        // The map's keys are secret and its own, so that nobody finds values that differ and hash alike.
        let hash = self.by_hash.hasher().hash_one(&self.next);
        let same_hash = self.by_hash.entry(hash).or_default();
        let is_next = |value: &Value<'a>| matches!(value, Value::Object(members) if *members == self.next);
        if let Some(known) = same_hash.iter().find(|at| is_next(&self.values[**at])) {
            return *known;
        }
        same_hash.push(self.values.len());
        self.values.push(Value::Object(std::mem::take(&mut self.next)));
        self.values.len() - 1
    }
}

/// Makes `out` the representation of an entity; `None` where it lacks what a representation needs.
fn represent<'a>(supergraph: &Supergraph, value: &Value<'a>, call: &'a EntityCall, out: &mut Object<'a>) -> Option<()> {
    let Value::Object(members) = value else { return None };
    out.clear();
    require(supergraph, value, members, &call.requires, true, out)?;
    for setter in &call.input {
        if is_one_of(supergraph, value, &setter.types) {
            out.set("__typename", Value::String(Cow::Borrowed(&setter.typename)));
        }
    }
    // The name of a type alone names no entity.
    (out.len() > 1 && out.get("__typename").is_some()).then_some(())
}

/// Copies what is required. Inside a condition that only may hold (`strict` is false), what is missing is left out.
fn require<'a>(
    supergraph: &Supergraph,
    value: &Value<'a>,
    members: &Object<'a>,
    requirements: &'a [Requirement],
    strict: bool,
    out: &mut Object<'a>,
) -> Option<()> {
    for requirement in requirements {
        match requirement {
            Requirement::Field { from, place, to, non_null, body } => {
                let found = members.get_near(place, from).or_else(|| members.get(to));
                match found {
                    None if strict => return None,
                    None => {}
                    Some(Value::Null) if *non_null && strict => return None,
                    Some(found) => {
                        let copied =
                            if body.is_empty() { found.clone() } else { copy(supergraph, found, body, strict)? };
                        out.set(to, copied);
                    }
                }
            }
            Requirement::On { condition, body } => {
                let name = typename(value);
                if name.is_none_or(|name| supergraph.satisfies_in_full(name, condition)) {
                    require(supergraph, value, members, body, strict, out)?;
                } else if name.is_some_and(|name| supergraph.satisfies_in_full(condition, name)) {
                    // The data calls itself by an interface's name; it may be of the narrower type.
                    require(supergraph, value, members, body, false, out)?;
                }
            }
        }
    }
    Some(())
}

fn copy<'a>(supergraph: &Supergraph, value: &Value<'a>, body: &'a [Requirement], strict: bool) -> Option<Value<'a>> {
    match value {
        Value::List(items) => {
            let copied = items.iter().map(|item| copy(supergraph, item, body, strict));
            copied.collect::<Option<_>>().map(Value::List)
        }
        Value::Object(members) => {
            let mut out = Object::default();
            require(supergraph, value, members, body, strict, &mut out)?;
            Some(Value::Object(out))
        }
        other => Some(other.clone()),
    }
}

#[cfg(test)]
mod tests {
    use async_graphql::Value as Owned;
    use serde_json::json;

    use super::*;

    #[test]
    fn values_that_differ_in_anything_hash_apart_and_nobody_knows_how() {
        let lists = (0..500).map(|at| json!({ "k": vec![json!([]); at] }));
        let names = (0..500).map(|at| json!({ format!("k{at}"): [] }));
        let nested = [json!({ "k": {} }), json!({ "k": null }), json!({ "k": [[[]]] }), json!({ "k": [{}] })];
        let owned: Vec<_> = lists.chain(names).chain(nested).map(|json| Owned::from_json(json).unwrap()).collect();
        let (mut distinct, mut other) = (Distinct::default(), Distinct::default());
        for distinct in [&mut distinct, &mut other] {
            // Twice, to find all of them again.
            for (at, value) in owned.iter().chain(&owned).enumerate() {
                let Value::Object(members) = Value::from(value) else { panic!("an object") };
                distinct.next = members;
                assert_eq!(distinct.add(), at % owned.len());
            }
            assert_eq!((distinct.values.len(), distinct.by_hash.len()), (owned.len(), owned.len()));
        }
        assert!(distinct.by_hash.keys().all(|hash| !other.by_hash.contains_key(hash)), "each batch has its own keys");
    }
}
