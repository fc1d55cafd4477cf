//! Prints a rewritten operation as text for the planner.
//!
//! A literal with variables inside is printed as one variable of the argument's type, whose value is composed for each
//! request. By the specification a member whose variable is absent is absent itself, so that its default holds and what
//! it names stays as it is; a subgraph's library may take it for null. The same goes for an argument that has a default
//! and whose variable has none.

use std::fmt::Write as _;

use apollo_compiler::{
    Name, Node,
    ast::{Argument, Value},
    executable::{Field, Operation, OperationType},
};

use super::{
    canonical::{VARIABLE_PREFIX, write_value},
    rewrite::{FieldNode, Rewritten, SelectionNode},
    variables::{Coerced, compose},
};

/// An argument whose value is composed of a literal and the variables inside.
pub(crate) struct Composed {
    /// The variable that stands for it; none of the client's has this name.
    pub(crate) name: Name,
    /// The literal.
    value: Node<Value>,
    /// The argument's default, where the literal is a variable that may be absent.
    default: Option<Node<Value>>,
    /// What the variable is declared as.
    ty: String,
    /// The literal with its members in order: equal arguments are one, as their canonical keys are.
    text: String,
}

impl Composed {
    /// The value for these variables.
    pub(crate) fn value(&self, variables: &Coerced) -> async_graphql::Value {
        compose(self.literal(|name| variables.contains_key(name)), variables)
    }

    /// What it is composed of where these variables are given.
    pub(super) fn literal(&self, is_given: impl Fn(&Name) -> bool) -> &Value {
        match (&*self.value, &self.default) {
            (Value::Variable(name), Some(default)) if !is_given(name) => default,
            (value, _) => value,
        }
    }
}

/// What one printed operation has to compose.
struct Composing<'p> {
    operation: &'p Operation,
    all: &'p mut Vec<Composed>,
    /// Where this printed operation's begin in `all`.
    start: usize,
}

/// The operation with only these of its root fields. What has to be composed is added to `all`.
pub(crate) fn print(
    operation: &Operation,
    rewritten: &Rewritten<'_>,
    roots: &[FieldNode<'_>],
    all: &mut Vec<Composed>,
) -> String {
    let mut composing = Composing { operation, start: all.len(), all };
    let mut selections = String::with_capacity(512);
    selections.push_str(" {");
    for root in roots {
        field(&mut selections, root, &mut composing);
    }
    selections.push('}');
    for node in &rewritten.fragments {
        selections.push_str(" fragment ");
        selections.push_str(&node.fragment.name);
        selections.push_str(" on ");
        selections.push_str(node.fragment.type_condition());
        body(&mut selections, &node.body, false, &mut composing);
    }
    let mut out = head(operation, &composing.all[composing.start..]);
    out.push_str(&selections);
    out
}

/// The kind of operation and its variables.
fn head(operation: &Operation, composed: &[Composed]) -> String {
    let mut out = String::with_capacity(512);
    out.push_str(match operation.operation_type {
        OperationType::Query => "query",
        OperationType::Mutation => "mutation",
        OperationType::Subscription => "subscription",
    });
    let separator = |at: usize| if at == 0 { "($" } else { ", $" };
    for (at, variable) in operation.variables.iter().enumerate() {
        out.push_str(separator(at));
        out.push_str(VARIABLE_PREFIX);
        out.push_str(&variable.name);
        out.push_str(": ");
        out.push_str(&variable.ty.to_string());
        if let Some(default) = &variable.default_value {
            out.push_str(" = ");
            write_value(&mut out, default, false);
        }
    }
    for (at, Composed { name, ty, .. }) in composed.iter().enumerate() {
        let separator = separator(operation.variables.len() + at);
        write!(out, "{separator}{VARIABLE_PREFIX}{name}: {ty}").expect("a string takes any text");
    }
    if !operation.variables.is_empty() || !composed.is_empty() {
        out.push(')');
    }
    out
}

fn field(out: &mut String, node: &FieldNode<'_>, composing: &mut Composing<'_>) {
    out.push(' ');
    if node.key != *node.field.name {
        out.push_str(&node.key);
        out.push_str(": ");
    }
    out.push_str(&node.field.name);
    for (at, argument) in node.field.arguments.iter().enumerate() {
        out.push_str(if at == 0 { "(" } else { ", " });
        out.push_str(&argument.name);
        out.push_str(": ");
        if let Some(name) = composing.name(node.field, argument) {
            write!(out, "${VARIABLE_PREFIX}{name}").expect("a string takes any text");
        } else {
            write_value(out, &argument.value, false);
        }
    }
    if !node.field.arguments.is_empty() {
        out.push(')');
    }
    if !node.field.selection_set.selections.is_empty() {
        body(out, &node.body, node.asks_type, composing);
    }
}

impl Composing<'_> {
    /// The variable that stands for the argument, if it is a literal with variables inside, or a variable in whose
    /// absence the argument's default holds.
    fn name(&mut self, field: &Field, argument: &Argument) -> Option<Name> {
        let definition = field.definition.argument_by_name(&argument.name)?;
        let (ty, default) = match &*argument.value {
            Value::Variable(name) => {
                let variable = self.operation.variables.iter().find(|variable| variable.name == *name)?;
                if variable.default_value.is_some() || variable.ty.is_non_null() {
                    return None;
                }
                // Nullable even where the argument is not: a null that is given fails this field and no other.
                (variable.ty.to_string(), Some(definition.default_value.clone()?))
            }
            value if holds_variable(value) => (definition.ty.to_string(), None),
            _ => return None,
        };
        let mut text = String::new();
        write_value(&mut text, &argument.value, true);
        if let Some(default) = &default {
            text.push_str(" = ");
            write_value(&mut text, default, true);
        }
        if let Some(known) = self.all[self.start..].iter().find(|known| known.text == text && known.ty == ty) {
            return Some(known.name.clone());
        }
        let name = self.free_name();
        self.all.push(Composed { name: name.clone(), value: argument.value.clone(), default, ty, text });
        Some(name)
    }

    fn free_name(&self) -> Name {
        let is_taken = |name: &Name| {
            self.operation.variables.iter().any(|variable| variable.name == *name)
                || self.all.iter().any(|composed| composed.name == *name)
        };
        let names = (self.all.len()..).map(|number| Name::new(&format!("composed_{number}")));
        let mut names = names.map(|name| name.expect("letters, digits and an underscore make a name"));
        names.find(|name| !is_taken(name)).expect("an operation has fewer variables than there are numbers")
    }
}

fn holds_variable(value: &Value) -> bool {
    match value {
        Value::Variable(_) => true,
        Value::List(items) => items.iter().any(|item| holds_variable(item)),
        Value::Object(members) => members.iter().any(|(_, member)| holds_variable(member)),
        _ => false,
    }
}

fn body(out: &mut String, nodes: &[SelectionNode<'_>], asks_type: bool, composing: &mut Composing<'_>) {
    out.push_str(" {");
    // Where conditions leave nothing, it stands for it.
    if asks_type || nodes.is_empty() {
        out.push_str(" __typename");
    }
    for node in nodes {
        match node {
            SelectionNode::Field(node) => field(out, node, composing),
            SelectionNode::Inline { condition, body: nodes } => {
                out.push_str(" ... on ");
                out.push_str(condition);
                body(out, nodes, false, composing);
            }
            SelectionNode::Spread(name) => {
                out.push_str(" ...");
                out.push_str(name);
            }
        }
    }
    out.push_str(" }");
}
