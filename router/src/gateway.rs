//! The gateway: from a parsed request to the bytes of its answer.

use std::{
    collections::HashMap,
    panic::AssertUnwindSafe,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use arc_swap::ArcSwap;
use chatty_access::Caller;
use chatty_kit::{Code, Tasks, scan};
use futures_util::{
    StreamExt,
    stream::{self, BoxStream},
};
use tokio::time::Instant;

use crate::{
    Answer, AnswerKind, GraphqlRequest, LimitExceeded, Limits, LoadError, Upstream,
    complete::Completion,
    data::Data,
    execute::{Answers, Execution},
    operation::{After, Coerced, Known, Operations, Refusal, Sizes, Variant, canonical_json, check_weight, coerce},
    planner::{Fetch, Node, Plan, Planner},
    streams::{Memory, Streams},
    supergraph::Supergraph,
    upstream::{Answer as SubgraphAnswer, Failure},
};

/// Executes operations on a supergraph. Cheap to clone; clones share their caches and what they serve.
#[derive(Clone)]
pub struct Gateway {
    served: Arc<ArcSwap<Served>>,
    plans_built: Arc<AtomicU64>,
    /// What shared streams keep, on whatever supergraph.
    memory: Memory,
    /// Where shared streams run; without it none is shared.
    tasks: Option<Tasks>,
}

/// A supergraph in service, with all that it takes to prepare requests.
struct Served {
    sdl: String,
    planner: Planner,
    operations: Operations,
    loaded: Arc<Loaded>,
}

/// What it takes to run a request on a supergraph. Requests hold on to the one that they were prepared on, subscriptions
/// for as long as they last; the planner's graph and the caches are not theirs to keep.
struct Loaded {
    supergraph: Supergraph,
    /// In the order of the supergraph's subgraphs.
    upstreams: Vec<Upstream>,
    /// How long each may take for one request.
    timeouts: Vec<Duration>,
    streams: Arc<Streams>,
    limits: Arc<Limits>,
}

/// What an operation does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OperationKind {
    /// Reads.
    Query,
    /// Writes.
    Mutation,
    /// A stream of events.
    Subscription,
}

/// A request that passed all checks and has a plan; nothing is executed yet.
pub struct Prepared {
    /// What it was prepared on and will run on, whatever is served by then.
    loaded: Arc<Loaded>,
    known: Arc<Known>,
    variant: Arc<Variant>,
    plan: Arc<Plan>,
    variables: Coerced,
}

impl Prepared {
    /// What the operation does; decides whether GET may run it.
    pub fn kind(&self) -> OperationKind {
        self.known.document.kind
    }
}

impl Gateway {
    /// Loads a supergraph. `upstreams` are keyed by the subgraphs' names (`join__Graph(name:)`); those that the
    /// supergraph does not know are ignored.
    pub fn load(supergraph_sdl: &str, upstreams: HashMap<String, Upstream>, limits: Limits) -> Result<Self, LoadError> {
        let (plans_built, memory) = (Arc::default(), Memory::default());
        let served = Served::new(supergraph_sdl, upstreams, limits, &plans_built, &memory)?;
        Ok(Self { served: Arc::new(ArcSwap::from_pointee(served)), plans_built, memory, tasks: None })
    }

    /// Runs equal subscriptions that may be shared once for all their subscribers, as tasks among `tasks`. Which they are
    /// the supergraph says by its tags `shared` and `viewer`.
    #[must_use]
    pub fn sharing_streams(self, tasks: &Tasks) -> Self {
        Self { tasks: Some(tasks.clone()), ..self }
    }

