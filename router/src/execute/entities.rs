//! Entity requests: representations out of merged data, entities back to where they came from.
//!
//! Each distinct representation is sent once, however many objects it stands for, and each answered entity is kept once.

use std::{
    collections::{HashMap, HashSet},
    slice,
};

use async_graphql::Name;

use super::{
    faults::{Answered, PlacedError, Unfit},
    file,
    paths::{self, Listable, Place},
    representation::{Distinct, Representer},
};
use crate::{
    complete::{Errors, Step},
    data::{Data, ObjectId, Value},
    planner::EntityCall,
    supergraph::Supergraph,
    upstream::{Failure, Variable},
};

/// The representations of one request.
pub(super) struct Batch<'a> {
    /// One for each distinct variable of the request.
    sets: Vec<Representations<'a>>,
}

/// The representations in one variable, and the objects that they stand for.
struct Representations<'a> {
    variable: &'a Name,
    /// A list, which is moved into the request.
    json: Vec<u8>,
    /// How many there are.
    asked: usize,
    is_too_long: bool,
    /// For each path of the call, which objects have which representation.
    objects: Vec<Vec<(ObjectId, usize)>>,
    /// For each path of the call, what has no representation.
    unasked: Vec<Vec<ObjectId>>,
}

impl<'a> Batch<'a> {
    /// Reads the representations that the calls need.
    pub(super) fn read(supergraph: &Supergraph, data: &Data<'a>, calls: &'a [EntityCall]) -> Self {
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
        if self.sets.iter().all(|set| set.asked == 0) {
            return None;
        }
        let variables = self
            .sets
            .iter_mut()
            .map(|set| (set.variable, Variable::Representations(std::mem::take(&mut set.json))))
            .collect();
        Some((self, variables))
    }

    /// Whether the request would be longer than any that is sent.
    pub(super) fn is_too_long(&self) -> bool {
        self.sets.iter().any(|set| set.is_too_long)
    }

    /// Merges the answered entities into the objects that they were asked for, and files the errors. Fails where something
    /// else than entities was answered, which is filed as well.
    pub(super) fn merge(
        &self,
        supergraph: &Supergraph,
        calls: &'a [EntityCall],
        answer: Result<Answered<'a>, Failure>,
        data: &mut Data<'a>,
        errors: &mut Errors,
    ) -> Result<(), Unfit> {
        let filing = Filing { batch: self, supergraph, calls, listable: Listable::new() };
        let are_all = || filing.listable.is_left();
        let answered = match answer {
            Ok(answered) => answered,
            Err(failure) => {
                errors.add(failure.into_error(), filing.fields(data, calls), are_all);
                return Ok(());
            }
        };
        let is_explained = !answered.errors.is_empty();
        if is_explained {
            filing.file_errors(answered.errors, data, errors);
        }
        let (mut unfit, mut unanswered) = (None, Vec::new());
        for call in calls {
            let found = match answered.data {
                Value::Object(members) => data.get(members, &call.key),
                _ => None,
            };
            let entities = match found {
                Some(Value::List(entities)) => self.fitting(call, data.items(entities)),
                _ => None,
            };
            let merged = match (entities, found) {
                (Some(entities), _) => {
                    if entities.contains(&None) {
                        let absent = filing.fields_of(data, call, |at| entities[at].is_none());
                        errors.add_absences(absent, are_all);
                    }
                    self.merge_call(supergraph, call, &entities, data)
                }
                (None, None | Some(Value::Null)) if is_explained => Ok(()),
                _ => Err(Unfit::NoEntities),
            };
            if let Err(reason) = merged {
                unfit = Some(reason);
                unanswered.push(call);
            }
        }
        let Some(unfit) = unfit else { return Ok(()) };
        errors.add(Failure::Unavailable.into_error(), filing.fields(data, unanswered), are_all);
        Err(unfit)
    }

    /// Files that fields are not asked for because their entity lacks what they require, where an error already tells
    /// that it does.
    pub(super) fn file_unasked(
        &self,
        supergraph: &Supergraph,
        calls: &[EntityCall],
        data: &Data<'_>,
        errors: &mut Errors,
    ) {
        let (mut explained, listable) = (Vec::new(), Listable::new());
        for call in calls.iter().filter(|_| !errors.is_empty()) {
            let Some(set) = self.set(call) else { continue };
            for (path, unasked) in call.paths.iter().zip(&set.unasked).filter(|(_, unasked)| !unasked.is_empty()) {
                let unasked: HashSet<_> = unasked.iter().collect();
                let places = paths::places(supergraph, data, path, &listable).into_iter();
                let meant = places.filter(|(object, place)| unasked.contains(object) && errors.explains(place));
                explained.extend(meant.map(|(_, place)| (place, &call.provides)));
            }
        }
        let fields = explained.iter().flat_map(|(place, provides)| file(place, &[], provides));
        errors.add_absences(fields, || listable.is_left());
    }

    /// What may be the entities: one for each representation, in their order, or null.
    fn fitting(&self, call: &EntityCall, entities: &[Value<'_>]) -> Option<Vec<Option<ObjectId>>> {
        let entity = |entity: &Value<'_>| match entity {
            Value::Object(object) => Some(Some(*object)),
            Value::Null => Some(None),
            _ => None,
        };
        self.set(call).filter(|set| set.asked == entities.len())?;
        entities.iter().map(entity).collect()
    }

