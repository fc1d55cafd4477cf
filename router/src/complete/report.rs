//! The `errors` of a response, with paths in the client's response keys.

use apollo_compiler::Name;
use chatty_access::Caller;
use chatty_kit::Code;

use super::{
    errors::{Errors, Places, SubgraphError},
    json,
    shape::{FieldValue, Object, ObjectField, Shape},
};
use crate::{Limits, operation::truncate, supergraph::Supergraph};

/// Collects errors while completion walks.
pub(super) struct Report<'a> {
    list: &'a [SubgraphError],
    /// Errors of which not all places are filed, and their fields.
    elsewhere: &'a [(usize, async_graphql::Name)],
    limits: &'a Limits,
    caller: &'a Caller,
    path: Vec<PathStep<'a>>,
    /// Errors at fields that the client did not select where it met them, and where that was; one place for each.
    strays: Vec<(usize, Vec<PathStep<'a>>)>,
    /// The members of `errors`, separated by commas.
    out: Vec<u8>,
    count: usize,
}

/// What is known of why a value is null.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Cause {
    Unknown,
    /// Its entity is not there, which is no error.
    Absence,
    /// Errors, which have been told.
    Errors,
}

#[derive(Clone, Copy)]
enum PathStep<'a> {
    Key(&'a str),
    Index(usize),
}

impl<'a> Report<'a> {
    pub(super) fn new(errors: &'a Errors, limits: &'a Limits, caller: &'a Caller) -> Self {
        let (list, elsewhere) = (&errors.list, &errors.elsewhere);
        Self {
            list,
            elsewhere,
            limits,
            caller,
            path: Vec::with_capacity(16),
            strays: Vec::new(),
            out: Vec::new(),
            count: 0,
        }
    }

    /// How many errors were told.
    pub(super) fn told(&self) -> usize {
        self.count
    }

    pub(super) fn enter_key(&mut self, key: &'a Name) {
        self.path.push(PathStep::Key(key.as_str()));
    }

    pub(super) fn enter_index(&mut self, index: usize) {
        self.path.push(PathStep::Index(index));
    }

    pub(super) fn leave(&mut self) {
        self.path.pop();
    }

    /// Writes `,"errors":[…]` where there are any.
    pub(super) fn finish(mut self, out: &mut Vec<u8>) {
        for (id, path) in std::mem::take(&mut self.strays) {
            if !self.list[id].asked.get() {
                self.path = path;
                self.subgraph_error(id);
            }
        }
        if self.count > 0 {
            out.extend_from_slice(b",\"errors\":[");
            out.extend_from_slice(&self.out);
            out.push(b']');
        }
    }

    /// The errors of a place that has a value all the same. One of a whole request is not meant.
    pub(super) fn beside_value(&mut self, places: &Places) {
        for id in &places.here {
            if !self.list[*id].once {
                self.subgraph_error(*id);
            }
        }
    }

    /// The errors of whole requests at a place.
    pub(super) fn failures(&self, places: &Places) -> impl Iterator<Item = usize> {
        places.here.iter().copied().filter(|id| self.list[*id].once)
    }

    /// Why a field is missing of which nothing is filed: the `failures` of requests for parts of what is around it, or
    /// errors at such a field that are at more places than were filed.
    pub(super) fn missing(&mut self, field: &ObjectField, failures: &[usize]) -> Cause {
        let mut cause = self.all(failures);
        for (id, name) in self.elsewhere {
            if name == field.data_key.name() {
                // Nobody is told again and again what belongs to places unknown.
                cause = cause.max(if self.list[*id].reported.get() { self.cause(*id) } else { self.all(&[*id]) });
            }
        }
        cause
    }

    fn cause(&self, id: usize) -> Cause {
        if self.list[id].silent { Cause::Absence } else { Cause::Errors }
    }

    fn here(&mut self, places: &Places) -> Cause {
        self.all(&places.here)
    }

    fn all(&mut self, errors: &[usize]) -> Cause {
        let mut cause = Cause::Unknown;
        for id in errors {
            self.subgraph_error(*id);
            cause = cause.max(self.cause(*id));
        }
        cause
    }

    /// All errors at and below a null.
    pub(super) fn below_null(
        &mut self,
        supergraph: &'a Supergraph,
        places: &Places,
        shape: Option<&'a Shape>,
    ) -> Cause {
        let mut cause = self.here(places);
        let shape = match shape {
            Some(Shape::NonNull(inner)) => Some(inner.as_ref()),
            shape => shape,
        };
        for (key, below) in &places.keys {
            let field = match shape {
                Some(Shape::Composite(level)) => level.field_by_data_key(supergraph, key),
                _ => None,
            };
            let step = field.map(|field| PathStep::Key(field.response_key.as_str()));
            cause = cause.max(self.below_step(supergraph, step, below, field.and_then(data_shape)));
        }
        for (index, below) in &places.indices {
            let (step, item) = match shape {
                Some(Shape::List(item)) => (Some(PathStep::Index(*index)), Some(item.as_ref())),
                _ => (None, None),
            };
            cause = cause.max(self.below_step(supergraph, step, below, item));
        }
        cause
    }

