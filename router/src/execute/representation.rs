//! Representations of entities, as the JSON that subgraphs are asked with, each once.

use std::hash::{BuildHasher, RandomState};

use hashbrown::HashTable;

use super::paths::is_one_of;
use crate::{
    complete::json::{write_str, write_value},
    data::{Data, ObjectId, Text, Value, Whole},
    planner::{EntityCall, Requirement},
    supergraph::Supergraph,
};

/// Bytes of the representations in one variable of a request: twice what a subgraph of ours takes.
pub(super) const MOST_ASKED: usize = 16 * 1024 * 1024;

/// JSON values without repetition, in order: a list that is not closed yet.
pub(super) struct Distinct {
    json: Vec<u8>,
    /// Where each one ends.
    ends: Vec<usize>,
    by_hash: HashTable<usize>,
    /// The table's keys are secret and its own, so that nobody finds values that differ and hash alike.
    hasher: RandomState,
}

impl Distinct {
    pub(super) fn new() -> Self {
        Self { json: b"[".to_vec(), ends: Vec::new(), by_hash: HashTable::new(), hasher: RandomState::new() }
    }

    pub(super) fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there is more than may be sent. Further values are taken for known ones then.
    pub(super) fn is_too_long(&self) -> bool {
        self.json.len() > MOST_ASKED
    }

    /// The whole list.
    pub(super) fn into_json(mut self) -> Vec<u8> {
        self.json.push(b']');
        self.json
    }

    /// The index of the value that `write` writes, which may be known; `None` where it writes none.
    pub(super) fn add(&mut self, write: impl FnOnce(&mut Vec<u8>) -> Option<()>) -> Option<usize> {
        let end = self.json.len();
        if self.is_too_long() {
            return Some(0);
        }
        if !self.ends.is_empty() {
            self.json.push(b',');
        }
        let start = self.json.len();
        if write(&mut self.json).is_none() {
            self.json.truncate(end);
            return None;
        }
        let (known, value) = self.json.split_at(start);
        let ends = &self.ends;
        let of = |at: usize| &known[at.checked_sub(1).map_or(1, |before| ends[before] + 1)..ends[at]];
        let hash = |value: &[u8]| self.hasher.hash_one(value);
        match self.by_hash.entry(hash(value), |at| of(*at) == value, |at| hash(of(*at))) {
            hashbrown::hash_table::Entry::Occupied(known) => {
                let at = *known.get();
                self.json.truncate(end);
                Some(at)
            }
            hashbrown::hash_table::Entry::Vacant(vacant) => {
                let at = self.ends.len();
                vacant.insert(at);
                self.ends.push(self.json.len());
                Some(at)
            }
        }
    }
}

/// Writes representations.
pub(super) struct Representer<'r, 'a> {
    supergraph: &'r Supergraph,
    data: &'r Data<'a>,
    /// Room for the members of one.
    entries: Vec<Entry<'a>>,
}

/// A member of a representation.
struct Entry<'a> {
    name: &'a str,
    value: Value<'a>,
    /// What is required of the value; all of it where nothing is named.
    body: &'a [Requirement],
    strict: bool,
}

impl<'r, 'a> Representer<'r, 'a> {
    pub(super) fn new(supergraph: &'r Supergraph, data: &'r Data<'a>) -> Self {
        Self { supergraph, data, entries: Vec::new() }
    }

    /// Writes the representation of an entity; `None` where it lacks what a representation needs.
    pub(super) fn write(&mut self, out: &mut Vec<u8>, entity: ObjectId, call: &'a EntityCall) -> Option<()> {
        let mut entries = std::mem::take(&mut self.entries);
        let written = self.write_with(out, entity, call, &mut entries);
        entries.clear();
        self.entries = entries;
        written
    }

    fn write_with(
        &self,
        out: &mut Vec<u8>,
        entity: ObjectId,
        call: &'a EntityCall,
        entries: &mut Vec<Entry<'a>>,
    ) -> Option<()> {
        self.require(&self.data.whole(entity), &call.requires, true, entries)?;
        for setter in &call.input {
            if is_one_of(self.supergraph, self.data, entity, &setter.types) {
                let value = Value::String(Text::any(&setter.typename));
                put(entries, Entry { name: TYPENAME, value, body: &[], strict: true });
            }
        }
        // The name of a type alone names no entity.
        let names_entity = entries.len() > 1 && entries.iter().any(|entry| entry.name == TYPENAME);
        names_entity.then(|| self.write_object(out, entries)).flatten()
    }

