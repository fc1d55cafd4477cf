//! Objects with their parts.

use std::borrow::Cow;

use super::{Data, Key, Member, ObjectId, PartId, Value, key::mark, position};

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
    pub(super) marks: u64,
    pub(super) members: &'d [Member<'a>],
}

/// A value, and the object that has it by itself. Lent, because a value on its way through such a pair would be copied
/// several times.
type Held<'d, 'a> = (ObjectId, &'d Value<'a>);

impl<'d, 'a> Layer<'d, 'a> {
    fn find(&self, mark: u64, position: impl Fn(&[Member<'a>]) -> Option<usize>) -> Option<Held<'d, 'a>> {
        let at = if self.marks & mark == 0 { None } else { position(self.members) };
        at.map(|at| (self.object, &self.members[at].value))
    }
}

impl<'d, 'a> Whole<'d, 'a> {
    pub(super) fn new(data: &'d Data<'a>, object: ObjectId) -> Self {
        Self { data, own: data.layer(object), parts: data.object(object).parts }
    }

    /// A member's value. It is null only where no part of the object knows better.
    pub(crate) fn get(&self, key: &Key) -> Option<Value<'a>> {
        self.find(key).map(|(_, value)| *value)
    }

    /// The same, and which object has it: the whole one itself, or a part that others may share.
    pub(crate) fn find(&self, key: &Key) -> Option<Held<'d, 'a>> {
        self.find_by(key.mark, |members| key.position(members))
    }

    pub(super) fn find_named(&self, name: &str) -> Option<Held<'d, 'a>> {
        self.find_by(mark(name), |members| position(members, name))
    }

    /// A member's value without the object's own members.
    pub(super) fn get_from_parts(&self, name: &str) -> Option<Value<'a>> {
        self.find_in_parts(mark(name), |members| position(members, name)).map(|(_, value)| *value)
    }

    fn find_by(&self, mark: u64, position: impl Fn(&[Member<'a>]) -> Option<usize>) -> Option<Held<'d, 'a>> {
        let own = self.own.find(mark, &position);
        // Every field of an answer is looked for here, and most are an object's own: parts are not even thought of.
        if self.parts.is_none() || own.is_some_and(|(_, value)| !value.is_null()) {
            return own;
        }
        self.find_in_parts(mark, position).or(own)
    }

    fn find_in_parts(&self, mark: u64, position: impl Fn(&[Member<'a>]) -> Option<usize>) -> Option<Held<'d, 'a>> {
        let mut null = None;
        for found in self.parts().filter_map(|layer| layer.find(mark, &position)) {
            if !found.1.is_null() {
                return Some(found);
            }
            null = null.or(Some(found));
        }
        null
    }

    /// The object's own members, and those of its parts and their parts, in the order in which they count.
    pub(crate) fn layers(&self) -> impl Iterator<Item = Layer<'d, 'a>> {
        std::iter::once(self.own).chain(self.parts())
    }

    /// The same without the object's own.
    pub(super) fn parts(&self) -> impl Iterator<Item = Layer<'d, 'a>> {
        let (data, mut next) = (self.data, self.parts);
        // Where to go on behind parts of parts.
        let mut back = Vec::new();
        std::iter::from_fn(move || {
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
        })
    }

    /// All members, each name where it counts.
    pub(super) fn members(&self) -> Cow<'d, [Member<'a>]> {
        if self.parts.is_none() {
            return Cow::Borrowed(self.own.members);
        }
        let held = self.layers().flat_map(|layer| layer.members.iter().map(move |member| (layer.object, *member)));
        let counts = held.filter(|(holder, member)| self.find_named(member.name).is_some_and(|(at, _)| at == *holder));
        Cow::Owned(counts.map(|(_, member)| member).collect())
    }

    pub(super) fn has_part(&self, object: ObjectId) -> bool {
        self.layers().any(|layer| layer.object == object)
    }

    pub(super) fn marks(&self) -> u64 {
        self.layers().fold(0, |marks, layer| marks | layer.marks)
    }
}
