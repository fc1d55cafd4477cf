//! What a response looks like, compiled from the client's selections and the API schema.
//!
//! The concrete type of a value decides which selections apply, so the fields of an object are compiled when its type
//! is first seen, and kept. Fields that share a response key merge: the first gives its name and place, the union of
//! their sub-selections goes one level down.

use std::sync::{Arc, OnceLock};

use apollo_compiler::{
    Name, Node,
    ast::{Type, Value},
    collections::IndexSet,
    schema::ExtendedType,
};

use super::{
    errors::Places,
    json,
    selection::{ClientItem, ClientSet},
};
use crate::{data::Key, supergraph::Supergraph};

/// The selections of one place, for whatever object stands there.
#[derive(Debug)]
pub(crate) struct Level {
    sets: Vec<Arc<ClientSet>>,
    /// The objects that may stand here. The last slot is the static type itself where that is abstract: subgraphs with
    /// `@interfaceObject` answer with the interface's name.
    slots: Box<[(Name, OnceLock<Box<Object>>)]>,
}

/// The fields of an object of known type, in the order of the response.
#[derive(Debug)]
pub(super) struct Object {
    pub(super) fields: Box<[ObjectField]>,
    /// Whether no field is an object or a list of objects.
    pub(super) is_flat: bool,
}

#[derive(Debug)]
pub(super) struct ObjectField {
    /// `"key":`, with the comma before it where another field stands before.
    pub(super) prefix: Box<[u8]>,
    pub(super) response_key: Name,
    pub(super) name: Name,
    pub(super) data_key: Key,
    /// `Type.field`, for errors.
    pub(super) coordinate: Box<str>,
    /// The one argument that a field of introspection may have.
    pub(super) argument: Option<Node<Value>>,
    pub(super) value: FieldValue,
}

#[derive(Debug)]
pub(super) enum FieldValue {
    /// `__typename`, answered from the type itself: the JSON string.
    Typename(Box<[u8]>),
    /// `__schema` or `__type` at the root, answered by the gateway.
    Introspection(Shape),
    Data(Shape),
}

/// The declared type of a value.
#[derive(Debug)]
pub(super) enum Shape {
    NonNull(Box<Shape>),
    List(Box<Shape>),
    Leaf(Leaf),
    Composite(Level),
}

/// How a leaf is coerced.
#[derive(Debug)]
pub(super) enum Leaf {
    Int,
    Float,
    String,
    Boolean,
    Id,
    Enum {
        /// The values that clients may see.
        visible: IndexSet<Name>,
        /// Those that are `@inaccessible`.
        hidden: IndexSet<Name>,
    },
    /// Passes through.
    Custom,
}

impl Level {
    /// The root of an operation.
    pub(crate) fn root(supergraph: &Supergraph, root_type: &Name, set: Arc<ClientSet>) -> Self {
        Self::new(supergraph, root_type, vec![set])
    }

    fn new(supergraph: &Supergraph, static_type: &Name, sets: Vec<Arc<ClientSet>>) -> Self {
        let possible = supergraph.possible_types(static_type);
        let is_object = possible.len() == 1 && possible[0] == *static_type;
        let slots = possible
            .iter()
            .chain((!is_object).then_some(static_type))
            .map(|name| (name.clone(), OnceLock::new()))
            .collect();
        Self { sets, slots }
    }

    /// Whether it takes a `__typename` to know the object.
    pub(super) fn is_abstract(&self) -> bool {
        self.slots.len() > 1
    }

    /// The object for a value with this `__typename`; `None` where no such object may stand here, or where clients may
    /// not see it. An object type needs no name in the data and believes none.
    pub(super) fn object(&self, supergraph: &Supergraph, typename: Option<&str>) -> Option<&Object> {
        let slot = if self.slots.len() == 1 {
            self.slots.first()?
        } else {
            let (own, possible) = self.slots.split_last()?;
            match typename {
                Some(name) if *name != *own.0 => {
                    let at = possible.binary_search_by(|(known, _)| known.as_str().cmp(name)).ok()?;
                    &possible[at]
                }
                _ => own,
            }
        };
        Some(slot.1.get_or_init(|| Box::new(Object::compile(supergraph, &slot.0, &self.sets))))
    }

    /// The object of a null whose every field has an error of its own. `async-graphql` answers null for an object of
    /// which no field succeeded, also where every field may be null.
    pub(super) fn all_failed(&self, supergraph: &Supergraph, places: &Places) -> Option<&Object> {
        if self.slots.len() > 1 {
            return None;
        }
        let object = self.object(supergraph, None)?;
        let failed =
            |field: &ObjectField| places.key(field.data_key.name()).is_some_and(|places| !places.here.is_empty());
        object.fields.iter().all(failed).then_some(object)
    }

    /// Any object of this place that has been compiled and holds `data_key`: for naming places below a null.
    pub(super) fn field_by_data_key(&self, supergraph: &Supergraph, data_key: &str) -> Option<&ObjectField> {
        self.slots.iter().find_map(|(name, _)| {
            let object = self.object(supergraph, Some(name.as_str()))?;
            object.fields.iter().find(|field| field.data_key.name() == data_key)
        })
    }
}

