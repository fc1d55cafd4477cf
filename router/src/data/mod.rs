//! What subgraphs have said in one execution.
//!
//! Values stand in a few long lists and name each other by number, so that reading an answer allocates next to nothing.
//! Texts are borrowed from the answers that they came in. An object that further answers speak of gets them for parts, which
//! other objects may share. An entity that stands at a thousand places is kept once.

mod build;
mod key;
mod merge;
mod whole;

use std::borrow::Cow;

use async_graphql::{Name, Value as OwnedValue};
use hashbrown::HashMap;

pub(crate) use build::{Any, Builder, MOST_VALUES, Texts};
pub(crate) use key::Key;
pub(crate) use merge::TooManyViews;
pub(crate) use whole::Whole;

use key::{is_same, mark};
use whole::Layer;

/// A value of a response. An enum's is a text, as in JSON.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(crate) enum Value<'a> {
    #[default]
    Null,
    Boolean(bool),
    Number(Number),
    String(Text<'a>),
    List(List),
    Object(ObjectId),
}

/// A text, and whether it stood in JSON without escapes, so that it may be written as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Text<'a> {
    text: &'a str,
    is_plain: bool,
}

impl<'a> Text<'a> {
    /// A text that stood in JSON without escapes.
    pub(crate) fn plain(text: &'a str) -> Self {
        Self { text, is_plain: true }
    }

    /// Any other.
    pub(crate) fn any(text: &'a str) -> Self {
        Self { text, is_plain: false }
    }

    pub(crate) fn as_str(self) -> &'a str {
        self.text
    }

    pub(crate) fn is_plain(self) -> bool {
        self.is_plain
    }
}

/// A number of JSON as `serde_json` reads one.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Number {
    Unsigned(u64),
    Negative(i64),
    Float(f64),
}

/// The values of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct List {
    start: u32,
    len: u32,
}

/// An object, by its place among all objects of the execution.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct ObjectId(u32);

/// A member of an object.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Member<'a> {
    pub(crate) name: &'a str,
    pub(crate) value: Value<'a>,
}

impl Member<'_> {
    fn is_alike(&self, other: &Self) -> bool {
        let alike = |one: &str, other: &str| one.len() <= LONG && is_same(one, other);
        alike(self.name, other.name)
            && match (self.value, other.value) {
                (Value::String(one), Value::String(other)) => alike(one.text, other.text),
                // Not the same text where the sign of zero differs.
                (Value::Number(Number::Float(one)), Value::Number(Number::Float(other))) => {
                    one.to_bits() == other.to_bits()
                }
                (one, other) => one == other,
            }
    }
}

/// Bytes of a text that is compared as a whole, however often.
const LONG: usize = 64;

/// Members of which each has a name of its own, and what is a part of the object besides them.
///
/// The few that a selection has keep their order and are searched one by one. More of them are sorted, so that no
/// subgraph can make searching slow.
#[derive(Debug, Clone, Copy)]
struct Object {
    start: u32,
    len: u32,
    /// The [`mark`]s of all members.
    marks: u64,
    /// The first of its parts.
    parts: Option<PartId>,
}

/// Members that are searched one by one.
const FEW: usize = 32;

/// An object whose members another one has besides its own, also those that it gets later.
#[derive(Debug, Clone, Copy)]
struct Part {
    object: ObjectId,
    next: Option<PartId>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct PartId(std::num::NonZeroU32);

/// The values of one execution. Those of all its answers, so that they may stand in one another.
#[derive(Debug)]
pub(crate) struct Data<'a> {
    objects: Vec<Object>,
    members: Vec<Member<'a>>,
    items: Vec<Value<'a>>,
    parts: Vec<Part>,
    /// By the first part, and the object of the answer.
    joints: HashMap<(ObjectId, ObjectId), merge::Joint>,
    /// Values that may still be read.
    unread: usize,
    /// Objects and items that merging may still make.
    views: usize,
    /// Members that merging may still compare.
    compared: usize,
    typename: Key,
}

impl<'a> Data<'a> {
    /// Nothing but an empty object, the root.
    pub(crate) fn new() -> Self {
        let root = Object { start: 0, len: 0, marks: 0, parts: None };
        Self {
            objects: vec![root],
            members: Vec::new(),
            items: Vec::new(),
            parts: Vec::new(),
            joints: HashMap::new(),
            unread: MOST_VALUES,
            views: merge::MOST_VIEWS,
            compared: merge::MOST_COMPARED,
            typename: Key::new(Name::new(TYPENAME)),
        }
    }

