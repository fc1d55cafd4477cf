//! Merges what a subgraph says of an object into what is known of it.
//!
//! What is new becomes a part of the object, by reference. Where both have a composite member, it is merged as well: in
//! place if it is the object's own, which means below it in the answer that it came in; otherwise the object gets one of
//! its own that has both for its parts. An object that is a part of another one never gets a member by that.

use super::{Data, List, Member, ObjectId, Part, PartId, TYPENAME, Value, number, position, settle_distinct};
use crate::supergraph::Supergraph;

/// Objects and items that one execution makes where subgraphs answer the same composite fields of shared entities. That
/// is more than an answer of 16 MiB to a client needs.
pub(crate) const MOST_VIEWS: usize = 1_000_000;

/// Members that one execution compares to see whether two answers speak of the same field. Only those of answers are
/// compared that probably do.
pub(crate) const MOST_COMPARED: usize = 20_000_000;

/// What objects with certain parts and an object of an answer both say.
#[derive(Debug)]
pub(super) struct Joint {
    parts: Vec<ObjectId>,
    /// None where neither adds anything to the other.
    object: Option<ObjectId>,
}

/// Merging would take too long or make too many values.
#[derive(Debug, thiserror::Error)]
#[error("subgraphs speak of the same fields of too many objects")]
pub(crate) struct TooManyViews;

impl<'a> Data<'a> {
    /// Gives `target` the members of `source`, an object of an answer that nothing was merged into: objects merge member
    /// by member, lists item by item, anything else counts only where nothing is.
    ///
    /// Of two names of an object's type the narrower stands: a subgraph that knows an interface as an object
    /// (`@interfaceObject`) calls everything by the interface's name until another one tells the type.
    pub(crate) fn merge(
        &mut self,
        supergraph: &Supergraph,
        target: ObjectId,
        source: ObjectId,
    ) -> Result<(), TooManyViews> {
        debug_assert!(self.object(source).parts.is_none(), "it has just been answered");
        let (is_merged, marks) = {
            let whole = self.whole(target);
            (whole.has_part(source), whole.marks())
        };
        if is_merged || self.object(source).len == 0 {
            return Ok(());
        }
        if marks & self.object(source).marks != 0 {
            self.merge_own(supergraph, target, source)?;
            if let Some(joint) = self.joint(supergraph, target, source)? {
                let next = self.object(target).parts;
                let part = self.part(Part { object: joint, next });
                self.objects[target.index()].parts = Some(part);
            }
        }
        self.add_part(target, source);
        Ok(())
    }

    /// Merges into what an object has of its own.
    fn merge_own(&mut self, supergraph: &Supergraph, target: ObjectId, source: ObjectId) -> Result<(), TooManyViews> {
        for at in self.object(target).range() {
            let Member { name, value: known } = self.members[at];
            let Some(said) = position(self.members(source), name) else { continue };
            let said = self.members(source)[said].value;
            // A null stands back behind what a part has.
            if !known.is_null() {
                self.members[at].value = self.merged_member(supergraph, name, known, said, true)?;
            }
        }
        Ok(())
    }

    /// An object to stand before the parts of `target`, with what both they and `source` speak of; none if that is nothing
    /// new. Objects with the same parts share it.
    fn joint(
        &mut self,
        supergraph: &Supergraph,
        target: ObjectId,
        source: ObjectId,
    ) -> Result<Option<ObjectId>, TooManyViews> {
        let parts: Vec<_> = self.whole(target).parts().map(|layer| layer.object).collect();
        let Some(first) = parts.first() else { return Ok(None) };
        let key = (*first, source);
        if let Some(joint) = self.joints.get(&key)
            && joint.parts == parts
        {
            return Ok(joint.object);
        }
        let members = self.object(source).range();
        let bytes: usize = self.members[members.clone()].iter().map(|member| member.name.len()).sum();
        self.compare(members.len() + bytes / 64)?;
        let mut joined = Vec::new();
        for at in members {
            let Member { name, value: said } = self.members[at];
            let found = self.whole(target).get_from_parts(name).filter(|known| !known.is_null());
            let Some(known) = found else { continue };
            let value = self.merged_member(supergraph, name, known, said, false)?;
            if value != known {
                joined.push(Member { name, value });
            }
        }
        let object = if joined.is_empty() {
            None
        } else {
            self.spend(1)?;
            let marks = settle_distinct(&mut joined);
            Some(self.object_of(joined.into_iter(), marks))
        };
        self.joints.insert(key, Joint { parts, object });
        Ok(object)
    }

