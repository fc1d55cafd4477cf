//! Values of merged data. Names and texts are borrowed from the answers that they came in, so that reading an answer and
//! having an entity at several places copies no text.

use std::{
    borrow::Cow,
    sync::atomic::{AtomicUsize, Ordering},
};

use async_graphql::{Name, Number, Value as OwnedValue};

/// A value of a response. An enum's is a text, as in JSON.
#[derive(Debug, Clone, PartialEq, Hash, Default)]
pub(crate) enum Value<'a> {
    #[default]
    Null,
    Boolean(bool),
    Number(Number),
    String(Cow<'a, str>),
    List(Vec<Value<'a>>),
    Object(Object<'a>),
}

/// Members by name, each once.
///
/// The few that a selection has keep their order and are searched one by one. More of them are sorted, so that no
/// subgraph can make searching slow.
#[derive(Debug, Clone, PartialEq, Hash, Default)]
pub(crate) struct Object<'a>(Vec<Member<'a>>);

/// A member of an object.
pub(crate) type Member<'a> = (Cow<'a, str>, Value<'a>);

/// Members that are searched one by one.
const FEW: usize = 32;

/// Where in an object a member was found last. Objects of one place mostly have their members in one order.
///
/// A guess is no part of what it stands beside: all are equal.
#[derive(Debug, Default)]
pub(crate) struct Guess(AtomicUsize);

impl Clone for Guess {
    fn clone(&self) -> Self {
        Self::default()
    }
}

impl PartialEq for Guess {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Guess {}

impl<'a> Object<'a> {
    /// An object of members of which the last of a name counts.
    pub(crate) fn of(members: Vec<Member<'a>>) -> Self {
        let mut object = Self(members);
        object.settle();
        object
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn iter(&self) -> std::slice::Iter<'_, Member<'a>> {
        self.0.iter()
    }

    pub(crate) fn get(&self, name: &str) -> Option<&Value<'a>> {
        self.position(name).map(|at| &self.0[at].1)
    }

    pub(crate) fn get_mut(&mut self, name: &str) -> Option<&mut Value<'a>> {
        self.position(name).map(|at| &mut self.0[at].1)
    }

    /// A member that is probably where `guess` says; if it is elsewhere, that is the next guess.
    pub(crate) fn get_near(&self, guess: &Guess, name: &str) -> Option<&Value<'a>> {
        self.near(guess, name).map(|at| &self.0[at].1)
    }

    /// The same to change it.
    pub(crate) fn get_near_mut(&mut self, guess: &Guess, name: &str) -> Option<&mut Value<'a>> {
        self.near(guess, name).map(|at| &mut self.0[at].1)
    }

    fn near(&self, guess: &Guess, name: &str) -> Option<usize> {
        let at = guess.0.load(Ordering::Relaxed);
        if self.0.get(at).is_some_and(|(found, _)| found == name) {
            return Some(at);
        }
        let at = self.position(name)?;
        guess.0.store(at, Ordering::Relaxed);
        Some(at)
    }

    /// Sets a member.
    pub(crate) fn set(&mut self, name: &'a str, value: Value<'a>) {
        if let Some(known) = self.get_mut(name) {
            *known = value;
        } else {
            self.0.push((Cow::Borrowed(name), value));
            self.settle_many();
        }
    }

    /// Gives a member another name, in place of whatever has that name.
    pub(crate) fn rename(&mut self, from: &str, to: &'a str) {
        if let Some(at) = self.position(from) {
            let (_, value) = self.0.remove(at);
            self.set(to, value);
        }
    }

    /// Adds the members of another object. Where both have one, `merge` makes one of the two.
    pub(crate) fn merge(&mut self, other: Self, merge: impl Fn(&str, &mut Value<'a>, Value<'a>)) {
        let (known, marks) = (self.0.len(), marks(&self.0));
        self.0.reserve(other.0.len());
        for (name, value) in other.0 {
            // What is added here is not searched: the other's names differ.
            match find(&self.0[..known], marks, &name) {
                Some(at) => merge(&name, &mut self.0[at].1, value),
                None => self.0.push((name, value)),
            }
        }
        self.settle_many();
    }

    /// The same with a copy of the other's members.
    pub(crate) fn merge_copy(&mut self, other: &Self, merge: impl Fn(&str, &mut Value<'a>, &Value<'a>)) {
        let (known, marks) = (self.0.len(), marks(&self.0));
        self.0.reserve(other.0.len());
        for (name, value) in &other.0 {
            match find(&self.0[..known], marks, name) {
                Some(at) => merge(name, &mut self.0[at].1, value),
                None => self.0.push((name.clone(), value.clone())),
            }
        }
        self.settle_many();
    }

    /// Removes all members.
    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }

    /// The members in their order.
    pub(crate) fn into_members(self) -> Vec<Member<'a>> {
        self.0
    }

    fn position(&self, name: &str) -> Option<usize> {
        position(&self.0, name)
    }

    fn settle_many(&mut self) {
        if self.0.len() > FEW {
            self.settle();
        }
    }

    /// Leaves of each name the last member, and sorts many.
    fn settle(&mut self) {
        if self.0.len() > FEW {
            self.0.sort_by(|(one, _), (other, _)| one.cmp(other));
            // Of neighbours it is the second that is dropped, so the later value moves to the first.
            self.0.dedup_by(|later, first| {
                let same = later.0 == first.0;
                if same {
                    std::mem::swap(&mut later.1, &mut first.1);
                }
                same
            });
            return;
        }
        // Names that fall on different bits differ; most objects need no look at the names themselves.
        let mut seen = 0_u64;
        let collide = self.0.iter().any(|(name, _)| {
            let bit = mark(name);
            let known = seen & bit != 0;
            seen |= bit;
            known
        });
        if collide {
            let mut distinct = Vec::<Member<'a>>::with_capacity(self.0.len());
            for (name, value) in self.0.drain(..) {
                match distinct.iter_mut().find(|(known, _)| *known == name) {
                    Some((_, known)) => *known = value,
                    None => distinct.push((name, value)),
                }
            }
            self.0 = distinct;
        }
    }
}

