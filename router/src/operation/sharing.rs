//! Whether a subscription may be run once for many, and where it begins.

use apollo_compiler::{Name, ast::Value as Literal};
use async_graphql::Value;

use super::{
    rewrite::{FieldNode, Rewritten, SelectionNode},
    variables::Coerced,
};
use crate::{OperationKind, supergraph::Supergraph};

/// The argument of a stream's field that says behind which event to begin.
const AFTER: &str = "after";

/// Where a stream begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum After {
    /// With whatever happens from now on.
    Now,
    /// Behind a certain event: what happened since is told first.
    Event,
}

/// The same before the variables are known.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum AfterArgument {
    Literal(After),
    /// A variable, and where the stream begins if it is absent.
    Variable(Name, After),
}

impl AfterArgument {
    /// Where it begins with these variables.
    pub(crate) fn value(&self, variables: &Coerced) -> After {
        match self {
            Self::Literal(after) => *after,
            Self::Variable(name, absent) => match variables.get(name) {
                None => *absent,
                Some(Value::Null) => After::Now,
                Some(_) => After::Event,
            },
        }
    }
}

/// `Some` for a subscription whose root field is shared and that selects nothing which depends on who asks.
pub(super) fn shared(supergraph: &Supergraph, kind: OperationKind, rewritten: &Rewritten<'_>) -> Option<AfterArgument> {
    let [root] = rewritten.root.as_slice() else { return None };
    let tags = &supergraph.tags;
    let is_shared = kind == OperationKind::Subscription
        && tags.is_shared(root.parent, &root.field.name)
        && fields(rewritten).all(|field| !tags.is_viewers(field.parent, &field.field.name));
    is_shared.then(|| {
        let argument = root.field.arguments.iter().find(|argument| argument.name == AFTER);
        let definition = root.field.definition.argument_by_name(AFTER);
        let absent = literal(definition.and_then(|definition| definition.default_value.as_deref()));
        match argument.map(|argument| argument.value.as_ref()) {
            None => AfterArgument::Literal(absent),
            Some(Literal::Variable(name)) => AfterArgument::Variable(name.clone(), absent),
            given => AfterArgument::Literal(literal(given)),
        }
    })
}

fn literal(value: Option<&Literal>) -> After {
    match value {
        None | Some(Literal::Null) => After::Now,
        Some(_) => After::Event,
    }
}

/// All fields that are selected, those of a fragment once.
fn fields<'a, 'd>(rewritten: &'a Rewritten<'d>) -> impl Iterator<Item = &'a FieldNode<'d>> {
    let mut roots = rewritten.root.iter().collect::<Vec<_>>();
    let mut bodies: Vec<_> = rewritten.fragments.iter().map(|fragment| fragment.body.iter()).collect();
    std::iter::from_fn(move || {
        if let Some(root) = roots.pop() {
            bodies.push(root.body.iter());
            return Some(root);
        }
        loop {
            match bodies.last_mut()?.next() {
                Some(SelectionNode::Field(field)) => {
                    bodies.push(field.body.iter());
                    return Some(field);
                }
                Some(SelectionNode::Inline { body, .. }) => bodies.push(body.iter()),
                Some(SelectionNode::Spread(_)) => {}
                None => drop(bodies.pop()),
            }
        }
    })
}
