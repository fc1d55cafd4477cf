//! The client's selections with conditions decided: what completion collects fields from.

use std::{collections::HashMap, sync::Arc};

use apollo_compiler::{
    ExecutableDocument, Name, Node,
    ast::Value,
    executable::{Operation, Selection, SelectionSet},
};

use crate::{
    operation::{Conditions, data_key, mutation_key},
    supergraph::Supergraph,
};

/// One selection set of the client's document.
#[derive(Debug, Default)]
pub(crate) struct ClientSet {
    pub(super) items: Vec<ClientItem>,
}

#[derive(Debug)]
pub(super) enum ClientItem {
    Field(ClientField),
    /// An inline fragment or a spread; sets of the same named fragment are the same `Arc`.
    Fragment {
        condition: Option<Name>,
        set: Arc<ClientSet>,
    },
}

#[derive(Debug)]
pub(super) struct ClientField {
    pub(super) response_key: Name,
    pub(super) name: Name,
    /// Where the value lies in merged data.
    pub(super) data_key: String,
    /// The one argument that a field of introspection may have.
    pub(super) argument: Option<Node<Value>>,
    /// `None` for leaves.
    pub(super) set: Option<Arc<ClientSet>>,
}

impl ClientSet {
    /// Reads an operation that passed the depth limit.
    pub(crate) fn of(
        supergraph: &Supergraph,
        document: &ExecutableDocument,
        operation: &Operation,
        conditions: Conditions<'_>,
    ) -> Arc<Self> {
        let mut reader = Reader { supergraph, document, conditions, fragments: HashMap::new() };
        let distinct_roots = operation.is_mutation();
        reader.set(&operation.selection_set, distinct_roots)
    }
}

struct Reader<'d> {
    supergraph: &'d Supergraph,
    document: &'d ExecutableDocument,
    conditions: Conditions<'d>,
    /// By name, and by whether the fragment is spread at a mutation's root, where keys are distinct.
    fragments: HashMap<(&'d Name, bool), Arc<ClientSet>>,
}

impl<'d> Reader<'d> {
    fn set(&mut self, set: &'d SelectionSet, distinct: bool) -> Arc<ClientSet> {
        let mut items = Vec::with_capacity(set.selections.len());
        for selection in &set.selections {
            if !self.conditions.select(selection.directives()) {
                continue;
            }
            match selection {
                Selection::Field(field) => {
                    let introspects = field.name.starts_with("__") || set.ty.starts_with("__");
                    let argument = field.arguments.first().filter(|_| introspects);
                    let has_body = !field.selection_set.selections.is_empty();
                    items.push(ClientItem::Field(ClientField {
                        response_key: field.response_key().clone(),
                        name: field.name.clone(),
                        data_key: if distinct { mutation_key(field) } else { data_key(self.supergraph, field) },
                        argument: argument.map(|argument| argument.value.clone()),
                        set: has_body.then(|| self.set(&field.selection_set, false)),
                    }));
                }
                Selection::InlineFragment(fragment) => items.push(ClientItem::Fragment {
                    condition: fragment.type_condition.clone(),
                    set: self.set(&fragment.selection_set, distinct),
                }),
                Selection::FragmentSpread(spread) => {
                    let Some(fragment) = self.document.fragments.get(&spread.fragment_name) else { continue };
                    let key = (&fragment.name, distinct);
                    let known = self.fragments.get(&key).cloned();
                    let set = known.unwrap_or_else(|| {
                        let set = self.set(&fragment.selection_set, distinct);
                        self.fragments.insert(key, Arc::clone(&set));
                        set
                    });
                    items.push(ClientItem::Fragment { condition: Some(fragment.type_condition().clone()), set });
                }
            }
        }
        Arc::new(ClientSet { items })
    }
}
