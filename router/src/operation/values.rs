//! What the validator leaves unchecked in values: variables inside lists and input objects, and numbers of any size.
//!
//! It compares the names of types there and not the whole types, and looks into no literal of a custom scalar. What
//! passed would reach a subgraph under the planner's names, or a parser that cannot read the number.

use std::collections::HashSet;

use apollo_compiler::{
    ExecutableDocument, Name, Node, Schema,
    ast::{Argument, DirectiveList, InputValueDefinition, Type, Value, VariableDefinition},
    executable::{Operation, Selection, SelectionSet},
};
use chatty_kit::Code;

use super::refusal::{Refusal, truncate};
use crate::Limits;

/// Refuses a valid document for the first value that does not fit. Enters each fragment once for each operation.
pub(super) fn check(document: &ExecutableDocument, schema: &Schema, limits: &Limits) -> Result<(), Refusal> {
    for operation in document.operations.iter() {
        let mut walk = Walk { document, schema, limits, variables: &operation.variables, entered: HashSet::new() };
        walk.operation(operation)?;
    }
    Ok(())
}

struct Walk<'d> {
    document: &'d ExecutableDocument,
    schema: &'d Schema,
    limits: &'d Limits,
    /// The variables that may stand in a value.
    variables: &'d [Node<VariableDefinition>],
    entered: HashSet<&'d Name>,
}

/// Where a value stands.
#[derive(Clone, Copy)]
struct Place<'t> {
    ty: &'t Type,
    /// An argument or an input field with a default takes a nullable variable although its type is non-null.
    has_default: bool,
}

impl<'t> Place<'t> {
    fn of(definition: &'t InputValueDefinition) -> Self {
        Self { ty: &definition.ty, has_default: definition.default_value.is_some() }
    }
}

impl<'d> Walk<'d> {
    fn operation(&mut self, operation: &'d Operation) -> Result<(), Refusal> {
        for variable in &operation.variables {
            if let Some(default) = &variable.default_value {
                self.value(default, Some(Place { ty: &variable.ty, has_default: false }))?;
            }
            self.directives(&variable.directives)?;
        }
        self.directives(&operation.directives)?;
        self.selections(&operation.selection_set)
    }

    fn selections(&mut self, set: &'d SelectionSet) -> Result<(), Refusal> {
        for selection in &set.selections {
            self.directives(selection.directives())?;
            match selection {
                Selection::Field(field) => {
                    self.arguments(&field.arguments, &field.definition.arguments)?;
                    self.selections(&field.selection_set)?;
                }
                Selection::InlineFragment(fragment) => self.selections(&fragment.selection_set)?,
                Selection::FragmentSpread(spread) => {
                    if self.entered.insert(&spread.fragment_name)
                        && let Some(fragment) = self.document.fragments.get(&spread.fragment_name)
                    {
                        self.directives(&fragment.directives)?;
                        self.selections(&fragment.selection_set)?;
                    }
                }
            }
        }
        Ok(())
    }

    fn directives(&self, directives: &DirectiveList) -> Result<(), Refusal> {
        for directive in directives {
            if let Some(definition) = self.schema.directive_definitions.get(&directive.name) {
                self.arguments(&directive.arguments, &definition.arguments)?;
            }
        }
        Ok(())
    }

    fn arguments(
        &self,
        arguments: &[Node<Argument>],
        definitions: &[Node<InputValueDefinition>],
    ) -> Result<(), Refusal> {
        for argument in arguments {
            let definition = definitions.iter().find(|definition| definition.name == argument.name);
            self.value(&argument.value, definition.map(|definition| Place::of(definition)))?;
        }
        Ok(())
    }

    /// Checks a value. Inside the literal of a custom scalar there is no place of known type.
    fn value(&self, value: &Node<Value>, place: Option<Place<'_>>) -> Result<(), Refusal> {
        match value.as_ref() {
            Value::Variable(name) => self.variable(value, name, place),
            // What the planner's parser reads.
            Value::Int(number) if number.as_str().parse::<i64>().is_err() => {
                Err(self.refuse(value, "a whole number must fit into 64 bits".to_owned()))
            }
            Value::Float(number) if number.try_to_f64().is_err() => {
                Err(self.refuse(value, "a number must fit into a 64-bit float".to_owned()))
            }
            Value::List(items) => {
                let item = place.and_then(|place| match place.ty {
                    Type::List(item) | Type::NonNullList(item) => Some(Place { ty: item, has_default: false }),
                    Type::Named(_) | Type::NonNullNamed(_) => None,
                });
                items.iter().try_for_each(|value| self.value(value, item))
            }
            Value::Object(members) => {
                let input = place.and_then(|place| self.schema.get_input_object(place.ty.inner_named_type()));
                for (name, member) in members {
                    let Some(field) = input.and_then(|input| input.fields.get(name)) else {
                        self.value(member, None)?;
                        continue;
                    };
                    if input.is_some_and(|input| input.directives.has("oneOf")) {
                        // The one member must have a value, though each of them is declared nullable.
                        let ty = field.ty.as_ref().clone().non_null();
                        self.value(member, Some(Place { ty: &ty, has_default: false }))?;
                    } else {
                        self.value(member, Some(Place::of(field)))?;
                    }
                }
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// `IsVariableUsageAllowed` of the specification (5.8.5), and that the variable is defined (5.8.3).
    fn variable(&self, value: &Node<Value>, name: &Name, place: Option<Place<'_>>) -> Result<(), Refusal> {
        let Some(variable) = self.variables.iter().find(|variable| variable.name == *name) else {
            return Err(self.refuse(value, format!("variable `${name}` is not defined")));
        };
        let Some(Place { ty, has_default }) = place else { return Ok(()) };
        let never_null = has_default || variable.default_value.as_ref().is_some_and(|default| !default.is_null());
        let allowed = if ty.is_non_null() && !variable.ty.is_non_null() {
            never_null && variable.ty.is_assignable_to(&ty.clone().nullable())
        } else {
            variable.ty.is_assignable_to(ty)
        };
        if allowed {
            return Ok(());
        }
        let message = format!("variable `${name}` of type `{}` cannot stand where `{ty}` is expected", variable.ty);
        Err(self.refuse(value, message))
    }

    fn refuse(&self, value: &Node<Value>, message: String) -> Refusal {
        let message = truncate(message, self.limits.error_bytes);
        Refusal::at(Code::GraphqlValidationFailed, message, value, &self.document.sources)
    }
}
