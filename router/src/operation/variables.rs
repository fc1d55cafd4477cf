//! Coerces a request's variables to the types that its operation declares.

use std::collections::HashMap;

use apollo_compiler::{
    Name, Node, Schema,
    ast::{Type, Value as Literal, VariableDefinition},
    schema::ExtendedType,
};
use async_graphql::{Name as ValueName, Number, Value, Variables};
use chatty_kit::Code;

use super::refusal::{Refusal, truncate};
use crate::{Limits, complete::json};

/// Coerced values; a variable that was neither given nor has a default is absent.
pub(crate) type Coerced = HashMap<Name, Value>;

/// Coerces what the operation declares; what it does not declare is dropped.
pub(crate) fn coerce(
    schema: &Schema,
    definitions: &[Node<VariableDefinition>],
    given: &Variables,
    limits: &Limits,
) -> Result<Coerced, Refusal> {
    let mut coerced = HashMap::with_capacity(definitions.len());
    for definition in definitions {
        let value = match given.get(definition.name.as_str()) {
            Some(value) => coerce_value(schema, &definition.ty, value.clone()),
            None => match &definition.default_value {
                Some(default) => Ok(literal(default)),
                None if definition.ty.is_non_null() => Err(Misfit::new("a value is required")),
                None => continue,
            },
        };
        match value {
            Ok(value) => drop(coerced.insert(definition.name.clone(), value)),
            Err(misfit) => {
                let message = format!("variable `${}{}`: {}", definition.name, misfit.path, misfit.reason);
                return Err(Refusal::new(Code::BadUserInput, truncate(message, limits.error_bytes)));
            }
        }
    }
    Ok(coerced)
}

/// The same bytes for the same values: the members by their names.
pub(crate) fn canonical_json(variables: &Coerced) -> Vec<u8> {
    let mut members: Vec<_> = variables.iter().collect();
    members.sort_by_key(|(name, _)| name.as_str());
    let mut json = Vec::new();
    for (name, value) in members {
        json::write_str(&mut json, name);
        json.push(b':');
        json::write_owned(&mut json, value);
        json.push(b',');
    }
    json
}

/// Why a value does not fit, and where inside it.
struct Misfit {
    path: String,
    reason: String,
}

impl Misfit {
    fn new(reason: impl Into<String>) -> Self {
        Self { path: String::new(), reason: reason.into() }
    }

    fn below(mut self, step: &str) -> Self {
        self.path.insert_str(0, step);
        self
    }
}

fn coerce_value(schema: &Schema, ty: &Type, value: Value) -> Result<Value, Misfit> {
    if value == Value::Null {
        return if ty.is_non_null() { Err(Misfit::new("must not be null")) } else { Ok(Value::Null) };
    }
    match ty {
        Type::Named(name) | Type::NonNullNamed(name) => coerce_named(schema, name, value),
        Type::List(item) | Type::NonNullList(item) => match value {
            Value::List(values) => {
                let coerced = values.into_iter().enumerate().map(|(at, value)| {
                    coerce_value(schema, item, value).map_err(|misfit| misfit.below(&format!("[{at}]")))
                });
                coerced.collect::<Result<_, _>>().map(Value::List)
            }
            single => Ok(Value::List(vec![coerce_value(schema, item, single)?])),
        },
    }
}