    fn merged_member(
        &mut self,
        supergraph: &Supergraph,
        name: &str,
        known: Value<'a>,
        said: Value<'a>,
        own: bool,
    ) -> Result<Value<'a>, TooManyViews> {
        match (known, said) {
            (Value::String(known_name), Value::String(said_name)) if name == TYPENAME => {
                let (known_name, said_name) = (known_name.as_str(), said_name.as_str());
                let is_narrower = known_name != said_name && supergraph.satisfies_in_full(said_name, known_name);
                Ok(if is_narrower { said } else { known })
            }
            _ if own || self.adds(known, said)? => self.merged(supergraph, known, said, own),
            _ => Ok(known),
        }
    }

    /// What becomes of two values of one field: the known one, which is changed if it is `own` and therefore nobody
    /// else's, or else one that has what is in both.
    fn merged(
        &mut self,
        supergraph: &Supergraph,
        known: Value<'a>,
        said: Value<'a>,
        own: bool,
    ) -> Result<Value<'a>, TooManyViews> {
        match (known, said) {
            (Value::Object(known), Value::Object(said)) => {
                let target = if own { known } else { self.view(known)? };
                self.merge(supergraph, target, said)?;
                Ok(Value::Object(target))
            }
            (Value::List(known), Value::List(said)) if known.len == said.len => {
                let target = if own { known } else { self.copied(known)? };
                for (at, said) in target.range().zip(said.range()) {
                    let (known, said) = (self.items[at], self.items[said]);
                    // Copies share no items, so that each of these is one object and is found once.
                    let is_shared = !own && !self.adds(known, said)?;
                    self.items[at] =
                        if is_shared { self.viewed(known)? } else { self.merged(supergraph, known, said, own)? };
                }
                Ok(Value::List(target))
            }
            (Value::Null, said) => self.viewed(said),
            // Two subgraphs that answer the same field must agree; the first one stands.
            (known, _) => Ok(known),
        }
    }

    /// Whether there is something in `said` that is not in `known`.
    fn adds(&mut self, known: Value<'a>, said: Value<'a>) -> Result<bool, TooManyViews> {
        match (known, said) {
            (Value::Object(_), Value::Object(_)) => Ok(true),
            (Value::List(known), Value::List(said)) if known.len == said.len => {
                self.compare(said.len as usize)?;
                for (known, said) in known.range().zip(said.range()) {
                    if self.adds(self.items[known], self.items[said])? {
                        return Ok(true);
                    }
                }
                Ok(false)
            }
            (known, said) => Ok(known.is_null() && !said.is_null()),
        }
    }

    /// The same value for one place alone.
    fn viewed(&mut self, value: Value<'a>) -> Result<Value<'a>, TooManyViews> {
        match value {
            Value::Object(object) => self.view(object).map(Value::Object),
            Value::List(list) => {
                let copied = self.copied(list)?;
                for at in copied.range() {
                    self.items[at] = self.viewed(self.items[at])?;
                }
                Ok(Value::List(copied))
            }
            leaf => Ok(leaf),
        }
    }

    /// A new object with all that this one has.
    fn view(&mut self, object: ObjectId) -> Result<ObjectId, TooManyViews> {
        self.spend(1)?;
        let view = self.object_of(std::iter::empty(), 0);
        self.add_part(view, object);
        Ok(view)
    }

    /// A new list of the same items.
    fn copied(&mut self, list: List) -> Result<List, TooManyViews> {
        self.spend(list.len as usize)?;
        let start = number(self.items.len());
        self.items.extend_from_within(list.range());
        Ok(List { start, ..list })
    }

    /// Adds a part behind all others.
    fn add_part(&mut self, object: ObjectId, part: ObjectId) {
        let new = self.part(Part { object: part, next: None });
        let Some(mut last) = self.object(object).parts else {
            self.objects[object.index()].parts = Some(new);
            return;
        };
        while let Some(next) = self.parts[last.index()].next {
            last = next;
        }
        self.parts[last.index()].next = Some(new);
    }

    fn part(&mut self, part: Part) -> PartId {
        self.parts.push(part);
        PartId(number(self.parts.len()).try_into().expect("it has just become longer"))
    }

    fn compare(&mut self, members: usize) -> Result<(), TooManyViews> {
        self.compared = self.compared.checked_sub(members).ok_or(TooManyViews)?;
        Ok(())
    }

    fn spend(&mut self, values: usize) -> Result<(), TooManyViews> {
        self.views = self.views.checked_sub(values).ok_or(TooManyViews)?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use async_graphql::{Name, Value as Owned};
    use serde_json::{Value as Json, json};

    use super::*;
    use crate::data::{Key, Number};

    fn supergraph() -> Supergraph {
        let sdl = "type Query { media: Media } interface Media { id: ID } type Video implements Media { id: ID }";
        Supergraph::parse(sdl).unwrap()
    }

    /// What is seen of a value, parts included.
    fn seen(data: &Data<'_>, value: Value<'_>) -> Json {
        match value {
            Value::List(list) => data.items(list).iter().map(|item| seen(data, *item)).collect(),
            Value::Object(object) => {
                let whole = data.whole(object);
                let names = whole.layers().flat_map(|layer| layer.members).map(|member| member.name);
                let member = |name: &str| {
                    let value = data.get(object, &Key::new(Name::new(name))).expect("it has the name from there");
                    (name.to_owned(), seen(data, value))
                };
                Json::Object(names.map(member).collect())
            }
            Value::Number(Number::Unsigned(number)) => number.into(),
            leaf => data.to_owned(leaf).into_json().unwrap(),
        }
    }

    /// What several answers make of a value, one after the other; and of a second one that gets the first answer alone.
    fn merged(target: Json, sources: &[Json]) -> (Json, Json) {
        let owned: Vec<_> = sources.iter().map(|json| Owned::from_json(json.clone()).unwrap()).collect();
        let targets = [target.clone(), target].map(|json| Owned::from_json(json).unwrap());
        let mut data = Data::new();
        let targets: Vec<_> = targets.iter().map(|target| data.add(target)).collect();
        let [Value::Object(target), Value::Object(other)] = targets[..] else { panic!("two objects") };
        for (at, source) in owned.iter().enumerate() {
            let Value::Object(source) = data.add(source) else { panic!("an object") };
            data.merge(&supergraph(), target, source).unwrap();
            if at == 0 {
                data.merge(&supergraph(), other, source).unwrap();
            }
        }
        [target, other]
            .map(|object| {
                let seen = seen(&data, Value::Object(object));
                let whole = data.to_owned(Value::Object(object)).into_json().unwrap();
                assert_eq!(seen, whole, "what is written whole is what is seen member by member");
                seen
            })
            .into()
    }

    #[test]
    fn objects_and_lists_merge_and_the_first_leaf_stands() {
        let target = json!({ "a": { "x": 1 }, "l": [{ "x": 1 }, null], "n": null, "v": 1 });
        let source = json!({ "a": { "y": 2 }, "l": [{ "y": 2 }, { "y": 3 }], "n": 4, "v": 5, "w": 6 });
        let expected = json!({
            "a": { "x": 1, "y": 2 }, "l": [{ "x": 1, "y": 2 }, { "y": 3 }], "n": 4, "v": 1, "w": 6,
        });
        assert_eq!(merged(target, &[source]), (expected.clone(), expected));
    }

    #[test]
    fn what_is_merged_into_a_shared_object_is_seen_at_its_own_place_alone() {
        let first = json!({ "a": { "x": { "one": 1 } }, "l": [{ "x": 1 }, null, [{ "x": 2 }]], "n": null });
        let second =
            json!({ "a": { "x": { "two": 2 }, "y": 3 }, "l": [{ "y": 2 }, { "y": 3 }, [{ "y": 4 }]], "n": {} });
        let third =
            json!({ "a": { "x": { "three": 3 } }, "l": [{ "z": 1 }, { "z": 2 }, [{ "z": 3 }]], "n": { "m": 1 } });
        let (whole, other) = merged(json!({ "id": 1 }), &[first.clone(), second, third]);
        let expected = json!({
            "id": 1,
            "a": { "x": { "one": 1, "two": 2, "three": 3 }, "y": 3 },
            "l": [{ "x": 1, "y": 2, "z": 1 }, { "y": 3, "z": 2 }, [{ "x": 2, "y": 4, "z": 3 }]],
            "n": { "m": 1 },
        });
        assert_eq!(whole, expected);
        let expected = json!({ "id": 1, "a": first["a"], "l": first["l"], "n": null });
        assert_eq!(other, expected);
    }

    #[test]
    fn the_narrower_type_name_stands_whichever_came_first() {
        let named = |name: &str| json!({ "__typename": name });
        let of = |names: &[&str]| {
            let said: Vec<_> = names.iter().map(|name| named(name)).collect();
            let (own, _) = merged(said[0].clone(), &said[1..]);
            let (shared, _) = merged(json!({ "id": 1 }), &said);
            assert_eq!(own["__typename"], shared["__typename"]);
            own
        };
        assert_eq!(of(&["Media", "Video"]), named("Video"));
        assert_eq!(of(&["Video", "Media"]), named("Video"));
        assert_eq!(of(&["Video", "Query"]), named("Video"));
        assert_eq!(of(&["Media", "Media", "Video", "Media"]), named("Video"));
    }

    #[test]
    fn lists_of_different_length_do_not_mix() {
        let expected = json!({ "l": [{ "x": 1 }] });
        assert_eq!(merged(expected.clone(), &[json!({ "l": [{ "y": 1 }, { "y": 2 }] })]).0, expected);
    }

    #[test]
    fn what_is_said_of_an_object_later_is_seen_where_it_was_merged_before() {
        let owned = [json!({ "d": { "e": { "k": 1 } } }), json!({ "d": { "e": { "t": 5 } } }), json!({ "name": "n" })];
        let owned = owned.map(|json| Owned::from_json(json).unwrap());
        let mut data = Data::new();
        let answers: Vec<_> = owned.iter().map(|owned| data.add(owned)).collect();
        let [Value::Object(first), Value::Object(second), Value::Object(late)] = answers[..] else {
            panic!("three objects")
        };
        let target = data.object_of(std::iter::empty(), 0);
        data.merge(&supergraph(), target, first).unwrap();
        // Another request is sent for the innermost object here.
        let Some((_, &Value::Object(outer))) = data.whole(target).find_named("d") else { panic!("an object") };
        let Some((_, &Value::Object(inner))) = data.whole(outer).find_named("e") else { panic!("an object") };
        data.merge(&supergraph(), target, second).unwrap();
        data.merge(&supergraph(), inner, late).unwrap();
        let expected = json!({ "d": { "e": { "k": 1, "t": 5, "name": "n" } } });
        assert_eq!(seen(&data, Value::Object(target)), expected);
    }

    #[test]
    fn an_answer_is_merged_into_an_object_once() {
        let owned = [json!({ "a": { "x": 1 } }), json!({ "a": { "y": 2 }, "b": 3 })];
        let owned = owned.map(|json| Owned::from_json(json).unwrap());
        let mut data = Data::new();
        let sources: Vec<_> = owned.iter().map(|owned| data.add(owned)).collect();
        let [Value::Object(first), Value::Object(second)] = sources[..] else { panic!("two objects") };
        let target = data.object_of(std::iter::empty(), 0);
        let mut made = Vec::new();
        for _ in 0..3 {
            data.merge(&supergraph(), target, first).unwrap();
            data.merge(&supergraph(), target, second).unwrap();
            made.push((data.objects.len(), data.parts.len(), data.views));
        }
        assert_eq!((made[0], made[0]), (made[1], made[2]));
        assert_eq!(seen(&data, Value::Object(target)), json!({ "a": { "x": 1, "y": 2 }, "b": 3 }));
    }

    #[test]
    fn what_is_merged_for_places_with_the_same_parts_is_merged_once() {
        let first = json!({ "l": [{ "x": 1 }, null, [{ "x": 2 }], [{ "x": 3 }], null] });
        let second = json!({ "l": [null, { "y": 1 }, [null], [{ "y": 2 }], [{ "y": 3 }]] });
        let owned = [first, second].map(|json| Owned::from_json(json).unwrap());
        let mut data = Data::new();
        let sources: Vec<_> = owned.iter().map(|owned| data.add(owned)).collect();
        let mut objects = Vec::new();
        for _ in 0..2 {
            let target = data.object_of(std::iter::empty(), 0);
            for source in &sources {
                let Value::Object(source) = source else { panic!("an object") };
                data.merge(&supergraph(), target, *source).unwrap();
            }
            let expected = json!([{ "x": 1 }, { "y": 1 }, [{ "x": 2 }], [{ "x": 3, "y": 2 }], [{ "y": 3 }]]);
            assert_eq!(seen(&data, Value::Object(target)), json!({ "l": expected }));
            let Some((_, &list)) = data.whole(target).find_named("l") else { panic!("a list") };
            let mut left = vec![list];
            while let Some(value) = left.pop() {
                match value {
                    Value::List(list) => left.extend(data.items(list)),
                    Value::Object(object) => objects.push(object),
                    _ => {}
                }
            }
        }
        let count = objects.len();
        objects.sort();
        objects.dedup();
        assert_eq!((count, objects.len()), (10, 5));
    }

    #[test]
    fn answers_are_not_compared_without_end() {
        let members = (0..100_000).map(|at| (format!("n{at}"), json!(at)));
        let owned = Owned::from_json(Json::Object(members.collect())).unwrap();
        let mut data = Data::new();
        let Value::Object(source) = data.add(&owned) else { panic!("an object") };
        let known = Owned::from_json(json!({ "n7": true })).unwrap();
        let merged = (0..=MOST_COMPARED / 100_000).find_map(|_| {
            let Value::Object(first) = data.add(&known) else { panic!("an object") };
            let target = data.object_of(std::iter::empty(), 0);
            data.merge(&supergraph(), target, first).unwrap();
            data.merge(&supergraph(), target, source).err()
        });
        assert!(merged.is_some());
    }

    #[test]
    fn what_several_subgraphs_say_of_shared_lists_is_bounded() {
        let owned = Owned::from_json(json!({ "l": vec![json!({}); 10_000] })).unwrap();
        let mut data = Data::new();
        let Value::Object(second) = data.add(&owned) else { panic!("an object") };
        let merged = (0..MOST_VIEWS / 10_000).find_map(|_| {
            let Value::Object(first) = data.add(&owned) else { panic!("an object") };
            let target = data.object_of(std::iter::empty(), 0);
            data.merge(&supergraph(), target, first).unwrap();
            data.merge(&supergraph(), target, second).err()
        });
        assert!(merged.is_some());
    }
}
