//! Runs a plan: requests go to subgraphs, their values are merged, in canonical keys.
//!
//! Everything stays on the caller's task. The data's lock is held while representations are read and while answers are
//! merged, never while a subgraph works.

mod entities;
mod faults;
mod paths;
mod representation;
mod room;

use std::{
    panic::AssertUnwindSafe,
    sync::{Mutex, MutexGuard, OnceLock, PoisonError},
    time::Duration,
};

use async_graphql::Name;
use chatty_access::Caller;
use chatty_kit::Code;
use futures_util::{
    FutureExt,
    future::{BoxFuture, join_all},
};
use tokio::time::Instant;

use crate::{
    Upstream,
    complete::{Errors, Step, SubgraphError},
    data::{Data, ObjectId, Value},
    operation::Coerced,
    planner::{Fetch, Node, Path, Plan, Rename, Source},
    supergraph::Supergraph,
    upstream::{Answer, Failure, SubgraphRequest, Variable},
};
use entities::Batch;
use faults::{Answered, PlacedError, Unfit};
use paths::{Listable, Place};
use room::{MOST_ANSWERED, Room};

/// What subgraphs answer in one execution, as it comes. Merged data borrows from it, so that it is kept to the end.
pub(crate) struct Answers {
    /// By the number of the request.
    kept: Box<[OnceLock<Answer>]>,
    room: Room,
}

impl Answers {
    /// Room for the answers to all requests of a plan.
    pub(crate) fn of(plan: &Plan) -> Self {
        Self { kept: (0..plan.fetches).map(|_| OnceLock::new()).collect(), room: Room::of(MOST_ANSWERED) }
    }

    /// Keeps the one answer that a request gets in an execution. What a schema in this process answers is no body.
    fn keep(&self, fetch: &Fetch, answer: Answer) -> Result<&Answer, Unfit> {
        if let Answer::Json(body) = &answer {
            self.room.take(body.bytes.len()).ok_or(Unfit::TooLong)?;
        }
        Ok(self.kept[fetch.id].get_or_init(|| answer))
    }
}

/// One execution of a plan.
pub(crate) struct Execution<'a> {
    pub(crate) supergraph: &'a Supergraph,
    /// In the order of the supergraph's subgraphs.
    pub(crate) upstreams: &'a [Upstream],
    pub(crate) variables: &'a Coerced,
    pub(crate) caller: &'a Caller,
    /// How long each subgraph may take for one request, in the same order.
    pub(crate) timeouts: &'a [Duration],
    answers: &'a Answers,
    /// Whether the plan is a mutation's.
    of_mutation: bool,
    state: Mutex<Merged<'a>>,
}

/// What subgraphs have said so far.
#[derive(Debug)]
pub(crate) struct Merged<'a> {
    /// In canonical keys.
    pub(crate) data: Data<'a>,
    pub(crate) errors: Errors,
}

impl<'a> Execution<'a> {
    pub(crate) fn new(
        supergraph: &'a Supergraph,
        upstreams: &'a [Upstream],
        variables: &'a Coerced,
        caller: &'a Caller,
        timeouts: &'a [Duration],
        answers: &'a Answers,
        of_mutation: bool,
    ) -> Self {
        let state = Mutex::new(Merged { data: Data::new(), errors: Errors::default() });
        Self { supergraph, upstreams, variables, caller, timeouts, answers, of_mutation, state }
    }