impl Object {
    fn compile(supergraph: &Supergraph, concrete: &Name, sets: &[Arc<ClientSet>]) -> Self {
        let mut collected = Vec::new();
        let mut visited = Vec::new();
        for set in sets {
            collect(supergraph, concrete, set, &mut collected, &mut visited);
        }
        let mut fields = Vec::with_capacity(collected.len());
        for field in collected {
            let Some(value) = field.compile(supergraph, concrete) else { continue };
            let mut prefix = Vec::with_capacity(field.response_key.len() + 4);
            if !fields.is_empty() {
                prefix.push(b',');
            }
            json::write_str(&mut prefix, field.response_key);
            prefix.push(b':');
            fields.push(ObjectField {
                prefix: prefix.into(),
                response_key: field.response_key.clone(),
                name: field.name.clone(),
                data_key: Key::new(async_graphql::Name::new(field.data_key)),
                coordinate: format!("{concrete}.{}", field.name).into(),
                argument: field.argument.cloned(),
                value,
            });
        }
        let is_flat = fields.iter().all(|field: &ObjectField| field.value.is_flat());
        Self { fields: fields.into(), is_flat }
    }
}

impl FieldValue {
    fn is_flat(&self) -> bool {
        match self {
            Self::Typename(_) => true,
            Self::Introspection(_) => false,
            Self::Data(shape) => shape.is_flat(),
        }
    }
}

impl Shape {
    fn is_flat(&self) -> bool {
        match self {
            Self::NonNull(inner) | Self::List(inner) => inner.is_flat(),
            Self::Leaf(_) => true,
            Self::Composite(_) => false,
        }
    }
}

/// Fields with one response key.
struct Collected<'s> {
    response_key: &'s Name,
    name: &'s Name,
    data_key: &'s str,
    argument: Option<&'s Node<Value>>,
    sets: Vec<Arc<ClientSet>>,
}

/// `CollectFields` of the specification, with conditions already decided.
fn collect<'s>(
    supergraph: &Supergraph,
    concrete: &Name,
    set: &'s ClientSet,
    collected: &mut Vec<Collected<'s>>,
    visited: &mut Vec<*const ClientSet>,
) {
    for item in &set.items {
        match item {
            ClientItem::Field(field) => {
                let known = collected.iter_mut().find(|known| *known.response_key == field.response_key);
                if let Some(known) = known {
                    known.sets.extend(field.set.clone());
                } else {
                    collected.push(Collected {
                        response_key: &field.response_key,
                        name: &field.name,
                        data_key: &field.data_key,
                        argument: field.argument.as_ref(),
                        sets: field.set.iter().cloned().collect(),
                    });
                }
            }
            ClientItem::Fragment { condition, set } => {
                let applies = condition.as_ref().is_none_or(|condition| supergraph.satisfies(concrete, condition));
                let pointer = Arc::as_ptr(set);
                if applies && !visited.contains(&pointer) {
                    visited.push(pointer);
                    collect(supergraph, concrete, set, collected, visited);
                }
            }
        }
    }
}

impl Collected<'_> {
    fn compile(&self, supergraph: &Supergraph, concrete: &Name) -> Option<FieldValue> {
        match self.name.as_str() {
            "__typename" => {
                let mut typename = Vec::new();
                json::write_str(&mut typename, concrete);
                Some(FieldValue::Typename(typename.into()))
            }
            // A member of an `@interfaceObject` may lack a definition of its own; validation saw the interface's.
            name => {
                let definition = supergraph.api.type_field(concrete, name).ok()?;
                let shape = self.shape(supergraph, &definition.ty);
                Some(match name {
                    "__schema" | "__type" => FieldValue::Introspection(shape),
                    _ => FieldValue::Data(shape),
                })
            }
        }
    }

    fn shape(&self, supergraph: &Supergraph, ty: &Type) -> Shape {
        match ty {
            Type::Named(name) => self.named(supergraph, name),
            Type::NonNullNamed(name) => Shape::NonNull(Box::new(self.named(supergraph, name))),
            Type::List(item) => Shape::List(Box::new(self.shape(supergraph, item))),
            Type::NonNullList(item) => Shape::NonNull(Box::new(Shape::List(Box::new(self.shape(supergraph, item))))),
        }
    }

    fn named(&self, supergraph: &Supergraph, name: &Name) -> Shape {
        match supergraph.api.types.get(name) {
            Some(ExtendedType::Enum(visible)) => {
                let all = supergraph.full.get_enum(name).into_iter().flat_map(|all| all.values.keys());
                Shape::Leaf(Leaf::Enum {
                    visible: visible.values.keys().cloned().collect(),
                    hidden: all.filter(|value| !visible.values.contains_key(*value)).cloned().collect(),
                })
            }
            Some(ExtendedType::Object(_) | ExtendedType::Interface(_) | ExtendedType::Union(_)) => {
                Shape::Composite(Level::new(supergraph, name, self.sets.clone()))
            }
            _ => Shape::Leaf(match name.as_str() {
                "Int" => Leaf::Int,
                "Float" => Leaf::Float,
                "String" => Leaf::String,
                "Boolean" => Leaf::Boolean,
                "ID" => Leaf::Id,
                _ => Leaf::Custom,
            }),
        }
    }
}
