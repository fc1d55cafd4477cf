//! Completion: merged data in canonical keys becomes the response the client asked for, as JSON bytes.
//!
//! This is the specification's algorithm over the client's own selections and the API schema; it knows nothing of plans
//! or subgraphs. Data is walked once, nulls travel up to the next nullable place by cutting the output back. What is
//! written is counted: one value under a thousand aliases is written a thousand times.

mod errors;
mod introspection;
pub(crate) mod json;
mod leaf;
mod report;
mod selection;
mod shape;

use std::ops::Range;

use bytes::Bytes;
use chatty_access::Caller;
use hashbrown::HashMap;

pub(crate) use errors::{Errors, Step, SubgraphError};
pub(crate) use selection::ClientSet;
pub(crate) use shape::Level;

use crate::{
    LimitExceeded, Limits,
    data::{Data, List, ObjectId, Value},
    operation::{Coerced, Refusal},
    supergraph::Supergraph,
};
use errors::Places;
use report::{Cause, Report};
use shape::{FieldValue, Object, ObjectField, Shape};

/// What completion reads besides the data.
#[derive(Clone, Copy)]
pub(crate) struct Completion<'a> {
    pub(crate) supergraph: &'a Supergraph,
    pub(crate) limits: &'a Limits,
    pub(crate) caller: &'a Caller,
    /// For the arguments of introspection.
    pub(crate) variables: &'a Coerced,
}

impl<'a> Completion<'a> {
    /// Writes the whole response; one that is longer than allowed has no data and the one error that says so.
    pub(crate) fn complete(self, level: &'a Level, data: &'a Data<'a>, errors: &'a Errors) -> Bytes {
        let mut writer = Writer {
            supergraph: self.supergraph,
            data,
            variables: self.variables,
            out: Vec::with_capacity(self.limits.answer_bytes.min(1024 + BYTES_PER_VALUE * data.len())),
            allowed: self.limits.answer_bytes,
            cut: 0,
            report: Report::new(errors, self.limits, self.caller),
            partial: Vec::new(),
            written: HashMap::new(),
            cuts: 0,
        };
        writer.out.extend_from_slice(b"{\"data\":");
        let start = writer.out.len();
        let completed = match level.object(self.supergraph, None) {
            Some(object) => writer.object(object, Some(ObjectId::ROOT), errors.root()),
            None => Err(Stop::Propagate),
        };
        match completed {
            Ok(()) => {}
            Err(Stop::Propagate | Stop::Absent) => {
                writer.out.truncate(start);
                writer.out.extend_from_slice(b"null");
            }
            Err(Stop::Full) => return self.too_long(),
        }
        let Writer { mut out, report, .. } = writer;
        report.finish(&mut out);
        out.push(b'}');
        if out.len() > self.limits.answer_bytes { self.too_long() } else { Bytes::from(out) }
    }

    fn too_long(self) -> Bytes {
        let allowed = self.limits.answer_bytes;
        let exceeded = LimitExceeded::new("answerSize", allowed as u64);
        let exceeded = exceeded.saying(format!("the answer has more than {allowed} bytes; ask for less at once"));
        let mut out = b"{\"data\":null,".to_vec();
        Refusal::from(exceeded).write_errors(&mut out, self.caller);
        out.push(b'}');
        Bytes::from(out)
    }
}

/// Why a value was not written to its end.
#[derive(Clone, Copy)]
enum Stop {
    /// A null at a non-null place, already explained by an error.
    Propagate,
    /// A null at a non-null place of an entity that is not there: the entity itself becomes null, without an error.
    Absent,
    /// The answer is longer than allowed.
    Full,
}

/// The answer is longer than allowed.
struct Full;

impl From<Full> for Stop {
    fn from(_: Full) -> Self {
        Self::Full
    }
}

/// What became of a value at a place that may be null.
enum Outcome {
    Written,
    /// Null, and nobody said why.
    Null,
    /// Null, and an error says why.
    Explained,
    /// Null, because the entity that it is a field of is not there.
    Absent,
    /// The answer is longer than allowed.
    Full,
}