    fn set(&self, call: &EntityCall) -> Option<&Representations<'a>> {
        self.sets.iter().find(|set| *set.variable == call.variable)
    }

    fn merge_call(
        &self,
        supergraph: &Supergraph,
        call: &'a EntityCall,
        entities: &[Option<ObjectId>],
        data: &mut Data<'a>,
    ) -> Result<(), Unfit> {
        let Some(set) = self.set(call) else { return Ok(()) };
        if !call.renames.is_empty() {
            for entity in entities.iter().flatten() {
                paths::rename(supergraph, data, Value::Object(*entity), &call.renames);
            }
        }
        for (object, at) in set.objects.iter().flatten() {
            if let Some(Some(entity)) = entities.get(*at) {
                data.merge(supergraph, *object, *entity)?;
            }
        }
        Ok(())
    }
}

/// Files errors at the places of the entities that they speak of.
struct Filing<'f, 'a> {
    batch: &'f Batch<'a>,
    supergraph: &'f Supergraph,
    calls: &'a [EntityCall],
    listable: Listable,
}

impl Filing<'_, '_> {
    /// Where the entities of a call stand: their representations and places.
    fn places(&self, data: &Data<'_>, call: &EntityCall) -> Vec<(usize, Vec<Step>)> {
        let Some(set) = self.batch.set(call) else { return Vec::new() };
        let mut all = Vec::new();
        for (path, objects) in call.paths.iter().zip(&set.objects) {
            let objects: HashMap<_, _> = objects.iter().copied().collect();
            // What was not there when representations were read has none, but if it took an object's place, that one's.
            let known = |(object, steps): Place| {
                let at = data.whole(object).layers().find_map(|layer| objects.get(&layer.object))?;
                Some((*at, steps))
            };
            all.extend(paths::places(self.supergraph, data, path, &self.listable).into_iter().filter_map(known));
        }
        all
    }

    /// The fields that a call is for, at the places of some representations.
    fn fields_of(
        &self,
        data: &Data<'_>,
        call: &EntityCall,
        is_meant: impl Fn(usize) -> bool,
    ) -> impl Iterator<Item = Vec<Step>> {
        let places = self.places(data, call).into_iter().filter(move |(at, _)| is_meant(*at));
        places.flat_map(|(_, place)| file(&place, &[], &call.provides))
    }

    /// All fields that calls are for.
    fn fields<'c>(
        &self,
        data: &Data<'_>,
        calls: impl IntoIterator<Item = &'c EntityCall>,
    ) -> impl Iterator<Item = Vec<Step>> {
        calls.into_iter().flat_map(|call| self.fields_of(data, call, |_| true))
    }

    /// Files the errors of an answer.
    fn file_errors(&self, found: Vec<PlacedError>, data: &Data<'_>, errors: &mut Errors) {
        let calls: Vec<_> = self.calls.iter().map(|call| (call, self.places(data, call))).collect();
        let are_all = || self.listable.is_left();
        for error in found {
            let steps = paths::steps(&error.path, &[]);
            let call = match steps.first() {
                Some(Step::Key(key)) => calls.iter().find(|(call, _)| call.key.name() == key),
                _ => None,
            };
            let (meant, only, tail) = match (call, steps.get(1)) {
                (Some(call), Some(Step::Index(at))) => {
                    (slice::from_ref(call), Some(*at), paths::steps(&error.path[2..], &call.0.renames))
                }
                // No index: some entity, and nobody says which. It is told where a value is missing.
                (Some(call), _) => (slice::from_ref(call), None, paths::steps(&error.path[1..], &call.0.renames)),
                (None, _) => (&calls[..], None, Vec::new()),
            };
            let mut public = error.error;
            public.once |= only.is_none();
            let places = meant.iter().flat_map(|(call, places)| {
                let places = places.iter().filter(|(at, _)| only.is_none_or(|only| only == *at));
                places.flat_map(|(_, place)| file(place, &tail, &call.provides))
            });
            if let Err(rest) = errors.add_one_of_many(public, places, are_all) {
                let fields = calls
                    .iter()
                    .flat_map(|(call, places)| places.iter().flat_map(|(_, place)| file(place, &[], &call.provides)));
                errors.add(rest, fields, are_all);
                break;
            }
        }
    }
}

impl<'a> Representations<'a> {
    fn read(supergraph: &Supergraph, data: &Data<'a>, call: &'a EntityCall) -> Self {
        let (mut distinct, mut representer) = (Distinct::new(), Representer::new(supergraph, data));
        let (mut objects, mut unasked) = (Vec::with_capacity(call.paths.len()), Vec::with_capacity(call.paths.len()));
        // Objects with parts, of which many are alike: by the first part, one of them and its representation.
        let mut alike = hashbrown::HashMap::new();
        for path in &call.paths {
            let found = paths::find(supergraph, data, Value::Object(ObjectId::ROOT), path);
            let (mut here, mut lacking) = (Vec::with_capacity(found.len()), Vec::new());
            for object in found {
                let shared = data.shared(object);
                let known =
                    shared.and_then(|shared| alike.get(&shared)).filter(|(known, _)| data.is_alike(*known, object));
                let added = match known {
                    Some((_, at)) => Some(*at),
                    None => distinct.add(|out| representer.write(out, object, call)),
                };
                match added {
                    Some(at) => here.push((object, at)),
                    None => lacking.push(object),
                }
                if let (Some(shared), Some(at), None) = (shared, added, known) {
                    alike.insert(shared, (object, at));
                }
            }
            objects.push(here);
            unasked.push(lacking);
        }
        let (asked, is_too_long) = (distinct.len(), distinct.is_too_long());
        Self { variable: &call.variable, json: distinct.into_json(), asked, is_too_long, objects, unasked }
    }
}