    /// Serves another supergraph from now on, on all clones, and says whether it is another one: a text that is equal to
    /// the one in service changes nothing. What was prepared runs to its end, and subscriptions to theirs, on the
    /// supergraph that it was prepared on; caches begin empty. After an error everything is as before.
    ///
    /// Blocks for as long as it takes to build the planner's graph: seconds, for a big supergraph.
    pub fn replace(
        &self,
        supergraph_sdl: &str,
        upstreams: HashMap<String, Upstream>,
        limits: Limits,
    ) -> Result<bool, LoadError> {
        if self.served.load().sdl == supergraph_sdl {
            return Ok(false);
        }
        let served = Served::new(supergraph_sdl, upstreams, limits, &self.plans_built, &self.memory)?;
        self.served.store(Arc::new(served));
        Ok(true)
    }

    /// The limits of what is served now.
    pub fn limits(&self) -> Arc<Limits> {
        Arc::clone(&self.served.load().loaded.limits)
    }

    /// The schema that clients see now.
    pub fn api_schema_sdl(&self) -> String {
        self.served.load().loaded.supergraph.api_sdl.clone()
    }

    /// How many operations were planned since the gateway was loaded, on whatever supergraph; the rest came from the
    /// cache.
    pub fn plans_built(&self) -> u64 {
        self.plans_built.load(Ordering::Relaxed)
    }

    /// Checks a request against limits and schema, coerces its variables and plans it. An error is the whole answer.
    pub async fn prepare(&self, request: &GraphqlRequest, caller: &Caller) -> Result<Prepared, Answer> {
        let served = self.served.load_full();
        served.prepare(request, caller).await.map_err(|refusal| refusal.answer(caller))
    }

    /// Executes a query or a mutation; a subscription is refused.
    pub async fn run(&self, prepared: Prepared, caller: Caller) -> Answer {
        if prepared.kind() == OperationKind::Subscription {
            let message = "a subscription needs a transport with a stream of answers";
            return Refusal::new(Code::GraphqlValidationFailed, message).answer(&caller);
        }
        prepared.run(&caller).await
    }

    /// Executes anything as a stream: a subscription's events until its source ends, or the one answer of a query or
    /// mutation. Dropping the stream ends the subscription.
    pub fn stream(&self, prepared: Prepared, caller: Caller) -> BoxStream<'static, Answer> {
        if prepared.kind() == OperationKind::Subscription {
            return match &self.tasks {
                Some(tasks) if prepared.after().is_some() => Streams::subscribe(prepared, caller, tasks),
                _ => Arc::new(prepared).events(caller),
            };
        }
        stream::once(async move { prepared.run(&caller).await }).boxed()
    }

    /// `prepare` and `run`.
    pub async fn execute(&self, request: GraphqlRequest, caller: Caller) -> Answer {
        match self.prepare(&request, &caller).await {
            Ok(prepared) => self.run(prepared, caller).await,
            Err(refusal) => refusal,
        }
    }

    /// `prepare` and `stream`.
    pub async fn subscribe(
        &self,
        request: GraphqlRequest,
        caller: Caller,
    ) -> Result<BoxStream<'static, Answer>, Answer> {
        let prepared = self.prepare(&request, &caller).await?;
        Ok(self.stream(prepared, caller))
    }
}

impl Served {
    fn new(
        sdl: &str,
        mut upstreams: HashMap<String, Upstream>,
        limits: Limits,
        plans_built: &Arc<AtomicU64>,
        memory: &Memory,
    ) -> Result<Self, LoadError> {
        let supergraph = Supergraph::parse(sdl)?;
        if supergraph.subgraphs.is_empty() {
            return Err(LoadError::Schema("it names no subgraphs".to_owned()));
        }
        if let Some(unknown) = limits.subgraph_timeouts_ms.keys().find(|name| !supergraph.subgraphs.contains(name)) {
            return Err(LoadError::UnknownSubgraph(unknown.clone()));
        }
        let upstream = |name: &String| upstreams.remove(name).ok_or_else(|| LoadError::MissingUpstream(name.clone()));
        let upstreams = supergraph.subgraphs.iter().map(upstream).collect::<Result<_, _>>()?;
        let timeouts = supergraph.subgraphs.iter().map(|name| limits.subgraph_timeout(name)).collect();
        let planner = Planner::new(sdl).map_err(LoadError::Planner)?.counting(Arc::clone(plans_built));
        let streams = Arc::new(Streams::new(memory.clone()));
        let loaded = Loaded { supergraph, upstreams, timeouts, streams, limits: Arc::new(limits) };
        Ok(Self { sdl: sdl.to_owned(), planner, operations: Operations::new(), loaded: Arc::new(loaded) })
    }

