//! Errors of subgraphs, filed under the place in merged data that they speak of.
//!
//! A place in merged data may be several places in the response (aliases of one field), or none. Completion walks data
//! and errors together and so names each error's places in the client's own response keys.

use std::{borrow::Cow, cell::Cell};

use async_graphql::{Name, Value, indexmap::IndexMap};
use chatty_kit::Code;

/// An error that clients may see.
#[derive(Debug)]
pub(crate) struct SubgraphError {
    pub(crate) message: String,
    pub(crate) code: Cow<'static, str>,
    /// Further members of `extensions`.
    pub(crate) extensions: Vec<(String, Value)>,
    /// Speaks of a whole request: reported at the first place only, and explains the others.
    pub(crate) once: bool,
    /// Whether it was written; only of interest with `once`.
    pub(crate) reported: Cell<bool>,
    /// Whether the client selected a field that it speaks of.
    pub(crate) asked: Cell<bool>,
    /// Whether it was met at a field that the client did not select there.
    pub(crate) strayed: Cell<bool>,
    /// Explains a null and is never written: see [`SubgraphError::absence`].
    pub(crate) silent: bool,
}

impl SubgraphError {
    pub(crate) fn new(code: Code, message: &str) -> Self {
        Self {
            message: message.to_owned(),
            code: Cow::Borrowed(code.as_str()),
            extensions: Vec::new(),
            once: false,
            reported: Cell::new(false),
            asked: Cell::new(false),
            strayed: Cell::new(false),
            silent: false,
        }
    }

    /// An entity's owner says that it is not there, or not for the caller. A reference to it becomes null, and that is
    /// an answer and no error.
    pub(crate) fn absence() -> Self {
        Self { silent: true, ..Self::new(Code::Internal, "") }
    }
}

/// A step of a path in merged data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Step {
    Key(Name),
    Index(usize),
}

/// All errors of an execution.
#[derive(Debug, Default)]
pub(crate) struct Errors {
    pub(super) list: Vec<SubgraphError>,
    pub(super) root: Places,
}

/// The errors at a place and below it.
#[derive(Debug, Default)]
pub(crate) struct Places {
    pub(super) here: Vec<usize>,
    pub(super) keys: IndexMap<Name, Places>,
    pub(super) indices: IndexMap<usize, Places>,
}

impl Errors {
    /// Files an error under one or more places.
    pub(crate) fn add(&mut self, error: SubgraphError, places: impl IntoIterator<Item = Vec<Step>>) {
        let id = self.list.len();
        self.list.push(error);
        for path in places {
            let mut at = &mut self.root;
            for step in path {
                at = match step {
                    Step::Key(key) => at.keys.entry(key).or_default(),
                    Step::Index(index) => at.indices.entry(index).or_default(),
                };
            }
            at.here.push(id);
        }
    }

    /// Files that entities are not there.
    pub(crate) fn add_absences(&mut self, places: Vec<Vec<Step>>) {
        if !places.is_empty() {
            self.add(SubgraphError::absence(), places);
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// Whether an error is filed at a field of the object at this place.
    pub(crate) fn explains(&self, place: &[Step]) -> bool {
        let below = place.iter().try_fold(&self.root, |at, step| match step {
            Step::Key(key) => at.keys.get(key),
            Step::Index(index) => at.indices.get(index),
        });
        below.is_some_and(|below| below.keys.values().any(|field| !field.here.is_empty()))
    }

    pub(super) fn root(&self) -> Option<&Places> {
        (!self.list.is_empty()).then_some(&self.root)
    }
}

impl Places {
    pub(super) fn key(&self, key: &str) -> Option<&Self> {
        self.keys.get(key)
    }

    pub(super) fn index(&self, index: usize) -> Option<&Self> {
        self.indices.get(&index)
    }
}