struct Writer<'a> {
    supergraph: &'a Supergraph,
    data: &'a Data<'a>,
    variables: &'a Coerced,
    out: Vec<u8>,
    /// Bytes that may be written.
    allowed: usize,
    /// Bytes that were written and cut off again; they took their time.
    cut: usize,
    report: Report<'a>,
    /// Failures of whole requests that were to give parts of the values around.
    partial: Vec<usize>,
    /// Entities that were written and may stand at further places, by selection and a part that those share.
    written: HashMap<(*const Object, ObjectId), Written>,
    /// How often something was cut off again.
    cuts: usize,
}

/// An object that was written: which one, where, and how often something had been cut off by then.
struct Written {
    value: ObjectId,
    bytes: Range<usize>,
    cuts: usize,
}

/// What a value takes in an answer, for the room that is made at first.
const BYTES_PER_VALUE: usize = 16;

impl<'a> Writer<'a> {
    fn object(&mut self, object: &'a Object, value: Option<ObjectId>, places: Option<&'a Places>) -> Result<(), Stop> {
        match value.and_then(|value| Some((value, self.data.shared(value)?))) {
            Some((value, part)) if object.is_flat && places.is_none() && self.partial.is_empty() => {
                self.entity(object, value, part)
            }
            _ => self.fields(object, value, places),
        }
    }

    /// Writes an entity of which there is nothing to tell, with no objects inside. It may stand at many places, so it is
    /// written once and copied then.
    fn entity(&mut self, object: &'a Object, value: ObjectId, part: ObjectId) -> Result<(), Stop> {
        let key = (std::ptr::from_ref(object), part);
        let known = self.written.get(&key).filter(|known| known.cuts == self.cuts);
        if let Some(known) = known.filter(|known| self.data.is_alike(known.value, value)) {
            self.out.extend_from_within(known.bytes.clone());
            return Ok(());
        }
        let (start, told) = (self.out.len(), self.report.told());
        self.fields(object, Some(value), None)?;
        // An error is to be told at each place.
        if self.report.told() == told {
            self.written.insert(key, Written { value, bytes: start..self.out.len(), cuts: self.cuts });
        }
        Ok(())
    }

    fn fields(&mut self, object: &'a Object, value: Option<ObjectId>, places: Option<&'a Places>) -> Result<(), Stop> {
        let value = value.map(|value| self.data.whole(value));
        self.out.push(b'{');
        for (at, field) in object.fields.iter().enumerate() {
            self.out.extend_from_slice(&field.prefix);
            match &field.value {
                FieldValue::Typename(name) => self.out.extend_from_slice(name),
                FieldValue::Introspection(shape) => self.introspection(field, shape)?,
                FieldValue::Data(shape) => {
                    let value = value.as_ref().and_then(|value| value.get(&field.data_key));
                    let below = places.and_then(|places| places.key(field.data_key.name()));
                    self.report.enter_key(&field.response_key);
                    let written = self.value(shape, field, value, below);
                    self.report.leave();
                    written.map_err(|stop| self.cut(stop, object, at, places))?;
                }
            }
            self.check_room()?;
        }
        self.out.push(b'}');
        if let Some(places) = places {
            self.report.strays(places, object);
        }
        Ok(())
    }

    /// Leaves an object at one of its fields. It is not for want of an entity if errors speak of the fields behind, which
    /// are told then: their order must not decide that.
    fn cut(&mut self, stop: Stop, object: &'a Object, at: usize, places: Option<&'a Places>) -> Stop {
        match (stop, places) {
            (Stop::Absent, Some(places)) => match self.report.behind(self.supergraph, places, &object.fields[at + 1..])
            {
                Cause::Errors => Stop::Propagate,
                Cause::Absence | Cause::Unknown => Stop::Absent,
            },
            (Stop::Propagate, Some(places)) => {
                self.report.cut(places, object);
                stop
            }
            _ => stop,
        }
    }

    /// Writes a value where its type says it belongs.
    fn value(
        &mut self,
        shape: &'a Shape,
        field: &'a ObjectField,
        value: Option<Value<'a>>,
        places: Option<&'a Places>,
    ) -> Result<(), Stop> {
        let (inner, non_null) = match shape {
            Shape::NonNull(inner) => (inner.as_ref(), true),
            shape => (shape, false),
        };
        match (self.nullable(inner, field, value, places), non_null) {
            (Outcome::Written, _) => Ok(()),
            (Outcome::Full, _) => Err(Stop::Full),
            (Outcome::Null | Outcome::Explained | Outcome::Absent, false) => {
                self.out.extend_from_slice(b"null");
                Ok(())
            }
            (Outcome::Explained, true) => Err(Stop::Propagate),
            (Outcome::Absent, true) => Err(Stop::Absent),
            (Outcome::Null, true) => {
                self.report.null_violation(field);
                Err(Stop::Propagate)
            }
        }
    }

