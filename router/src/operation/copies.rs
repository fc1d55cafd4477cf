//! What variables take wherever they are copied to, counted before any is.
//!
//! A name of two bytes in a document may stand for a megabyte, and it may stand there two thousand times. And a variable
//! goes into each request to a subgraph that uses it.

use std::collections::HashMap;

use apollo_compiler::{Name, ast::Value as Literal};
use async_graphql::Value;

use super::{print::Composed, variables::Coerced};
use crate::{
    LimitExceeded, Limits,
    planner::{Node, Plan},
};

/// How many times the bytes of a body variables may take in all requests of a plan: a list of numbers takes 36 bytes for
/// each byte of its text, and one request must be able to have it.
const REQUESTS: usize = 64;

/// Bytes that a member of an object takes beside its name and value.
const MEMBER: usize = 32;

/// Bytes of the variables of one request by their names, as values or as JSON, whichever is more.
pub(crate) struct Sizes<'n>(HashMap<&'n Name, usize>);

impl<'n> Sizes<'n> {
    pub(crate) fn of(variables: &'n Coerced) -> Self {
        Self(variables.iter().map(|(name, value)| (name, value_bytes(value))).collect())
    }

    /// Adds what is to be composed, and refuses it where that takes much more than the variables themselves.
    pub(crate) fn add_composed(&mut self, composed: &'n [Composed], limits: &Limits) -> Result<(), LimitExceeded> {
        let given = self.0.values().sum::<usize>();
        let added: Vec<_> = composed.iter().map(|argument| (&argument.name, self.composed(argument))).collect();
        let total = added.iter().map(|(_, bytes)| bytes).sum();
        self.0.extend(added);
        check("lists and objects with variables inside", total, limits.body_bytes.saturating_add(given))
    }

    /// Refuses a plan whose requests would take too much for their variables.
    pub(crate) fn check_requests(&self, plan: &Plan, limits: &Limits) -> Result<(), LimitExceeded> {
        let total = plan.roots.iter().chain(&plan.after_event).map(|node| self.requests(node)).sum();
        check("the variables of all requests to subgraphs", total, limits.body_bytes.saturating_mul(REQUESTS))
    }

    fn requests(&self, node: &Node) -> usize {
        match node {
            Node::Fetch(fetch) => fetch.variables.iter().filter_map(|variable| self.0.get(&variable.client)).sum(),
            Node::Sequence(nodes) | Node::Parallel(nodes) => nodes.iter().map(|node| self.requests(node)).sum(),
        }
    }

    fn composed(&self, argument: &Composed) -> usize {
        self.literal(argument.literal(|name| self.0.contains_key(name)))
    }

    fn literal(&self, literal: &Literal) -> usize {
        let below = match literal {
            Literal::Variable(name) => return self.0.get(name).copied().unwrap_or(size_of::<Value>()),
            Literal::Enum(name) => name.len(),
            Literal::String(text) => text_bytes(text),
            Literal::List(items) => items.iter().map(|item| self.literal(item)).sum(),
            Literal::Object(members) => {
                members.iter().map(|(name, member)| MEMBER + name.len() + self.literal(member)).sum()
            }
            Literal::Null | Literal::Boolean(_) | Literal::Int(_) | Literal::Float(_) => 0,
        };
        size_of::<Value>() + below
    }
}

fn check(what: &str, actual: usize, allowed: usize) -> Result<(), LimitExceeded> {
    LimitExceeded::check("variables", actual, allowed)
        .map_err(|exceeded| exceeded.saying(format!("{what} take more than {allowed} bytes of memory")))
}

fn value_bytes(value: &Value) -> usize {
    let below = match value {
        Value::Null | Value::Boolean(_) | Value::Number(_) => 0,
        Value::String(text) => text_bytes(text),
        Value::Enum(name) => name.len(),
        Value::Binary(bytes) => bytes.len(),
        Value::List(items) => items.iter().map(value_bytes).sum(),
        Value::Object(members) => members.iter().map(|(name, member)| MEMBER + name.len() + value_bytes(member)).sum(),
    };
    size_of::<Value>() + below
}

/// What a text takes with its escapes in JSON.
fn text_bytes(text: &str) -> usize {
    let escaped = |byte| match byte {
        b'"' | b'\\' => 2,
        0..0x20 => 6,
        _ => 1,
    };
    text.bytes().map(escaped).sum()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_value_counts_for_at_least_its_json() {
        for json in [
            json!(null),
            json!(u64::MAX),
            json!(f64::MIN_POSITIVE),
            json!(["\u{1}\n\"\\ü".repeat(100), "", [[]], {}]),
            json!({ "a": { "name": vec![true; 100] }, "": { "": {} } }),
        ] {
            let (text, value) = (json.to_string(), Value::from_json(json).unwrap());
            assert!(value_bytes(&value) >= text.len(), "{text}");
        }
    }

    #[test]
    fn a_request_may_have_the_longest_list_of_numbers() {
        assert_eq!(size_of::<Value>(), 72, "docs/router.md names it");
        let body = 1_000;
        let numbers = Value::List(vec![Value::from(0); body / 2]);
        assert!((30 * body..REQUESTS * body).contains(&value_bytes(&numbers)));
    }
}