    /// The values of a list.
    pub(crate) fn items(&self, list: List) -> &[Value<'a>] {
        &self.items[list.range()]
    }

    /// The members of an object as one answer had them, without its parts.
    pub(crate) fn members(&self, object: ObjectId) -> &[Member<'a>] {
        &self.members[self.object(object).range()]
    }

    /// The members of an object and its parts.
    pub(crate) fn all_members(&self, object: ObjectId) -> Cow<'_, [Member<'a>]> {
        self.whole(object).members()
    }

    /// An object with its parts.
    pub(crate) fn whole(&self, object: ObjectId) -> Whole<'_, 'a> {
        Whole::new(self, object)
    }

    fn layer(&self, object: ObjectId) -> Layer<'_, 'a> {
        let Object { marks, .. } = *self.object(object);
        Layer { object, marks, members: self.members(object) }
    }

    /// A member's value; see [`Whole::get`].
    pub(crate) fn get(&self, object: ObjectId, key: &Key) -> Option<Value<'a>> {
        self.whole(object).get(key)
    }

    /// The first part of an object, which others may share.
    pub(crate) fn shared(&self, object: ObjectId) -> Option<ObjectId> {
        self.object(object).parts.map(|id| self.parts[id.index()].object)
    }

    /// Whether two objects say the same, as far as that is seen at once: few and short members of their own that are
    /// equal, and the same parts.
    pub(crate) fn is_alike(&self, one: ObjectId, other: ObjectId) -> bool {
        let (own, other_own) = (self.members(one), self.members(other));
        if own.len() != other_own.len() || own.len() > FEW {
            return false;
        }
        let (mut part, mut other_part) = (self.object(one).parts, self.object(other).parts);
        while let (Some(id), Some(other_id)) = (part, other_part)
            && self.parts[id.index()].object == self.parts[other_id.index()].object
        {
            (part, other_part) = (self.parts[id.index()].next, self.parts[other_id.index()].next);
        }
        part == other_part && own.iter().zip(other_own).all(|(one, other)| one.is_alike(other))
    }

    /// How many members and items there are.
    pub(crate) fn len(&self) -> usize {
        self.members.len() + self.items.len()
    }

    /// The `__typename` of an object, if it is known.
    pub(crate) fn typename(&self, object: ObjectId) -> Option<&'a str> {
        self.get(object, &self.typename)?.as_str()
    }

    /// The same of one with its parts.
    pub(crate) fn typename_of(&self, object: &Whole<'_, 'a>) -> Option<&'a str> {
        object.get(&self.typename)?.as_str()
    }

    /// An owned copy.
    pub(crate) fn to_owned(&self, value: Value<'a>) -> OwnedValue {
        match value {
            Value::Null => OwnedValue::Null,
            Value::Boolean(value) => OwnedValue::Boolean(value),
            Value::Number(Number::Unsigned(number)) => number.into(),
            Value::Number(Number::Negative(number)) => number.into(),
            Value::Number(Number::Float(number)) => number.into(),
            Value::String(text) => OwnedValue::String(text.as_str().to_owned()),
            Value::List(list) => OwnedValue::List(self.items(list).iter().map(|item| self.to_owned(*item)).collect()),
            Value::Object(object) => {
                let members = self.all_members(object);
                let members = members.iter();
                let owned = members.map(|member| (Name::new(member.name), self.to_owned(member.value)));
                OwnedValue::Object(owned.collect())
            }
        }
    }

    /// Gives a member of an answer's object another name, in place of whatever has that name.
    pub(crate) fn rename(&mut self, object: ObjectId, from: &str, to: &'a str) {
        let range = self.object(object).range();
        let members = &mut self.members[range];
        let Some(at) = position(members, from) else { return };
        members[at].name = to;
        let value = members[at].value;
        let other = members.iter().enumerate().position(|(other, member)| other != at && member.name == to);
        let len = match other {
            None => members.len(),
            Some(other) => {
                members[other].value = value;
                members[at..].rotate_left(1);
                members.len() - 1
            }
        };
        let marks = settle_distinct(&mut members[..len]);
        let object = &mut self.objects[object.index()];
        (object.len, object.marks) = (number(len), marks);
    }

    fn object(&self, id: ObjectId) -> &Object {
        &self.objects[id.index()]
    }
}

const TYPENAME: &str = "__typename";

impl ObjectId {
    /// Where answers to root fields belong.
    pub(crate) const ROOT: Self = Self(0);

