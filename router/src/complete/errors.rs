//! Errors of subgraphs, filed under the place in merged data that they speak of.
//!
//! A place in merged data may be several places in the response (aliases of one field), or none. Completion walks data
//! and errors together and so names each error's places in the client's own response keys.

use std::{borrow::Cow, cell::Cell};

use async_graphql::{
    Name, Value,
    indexmap::{IndexMap, IndexSet},
};
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
    /// Whether it was written.
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
    /// Errors of which not all places are filed, each with a field that it speaks of: wherever that is missing, it explains
    /// it.
    pub(super) elsewhere: Vec<(usize, Name)>,
    /// Of the places of errors that are not one of many.
    steps: usize,
    /// Of the places of errors that are one of many.
    steps_of_many: usize,
}

/// Steps of all places that are filed. A step takes some two hundred bytes.
const MOST_STEPS: usize = 300_000;

/// Steps of the places behind those, which are seen for the fields that they speak of.
const MOST_SEEN: usize = 3_000_000;

/// Steps of the places of errors that are one of many: ten errors, which is what clients are told, at two thousand places
/// five steps deep.
const MOST_STEPS_OF_MANY: usize = 100_000;

/// The errors at a place and below it.
#[derive(Debug, Default)]
pub(crate) struct Places {
    pub(super) here: Vec<usize>,
    pub(super) keys: IndexMap<Name, Places>,
    pub(super) indices: IndexMap<usize, Places>,
}

impl Errors {
    /// Files an error under its places, as far as there is room. It says whether `are_all` of them are among these, once
    /// they have come.
    pub(crate) fn add(
        &mut self,
        error: SubgraphError,
        places: impl IntoIterator<Item = Vec<Step>>,
        are_all: impl FnOnce() -> bool,
    ) {
        let id = self.list.len();
        self.list.push(error);
        let (mut fields, mut is_whole) = (IndexSet::new(), true);
        for path in places {
            if let Some(Step::Key(field)) = path.last()
                && !fields.contains(field)
            {
                fields.insert(field.clone());
            }
            self.steps += path.len();
            if self.steps <= MOST_STEPS {
                self.file(id, path);
            } else {
                is_whole = false;
            }
            if self.steps > MOST_STEPS + MOST_SEEN {
                break;
            }
        }
        if !is_whole || !are_all() {
            self.elsewhere.extend(fields.into_iter().map(|field| (id, field)));
        }
    }

    fn file(&mut self, id: usize, path: Vec<Step>) {
        let mut at = &mut self.root;
        for step in path {
            at = match step {
                Step::Key(key) => at.keys.entry(key).or_default(),
                Step::Index(index) => at.indices.entry(index).or_default(),
            };
        }
        at.here.push(id);
    }

    /// Files one of the errors of an answer, unless errors would take too much room. Then it comes back as one that
    /// speaks of the whole request, and stands for all that follow it.
    pub(crate) fn add_one_of_many(
        &mut self,
        error: SubgraphError,
        places: impl IntoIterator<Item = Vec<Step>>,
        are_all: impl FnOnce() -> bool,
    ) -> Result<(), SubgraphError> {
        let (mut filed, mut steps) = (Vec::new(), self.steps_of_many);
        for place in places {
            steps += place.len();
            if steps > MOST_STEPS_OF_MANY {
                return Err(SubgraphError { once: true, ..error });
            }
            filed.push(place);
        }
        self.steps_of_many = steps;
        // Those that speak of a whole request leave no less room for these.
        let before = std::mem::take(&mut self.steps);
        self.add(error, filed, are_all);
        self.steps = before;
        Ok(())
    }

    /// Files that entities are not there.
    pub(crate) fn add_absences(&mut self, places: impl IntoIterator<Item = Vec<Step>>, are_all: impl FnOnce() -> bool) {
        let mut places = places.into_iter().peekable();
        if places.peek().is_some() {
            self.add(SubgraphError::absence(), places, are_all);
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

#[cfg(test)]
mod tests {
    use super::*;

    fn filed(places: &Places) -> usize {
        let below = places.keys.values().chain(places.indices.values());
        places.here.len() + below.map(filed).sum::<usize>()
    }

    #[test]
    fn many_errors_at_many_places_are_filed_up_to_a_number_of_steps() {
        let mut errors = Errors::default();
        let add = |errors: &mut Errors| {
            let places = (0..5_000).map(|at| vec![Step::Index(at), Step::Key(Name::new("field"))]);
            errors.add_one_of_many(SubgraphError::new(Code::Internal, "no"), places, || true)
        };
        let added = (0..101).map(|_| add(&mut errors)).take_while(Result::is_ok).count();
        assert_eq!((added, filed(&errors.root)), (MOST_STEPS_OF_MANY / 2 / 5_000, MOST_STEPS_OF_MANY / 2));
        let rest = add(&mut errors).unwrap_err();
        assert!(rest.once, "it is told once, wherever a value is missing");
        assert_eq!(filed(&errors.root), MOST_STEPS_OF_MANY / 2, "what has no room leaves nothing behind");
    }

    #[test]
    fn an_error_at_more_places_than_are_filed_stands_for_all() {
        let mut errors = Errors::default();
        let mut add = |places: usize, are_all: bool| {
            let places = (0..places).map(|at| vec![Step::Index(at), Step::Key(Name::new("field"))]);
            errors.add(SubgraphError::absence(), places, || are_all);
            errors.elsewhere.iter().map(|(id, field)| (*id, field.to_string())).collect::<Vec<_>>()
        };
        let field = |id| (id, "field".to_owned());
        assert!(add(1_000, true).is_empty());
        assert_eq!(add(1_000, false), [field(1)]);
        assert_eq!(add(MOST_STEPS, true), [field(1), field(2)]);
        assert_eq!(filed(&errors.root), MOST_STEPS / 2);
    }

    #[test]
    fn a_long_path_counts_for_its_length() {
        let deep = (0..1_000).map(|at| vec![Step::Index(at); 128]);
        let added = Errors::default().add_one_of_many(SubgraphError::new(Code::Internal, "no"), deep, || true);
        assert!(added.is_err());
    }
}