    async fn prepare(&self, request: &GraphqlRequest, caller: &Caller) -> Result<Prepared, Refusal> {
        let Loaded { supergraph, limits, .. } = &*self.loaded;
        scan::check(&request.query, &limits.scan()).map_err(LimitExceeded::from)?;
        let GraphqlRequest { query, operation_name, variables } = request;
        let known = self.operations.document(supergraph, limits, query, operation_name.as_deref()).await?;
        let mut variables = coerce(&supergraph.api, &known.document.operation.variables, variables, limits)?;
        let conditions = known.document.condition_values(&variables, limits)?;
        let variant = self.operations.variant(supergraph, limits, &known, conditions).await?;
        if caller.viewer.is_none() {
            check_weight(variant.weight, limits.anonymous_weight)?;
            if variant.introspects && !limits.anonymous_introspection {
                let reason = "introspection is for callers who are signed in";
                return Err(Refusal::new(Code::GraphqlValidationFailed, reason));
            }
        }
        let mut sizes = Sizes::of(&variables);
        sizes.add_composed(&variant.composed, limits)?;
        let plan = variant.plan(&self.planner, supergraph, limits).await?;
        sizes.check_requests(&plan, limits)?;
        for argument in &variant.composed {
            let value = argument.value(&variables);
            variables.insert(argument.name.clone(), value);
        }
        Ok(Prepared { loaded: Arc::clone(&self.loaded), known, variant, plan, variables })
    }
}

impl Prepared {
    fn execution<'a>(&'a self, caller: &'a Caller, answers: &'a Answers) -> Execution<'a> {
        let Loaded { supergraph, upstreams, timeouts, .. } = &*self.loaded;
        let of_mutation = self.kind() == OperationKind::Mutation;
        Execution::new(supergraph, upstreams, &self.variables, caller, timeouts, answers, of_mutation)
    }

    async fn run(&self, caller: &Caller) -> Answer {
        let answers = Answers::of(&self.plan);
        let execution = self.execution(caller, &answers);
        // A mutation's root fields are steps of their own, and none stops the next.
        for root in &self.plan.roots {
            execution.run(root).await;
        }
        self.complete(execution)
    }

    /// The events as the caller sees them.
    pub(crate) fn events(self: Arc<Self>, caller: Caller) -> BoxStream<'static, Answer> {
        let events = match self.source_events(&caller) {
            Ok(events) => events,
            Err(answer) => return stream::once(std::future::ready(answer)).boxed(),
        };
        let context = Arc::new((self, caller));
        events
            .then(move |event| {
                let context = Arc::clone(&context);
                async move {
                    let (prepared, caller) = &*context;
                    prepared.event(caller, event).await
                }
            })
            .boxed()
    }

    /// The source stream, opened for this caller. A panic in it is its last event.
    pub(crate) fn source_events(
        &self,
        caller: &Caller,
    ) -> Result<BoxStream<'static, Result<SubgraphAnswer, Failure>>, Answer> {
        let Some(source) = self.source() else {
            tracing::error!("the plan of a subscription has no source");
            return Err(Refusal::internal().answer(caller));
        };
        let answers = Answers::of(&self.plan);
        let execution = self.execution(caller, &answers);
        let request = execution.source_request(source);
        let events = self.loaded.upstreams[source.subgraph].subscribe(request, Instant::now() + self.patience());
        drop(execution);
        let events = AssertUnwindSafe(events).catch_unwind();
        Ok(events.map(|event| event.unwrap_or(Err(Failure::Panicked))).boxed())
    }

    /// One event, with what other subgraphs know.
    pub(crate) async fn event(&self, caller: &Caller, event: Result<SubgraphAnswer, Failure>) -> Answer {
        let answers = Answers::of(&self.plan);
        let execution = self.execution(caller, &answers);
        if let Some(source) = self.source() {
            if let Err(failure) = &event {
                failure.log(&self.loaded.supergraph.subgraphs[source.subgraph], caller);
            }
            execution.take_event(source, event);
        }
        if let Some(rest) = &self.plan.after_event {
            execution.run(rest).await;
        }
        self.complete(execution)
    }

    fn source(&self) -> Option<&Fetch> {
        match self.plan.roots.first() {
            Some(Node::Fetch(source)) => Some(source),
            _ => None,
        }
    }

    /// How long the subgraph of the source may take to begin its answer.
    pub(crate) fn patience(&self) -> Duration {
        self.source().map_or(Duration::ZERO, |source| self.loaded.timeouts[source.subgraph])
    }

    /// Where a subscription that may be shared begins; `None` for what may not.
    pub(crate) fn after(&self) -> Option<After> {
        let argument = self.variant.shared.as_ref()?;
        Some(argument.value(&self.variables))
    }

    /// Whether an event is no event but the source's way to say that there will be none.
    pub(crate) fn is_refusal(&self, event: &SubgraphAnswer) -> bool {
        let mut data = Data::new();
        event.read(&mut data).is_ok_and(|said| self.loaded.supergraph.tags.is_refusal(&data, &said))
    }

    /// What equal subscriptions have in common: the number of their document and their variables.
    pub(crate) fn identity(&self) -> (u64, Vec<u8>) {
        (self.known.id(), canonical_json(&self.variables))
    }

    /// The streams of the supergraph that it was prepared on.
    pub(crate) fn streams(&self) -> &Arc<Streams> {
        &self.loaded.streams
    }

    fn complete(&self, execution: Execution<'_>) -> Answer {
        let caller = execution.caller;
        let merged = execution.finish();
        let Loaded { supergraph, limits, .. } = &*self.loaded;
        let completion = Completion { supergraph, limits, caller, variables: &self.variables };
        let body = completion.complete(&self.variant.level, &merged.data, &merged.errors);
        Answer { body, kind: AnswerKind::Executed }
    }
}

