//! Completion: merged data in canonical keys becomes the response the client asked for, as JSON bytes.
//!
//! This is the specification's algorithm over the client's own selections and the API schema; it knows nothing of plans
//! or subgraphs. Data is walked once, nulls travel up to the next nullable place by cutting the output back.

mod errors;
pub(crate) mod json;
mod leaf;
mod report;
mod selection;
mod shape;

use apollo_compiler::response::JsonMap;
use async_graphql::{Name, Value, indexmap::IndexMap};
use bytes::Bytes;
use chatty_access::Caller;

pub(crate) use errors::{Errors, Step, SubgraphError};
pub(crate) use selection::ClientSet;
pub(crate) use shape::Level;

use crate::{Limits, supergraph::Supergraph};
use errors::Places;
use report::Report;
use shape::{FieldValue, Object, ObjectField, Shape};

/// What completion reads besides the data.
#[derive(Clone, Copy)]
pub(crate) struct Completion<'a> {
    pub(crate) supergraph: &'a Supergraph,
    pub(crate) limits: &'a Limits,
    pub(crate) caller: &'a Caller,
    /// The answers to `__schema` and `__type` by the client's response key.
    pub(crate) introspection: Option<&'a JsonMap>,
}

impl<'a> Completion<'a> {
    /// Writes the whole response.
    pub(crate) fn complete(self, level: &'a Level, data: &'a Value, errors: &'a Errors) -> Bytes {
        let mut writer = Writer {
            supergraph: self.supergraph,
            introspection: self.introspection,
            out: Vec::with_capacity(1024),
            report: Report::new(&errors.list, self.limits, self.caller),
        };
        writer.out.extend_from_slice(b"{\"data\":");
        let start = writer.out.len();
        let completed = match (data, level.object(self.supergraph, None)) {
            (Value::Object(members), Some(object)) => writer.object(object, Some(members), errors.root()),
            _ => Err(Propagate),
        };
        if completed.is_err() {
            writer.out.truncate(start);
            writer.out.extend_from_slice(b"null");
        }
        let Writer { mut out, report, .. } = writer;
        report.finish(&mut out);
        out.push(b'}');
        Bytes::from(out)
    }
}

/// A null at a non-null place, already explained by an error.
struct Propagate;

/// What became of a value at a place that may be null.
enum Outcome {
    Written,
    /// Null, and nobody said why.
    Null,
    /// Null, and an error says why.
    Explained,
}

struct Writer<'a> {
    supergraph: &'a Supergraph,
    introspection: Option<&'a JsonMap>,
    out: Vec<u8>,
    report: Report<'a>,
}

impl<'a> Writer<'a> {
    fn object(
        &mut self,
        object: &'a Object,
        members: Option<&'a IndexMap<Name, Value>>,
        places: Option<&'a Places>,
    ) -> Result<(), Propagate> {
        self.out.push(b'{');
        for (at, field) in object.fields.iter().enumerate() {
            self.out.extend_from_slice(&field.prefix);
            match &field.value {
                FieldValue::Typename(name) => self.out.extend_from_slice(name),
                FieldValue::Introspection => self.introspection(field),
                FieldValue::Data(shape) => {
                    let value = members.and_then(|members| member(members, at, &field.data_key));
                    let places = places.and_then(|places| places.key(&field.data_key));
                    self.report.enter_key(&field.response_key);
                    let written = self.value(shape, field, value, places);
                    self.report.leave();
                    written?;
                }
            }
        }
        self.out.push(b'}');
        if let Some(places) = places {
            self.report.strays(places, object);
        }
        Ok(())
    }

    /// Writes a value where its type says it belongs.
    fn value(
        &mut self,
        shape: &'a Shape,
        field: &'a ObjectField,
        value: Option<&'a Value>,
        places: Option<&'a Places>,
    ) -> Result<(), Propagate> {
        if let Shape::NonNull(inner) = shape {
            match self.nullable(inner, field, value, places) {
                Outcome::Written => Ok(()),
                Outcome::Explained => Err(Propagate),
                Outcome::Null => {
                    self.report.null_violation(field);
                    Err(Propagate)
                }
            }
        } else {
            if !matches!(self.nullable(shape, field, value, places), Outcome::Written) {
                self.out.extend_from_slice(b"null");
            }
            Ok(())
        }
    }

    /// Writes a value, or nothing where it is null.
    fn nullable(
        &mut self,
        shape: &'a Shape,
        field: &'a ObjectField,
        value: Option<&'a Value>,
        places: Option<&'a Places>,
    ) -> Outcome {
        let Some(value) = value.filter(|value| **value != Value::Null) else {
            if let (Shape::Composite(level), Some(places)) = (shape, places)
                && let Some(object) = level.all_failed(self.supergraph, places)
            {
                let start = self.out.len();
                if self.object(object, None, Some(places)).is_ok() {
                    return Outcome::Written;
                }
                self.out.truncate(start);
                return Outcome::Explained;
            }
            let explained = places.is_some_and(|places| self.report.below_null(self.supergraph, places, Some(shape)));
            return if explained { Outcome::Explained } else { Outcome::Null };
        };
        if let Some(places) = places {
            self.report.beside_value(places);
        }
        let start = self.out.len();
        let written = match (shape, value) {
            (Shape::Leaf(leaf), value) => {
                if !leaf.write(&mut self.out, value) {
                    self.report.not_coercible(field);
                    return Outcome::Explained;
                }
                Ok(())
            }
            (Shape::List(item), Value::List(values)) => self.list(item, field, values, places),
            (Shape::Composite(level), Value::Object(members)) => {
                let typename = match members.get("__typename") {
                    Some(Value::String(name)) => Some(name.as_str()),
                    Some(Value::Enum(name)) => Some(name.as_str()),
                    _ => None,
                };
                let Some(object) = level.object(self.supergraph, typename) else { return Outcome::Null };
                self.object(object, Some(members), places)
            }
            (Shape::NonNull(inner), value) => return self.nullable(inner, field, Some(value), places),
            _ => {
                self.report.not_coercible(field);
                return Outcome::Explained;
            }
        };
        if written.is_err() {
            self.out.truncate(start);
            return Outcome::Explained;
        }
        Outcome::Written
    }

    fn list(
        &mut self,
        item: &'a Shape,
        field: &'a ObjectField,
        values: &'a [Value],
        places: Option<&'a Places>,
    ) -> Result<(), Propagate> {
        self.out.push(b'[');
        for (at, value) in values.iter().enumerate() {
            if at > 0 {
                self.out.push(b',');
            }
            self.report.enter_index(at);
            let written = self.value(item, field, Some(value), places.and_then(|places| places.index(at)));
            self.report.leave();
            written?;
        }
        self.out.push(b']');
        Ok(())
    }

    fn introspection(&mut self, field: &ObjectField) {
        match self.introspection.and_then(|answers| answers.get(field.response_key.as_str())) {
            Some(answer) => {
                serde_json::to_writer(&mut self.out, answer).expect("JSON values have a JSON form");
            }
            None => self.out.extend_from_slice(b"null"),
        }
    }
}

/// Looks a member up; data mostly comes in the order that the client asked for.
fn member<'v>(members: &'v IndexMap<Name, Value>, at: usize, key: &str) -> Option<&'v Value> {
    match members.get_index(at) {
        Some((name, value)) if *name == *key => Some(value),
        _ => members.get(key),
    }
}
