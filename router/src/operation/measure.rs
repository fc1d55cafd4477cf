//! How big an operation is once fragments and interfaces are expanded, without expanding them.
//!
//! The planner does expand; its cost grows about with the square of the weight, and past some millions it ends the
//! process. A fragment is measured once, so this is linear in the document.

use std::collections::HashMap;

use apollo_compiler::{
    ExecutableDocument,
    executable::{Operation, Selection, SelectionSet},
};

use super::rewrite::{FieldNode, Rewritten, SelectionNode};
use crate::supergraph::Supergraph;

/// How many fragments may be entered one inside the other.
const MAX_NESTED_FRAGMENTS: usize = 100;

/// The measures that limits apply to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Measure {
    /// Selections after expansion; saturates.
    pub(crate) weight: u64,
    /// Fields, fragments and spreads on the longest way down.
    pub(crate) depth: usize,
    /// The same for `__schema` and `__type`.
    pub(crate) introspection_depth: usize,
    /// Introspection's lists that multiply, on the longest way down.
    pub(crate) introspection_lists: usize,
    /// Fields with an alias, equal leaves of one object counted once.
    pub(crate) aliases: usize,
}

/// Measures a rewritten operation.
pub(crate) fn measure(supergraph: &Supergraph, rewritten: &Rewritten<'_>) -> Measure {
    let mut meter = Meter { supergraph, rewritten, fragments: HashMap::new(), nested: 0, aliases: 0 };
    let mut total = Measure::default();
    for root in &rewritten.root {
        let size = meter.field(root);
        total.weight = total.weight.saturating_add(size.weight);
        total.depth = total.depth.max(size.depth);
    }
    for root in &rewritten.introspection {
        let size = meter.field(root);
        total.weight = total.weight.saturating_add(size.weight);
        total.introspection_depth = total.introspection_depth.max(size.depth);
        total.introspection_lists = total.introspection_lists.max(size.lists);
    }
    total.aliases = meter.aliases;
    total
}

/// How many selections an operation spells once its fragments are spread, before equal ones are merged; saturates.
///
/// Merging makes repetition cheap, so this has a limit of its own, far above the weight's: no document without fragments
/// comes near it, and a bomb of fragments is far beyond.
pub(crate) fn spelled(document: &ExecutableDocument, operation: &Operation) -> u64 {
    Speller { document, fragments: HashMap::new(), nested: 0 }.set(&operation.selection_set)
}

struct Speller<'d> {
    document: &'d ExecutableDocument,
    fragments: HashMap<&'d str, u64>,
    /// Fragments being counted, one inside the other.
    nested: usize,
}

impl<'d> Speller<'d> {
    fn set(&mut self, set: &'d SelectionSet) -> u64 {
        set.selections.iter().fold(0, |total, selection| total.saturating_add(self.selection(selection)))
    }

    fn selection(&mut self, selection: &'d Selection) -> u64 {
        let below = match selection {
            Selection::Field(field) => self.set(&field.selection_set),
            Selection::InlineFragment(fragment) => self.set(&fragment.selection_set),
            Selection::FragmentSpread(spread) => self.fragment(spread.fragment_name.as_str()),
        };
        below.saturating_add(1)
    }

    fn fragment(&mut self, name: &'d str) -> u64 {
        if let Some(known) = self.fragments.get(name) {
            return *known;
        }
        let Some(fragment) = self.document.fragments.get(name) else { return 0 };
        // A longer chain is not followed, for the stack's sake.
        if self.nested == MAX_NESTED_FRAGMENTS {
            return u64::MAX;
        }
        self.nested += 1;
        let spelled = self.set(&fragment.selection_set);
        self.nested -= 1;
        self.fragments.insert(name, spelled);
        spelled
    }
}

#[derive(Clone, Copy, Default)]
struct Size {
    weight: u64,
    depth: usize,
    /// Of interest in introspection only.
    lists: usize,
    /// Whether the planner copies a field of it.
    expands: bool,
}

struct Meter<'m, 'd> {
    supergraph: &'m Supergraph,
    rewritten: &'m Rewritten<'d>,
    fragments: HashMap<&'d str, Size>,
    /// Fragments being measured, one inside the other.
    nested: usize,
    aliases: usize,
}

impl<'d> Meter<'_, 'd> {
    fn field(&mut self, node: &FieldNode<'d>) -> Size {
        self.aliases += usize::from(node.aliased);
        let body = self.set(node.field.selection_set.ty.as_str(), &node.body);
        let copies = self.supergraph.expansion(node.parent, &node.field.name);
        let lists = body.lists + usize::from(multiplies(&node.field.name));
        // Copies of copies cost more than their number: the planner looks for a way to each by each other.
        let within = if copies > 1 && body.expands { body.weight.saturating_add(body.weight / 4) } else { body.weight };
        let weight = copies.saturating_mul(within.saturating_add(1));
        Size { weight, depth: body.depth + 1, lists, expands: body.expands || copies > 1 }
    }

    fn set(&mut self, parent: &str, nodes: &[SelectionNode<'d>]) -> Size {
        let mut total = Size::default();
        for node in nodes {
            let size = match node {
                SelectionNode::Field(node) => self.field(node),
                SelectionNode::Inline { condition, body } => {
                    let size = self.set(condition, body);
                    self.narrowed(parent, condition, size)
                }
                SelectionNode::Spread(name) => {
                    let Some((condition, size)) = self.fragment(name) else { continue };
                    self.narrowed(parent, condition, size)
                }
            };
            total.weight = total.weight.saturating_add(size.weight);
            total.depth = total.depth.max(size.depth);
            total.lists = total.lists.max(size.lists);
            total.expands |= size.expands;
        }
        total
    }

    /// A fragment of one abstract type on another is copied for each object type that they share.
    fn narrowed(&self, parent: &str, condition: &str, body: Size) -> Size {
        let copies = if parent == condition { 1 } else { self.supergraph.common_objects(parent, condition) };
        Size { weight: copies.saturating_mul(body.weight.saturating_add(1)), depth: body.depth + 1, ..body }
    }

    fn fragment(&mut self, name: &str) -> Option<(&'d str, Size)> {
        let rewritten = self.rewritten;
        let node = rewritten.fragments.iter().find(|node| node.fragment.name == name)?;
        let condition = node.fragment.type_condition().as_str();
        let size = match self.fragments.get(name) {
            Some(size) => *size,
            // Deeper than any limit; the chain is not followed, for the stack's sake.
            None if self.nested == MAX_NESTED_FRAGMENTS => {
                Size { weight: u64::MAX, depth: usize::MAX / 2, ..Size::default() }
            }
            None => {
                self.nested += 1;
                let size = self.set(condition, &node.body);
                self.nested -= 1;
                self.fragments.insert(node.fragment.name.as_str(), size);
                size
            }
        };
        Some((condition, size))
    }
}

/// Whether a field of introspection lists things that have such lists themselves.
fn multiplies(field: &str) -> bool {
    matches!(field, "fields" | "interfaces" | "possibleTypes" | "inputFields")
}