#[cfg(test)]
mod tests {
    use async_graphql::{Request, Response};
    use chatty_kit::Subgraph;
    use futures_util::{FutureExt, future::BoxFuture};

    use super::*;

    /// Never says anything.
    struct Silent;

    impl Subgraph for Silent {
        fn execute(&self, _: Request) -> BoxFuture<'_, Response> {
            std::future::pending().boxed()
        }

        fn subscribe(&self, _: Request) -> BoxStream<'static, Response> {
            stream::pending().boxed()
        }
    }

    #[tokio::test]
    async fn a_stream_on_a_replaced_supergraph_keeps_neither_its_planner_nor_its_caches() {
        let sdl = |field: &str| {
            let link = "extend schema @link(url: \"https://specs.apollo.dev/federation/v2.3\")";
            let types = format!("type Query {{ {field}: Int }} type Subscription {{ {field}: Int }}");
            crate::compose(&[("only", &format!("{link} {types}"))]).unwrap()
        };
        let upstreams = || HashMap::from([("only".to_owned(), Upstream::in_process(Silent))]);
        let gateway = Gateway::load(&sdl("old"), upstreams(), Limits::default()).unwrap();
        let request = GraphqlRequest { query: "subscription { old }".to_owned(), ..GraphqlRequest::default() };
        let stream = gateway.subscribe(request, Caller::anonymous()).await.ok().unwrap();
        let (served, loaded) = {
            let served = gateway.served.load_full();
            (Arc::downgrade(&served), Arc::downgrade(&served.loaded))
        };
        assert!(gateway.replace(&sdl("new"), upstreams(), Limits::default()).unwrap());
        assert!(served.upgrade().is_none() && loaded.upgrade().is_some());
        drop(stream);
        assert!(loaded.upgrade().is_none());
    }
}
