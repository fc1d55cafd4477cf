//! Prints a rewritten operation as text for the planner.

use apollo_compiler::executable::{Operation, OperationType};

use super::{
    canonical::{VARIABLE_PREFIX, write_arguments, write_value},
    rewrite::{FieldNode, Rewritten, SelectionNode},
};

/// The operation with only these of its root fields.
pub(crate) fn print(operation: &Operation, rewritten: &Rewritten<'_>, roots: &[FieldNode<'_>]) -> String {
    let mut out = String::with_capacity(512);
    out.push_str(match operation.operation_type {
        OperationType::Query => "query",
        OperationType::Mutation => "mutation",
        OperationType::Subscription => "subscription",
    });
    for (at, variable) in operation.variables.iter().enumerate() {
        out.push_str(if at == 0 { "($" } else { ", $" });
        out.push_str(VARIABLE_PREFIX);
        out.push_str(&variable.name);
        out.push_str(": ");
        out.push_str(&variable.ty.to_string());
        if let Some(default) = &variable.default_value {
            out.push_str(" = ");
            write_value(&mut out, default, false);
        }
    }
    if !operation.variables.is_empty() {
        out.push(')');
    }
    out.push_str(" {");
    for root in roots {
        field(&mut out, root);
    }
    out.push('}');
    for node in &rewritten.fragments {
        out.push_str(" fragment ");
        out.push_str(&node.fragment.name);
        out.push_str(" on ");
        out.push_str(node.fragment.type_condition());
        body(&mut out, &node.body);
    }
    out
}

fn field(out: &mut String, node: &FieldNode<'_>) {
    out.push(' ');
    if node.key != *node.field.name {
        out.push_str(&node.key);
        out.push_str(": ");
    }
    out.push_str(&node.field.name);
    if !node.field.arguments.is_empty() {
        write_arguments(out, &node.field.arguments, false);
    }
    if !node.field.selection_set.selections.is_empty() {
        body(out, &node.body);
    }
}

fn body(out: &mut String, nodes: &[SelectionNode<'_>]) {
    out.push_str(" {");
    if nodes.is_empty() {
        out.push_str(" __typename");
    }
    for node in nodes {
        match node {
            SelectionNode::Field(node) => field(out, node),
            SelectionNode::Inline { condition, body: nodes } => {
                out.push_str(" ... on ");
                out.push_str(condition);
                body(out, nodes);
            }
            SelectionNode::Spread(name) => {
                out.push_str(" ...");
                out.push_str(name);
            }
        }
    }
    out.push_str(" }");
}