fn position(members: &[Member<'_>], name: &str) -> Option<usize> {
    if members.len() > FEW {
        return members.binary_search_by(|(known, _)| (**known).cmp(name)).ok();
    }
    members.iter().position(|(known, _)| known == name)
}

/// The same, given the marks of all members: names without a mark are not there.
fn find(members: &[Member<'_>], marks: u64, name: &str) -> Option<usize> {
    if marks & mark(name) == 0 { None } else { position(members, name) }
}

fn marks(members: &[Member<'_>]) -> u64 {
    members.iter().fold(0, |marks, (name, _)| marks | mark(name))
}

/// One of 64 bits, by a name's length and its ends.
fn mark(name: &str) -> u64 {
    let bytes = name.as_bytes();
    let (first, last) = (bytes.first().copied().unwrap_or(0), bytes.last().copied().unwrap_or(0));
    1 << ((bytes.len() + usize::from(first) * 5 + usize::from(last) * 11) % 64)
}

impl Value<'_> {
    /// The text, if it is one.
    pub(crate) fn as_str(&self) -> Option<&str> {
        match self {
            Value::String(text) => Some(text),
            _ => None,
        }
    }

    /// Bytes of memory that a copy takes. Only texts that had escapes are copied with it.
    pub(crate) fn copied_bytes(&self) -> usize {
        let name_bytes =
            |name: &Cow<'_, str>| size_of_val(name) + if let Cow::Owned(text) = name { text.len() } else { 0 };
        let below = match self {
            Self::String(Cow::Owned(text)) => text.len(),
            Self::List(items) => items.iter().map(Self::copied_bytes).sum(),
            Self::Object(Object(members)) => {
                members.iter().map(|(name, value)| name_bytes(name) + value.copied_bytes()).sum()
            }
            _ => 0,
        };
        size_of_val(self) + below
    }
}

impl<'a> From<&'a OwnedValue> for Value<'a> {
    fn from(value: &'a OwnedValue) -> Self {
        match value {
            OwnedValue::Null => Self::Null,
            OwnedValue::Boolean(value) => Self::Boolean(*value),
            OwnedValue::Number(number) => Self::Number(number.clone()),
            OwnedValue::String(text) => Self::String(Cow::Borrowed(text)),
            OwnedValue::Enum(name) => Self::String(Cow::Borrowed(name)),
            // As `async-graphql` itself serialises binary values.
            OwnedValue::Binary(bytes) => Self::List(bytes.iter().map(|byte| Self::Number((*byte).into())).collect()),
            OwnedValue::List(items) => Self::List(items.iter().map(Self::from).collect()),
            OwnedValue::Object(members) => {
                let members = members.iter().map(|(name, member)| (Cow::Borrowed(name.as_str()), Self::from(member)));
                // Names differ already.
                let mut object = Object(members.collect());
                object.settle_many();
                Self::Object(object)
            }
        }
    }
}

impl From<Value<'_>> for OwnedValue {
    fn from(value: Value<'_>) -> Self {
        match value {
            Value::Null => Self::Null,
            Value::Boolean(value) => Self::Boolean(value),
            Value::Number(number) => Self::Number(number),
            Value::String(text) => Self::String(text.into_owned()),
            Value::List(items) => Self::List(items.into_iter().map(Self::from).collect()),
            Value::Object(Object(members)) => {
                let members = members.into_iter().map(|(name, member)| (Name::new(name), Self::from(member)));
                Self::Object(members.collect())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn object(names: impl IntoIterator<Item = String>) -> Object<'static> {
        Object::of(names.into_iter().zip(0_u32..).map(|(name, at)| (name.into(), Value::Number(at.into()))).collect())
    }

    fn number(object: &Object<'_>, name: &str) -> Option<u64> {
        match object.get(name)? {
            Value::Number(number) => number.as_u64(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn the_last_member_of_a_name_counts_in_small_objects_and_large() {
        for count in [2, FEW, FEW + 1, 500] {
            let names = (0..count).map(|at| format!("n{}", at % (count - 1)));
            let object = object(names);
            assert_eq!(object.len(), count - 1);
            assert_eq!(number(&object, "n0"), Some(count as u64 - 1));
            assert_eq!(number(&object, "none"), None);
            for at in 1..count - 1 {
                assert_eq!(number(&object, &format!("n{at}")), Some(at as u64), "{at} of {count}");
            }
        }
    }

    #[test]
    fn members_are_found_whatever_was_added_or_renamed() {
        for count in [3, FEW, 100] {
            let mut object = object((0..count).map(|at| format!("n{at}")));
            object.rename("n1", "m1");
            object.set("n2", Value::Boolean(true));
            let other =
                Object::of(vec![("z".into(), Value::Null), ("n0".into(), Value::Null), ("a".into(), Value::Null)]);
            object.merge(other, |_, known, value| assert!(matches!((known, value), (Value::Number(_), Value::Null))));
            assert_eq!((object.len(), number(&object, "m1"), number(&object, "n1")), (count + 2, Some(1), None));
            assert_eq!(object.get_near(&Guess::default(), "n2"), Some(&Value::Boolean(true)));
            assert_eq!((object.get("z"), object.get("a")), (Some(&Value::Null), Some(&Value::Null)));
            object.rename("n2", "m1");
            assert_eq!((object.len(), object.get("m1")), (count + 1, Some(&Value::Boolean(true))));
        }
    }

    #[test]
    fn a_copy_takes_the_room_of_its_values_and_of_the_texts_that_are_not_shared() {
        let list = |text| Value::List(vec![Value::Null, Value::String(text)]);
        let shared = list(Cow::Borrowed("text")).copied_bytes();
        assert_eq!(shared, 3 * size_of::<Value<'_>>());
        assert_eq!(list("x".repeat(1000).into()).copied_bytes(), shared + 1000);
        let object = |name| Value::Object(Object::of(vec![(name, list("text".into()))])).copied_bytes();
        assert_eq!(object("name".into()), size_of::<Member<'_>>() + shared);
        assert_eq!(object("x".repeat(1000).into()), object("name".into()) + 1000);
    }

    #[test]
    fn owned_values_come_back_as_they_were() {
        let json = serde_json::json!({ "a": [1, -2.5, true, null, "x"], "b": { "c": {} } });
        let owned = OwnedValue::from_json(json).unwrap();
        assert_eq!(OwnedValue::from(Value::from(&owned)), owned);
    }
}