    fn index(self) -> usize {
        self.0 as usize
    }
}

impl PartId {
    fn index(self) -> usize {
        self.0.get() as usize - 1
    }
}

impl List {
    fn range(self) -> std::ops::Range<usize> {
        self.start as usize..self.start as usize + self.len as usize
    }
}

impl Object {
    fn range(&self) -> std::ops::Range<usize> {
        self.start as usize..self.start as usize + self.len as usize
    }
}

impl<'a> Value<'a> {
    pub(crate) fn is_null(self) -> bool {
        matches!(self, Self::Null)
    }

    /// The text, if it is one.
    pub(crate) fn as_str(self) -> Option<&'a str> {
        match self {
            Self::String(text) => Some(text.as_str()),
            _ => None,
        }
    }
}

/// A place in a list. What would not fit would not fit into any machine's memory either.
fn number(index: usize) -> u32 {
    u32::try_from(index).expect("an execution has fewer than four billion values")
}

fn position(members: &[Member<'_>], name: &str) -> Option<usize> {
    if members.len() > FEW {
        return members.binary_search_by(|member| member.name.cmp(name)).ok();
    }
    members.iter().position(|member| is_same(member.name, name))
}

/// Sorts many members whose names differ, and says which marks they have.
fn settle_distinct(members: &mut [Member<'_>]) -> u64 {
    if members.len() > FEW {
        members.sort_by(|one, other| one.name.cmp(other.name));
    }
    members.iter().fold(0, |marks, member| marks | mark(member.name))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn key(name: &str) -> Key {
        Key::new(Name::new(name))
    }

    /// Data, and an object of it with these members.
    fn with<R>(members: serde_json::Value, test: impl FnOnce(&mut Data<'_>, ObjectId) -> R) -> R {
        let (owned, mut data) = (OwnedValue::from_json(members).unwrap(), Data::new());
        let Value::Object(object) = data.add(&owned) else { panic!("an object") };
        test(&mut data, object)
    }

    fn number(data: &Data<'_>, object: ObjectId, name: &str) -> Option<u64> {
        match data.get(object, &key(name))? {
            Value::Number(Number::Unsigned(number)) => Some(number),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn names_are_the_same_or_not_whatever_their_length() {
        for length in 0..40 {
            let name = "n".repeat(length);
            assert!(is_same(&name, &name.clone()));
            assert!(!is_same(&name, &format!("{name}n")));
            for at in 0..length {
                let other = format!("{}m{}", &name[..at], &name[at + 1..]);
                assert!(!is_same(&name, &other), "{at} of {length}");
            }
        }
    }

    #[test]
    fn members_are_found_in_objects_of_any_size_and_after_renaming() {
        for count in [3, FEW, FEW + 1, 500] {
            let members = (0..count).map(|at| (format!("n{at}"), json!(at)));
            with(serde_json::Value::Object(members.collect()), |data, object| {
                data.rename(object, "n1", "m1");
                data.rename(object, "none", "m2");
                assert_eq!((number(data, object, "m1"), number(data, object, "n1")), (Some(1), None), "{count}");
                data.rename(object, "n2", "m1");
                assert_eq!((number(data, object, "m1"), number(data, object, "n2")), (Some(2), None), "{count}");
                assert_eq!(data.members(object).len(), count - 1);
                for at in (0..count).filter(|at| ![1, 2].contains(at)) {
                    assert_eq!(number(data, object, &format!("n{at}")), Some(at as u64), "{at} of {count}");
                }
            });
        }
    }

    #[test]
    fn a_guess_that_is_wrong_costs_nothing_but_time() {
        let sought = key("b");
        with(json!({ "one": { "a": 1, "b": 2 }, "other": { "b": 3 }, "none": { "a": 4 } }), |data, object| {
            let found = |name| {
                let Some(Value::Object(object)) = data.get(object, &key(name)) else { panic!("an object") };
                data.get(object, &sought).map(|value| data.to_owned(value))
            };
            for _ in 0..2 {
                assert_eq!([found("one"), found("other"), found("none")], [Some(2.into()), Some(3.into()), None]);
            }
        });
    }

    #[test]
    fn owned_values_come_back_as_they_were() {
        let value = json!({ "a": [1, -2, -2.5, true, null, "x"], "b": { "c": {} }, "max": u64::MAX, "min": i64::MIN });
        let owned = OwnedValue::from_json(value).unwrap();
        let mut data = Data::new();
        let added = data.add(&owned);
        assert_eq!(data.to_owned(added), owned);
    }
}
