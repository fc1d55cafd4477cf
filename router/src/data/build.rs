//! Reads answers into data, and counts their values: one of two bytes in a text is some twenty in memory.

use std::fmt;

use async_graphql::Value as OwnedValue;
use serde::{
    Deserializer,
    de::{DeserializeSeed, Error, MapAccess, SeqAccess, Visitor},
};

use super::{
    Data, FEW, List, Member, Number, Object, ObjectId, Text, Value,
    key::{is_same, mark},
    number, settle_distinct,
};

/// Values in all answers over HTTP to one operation, members of objects and errors included, but not what nobody
/// reads.
pub(crate) const MOST_VALUES: usize = 2_000_000;

/// Bytes of a text for which room is made before anybody knows what it holds.
const MOST_ROOM: usize = 1024 * 1024;

/// Texts that had escapes, for as long as the answer that they came in.
pub(crate) type Texts = boxcar::Vec<Box<str>>;

/// Adds the values of one answer to data.
pub(crate) struct Builder<'d, 'a> {
    data: &'d mut Data<'a>,
    texts: &'a Texts,
    /// Members and items of what has begun and not ended.
    members: Vec<Member<'a>>,
    items: Vec<Value<'a>>,
    /// The last name with each mark.
    names: [&'a str; 64],
}

impl<'d, 'a> Builder<'d, 'a> {
    /// Makes room for what a text of that many bytes probably holds; more is made as it comes.
    pub(crate) fn new(data: &'d mut Data<'a>, texts: &'a Texts, bytes: usize) -> Self {
        let likely = bytes.min(MOST_ROOM);
        data.members.reserve(likely / 24);
        data.objects.reserve(likely / 64);
        Self { data, texts, members: Vec::new(), items: Vec::new(), names: [""; 64] }
    }

    pub(crate) fn data(&self) -> &Data<'a> {
        self.data
    }

    /// Pays for one value.
    pub(crate) fn spend<E: Error>(&mut self) -> Result<(), E> {
        let left = self.data.unread.checked_sub(1);
        self.data.unread = left.ok_or_else(|| E::custom(format_args!("more than {MOST_VALUES} values")))?;
        Ok(())
    }

    /// The same name from where it stood before, if that is known. All objects of a selection then refer to a few places of
    /// the answer, which are at hand when their names are compared.
    fn name(&mut self, name: &'a str) -> &'a str {
        let known = &mut self.names[mark(name).trailing_zeros() as usize];
        if !is_same(known, name) {
            *known = name;
        }
        known
    }

    fn keep(&self, text: &str) -> &'a str {
        let at = self.texts.push(text.into());
        &self.texts[at]
    }

    fn list(&mut self, from: usize) -> Value<'a> {
        self.data.list(self.items.drain(from..))
    }

    fn object(&mut self, from: usize) -> Value<'a> {
        let marks = settle(&mut self.members, from);
        Value::Object(self.data.object_of(self.members.drain(from..), marks))
    }
}

