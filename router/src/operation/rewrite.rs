//! An operation as the planner gets it: conditions decided, aliases replaced by canonical keys, equal selections merged.
//!
//! Linear in the document: a named fragment is rewritten once, however often it is spread.

use std::collections::{HashMap, HashSet};

use apollo_compiler::{
    ExecutableDocument, Name,
    executable::{Field, Fragment, Operation, Selection, SelectionSet},
};

use super::{canonical, conditions::Conditions};
use crate::supergraph::Supergraph;

/// A rewritten operation.
pub(crate) struct Rewritten<'d> {
    /// Root fields that subgraphs answer.
    pub(crate) root: Vec<FieldNode<'d>>,
    /// `__schema` and `__type` at the root, which the gateway answers.
    pub(crate) introspection: Vec<FieldNode<'d>>,
    /// The named fragments that are reached, in order of discovery.
    pub(crate) fragments: Vec<FragmentNode<'d>>,
    /// Whether introspection stands where the gateway does not answer it.
    pub(crate) nested_introspection: bool,
}

/// A selection.
pub(crate) enum SelectionNode<'d> {
    Field(FieldNode<'d>),
    Inline { condition: &'d Name, body: Vec<SelectionNode<'d>> },
    Spread(&'d Name),
}

/// One or more client fields with the same canonical key.
pub(crate) struct FieldNode<'d> {
    /// The type that the field is selected on.
    pub(crate) parent: &'d Name,
    pub(crate) field: &'d Field,
    pub(crate) key: String,
    /// Whether the first of them had an alias.
    pub(crate) aliased: bool,
    /// Whether `__typename` is asked for besides the body.
    pub(crate) asks_type: bool,
    /// Empty for leaves.
    pub(crate) body: Vec<SelectionNode<'d>>,
}

/// A named fragment.
pub(crate) struct FragmentNode<'d> {
    pub(crate) fragment: &'d Fragment,
    pub(crate) body: Vec<SelectionNode<'d>>,
}

/// Rewrites `operation`; `distinct_roots` keeps equal root fields with different aliases apart (mutations).
pub(crate) fn rewrite<'d>(
    document: &'d ExecutableDocument,
    operation: &'d Operation,
    conditions: Conditions<'d>,
    distinct_roots: bool,
    supergraph: &'d Supergraph,
) -> Rewritten<'d> {
    let mut rewriter = Rewriter {
        supergraph,
        document,
        conditions,
        fragments: Vec::new(),
        seen: HashSet::new(),
        nested_introspection: false,
    };
    let root_type = &operation.selection_set.ty;
    let mut groups = Groups::new(root_type);
    let mut visited = Vec::new();
    rewriter.collect_root(&operation.selection_set, &mut groups, &mut visited, distinct_roots);
    let (mut root, mut introspection) = (Vec::new(), Vec::new());
    for group in groups.list {
        if let Group::Field { field, key, aliased, bodies } = group {
            let is_introspection = matches!(field.name.as_str(), "__schema" | "__type");
            let body = rewriter.bodies(&bodies, is_introspection);
            // Of a shared stream some types of events mean more than their content.
            let is_shared = operation.is_subscription() && supergraph.tags.is_shared(root_type, &field.name);
            let is_event = is_shared && supergraph.is_abstract(&field.selection_set.ty);
            let asks_type = is_event || !is_introspection && rewriter.asks_type(field, &bodies);
            let node = FieldNode { parent: root_type, field, key, aliased, asks_type, body };
            if is_introspection { introspection.push(node) } else { root.push(node) }
        }
    }
    // Fragments spread others; the list grows while it is worked through.
    let mut at = 0;
    while at < rewriter.fragments.len() {
        let fragment = rewriter.fragments[at].fragment;
        rewriter.fragments[at].body = rewriter.bodies(&[&fragment.selection_set], false);
        at += 1;
    }
    Rewritten {
        root,
        introspection,
        fragments: rewriter.fragments,
        nested_introspection: rewriter.nested_introspection,
    }
}

struct Rewriter<'d> {
    supergraph: &'d Supergraph,
    document: &'d ExecutableDocument,
    conditions: Conditions<'d>,
    fragments: Vec<FragmentNode<'d>>,
    seen: HashSet<&'d Name>,
    nested_introspection: bool,
}

impl<'d> Rewriter<'d> {
    /// The root's type is known, so its fragments dissolve; `__typename` there is answered without a subgraph.
    fn collect_root(
        &self,
        set: &'d SelectionSet,
        groups: &mut Groups<'d>,
        visited: &mut Vec<&'d Name>,
        distinct_roots: bool,
    ) {
        for selection in &set.selections {
            if !self.conditions.select(selection.directives()) {
                continue;
            }
            match selection {
                Selection::Field(field) if field.name == "__typename" => {}
                Selection::Field(field) => {
                    let key = if distinct_roots || field.name.starts_with("__") {
                        canonical::mutation_key(field)
                    } else {
                        canonical::data_key(self.supergraph, field)
                    };
                    groups.field(field, key);
                }
                Selection::InlineFragment(fragment) => {
                    let applies = fragment
                        .type_condition
                        .as_ref()
                        .is_none_or(|condition| self.supergraph.satisfies(groups.parent, condition));
                    if applies {
                        self.collect_root(&fragment.selection_set, groups, visited, distinct_roots);
                    }
                }
                Selection::FragmentSpread(spread) => {
                    let Some(fragment) = self.document.fragments.get(&spread.fragment_name) else { continue };
                    if !visited.contains(&&fragment.name)
                        && self.supergraph.satisfies(groups.parent, fragment.type_condition())
                    {
                        visited.push(&fragment.name);
                        self.collect_root(&fragment.selection_set, groups, visited, distinct_roots);
                    }
                }
            }
        }
    }