fn coerce_named(schema: &Schema, name: &Name, value: Value) -> Result<Value, Misfit> {
    match schema.types.get(name) {
        Some(ExtendedType::Scalar(_)) => {
            coerce_scalar(name, value).ok_or_else(|| Misfit::new(format!("expected `{name}`")))
        }
        Some(ExtendedType::Enum(values)) => match &value {
            Value::String(text) if values.values.contains_key(text.as_str()) => Ok(value),
            Value::Enum(text) if values.values.contains_key(text.as_str()) => Ok(value),
            _ => Err(Misfit::new(format!("expected a value of `{name}`"))),
        },
        Some(ExtendedType::InputObject(input)) => {
            let Value::Object(mut given) = value else {
                return Err(Misfit::new(format!("expected a `{name}` object")));
            };
            let one_of = input.directives.has("oneOf");
            if one_of && (given.len() != 1 || given.values().any(|member| *member == Value::Null)) {
                return Err(Misfit::new("needs exactly one member"));
            }
            let mut coerced = async_graphql::indexmap::IndexMap::with_capacity(given.len());
            for (field, definition) in &input.fields {
                match given.swap_remove(field.as_str()) {
                    Some(member) => {
                        let member = coerce_value(schema, &definition.ty, member)
                            .map_err(|misfit| misfit.below(&format!(".{field}")))?;
                        coerced.insert(ValueName::new(field.as_str()), member);
                    }
                    None => {
                        if let Some(default) = &definition.default_value {
                            coerced.insert(ValueName::new(field.as_str()), literal(default));
                        } else if definition.ty.is_non_null() {
                            return Err(Misfit::new("a value is required").below(&format!(".{field}")));
                        }
                    }
                }
            }
            match given.keys().next() {
                Some(unknown) => Err(Misfit::new(format!("`{name}` has no member `{unknown}`"))),
                None => Ok(Value::Object(coerced)),
            }
        }
        _ => Err(Misfit::new(format!("`{name}` is no input type"))),
    }
}

/// `None` where the value does not fit. Custom scalars pass; their subgraph knows better.
fn coerce_scalar(name: &str, value: Value) -> Option<Value> {
    match (name, value) {
        ("Int", Value::Number(number)) => {
            let int = number.as_i64().or_else(|| integral(&number))?;
            i32::try_from(int).ok().map(|int| Value::Number(int.into()))
        }
        ("Float", value @ Value::Number(_))
        | ("String" | "ID", value @ Value::String(_))
        | ("Boolean", value @ Value::Boolean(_)) => Some(value),
        ("ID", Value::Number(number)) if !number.is_f64() => Some(Value::String(number.to_string())),
        ("Int" | "Float" | "String" | "ID" | "Boolean", _) => None,
        (_, value) => Some(value),
    }
}

/// JSON does not tell `1.0` from `1`.
fn integral(number: &Number) -> Option<i64> {
    let float = number.as_f64().filter(|float| float.fract() == 0.0 && float.abs() <= f64::from(i32::MAX))?;
    format!("{float:.0}").parse().ok()
}

/// A literal of the schema or of the operation, already validated, without variables.
fn literal(literal_value: &Literal) -> Value {
    compose(literal_value, &Coerced::new())
}

/// A valid literal with the values of the variables inside. A member whose variable is absent is absent; in a list null
/// stands for it.
pub(crate) fn compose(literal_value: &Literal, variables: &Coerced) -> Value {
    match literal_value {
        Literal::Null => Value::Null,
        Literal::Variable(name) => variables.get(name).cloned().unwrap_or(Value::Null),
        Literal::Enum(name) => Value::Enum(ValueName::new(name.as_str())),
        Literal::String(text) => Value::String(text.clone()),
        Literal::Boolean(value) => Value::Boolean(*value),
        Literal::Int(number) => parsed(number.as_str()),
        Literal::Float(number) => parsed(number.as_str()),
        Literal::List(items) => Value::List(items.iter().map(|item| compose(item, variables)).collect()),
        Literal::Object(members) => {
            let is_absent =
                |member: &Literal| matches!(member, Literal::Variable(name) if !variables.contains_key(name));
            let present = members.iter().filter(|(_, member)| !is_absent(member));
            let composed = present.map(|(name, member)| (ValueName::new(name.as_str()), compose(member, variables)));
            Value::Object(composed.collect())
        }
    }
}

fn parsed(number: &str) -> Value {
    serde_json::from_str(number).map_or(Value::Null, Value::Number)
}
