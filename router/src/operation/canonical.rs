//! Canonical response keys: the name under which a field's value lies in merged data, whatever the client calls it.
//!
//! The planner never sees a client's alias. Otherwise `id: name` could overwrite an entity's key, and the client would
//! steer which entity is fetched. Equal leaves under different aliases become one. Equal objects do not: what fails in
//! one of them must not make the other null. Neither do leaves whose name has different types in different places, for one
//! response cannot hold both under one key.

use std::fmt::Write as _;

use apollo_compiler::{
    Name, Node,
    ast::Value,
    executable::{Argument, Field},
};
use sha2::{Digest, Sha256};

use crate::supergraph::Supergraph;

/// What is put before a client's variable in subgraph operations, where `$representations` belongs to the planner.
pub(crate) const VARIABLE_PREFIX: &str = "c_";

/// The key of a field: its name, and where there are any a digest of its arguments and of the alias of an object or of a
/// field that two types declare differently.
pub(crate) fn data_key(supergraph: &Supergraph, field: &Field) -> String {
    let is_apart = !field.selection_set.selections.is_empty() || supergraph.has_several_types(&field.name);
    let alias = field.alias.as_ref().filter(|alias| is_apart && **alias != field.name);
    if alias.is_none() && field.arguments.is_empty() { field.name.to_string() } else { digest_key(field, alias) }
}

/// The key of a mutation's root field: different for each of the client's response keys, so that equal calls run each.
pub(crate) fn mutation_key(field: &Field) -> String {
    digest_key(field, Some(field.response_key()))
}

fn digest_key(field: &Field, response_key: Option<&Name>) -> String {
    let mut text = String::new();
    write_arguments(&mut text, &field.arguments);
    let mut digest = Sha256::new();
    digest.update(text.as_bytes());
    if let Some(response_key) = response_key {
        digest.update(b"\0");
        digest.update(response_key.as_bytes());
    }
    let mut key = format!("{}_r", field.name);
    for byte in &digest.finalize()[..16] {
        write!(key, "{byte:02x}").expect("a string takes any text");
    }
    key
}

/// Prints `(name: value, …)`, sorted by name, so that two spellings of the same arguments print alike.
fn write_arguments(out: &mut String, arguments: &[Node<Argument>]) {
    let mut arguments: Vec<_> = arguments.iter().collect();
    arguments.sort_by_key(|argument| &argument.name);
    for (at, argument) in arguments.into_iter().enumerate() {
        out.push_str(if at == 0 { "(" } else { ", " });
        out.push_str(&argument.name);
        out.push_str(": ");
        write_value(out, &argument.value, true);
    }
    out.push(')');
}

/// Prints a literal; variables get [`VARIABLE_PREFIX`].
pub(crate) fn write_value(out: &mut String, value: &Value, sorted: bool) {
    match value {
        Value::Null => out.push_str("null"),
        Value::Enum(name) => out.push_str(name),
        Value::Variable(name) => {
            out.push('$');
            out.push_str(VARIABLE_PREFIX);
            out.push_str(name);
        }
        Value::String(text) => write_string(out, text),
        Value::Float(number) => out.push_str(number.as_str()),
        Value::Int(number) => out.push_str(number.as_str()),
        Value::Boolean(value) => out.push_str(if *value { "true" } else { "false" }),
        Value::List(items) => {
            out.push('[');
            for (at, item) in items.iter().enumerate() {
                if at > 0 {
                    out.push_str(", ");
                }
                write_value(out, item, sorted);
            }
            out.push(']');
        }
        Value::Object(members) => {
            let mut members: Vec<_> = members.iter().collect();
            if sorted {
                members.sort_by_key(|(name, _)| name);
            }
            out.push('{');
            for (at, (name, member)) in members.into_iter().enumerate() {
                if at > 0 {
                    out.push_str(", ");
                }
                out.push_str(name);
                out.push_str(": ");
                write_value(out, member, sorted);
            }
            out.push('}');
        }
    }
}

/// A quoted string. GraphQL's escapes are JSON's, and control characters must be escaped in both.
fn write_string(out: &mut String, text: &str) {
    let mut bytes = Vec::with_capacity(text.len() + 2);
    crate::complete::json::write_str(&mut bytes, text);
    out.push_str(std::str::from_utf8(&bytes).expect("escaping keeps UTF-8"));
}
