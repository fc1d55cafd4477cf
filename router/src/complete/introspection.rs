//! `__schema` and `__type`: what the API schema says of itself, written field by field within the answer's budget.

use std::borrow::Cow;

use apollo_compiler::{
    Name,
    ast::{self, DirectiveList, Type},
    schema::{DirectiveDefinition, EnumValueDefinition, ExtendedType, FieldDefinition, InputValueDefinition},
};
use async_graphql::Value;

use super::{
    Full, Writer, json,
    shape::{FieldValue, Level, Object, ObjectField, Shape},
};
use crate::supergraph::Supergraph;

/// An object of the introspection schema.
#[derive(Clone, Copy)]
enum Meta<'a> {
    Schema,
    Type(&'a ExtendedType),
    /// The `LIST` of these items.
    ListOf(&'a Type),
    /// A `NON_NULL`, itself.
    NonNull(&'a Type),
    Field(&'a FieldDefinition),
    Input(&'a InputValueDefinition),
    EnumValue(&'a EnumValueDefinition),
    Directive(&'a DirectiveDefinition),
}

/// The value of a field of it.
enum Told<'a> {
    Null,
    Text(Cow<'a, str>),
    Flag(bool),
    One(Meta<'a>),
    Many(Vec<Meta<'a>>),
    Words(Vec<&'static str>),
}

impl<'a> Writer<'a> {
    /// Writes the value of `__schema` or `__type`.
    pub(super) fn introspection(&mut self, field: &'a ObjectField, shape: &'a Shape) -> Result<(), Full> {
        let schema = self.supergraph;
        let told = match self.argument(field) {
            None => Told::One(Meta::Schema),
            Some(Value::String(name)) => named(schema, &name),
            Some(_) => Told::Null,
        };
        self.told(shape, told)
    }

    fn told(&mut self, shape: &'a Shape, told: Told<'a>) -> Result<(), Full> {
        match told {
            Told::Null => self.out.extend_from_slice(b"null"),
            Told::Text(text) => json::write_str(&mut self.out, &text),
            Told::Flag(flag) => self.out.extend_from_slice(if flag { b"true" } else { b"false" }),
            Told::One(meta) => {
                let object = level(shape).and_then(|level| level.object(self.supergraph, None));
                match object {
                    Some(object) => self.meta(object, meta)?,
                    None => self.out.extend_from_slice(b"null"),
                }
            }
            Told::Many(metas) => self.each(metas, |writer, meta| writer.told(shape, Told::One(meta)))?,
            Told::Words(words) => self.each(words, |writer, word| writer.told(shape, Told::Text(word.into())))?,
        }
        self.check_room()
    }

    fn each<T>(&mut self, items: Vec<T>, write: impl Fn(&mut Self, T) -> Result<(), Full>) -> Result<(), Full> {
        self.out.push(b'[');
        for (at, item) in items.into_iter().enumerate() {
            if at > 0 {
                self.out.push(b',');
            }
            write(self, item)?;
        }
        self.out.push(b']');
        Ok(())
    }

    fn meta(&mut self, object: &'a Object, meta: Meta<'a>) -> Result<(), Full> {
        self.out.push(b'{');
        for field in &object.fields {
            self.out.extend_from_slice(&field.prefix);
            match &field.value {
                FieldValue::Typename(name) => self.out.extend_from_slice(name),
                FieldValue::Data(shape) | FieldValue::Introspection(shape) => {
                    let deprecated = self.argument(field) == Some(Value::Boolean(true));
                    let told = meta.tell(self.supergraph, &field.name, deprecated);
                    self.told(shape, told)?;
                }
            }
            self.check_room()?;
        }
        self.out.push(b'}');
        Ok(())
    }

    /// The value of the field's argument; `None` where it has none or its variable is absent.
    fn argument(&self, field: &ObjectField) -> Option<Value> {
        match field.argument.as_deref()? {
            ast::Value::String(text) => Some(Value::String(text.clone())),
            ast::Value::Boolean(value) => Some(Value::Boolean(*value)),
            ast::Value::Variable(name) => self.variables.get(name).cloned(),
            _ => Some(Value::Null),
        }
    }
}

fn level(shape: &Shape) -> Option<&Level> {
    match shape {
        Shape::NonNull(inner) | Shape::List(inner) => level(inner),
        Shape::Composite(level) => Some(level),
        Shape::Leaf(_) => None,
    }
}

fn named<'a>(schema: &'a Supergraph, name: &str) -> Told<'a> {
    schema.api.types.get(name).map_or(Told::Null, |ty| Told::One(Meta::Type(ty)))
}

fn of_type<'a>(schema: &'a Supergraph, ty: &'a Type) -> Told<'a> {
    match ty {
        Type::Named(name) => named(schema, name),
        Type::List(item) => Told::One(Meta::ListOf(item)),
        Type::NonNullNamed(_) | Type::NonNullList(_) => Told::One(Meta::NonNull(ty)),
    }
}

fn text(text: Option<&str>) -> Told<'_> {
    text.map_or(Told::Null, |text| Told::Text(Cow::Borrowed(text)))
}

fn types<'a>(schema: &'a Supergraph, names: impl Iterator<Item = &'a Name>) -> Told<'a> {
    Told::Many(names.filter_map(|name| schema.api.types.get(name)).map(Meta::Type).collect())
}

fn inputs<'a>(inputs: impl Iterator<Item = &'a InputValueDefinition>, deprecated: bool) -> Told<'a> {
    Told::Many(inputs.filter(|input| deprecated || !input.directives.has("deprecated")).map(Meta::Input).collect())
}

fn fields<'a>(fields: impl Iterator<Item = &'a FieldDefinition>, deprecated: bool) -> Told<'a> {
    Told::Many(fields.filter(|field| deprecated || !field.directives.has("deprecated")).map(Meta::Field).collect())
}

/// `isDeprecated` and `deprecationReason`, which fields, inputs and enum values share.
fn deprecation<'a>(schema: &'a Supergraph, directives: &'a DirectiveList, field: &str) -> Told<'a> {
    let deprecated = directives.get("deprecated");
    match field {
        "isDeprecated" => Told::Flag(deprecated.is_some()),
        "deprecationReason" => {
            let reason = deprecated.and_then(|directive| directive.argument_by_name("reason", &schema.api).ok());
            text(reason.and_then(|reason| reason.as_str()))
        }
        _ => Told::Null,
    }
}

fn kind(ty: &ExtendedType) -> &'static str {
    match ty {
        ExtendedType::Scalar(_) => "SCALAR",
        ExtendedType::Object(_) => "OBJECT",
        ExtendedType::Interface(_) => "INTERFACE",
        ExtendedType::Union(_) => "UNION",
        ExtendedType::Enum(_) => "ENUM",
        ExtendedType::InputObject(_) => "INPUT_OBJECT",
    }
}

impl<'a> Meta<'a> {
    /// The field of that name; `deprecated` is its argument `includeDeprecated`.
    fn tell(self, schema: &'a Supergraph, field: &str, deprecated: bool) -> Told<'a> {
        match self {
            Self::Schema => schema_field(schema, field),
            Self::Type(ty) => type_field(schema, ty, field, deprecated),
            Self::ListOf(item) => match field {
                "kind" => Told::Text("LIST".into()),
                "ofType" => of_type(schema, item),
                _ => Told::Null,
            },
            Self::NonNull(ty) => match (field, ty) {
                ("kind", _) => Told::Text("NON_NULL".into()),
                ("ofType", Type::NonNullNamed(name) | Type::Named(name)) => named(schema, name),
                ("ofType", Type::NonNullList(item) | Type::List(item)) => Told::One(Meta::ListOf(item)),
                _ => Told::Null,
            },
            Self::Field(definition) => match field {
                "name" => Told::Text(definition.name.as_str().into()),
                "description" => text(definition.description.as_deref()),
                "args" => inputs(definition.arguments.iter().map(AsRef::as_ref), deprecated),
                "type" => of_type(schema, &definition.ty),
                _ => deprecation(schema, &definition.directives, field),
            },
            Self::Input(definition) => match field {
                "name" => Told::Text(definition.name.as_str().into()),
                "description" => text(definition.description.as_deref()),
                "type" => of_type(schema, &definition.ty),
                "defaultValue" => definition
                    .default_value
                    .as_ref()
                    .map_or(Told::Null, |value| Told::Text(value.serialize().no_indent().to_string().into())),
                _ => deprecation(schema, &definition.directives, field),
            },
            Self::EnumValue(definition) => match field {
                "name" => Told::Text(definition.value.as_str().into()),
                "description" => text(definition.description.as_deref()),
                _ => deprecation(schema, &definition.directives, field),
            },
            Self::Directive(definition) => match field {
                "name" => Told::Text(definition.name.as_str().into()),
                "description" => text(definition.description.as_deref()),
                "isRepeatable" => Told::Flag(definition.repeatable),
                "locations" => Told::Words(definition.locations.iter().map(|location| location.name()).collect()),
                "args" => inputs(definition.arguments.iter().map(AsRef::as_ref), deprecated),
                _ => Told::Null,
            },
        }
    }
}

fn schema_field<'a>(schema: &'a Supergraph, field: &str) -> Told<'a> {
    let (api, definition) = (&schema.api, &schema.api.schema_definition);
    match field {
        "description" => text(definition.description.as_deref()),
        "types" => Told::Many(api.types.values().map(Meta::Type).collect()),
        "directives" => {
            Told::Many(api.directive_definitions.values().map(|definition| Meta::Directive(definition)).collect())
        }
        "queryType" => definition.query.as_ref().map_or(Told::Null, |query| named(schema, query)),
        "mutationType" => definition.mutation.as_ref().map_or(Told::Null, |mutation| named(schema, mutation)),
        "subscriptionType" => definition.subscription.as_ref().map_or(Told::Null, |events| named(schema, events)),
        _ => Told::Null,
    }
}