impl<'a> Data<'a> {
    pub(super) fn list(&mut self, items: impl Iterator<Item = Value<'a>>) -> Value<'a> {
        let start = self.items.len();
        self.items.extend(items);
        Value::List(List { start: number(start), len: number(self.items.len() - start) })
    }

    pub(super) fn object_of(&mut self, members: impl Iterator<Item = Member<'a>>, marks: u64) -> ObjectId {
        let start = self.members.len();
        self.members.extend(members);
        let object = Object { start: number(start), len: number(self.members.len() - start), marks, parts: None };
        self.objects.push(object);
        ObjectId(number(self.objects.len() - 1))
    }

    /// Adds what a schema in this process answered.
    pub(crate) fn add(&mut self, value: &'a OwnedValue) -> Value<'a> {
        match value {
            OwnedValue::Null => Value::Null,
            OwnedValue::Boolean(value) => Value::Boolean(*value),
            OwnedValue::Number(number) => Value::Number(number.into()),
            OwnedValue::String(text) => Value::String(Text::any(text)),
            OwnedValue::Enum(name) => Value::String(Text::any(name)),
            // As `async-graphql` itself serialises binary values.
            OwnedValue::Binary(bytes) => {
                self.list(bytes.iter().map(|byte| Value::Number(Number::Unsigned((*byte).into()))))
            }
            OwnedValue::List(items) => {
                let items: Vec<_> = items.iter().map(|item| self.add(item)).collect();
                self.list(items.into_iter())
            }
            OwnedValue::Object(members) => {
                let member = |(name, value): (&'a async_graphql::Name, _)| Member { name, value: self.add(value) };
                // Names differ already.
                let mut members: Vec<_> = members.iter().map(member).collect();
                let marks = settle_distinct(&mut members);
                Value::Object(self.object_of(members.into_iter(), marks))
            }
        }
    }
}

impl From<i64> for Number {
    fn from(number: i64) -> Self {
        u64::try_from(number).map_or(Self::Negative(number), Self::Unsigned)
    }
}

impl From<&async_graphql::Number> for Number {
    fn from(number: &async_graphql::Number) -> Self {
        let whole = number.as_u64().map(Self::Unsigned).or_else(|| number.as_i64().map(Self::Negative));
        whole.unwrap_or_else(|| Self::Float(number.as_f64().unwrap_or_default()))
    }
}

/// Leaves of the members from `from` on the last one of each name, sorts many, and says which marks they have.
fn settle(members: &mut Vec<Member<'_>>, from: usize) -> u64 {
    // Names of different marks differ; most objects need no look at the names themselves.
    let (mut marks, mut collide) = (0_u64, false);
    for member in &members[from..] {
        let mark = mark(member.name);
        collide |= marks & mark != 0;
        marks |= mark;
    }
    if members.len() - from > FEW {
        members[from..].sort_by(|one, other| one.name.cmp(other.name));
        let mut kept = from;
        for at in from + 1..members.len() {
            kept += usize::from(members[kept].name != members[at].name);
            members[kept] = members[at];
        }
        members.truncate(kept + 1);
    } else if collide {
        let mut kept = from;
        for at in from..members.len() {
            let member = members[at];
            let place = members[from..kept].iter().position(|known| known.name == member.name);
            members[place.map_or(kept, |known| from + known)] = member;
            kept += usize::from(place.is_none());
        }
        members.truncate(kept);
    }
    marks
}

/// Reads any value.
pub(crate) struct Any<'b, 'd, 'a>(pub(crate) &'b mut Builder<'d, 'a>);

impl<'a> DeserializeSeed<'a> for Any<'_, '_, 'a> {
    type Value = Value<'a>;

    fn deserialize<D: Deserializer<'a>>(self, deserializer: D) -> Result<Value<'a>, D::Error> {
        self.0.spend()?;
        deserializer.deserialize_any(self)
    }
}

impl<'a> Visitor<'a> for Any<'_, '_, 'a> {
    type Value = Value<'a>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Self::Value, E> {
        Ok(Value::Boolean(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Self::Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Self::Value, E> {
        Ok(Value::Number(Number::Unsigned(value)))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Self::Value, E> {
        Ok(Value::Number(Number::Float(value)))
    }

    /// A text without escapes.
    fn visit_borrowed_str<E>(self, value: &'a str) -> Result<Self::Value, E> {
        Ok(Value::String(Text::plain(value)))
    }

    fn visit_str<E>(self, value: &str) -> Result<Self::Value, E> {
        Ok(Value::String(Text::any(self.0.keep(value))))
    }

    fn visit_seq<A: SeqAccess<'a>>(self, mut items: A) -> Result<Self::Value, A::Error> {
        let from = self.0.items.len();
        while let Some(item) = items.next_element_seed(Any(&mut *self.0))? {
            self.0.items.push(item);
        }
        Ok(self.0.list(from))
    }

    fn visit_map<A: MapAccess<'a>>(self, mut members: A) -> Result<Self::Value, A::Error> {
        let from = self.0.members.len();
        while let Some(name) = members.next_key_seed(MemberName(&*self.0))? {
            let name = self.0.name(name);
            let value = members.next_value_seed(Any(&mut *self.0))?;
            self.0.members.push(Member { name, value });
        }
        Ok(self.0.object(from))
    }
}

/// Reads a member's name.
struct MemberName<'b, 'd, 'a>(&'b Builder<'d, 'a>);

impl<'a> DeserializeSeed<'a> for MemberName<'_, '_, 'a> {
    type Value = &'a str;

    fn deserialize<D: Deserializer<'a>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<'a> Visitor<'a> for MemberName<'_, '_, 'a> {
    type Value = &'a str;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a name")
    }

    fn visit_borrowed_str<E>(self, name: &'a str) -> Result<Self::Value, E> {
        Ok(name)
    }

    fn visit_str<E>(self, name: &str) -> Result<Self::Value, E> {
        Ok(self.0.keep(name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> OwnedValue {
        let (texts, mut data) = (Texts::new(), Data::new());
        let mut builder = Builder::new(&mut data, &texts, json.len());
        let value = Any(&mut builder).deserialize(&mut serde_json::Deserializer::from_str(json)).unwrap();
        data.to_owned(value)
    }

    #[test]
    fn the_last_member_of_a_name_counts_in_small_objects_and_large() {
        for count in [2, 3, FEW, FEW + 1, FEW + 2, 500] {
            let members = (0..count).map(|at| format!("\"n{}\":{at}", at % (count - 1)));
            let json = format!("{{{}}}", members.collect::<Vec<_>>().join(","));
            let OwnedValue::Object(object) = read(&json) else { panic!("an object") };
            assert_eq!(object.len(), count - 1);
            assert_eq!(object["n0"], OwnedValue::from(count - 1));
            for at in 1..count - 1 {
                assert_eq!(object[&*format!("n{at}")], OwnedValue::from(at), "{at} of {count}");
            }
        }
    }

    #[test]
    fn texts_with_escapes_are_kept_beside_the_answer() {
        let expected = OwnedValue::from_json(serde_json::json!({ "a\n": ["\u{1}", "é", "b\\"], "b": {} })).unwrap();
        assert_eq!(read(r#" {"a\n": ["\u0001", "\u00e9", "b\\"], "b": {}} "#), expected);
    }
}