    /// Runs a step and everything below it.
    pub(crate) fn run(&self, node: &'a Node) -> BoxFuture<'_, ()> {
        match node {
            Node::Fetch(fetch) => self.fetch(fetch).boxed(),
            Node::Sequence(nodes) => async move {
                for node in nodes {
                    self.run(node).await;
                }
            }
            .boxed(),
            Node::Parallel(nodes) => join_all(nodes.iter().map(|node| self.run(node))).map(drop).boxed(),
        }
    }

    /// The request of a subscription's source.
    pub(crate) fn source_request(&self, fetch: &'a Fetch) -> SubgraphRequest<'a> {
        self.request(fetch, Vec::new())
    }

    /// Takes one event of a subscription's source as the answer of its fetch.
    pub(crate) fn take_event(&self, fetch: &'a Fetch, event: Result<Answer, Failure>) {
        if let Source::Root { path, keys, renames } = &fetch.source {
            self.merge_root(fetch, path, keys, renames, event);
        }
    }

    /// What was merged.
    pub(crate) fn finish(self) -> Merged<'a> {
        self.state.into_inner().unwrap_or_else(PoisonError::into_inner)
    }

    async fn fetch(&self, fetch: &'a Fetch) {
        match &fetch.source {
            Source::Root { path, keys, renames } => {
                if !path.is_empty() && self.find(&self.lock().data, path).is_empty() {
                    return;
                }
                let answer = self.send(fetch, Vec::new()).await;
                self.merge_root(fetch, path, keys, renames, answer);
            }
            Source::Entities(calls) => {
                let batch = {
                    let Merged { data, errors } = &mut *self.lock();
                    let batch = Batch::read(self.supergraph, data, calls);
                    batch.file_unasked(self.supergraph, calls, data, errors);
                    batch
                };
                let Some((batch, variables)) = batch.into_request() else { return };
                let answer = if batch.is_too_long() {
                    Err(self.unavailable(fetch, &Unfit::TooMuchAsked))
                } else {
                    self.send(fetch, variables).await
                };
                let Merged { data, errors } = &mut *self.lock();
                let answered = answer.and_then(|answer| self.answered(fetch, answer, data));
                if let Err(unfit) = batch.merge(self.supergraph, calls, answered, data, errors) {
                    self.unavailable(fetch, &unfit);
                }
            }
        }
    }

    fn merge_root(
        &self,
        fetch: &Fetch,
        path: &Path,
        keys: &[Name],
        renames: &'a [Rename],
        answer: Result<Answer, Failure>,
    ) {
        let Merged { data, errors } = &mut *self.lock();
        let merged = answer.and_then(|answer| {
            let answered = self.answered(fetch, answer, data)?;
            paths::rename(self.supergraph, data, answered.data, renames);
            self.file_errors(path, keys, renames, answered.errors, data, errors);
            let Value::Object(found) = answered.data else { return Ok(()) };
            let mut objects = self.find(data, path).into_iter();
            let merged = objects.try_for_each(|object| data.merge(self.supergraph, object, found));
            merged.map_err(|unfit| self.unavailable(fetch, &unfit.into()))
        });
        if let Err(failure) = merged {
            let listable = Listable::new();
            let places = paths::places(self.supergraph, data, path, &listable);
            errors.add(failure.into_error(), file_all(&places, &[], keys), || listable.is_left());
        }
    }

    fn file_errors(
        &self,
        path: &Path,
        keys: &[Name],
        renames: &[Rename],
        found: Vec<PlacedError>,
        data: &Data<'_>,
        errors: &mut Errors,
    ) {
        if found.is_empty() {
            return;
        }
        let listable = Listable::new();
        let places = paths::places(self.supergraph, data, path, &listable);
        let are_all = || listable.is_left();
        for error in found {
            let tail = paths::steps(&error.path, renames);
            if let Err(rest) = errors.add_one_of_many(error.error, file_all(&places, &tail, keys), are_all) {
                errors.add(rest, file_all(&places, &[], keys), are_all);
                break;
            }
        }
    }

    fn find(&self, data: &Data<'a>, path: &Path) -> Vec<ObjectId> {
        paths::find(self.supergraph, data, Value::Object(ObjectId::ROOT), path)
    }

    /// Sends a request and waits for its answer, but not too long. A panic of the subgraph stays its own.
    async fn send(&self, fetch: &'a Fetch, representations: Vec<(&'a Name, Variable<'a>)>) -> Result<Answer, Failure> {
        let subgraph = self.subgraph_name(fetch);
        let request = self.request(fetch, representations);
        let deadline = Instant::now() + self.timeouts[fetch.subgraph];
        let execution = self.upstreams[fetch.subgraph].execute(request, deadline);
        let answer = AssertUnwindSafe(execution).catch_unwind().await.unwrap_or(Err(Failure::Panicked));
        answer.inspect_err(|failure| failure.log(subgraph, self.caller))
    }

    /// Reads an answer into the data; nothing refers to it yet.
    fn answered(&self, fetch: &Fetch, answer: Answer, data: &mut Data<'a>) -> Result<Answered<'a>, Failure> {
        let kept = self.answers.keep(fetch, answer);
        let response =
            kept.and_then(|answer| Ok(answer.read(data)?)).map_err(|unfit| self.unavailable(fetch, &unfit))?;
        let is_ours = self.upstreams[fetch.subgraph].is_ours();
        Ok(Answered::from_response(response, self.subgraph_name(fetch), is_ours, self.caller))
    }

    /// Logs why an answer is not taken in. A subgraph that gives such an answer counts as one that gives none.
    fn unavailable(&self, fetch: &Fetch, unfit: &Unfit) -> Failure {
        let (subgraph, trace_id) = (self.subgraph_name(fetch), &self.caller.trace_id);
        let error = unfit as &dyn std::error::Error;
        tracing::warn!(subgraph, trace_id, error, "a subgraph's answer is of no use");
        Failure::Unavailable
    }

    fn request(&self, fetch: &'a Fetch, representations: Vec<(&'a Name, Variable<'a>)>) -> SubgraphRequest<'a> {
        let mut variables = Vec::with_capacity(fetch.variables.len() + representations.len());
        for variable in &fetch.variables {
            if let Some(value) = self.variables.get(&variable.client) {
                variables.push((&variable.name, Variable::Client(value)));
            }
        }
        variables.extend(representations);
        SubgraphRequest { document: &fetch.document, variables, caller: self.caller, of_mutation: self.of_mutation }
    }

    fn subgraph_name(&self, fetch: &Fetch) -> &'a str {
        &self.supergraph.subgraphs[fetch.subgraph]
    }

    fn lock(&self) -> MutexGuard<'_, Merged<'a>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Where an error belongs that was reported `tail` below a place: there, or at each field that the request was for.
fn file(place: &[Step], tail: &[Step], keys: &[Name]) -> Vec<Vec<Step>> {
    let below = |steps: &[Step]| place.iter().chain(steps).cloned().collect();
    if tail.is_empty() { keys.iter().map(|key| below(&[Step::Key(key.clone())])).collect() } else { vec![below(tail)] }
}

/// The same for several places.
fn file_all(places: &[Place], tail: &[Step], keys: &[Name]) -> impl Iterator<Item = Vec<Step>> {
    places.iter().flat_map(move |(_, steps)| file(steps, tail, keys))
}

impl Failure {
    pub(crate) fn log(self, subgraph: &str, caller: &Caller) {
        let trace_id = &caller.trace_id;
        match self {
            Self::Panicked => tracing::error!(subgraph, trace_id, "a subgraph panicked"),
            Self::Late => tracing::warn!(subgraph, trace_id, "a subgraph did not answer in time"),
            Self::Unavailable => tracing::warn!(subgraph, trace_id, "a subgraph is unavailable"),
        }
    }

    fn into_error(self) -> SubgraphError {
        let mut error = match self {
            Self::Panicked => SubgraphError::new(Code::Internal, "internal error"),
            Self::Late => SubgraphError::new(Code::Timeout, "the subgraph did not answer in time"),
            Self::Unavailable => SubgraphError::new(Code::SubgraphUnavailable, "the subgraph is unavailable"),
        };
        error.once = true;
        error
    }
}