    /// Collects what is required. Inside a condition that only may hold (`strict` is false), what is missing is left out.
    fn require(
        &self,
        object: &Whole<'_, 'a>,
        requirements: &'a [Requirement],
        strict: bool,
        entries: &mut Vec<Entry<'a>>,
    ) -> Option<()> {
        for requirement in requirements {
            match requirement {
                Requirement::Field { from, to, non_null, body } => {
                    let found = object.get(from).or_else(|| object.get(to));
                    match found {
                        None if strict => return None,
                        None => {}
                        Some(value) if value.is_null() && *non_null && strict => return None,
                        Some(value) => put(entries, Entry { name: to.name(), value, body, strict }),
                    }
                }
                Requirement::On { condition, body } => {
                    let name = self.data.typename_of(object);
                    if name.is_none_or(|name| self.supergraph.satisfies_in_full(name, condition)) {
                        self.require(object, body, strict, entries)?;
                    } else if name.is_some_and(|name| self.supergraph.satisfies_in_full(condition, name)) {
                        // The data calls itself by an interface's name; it may be of the narrower type.
                        self.require(object, body, false, entries)?;
                    }
                }
            }
        }
        Some(())
    }

    fn write_object(&self, out: &mut Vec<u8>, entries: &[Entry<'a>]) -> Option<()> {
        out.push(b'{');
        for (at, entry) in entries.iter().enumerate() {
            if at > 0 {
                out.push(b',');
            }
            write_str(out, entry.name);
            out.push(b':');
            self.write_value(out, entry.value, entry)?;
            if out.len() > MOST_ASKED {
                // Nobody is sent this, so it need not end well.
                return Some(());
            }
        }
        out.push(b'}');
        Some(())
    }

    fn write_value(&self, out: &mut Vec<u8>, value: Value<'a>, entry: &Entry<'a>) -> Option<()> {
        match value {
            _ if entry.body.is_empty() => write_value(out, self.data, value),
            Value::List(list) => {
                out.push(b'[');
                for (at, item) in self.data.items(list).iter().enumerate() {
                    if at > 0 {
                        out.push(b',');
                    }
                    self.write_value(out, *item, entry)?;
                    if out.len() > MOST_ASKED {
                        return Some(());
                    }
                }
                out.push(b']');
            }
            Value::Object(object) => {
                let mut entries = Vec::new();
                self.require(&self.data.whole(object), entry.body, entry.strict, &mut entries)?;
                self.write_object(out, &entries)?;
            }
            leaf => write_value(out, self.data, leaf),
        }
        Some(())
    }
}

/// Adds a member, in place of one with its name.
fn put<'a>(entries: &mut Vec<Entry<'a>>, entry: Entry<'a>) {
    match entries.iter_mut().find(|known| known.name == entry.name) {
        Some(known) => *known = entry,
        None => entries.push(entry),
    }
}

const TYPENAME: &str = "__typename";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_be_too_long_is_not_added() {
        let mut distinct = Distinct::new();
        let mut add = |at: usize| {
            let added = distinct.add(|out| {
                out.resize(out.len() + 2_500_000, b'0');
                out.extend_from_slice(at.to_string().as_bytes());
                Some(())
            });
            (added, distinct.is_too_long())
        };
        let added: Vec<_> = (0..9).map(&mut add).collect();
        assert_eq!(added[5..], [(Some(5), false), (Some(6), true), (Some(0), true), (Some(0), true)]);
        assert_eq!(distinct.len(), 7);
    }

    #[test]
    fn values_that_differ_in_anything_are_kept_apart() {
        let values: Vec<_> = (0..1_000).map(|at| format!("{{\"k\":{at}}}")).collect();
        let mut distinct = Distinct::new();
        // Twice, to find all of them again.
        for (at, value) in values.iter().chain(&values).enumerate() {
            let added = distinct.add(|out| {
                out.extend_from_slice(value.as_bytes());
                Some(())
            });
            assert_eq!(added, Some(at % values.len()));
            let none = distinct.add(|out| {
                out.push(b'x');
                None
            });
            assert_eq!(none, None);
        }
        assert_eq!(distinct.len(), values.len());
        assert_eq!(String::from_utf8(distinct.into_json()).unwrap(), format!("[{}]", values.join(",")));
        assert_eq!(Distinct::new().into_json(), b"[]");
    }
}