    /// The merged selections of fields that share a key.
    fn bodies(&mut self, sets: &[&'d SelectionSet], introspection: bool) -> Vec<SelectionNode<'d>> {
        let Some(first) = sets.iter().find(|set| !set.selections.is_empty()) else { return Vec::new() };
        let mut groups = Groups::new(&first.ty);
        for set in sets {
            self.collect(set, &mut groups);
        }
        let parent = groups.parent;
        let nodes = groups.list.into_iter().map(|group| match group {
            Group::Field { field, key, aliased, bodies } => {
                if !introspection && matches!(field.name.as_str(), "__schema" | "__type") {
                    self.nested_introspection = true;
                }
                let body = self.bodies(&bodies, introspection);
                let asks_type = !introspection && self.asks_type(field, &bodies);
                SelectionNode::Field(FieldNode { parent, field, key, aliased, asks_type, body })
            }
            Group::Inline { condition, bodies } => {
                SelectionNode::Inline { condition, body: self.bodies(&bodies, introspection) }
            }
            Group::Spread(name) => {
                if self.seen.insert(name)
                    && let Some(fragment) = self.document.fragments.get(name)
                {
                    self.fragments.push(FragmentNode { fragment, body: Vec::new() });
                }
                SelectionNode::Spread(name)
            }
        });
        nodes.collect()
    }

    /// Whether completion needs `__typename` where the client does not ask for it: to see that an object is of a type
    /// that clients may not see, or that there is one although no fragment can ever hold. Elsewhere the planner asks for
    /// it by itself. It does not where it has no need, so that what is provided without a type need not be fetched.
    fn asks_type(&self, field: &Field, sets: &[&'d SelectionSet]) -> bool {
        let ty = &field.selection_set.ty;
        let possible = self.supergraph.possible_types(ty);
        let is_composite = !field.selection_set.selections.is_empty();
        let visited = &mut Vec::new();
        is_composite
            && (self.supergraph.hides_objects(ty) || !sets.iter().any(|set| self.selects(possible, set, visited)))
    }

    /// Whether a field of the set can be selected on one of these objects. Of a fragment the first place decides.
    fn selects(&self, objects: &[Name], set: &'d SelectionSet, visited: &mut Vec<&'d Name>) -> bool {
        let selected = |selection: &&Selection| self.conditions.select(selection.directives());
        set.selections.iter().filter(selected).any(|selection| {
            let (condition, set) = match selection {
                Selection::Field(_) => return true,
                Selection::InlineFragment(fragment) => (fragment.type_condition.as_ref(), &fragment.selection_set),
                Selection::FragmentSpread(spread) => match self.document.fragments.get(&spread.fragment_name) {
                    Some(fragment) if !visited.contains(&&fragment.name) => {
                        visited.push(&fragment.name);
                        (Some(fragment.type_condition()), &fragment.selection_set)
                    }
                    _ => return false,
                },
            };
            let satisfies = |object: &&Name| condition.is_none_or(|ty| self.supergraph.satisfies(object, ty));
            let objects: Vec<_> = objects.iter().filter(satisfies).cloned().collect();
            !objects.is_empty() && self.selects(&objects, set, visited)
        })
    }

    fn collect(&self, set: &'d SelectionSet, groups: &mut Groups<'d>) {
        for selection in &set.selections {
            if !self.conditions.select(selection.directives()) {
                continue;
            }
            match selection {
                Selection::Field(field) => groups.field(field, canonical::data_key(self.supergraph, field)),
                Selection::InlineFragment(fragment) => match &fragment.type_condition {
                    Some(condition) if condition != groups.parent => groups.inline(condition, &fragment.selection_set),
                    _ => self.collect(&fragment.selection_set, groups),
                },
                Selection::FragmentSpread(spread) => groups.spread(&spread.fragment_name),
            }
        }
    }
}

/// Selections of one object, equal ones together, in order of first appearance.
struct Groups<'d> {
    parent: &'d Name,
    list: Vec<Group<'d>>,
    index: HashMap<(Kind, String), usize>,
}

enum Group<'d> {
    Field { field: &'d Field, key: String, aliased: bool, bodies: Vec<&'d SelectionSet> },
    Inline { condition: &'d Name, bodies: Vec<&'d SelectionSet> },
    Spread(&'d Name),
}

#[derive(PartialEq, Eq, Hash)]
enum Kind {
    Field,
    Inline,
    Spread,
}

impl<'d> Groups<'d> {
    fn new(parent: &'d Name) -> Self {
        Self { parent, list: Vec::new(), index: HashMap::new() }
    }

    fn field(&mut self, field: &'d Field, key: String) {
        let next = self.list.len();
        let at = *self.index.entry((Kind::Field, key.clone())).or_insert(next);
        if at == next {
            let aliased = field.alias.as_ref().is_some_and(|alias| *alias != field.name);
            self.list.push(Group::Field { field, key, aliased, bodies: vec![&field.selection_set] });
        } else if let Group::Field { bodies, .. } = &mut self.list[at] {
            bodies.push(&field.selection_set);
        }
    }

    fn inline(&mut self, condition: &'d Name, body: &'d SelectionSet) {
        let next = self.list.len();
        let at = *self.index.entry((Kind::Inline, condition.to_string())).or_insert(next);
        if at == next {
            self.list.push(Group::Inline { condition, bodies: vec![body] });
        } else if let Group::Inline { bodies, .. } = &mut self.list[at] {
            bodies.push(body);
        }
    }

    fn spread(&mut self, name: &'d Name) {
        let next = self.list.len();
        if *self.index.entry((Kind::Spread, name.to_string())).or_insert(next) == next {
            self.list.push(Group::Spread(name));
        }
    }
}
