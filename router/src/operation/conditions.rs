//! `@skip` and `@include`, decided once the Boolean variables are known.

use std::collections::{BTreeSet, HashSet};

use apollo_compiler::{
    ExecutableDocument, Name,
    ast::{DirectiveList, Value},
    executable::{Operation, Selection, SelectionSet},
};

/// The values of the variables that decide what an operation selects; one bit each.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Conditions<'d> {
    pub(crate) variables: &'d [Name],
    pub(crate) values: u32,
}

impl Conditions<'_> {
    /// Whether a selection with these directives is selected.
    pub(crate) fn select(self, directives: &DirectiveList) -> bool {
        self.is(directives, "skip") != Some(true) && self.is(directives, "include") != Some(false)
    }

    /// The condition of one directive; `None` where it is absent.
    fn is(self, directives: &DirectiveList, name: &str) -> Option<bool> {
        match directives.get(name)?.specified_argument_by_name("if")?.as_ref() {
            Value::Boolean(value) => Some(*value),
            Value::Variable(variable) => {
                let bit = self.variables.iter().position(|known| known == variable)?;
                Some(self.values >> bit & 1 == 1)
            }
            _ => None,
        }
    }
}

/// What a walk over an operation and its fragments finds in directives.
#[derive(Debug, Default)]
pub(crate) struct DirectiveUse {
    /// How many there are, each fragment counted once.
    pub(crate) count: usize,
    /// The variables of `@skip` and `@include`, sorted.
    pub(crate) variables: Vec<Name>,
}

impl DirectiveUse {
    pub(crate) fn of(document: &ExecutableDocument, operation: &Operation) -> Self {
        let mut walk =
            Walk { document, count: operation.directives.len(), variables: BTreeSet::new(), fragments: HashSet::new() };
        walk.selection_set(&operation.selection_set);
        Self { count: walk.count, variables: walk.variables.into_iter().cloned().collect() }
    }
}

struct Walk<'d> {
    document: &'d ExecutableDocument,
    count: usize,
    variables: BTreeSet<&'d Name>,
    fragments: HashSet<&'d Name>,
}

impl<'d> Walk<'d> {
    fn selection_set(&mut self, set: &'d SelectionSet) {
        for selection in &set.selections {
            self.directives(selection.directives());
            match selection {
                Selection::Field(field) => self.selection_set(&field.selection_set),
                Selection::InlineFragment(fragment) => self.selection_set(&fragment.selection_set),
                Selection::FragmentSpread(spread) => {
                    if self.fragments.insert(&spread.fragment_name)
                        && let Some(fragment) = self.document.fragments.get(&spread.fragment_name)
                    {
                        self.directives(&fragment.directives);
                        self.selection_set(&fragment.selection_set);
                    }
                }
            }
        }
    }

    fn directives(&mut self, directives: &'d DirectiveList) {
        self.count += directives.len();
        for directive in directives.iter().filter(|directive| matches!(directive.name.as_str(), "skip" | "include")) {
            if let Some(Value::Variable(variable)) = directive.specified_argument_by_name("if").map(AsRef::as_ref) {
                self.variables.insert(variable);
            }
        }
    }
}