fn type_field<'a>(schema: &'a Supergraph, ty: &'a ExtendedType, field: &str, deprecated: bool) -> Told<'a> {
    match (field, ty) {
        ("kind", _) => Told::Text(kind(ty).into()),
        ("name", _) => Told::Text(ty.name().as_str().into()),
        ("description", _) => text(ty.description().map(|description| &**description)),
        ("fields", ExtendedType::Object(object)) => fields(object.fields.values().map(AsRef::as_ref), deprecated),
        ("fields", ExtendedType::Interface(interface)) => {
            fields(interface.fields.values().map(AsRef::as_ref), deprecated)
        }
        ("interfaces", ExtendedType::Object(object)) => {
            types(schema, object.implements_interfaces.iter().map(|interface| &interface.name))
        }
        ("interfaces", ExtendedType::Interface(interface)) => {
            types(schema, interface.implements_interfaces.iter().map(|interface| &interface.name))
        }
        ("possibleTypes", ExtendedType::Interface(_) | ExtendedType::Union(_)) => {
            types(schema, schema.possible_types(ty.name()).iter())
        }
        ("enumValues", ExtendedType::Enum(values)) => {
            let values = values.values.values().map(AsRef::as_ref);
            let values = values.filter(|value| deprecated || !value.directives.has("deprecated"));
            Told::Many(values.map(Meta::EnumValue).collect())
        }
        ("inputFields", ExtendedType::InputObject(input)) => {
            inputs(input.fields.values().map(AsRef::as_ref), deprecated)
        }
        ("specifiedByURL", ExtendedType::Scalar(scalar)) => {
            let url = scalar.directives.get("specifiedBy");
            text(url.and_then(|directive| directive.specified_argument_by_name("url")).and_then(|url| url.as_str()))
        }
        _ => Told::Null,
    }
}