    /// Writes a value, or nothing where it is null.
    fn nullable(
        &mut self,
        shape: &'a Shape,
        field: &'a ObjectField,
        value: Option<Value<'a>>,
        places: Option<&'a Places>,
    ) -> Outcome {
        let is_missing = value.is_none();
        let Some(value) = value.filter(|value| !value.is_null()) else {
            if let (Shape::Composite(level), Some(places)) = (shape, places)
                && let Some(object) = level.all_failed(self.supergraph, places)
            {
                let start = self.out.len();
                let written = self.object(object, None, Some(places));
                return self.settle(start, written);
            }
            let told = places.map(|places| self.report.below_null(self.supergraph, places, Some(shape)));
            let cause = match told {
                Some(cause @ (Cause::Errors | Cause::Absence)) => cause,
                _ if is_missing => self.report.missing(field, &self.partial),
                _ => Cause::Unknown,
            };
            return match cause {
                Cause::Errors => Outcome::Explained,
                Cause::Absence => Outcome::Absent,
                Cause::Unknown => Outcome::Null,
            };
        };
        let around = self.partial.len();
        if let Some(places) = places {
            self.report.beside_value(places);
            self.partial.extend(self.report.failures(places));
        }
        let outcome = self.present(shape, field, value, places);
        self.partial.truncate(around);
        outcome
    }

    /// The same for a value that is not null.
    fn present(
        &mut self,
        shape: &'a Shape,
        field: &'a ObjectField,
        value: Value<'a>,
        places: Option<&'a Places>,
    ) -> Outcome {
        let start = self.out.len();
        let written = match (shape, value) {
            (Shape::Leaf(leaf), value) => {
                if !leaf.write(&mut self.out, self.data, value) {
                    if leaf.hides(value) {
                        return Outcome::Null;
                    }
                    self.report.not_coercible(field);
                    return Outcome::Explained;
                }
                Ok(())
            }
            (Shape::List(item), Value::List(list)) => self.list(item, field, list, places),
            (Shape::Composite(level), Value::Object(value)) => {
                let typename = if level.is_abstract() { self.data.typename(value) } else { None };
                let Some(object) = level.object(self.supergraph, typename) else { return Outcome::Null };
                self.object(object, Some(value), places)
            }
            (Shape::NonNull(inner), value) => return self.present(inner, field, value, places),
            _ => {
                self.report.not_coercible(field);
                return Outcome::Explained;
            }
        };
        self.settle(start, written)
    }

    /// What became of a value that was written from `start` on; what is left of a null is cut off.
    fn settle(&mut self, start: usize, written: Result<(), Stop>) -> Outcome {
        match written {
            Ok(()) => Outcome::Written,
            Err(stop @ (Stop::Propagate | Stop::Absent)) => {
                self.cut += self.out.len() - start;
                self.cuts += 1;
                self.out.truncate(start);
                if matches!(stop, Stop::Absent) { Outcome::Null } else { Outcome::Explained }
            }
            Err(Stop::Full) => Outcome::Full,
        }
    }

    fn list(
        &mut self,
        item: &'a Shape,
        field: &'a ObjectField,
        list: List,
        places: Option<&'a Places>,
    ) -> Result<(), Stop> {
        self.out.push(b'[');
        for (at, value) in self.data.items(list).iter().enumerate() {
            if at > 0 {
                self.out.push(b',');
            }
            self.report.enter_index(at);
            let written = self.value(item, field, Some(*value), places.and_then(|places| places.index(at)));
            self.report.leave();
            written?;
            self.check_room()?;
        }
        self.out.push(b']');
        Ok(())
    }

    fn check_room(&self) -> Result<(), Full> {
        if self.out.len() + self.cut <= self.allowed { Ok(()) } else { Err(Full) }
    }
}