    /// All errors at and below fields of an object that is null.
    pub(super) fn behind(&mut self, supergraph: &'a Supergraph, places: &Places, fields: &'a [ObjectField]) -> Cause {
        let mut cause = Cause::Unknown;
        for field in fields {
            if let Some(below) = places.key(field.data_key.name()) {
                let step = PathStep::Key(field.response_key.as_str());
                cause = cause.max(self.below_step(supergraph, Some(step), below, data_shape(field)));
            }
        }
        cause
    }

    /// The same one step further down; a step that the client has no name for is left out.
    fn below_step(
        &mut self,
        supergraph: &'a Supergraph,
        step: Option<PathStep<'a>>,
        places: &Places,
        shape: Option<&'a Shape>,
    ) -> Cause {
        self.path.extend(step);
        let cause = self.below_null(supergraph, places, shape);
        if step.is_some() {
            self.path.pop();
        }
        // An absence explains its own field alone.
        if cause == Cause::Errors { cause } else { Cause::Unknown }
    }

    /// Errors below an object at fields that the client did not select there. Another of its aliases did, and tells; or
    /// only the planner did, for keys: those that nobody tells in the end are told at the object.
    pub(super) fn strays(&mut self, places: &Places, object: &Object) {
        for (key, below) in &places.keys {
            if !object.fields.iter().any(|field| field.data_key.name() == key) {
                self.stray(below);
            }
        }
    }

    /// Errors of an object that is cut off before they were met: another one already tells why.
    pub(super) fn cut(&self, places: &Places, object: &Object) {
        for field in &object.fields {
            if let Some(below) = places.key(field.data_key.name()) {
                self.asked(below);
            }
        }
    }

    fn asked(&self, places: &Places) {
        places.here.iter().for_each(|id| self.list[*id].asked.set(true));
        places.keys.values().chain(places.indices.values()).for_each(|below| self.asked(below));
    }

    fn stray(&mut self, places: &Places) {
        for id in &places.here {
            let error = &self.list[*id];
            if !error.asked.get() && !error.strayed.replace(true) {
                self.strays.push((*id, self.path.clone()));
            }
        }
        for below in places.keys.values().chain(places.indices.values()) {
            self.stray(below);
        }
    }

    /// A null that the schema forbids and no subgraph explained.
    pub(super) fn null_violation(&mut self, field: &ObjectField) {
        let message = format!("the non-null field `{}` has no value", field.coordinate);
        self.write(&message, Code::Internal.as_str(), &[]);
    }

    /// A value that does not fit the schema.
    pub(super) fn not_coercible(&mut self, field: &ObjectField) {
        let message = format!("the value of `{}` does not fit its type", field.coordinate);
        self.write(&message, Code::Internal.as_str(), &[]);
    }

    fn subgraph_error(&mut self, id: usize) {
        let error = &self.list[id];
        error.asked.set(true);
        let was_reported = error.reported.replace(true);
        if error.silent || error.once && was_reported {
            return;
        }
        self.write(&error.message, &error.code, &error.extensions);
    }

    fn write(&mut self, message: &str, code: &str, extensions: &[(String, async_graphql::Value)]) {
        if self.count == self.limits.errors {
            return;
        }
        let out = &mut self.out;
        if self.count > 0 {
            out.push(b',');
        }
        self.count += 1;
        out.extend_from_slice(b"{\"message\":");
        json::write_str(out, &truncate(message.to_owned(), self.limits.error_bytes));
        if !self.path.is_empty() {
            out.extend_from_slice(b",\"path\":[");
            for (at, step) in self.path.iter().enumerate() {
                if at > 0 {
                    out.push(b',');
                }
                match step {
                    PathStep::Key(key) => json::write_str(out, key),
                    PathStep::Index(index) => json::write_u64(out, *index as u64),
                }
            }
            out.push(b']');
        }
        out.extend_from_slice(b",\"extensions\":{\"code\":");
        json::write_str(out, code);
        let mut room = self.limits.error_bytes;
        for (name, value) in extensions {
            let start = out.len();
            if json::write_member(out, name, value, room) {
                room -= out.len() - start;
            }
        }
        out.extend_from_slice(b",\"traceId\":");
        json::write_str(out, &self.caller.trace_id);
        out.extend_from_slice(b"}}");
    }
}

fn data_shape(field: &ObjectField) -> Option<&Shape> {
    match &field.value {
        FieldValue::Data(shape) => Some(shape),
        _ => None,
    }
}
