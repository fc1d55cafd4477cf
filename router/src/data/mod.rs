//! What subgraphs have said in one execution.
//!
//! Values stand in a few long lists and name each other by number, so that reading an answer allocates next to nothing.
//! Texts are borrowed from the answers that they came in. An object that further answers speak of is not changed: it gets
//! further parts, which other objects may share. An entity that stands at a thousand places is kept once.

mod build;
mod merge;

use std::{
    borrow::Cow,
    sync::atomic::{AtomicUsize, Ordering},
};

use async_graphql::{Name, Value as OwnedValue};
use hashbrown::HashMap;

pub(crate) use build::{Any, Builder, MOST_VALUES, Texts};
pub(crate) use merge::TooManyViews;

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

/// A name to look for in many objects.
#[derive(Debug)]
pub(crate) struct Key {
    name: Name,
    mark: u64,
    /// Where it was found last: objects of one place mostly have their members in one order. It is a guess and counts for
    /// nothing in comparisons.
    near: AtomicUsize,
}

impl Key {
    pub(crate) fn new(name: Name) -> Self {
        Self { mark: mark(&name), name, near: AtomicUsize::new(0) }
    }

    pub(crate) fn name(&self) -> &Name {
        &self.name
    }

    fn position(&self, members: &[Member<'_>]) -> Option<usize> {
        let near = self.near.load(Ordering::Relaxed);
        if members.get(near).is_some_and(|member| is_same(member.name, &self.name)) {
            return Some(near);
        }
        let at = position(members, &self.name)?;
        self.near.store(at, Ordering::Relaxed);
        Some(at)
    }
}

impl Clone for Key {
    fn clone(&self) -> Self {
        Self::new(self.name.clone())
    }
}

impl PartialEq for Key {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for Key {}

/// An object and its parts, to look for members.
pub(crate) struct Whole<'d, 'a> {
    data: &'d Data<'a>,
    own: Layer<'d, 'a>,
    parts: Option<PartId>,
}

/// The members that an object or one of its parts has by itself.
#[derive(Clone, Copy)]
pub(crate) struct Layer<'d, 'a> {
    pub(crate) object: ObjectId,
    marks: u64,
    members: &'d [Member<'a>],
}

impl<'d, 'a> Whole<'d, 'a> {
    /// A member's value. It is null only where no part of the object knows better.
    pub(crate) fn get(&self, key: &Key) -> Option<Value<'a>> {
        self.find(key).map(|(_, value)| value)
    }

    /// The same, and which object has it: the whole one itself, or a part that others may share.
    pub(crate) fn find(&self, key: &Key) -> Option<(ObjectId, Value<'a>)> {
        find_in(self.layers(), key.mark, |members| key.position(members))
    }

    fn find_named(&self, name: &str) -> Option<(ObjectId, Value<'a>)> {
        find_in(self.layers(), mark(name), |members| position(members, name))
    }

    /// A member's value without the object's own members.
    fn find_in_parts(&self, name: &str) -> Option<Value<'a>> {
        find_in(self.layers().skip(1), mark(name), |members| position(members, name)).map(|(_, value)| value)
    }

    /// The object's own members, and those of its parts and their parts, in the order in which they count.
    pub(crate) fn layers(&self) -> impl Iterator<Item = Layer<'d, 'a>> {
        let data = self.data;
        // Where to go on, and on the way back from parts of parts.
        let mut next = self.parts;
        let mut back = Vec::new();
        let parts = std::iter::from_fn(move || {
            while next.is_none() && !back.is_empty() {
                next = back.pop().flatten();
            }
            let part = data.parts[next?.index()];
            next = data.object(part.object).parts;
            // Most parts are answers as they came and have none.
            if next.is_none() {
                next = part.next;
            } else {
                back.push(part.next);
            }
            Some(data.layer(part.object))
        });
        std::iter::once(self.own).chain(parts)
    }

    fn has_part(&self, object: ObjectId) -> bool {
        self.layers().any(|layer| layer.object == object)
    }

    fn marks(&self) -> u64 {
        self.layers().fold(0, |marks, layer| marks | layer.marks)
    }
}

/// A member's value in the first layer in which it is not null, and which object has it.
fn find_in<'d, 'a: 'd>(
    layers: impl Iterator<Item = Layer<'d, 'a>>,
    mark: u64,
    position: impl Fn(&[Member<'a>]) -> Option<usize>,
) -> Option<(ObjectId, Value<'a>)> {
    let mut found = None;
    for layer in layers.filter(|layer| layer.marks & mark != 0) {
        if let Some(at) = position(layer.members) {
            let value = layer.members[at].value;
            if !value.is_null() {
                return Some((layer.object, value));
            }
            found.get_or_insert((layer.object, value));
        }
    }
    found
}

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
        let whole = self.whole(object);
        if whole.parts.is_none() {
            return Cow::Borrowed(whole.own.members);
        }
        let held = whole.layers().flat_map(|layer| layer.members.iter().map(move |member| (layer.object, *member)));
        // A name counts where it is found.
        let counts = held.filter(|(holder, member)| whole.find_named(member.name).is_some_and(|(at, _)| at == *holder));
        Cow::Owned(counts.map(|(_, member)| member).collect())
    }

    /// An object with its parts.
    pub(crate) fn whole(&self, object: ObjectId) -> Whole<'_, 'a> {
        Whole { data: self, own: self.layer(object), parts: self.object(object).parts }
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

/// Whether two texts are the same. Most that are compared are short, and a call would take longer than the comparison.
fn is_same(one: &str, other: &str) -> bool {
    let (one, other) = (one.as_bytes(), other.as_bytes());
    if one.len() != other.len() {
        return false;
    }
    match one.len() {
        0 => true,
        // The ends overlap, and so all bytes are compared.
        1..4 => {
            let middle = one.len() / 2;
            one[0] == other[0] && one[middle] == other[middle] && one[one.len() - 1] == other[one.len() - 1]
        }
        4..8 => one.first_chunk::<4>() == other.first_chunk() && one.last_chunk::<4>() == other.last_chunk(),
        8..=16 => one.first_chunk::<8>() == other.first_chunk() && one.last_chunk::<8>() == other.last_chunk(),
        _ => one == other,
    }
}

/// Sorts many members whose names differ, and says which marks they have.
fn settle_distinct(members: &mut [Member<'_>]) -> u64 {
    if members.len() > FEW {
        members.sort_by(|one, other| one.name.cmp(other.name));
    }
    members.iter().fold(0, |marks, member| marks | mark(member.name))
}

/// One of 64 bits, by a name's length and its ends. An object without a name's mark has no member of that name.
fn mark(name: &str) -> u64 {
    let bytes = name.as_bytes();
    let (first, last) = (bytes.first().copied().unwrap_or(0), bytes.last().copied().unwrap_or(0));
    1 << ((bytes.len() + usize::from(first) * 5 + usize::from(last) * 11) % 64)
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
