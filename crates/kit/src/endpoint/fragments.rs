//! What a document measures once its fragments are expanded, which twenty lines can make a million selections.
//!
//! The planner behind our router names what it would print twice as a fragment, so fragments cannot be refused.

use std::collections::HashMap;

use async_graphql::{
    Name,
    parser::types::{DocumentOperations, ExecutableDocument, Selection, SelectionSet},
};

/// Selections of a document, those of a fragment counted wherever it is spread. From clients the router takes a
/// thousand, and planning repeats some for each type of an interface.
pub(super) const MOST_SELECTIONS: usize = 50_000;

/// Selection sets around a selection. More than schemas take, and few enough for any stack.
pub(super) const DEEPEST_SELECTION: usize = 128;

/// Why a document is not validated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum Expansion {
    #[error("the document has more than {MOST_SELECTIONS} selections with its fragments expanded")]
    Wide,
    /// Also a fragment that leads back to itself.
    #[error("selections nest deeper than {DEEPEST_SELECTION} with fragments expanded")]
    Deep,
}

/// Refuses a document that becomes too large. Looks at each fragment once; one that is not there counts nothing.
pub(super) fn check(document: &ExecutableDocument) -> Result<(), Expansion> {
    let mut walk = Walk { document, known: HashMap::new() };
    let mut total = 0;
    let mut add = |set| walk.selections(set, 0).and_then(|found| within(&mut total, found));
    match &document.operations {
        DocumentOperations::Single(operation) => add(&operation.node.selection_set.node)?,
        DocumentOperations::Multiple(operations) => {
            operations.values().try_for_each(|operation| add(&operation.node.selection_set.node))?;
        }
    }
    // Validation also enters fragments that no operation spreads.
    document.fragments.values().try_for_each(|fragment| add(&fragment.node.selection_set.node))
}

struct Walk<'d> {
    document: &'d ExecutableDocument,
    /// The selections of fragments, expanded.
    known: HashMap<&'d Name, usize>,
}

impl<'d> Walk<'d> {
    fn selections(&mut self, set: &'d SelectionSet, depth: usize) -> Result<usize, Expansion> {
        if depth > DEEPEST_SELECTION {
            return Err(Expansion::Deep);
        }
        let mut total = 0;
        for selection in &set.items {
            let below = match &selection.node {
                Selection::Field(field) => self.selections(&field.node.selection_set.node, depth + 1)?,
                Selection::InlineFragment(fragment) => self.selections(&fragment.node.selection_set.node, depth + 1)?,
                Selection::FragmentSpread(spread) => self.fragment(&spread.node.fragment_name.node, depth + 1)?,
            };
            within(&mut total, below + 1)?;
        }
        Ok(total)
    }

    fn fragment(&mut self, name: &'d Name, depth: usize) -> Result<usize, Expansion> {
        if let Some(known) = self.known.get(name) {
            return Ok(*known);
        }
        let Some(fragment) = self.document.fragments.get(name) else { return Ok(0) };
        let total = self.selections(&fragment.node.selection_set.node, depth)?;
        self.known.insert(name, total);
        Ok(total)
    }
}

fn within(total: &mut usize, further: usize) -> Result<(), Expansion> {
    *total += further;
    if *total <= MOST_SELECTIONS { Ok(()) } else { Err(Expansion::Wide) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checked(document: &str) -> Result<(), Expansion> {
        check(&async_graphql::parser::parse_query(document).unwrap())
    }

    /// Fragments of which each spreads the next `times`.
    fn chain(length: usize, times: usize) -> String {
        let link = |at: usize| format!("fragment f{at} on Query {{ {} }} ", format!("...f{} ", at + 1).repeat(times));
        let links: String = (0..length).map(link).collect();
        format!("{{ ...f0 }} {links} fragment f{length} on Query {{ a }}")
    }

    #[test]
    fn fragments_count_wherever_they_are_spread() {
        assert_eq!(checked(&chain(10, 2)), Ok(()));
        for length in [16, 40, 120] {
            assert_eq!(checked(&chain(length, 2)), Err(Expansion::Wide), "{length}");
        }
        assert_eq!(checked(&format!("{{ {} }}", "a ".repeat(MOST_SELECTIONS))), Ok(()));
        assert_eq!(checked(&format!("{{ {} }}", "a ".repeat(MOST_SELECTIONS + 1))), Err(Expansion::Wide));
        assert_eq!(checked("{ ...missing } query B { a }".replace("{ ...", "query A { ...").as_str()), Ok(()));
    }

    #[test]
    fn fragments_that_nest_without_an_end_are_refused() {
        assert_eq!(checked(&chain(100, 1)), Ok(()));
        assert_eq!(checked(&chain(5_000, 1)), Err(Expansion::Deep));
        assert_eq!(checked("{ ...A } fragment A on Query { ...A }"), Err(Expansion::Deep));
        let unused = "{ a } fragment A on Query { ...B } fragment B on Query { b { ...A } }";
        assert_eq!(checked(unused), Err(Expansion::Deep));
    }
}
