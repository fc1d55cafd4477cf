//! The gateway: from a parsed request to the bytes of its answer.

use std::{collections::HashMap, panic::AssertUnwindSafe, sync::Arc, time::Duration};

use chatty_access::Caller;
use chatty_kit::{Code, scan};
use futures_util::{
    StreamExt,
    stream::{self, BoxStream},
};
use tokio::time::Instant;

use crate::{
    Answer, AnswerKind, GraphqlRequest, LimitExceeded, Limits, LoadError, Upstream,
    complete::Completion,
    execute::{Answers, Execution},
    operation::{Coerced, Known, Operations, Refusal, Variant, check_weight, coerce},
    planner::{Node, Plan, Planner},
    supergraph::Supergraph,
    upstream::{Answer as SubgraphAnswer, Failure},
};

/// Executes operations on a supergraph. Cheap to clone; clones share their caches.
#[derive(Clone)]
pub struct Gateway {
    inner: Arc<Inner>,
}

struct Inner {
    supergraph: Supergraph,
    /// In the order of the supergraph's subgraphs.
    upstreams: Vec<Upstream>,
    /// How long each may take for one request.
    timeouts: Vec<Duration>,
    planner: Planner,
    operations: Operations,
    limits: Limits,
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
    pub fn load(
        supergraph_sdl: &str,
        mut upstreams: HashMap<String, Upstream>,
        limits: Limits,
    ) -> Result<Self, LoadError> {
        let supergraph = Supergraph::parse(supergraph_sdl)?;
        if let Some(unknown) = limits.subgraph_timeouts_ms.keys().find(|name| !supergraph.subgraphs.contains(name)) {
            return Err(LoadError::UnknownSubgraph(unknown.clone()));
        }
        let upstream = |name: &String| upstreams.remove(name).ok_or_else(|| LoadError::MissingUpstream(name.clone()));
        let upstreams = supergraph.subgraphs.iter().map(upstream).collect::<Result<_, _>>()?;
        let timeouts = supergraph.subgraphs.iter().map(|name| limits.subgraph_timeout(name)).collect();
        let planner = Planner::new(supergraph_sdl).map_err(LoadError::Planner)?;
        let inner = Inner { supergraph, upstreams, timeouts, planner, operations: Operations::new(), limits };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// The limits that this gateway was loaded with.
    pub fn limits(&self) -> &Limits {
        &self.inner.limits
    }

    /// The schema that clients see.
    pub fn api_schema_sdl(&self) -> &str {
        &self.inner.supergraph.api_sdl
    }

    /// How many operations were planned since the supergraph was loaded; the rest came from the cache.
    pub fn plans_built(&self) -> u64 {
        self.inner.planner.built()
    }

    /// Checks a request against limits and schema, coerces its variables and plans it. An error is the whole answer.
    pub async fn prepare(&self, request: &GraphqlRequest, caller: &Caller) -> Result<Prepared, Answer> {
        self.inner.prepare(request, caller).await.map_err(|refusal| refusal.answer(caller))
    }

    /// Executes a query or a mutation; a subscription is refused.
    pub async fn run(&self, prepared: Prepared, caller: Caller) -> Answer {
        if prepared.kind() == OperationKind::Subscription {
            let message = "a subscription needs a transport with a stream of answers";
            return Refusal::new(Code::GraphqlValidationFailed, message).answer(&caller);
        }
        self.inner.run(&prepared, &caller).await
    }

    /// Executes anything as a stream: a subscription's events until its source ends, or the one answer of a query or
    /// mutation. Dropping the stream ends the subscription.
    pub fn stream(&self, prepared: Prepared, caller: Caller) -> BoxStream<'static, Answer> {
        let gateway = self.clone();
        if prepared.kind() == OperationKind::Subscription {
            return gateway.events(prepared, caller);
        }
        stream::once(async move { gateway.inner.run(&prepared, &caller).await }).boxed()
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

    fn events(self, prepared: Prepared, caller: Caller) -> BoxStream<'static, Answer> {
        let Some(Node::Fetch(source)) = prepared.plan.roots.first() else {
            tracing::error!("the plan of a subscription has no source");
            let answer = Refusal::internal().answer(&caller);
            return stream::once(std::future::ready(answer)).boxed();
        };
        let answers = Answers::of(&prepared.plan);
        let execution = self.inner.execution(&prepared, &caller, &answers);
        let request = execution.source_request(source);
        let events = self.inner.upstreams[source.subgraph]
            .subscribe(request, Instant::now() + self.inner.timeouts[source.subgraph]);
        drop(execution);
        // A panic of the source ends the stream; it is told as its last event.
        let events = AssertUnwindSafe(events).catch_unwind();
        let context = Arc::new((self, prepared, caller));
        events
            .then(move |event| {
                let context = Arc::clone(&context);
                async move {
                    let (gateway, prepared, caller) = &*context;
                    let event = event.unwrap_or(Err(Failure::Panicked));
                    gateway.inner.event(prepared, caller, event).await
                }
            })
            .boxed()
    }
}

impl Inner {
    async fn prepare(&self, request: &GraphqlRequest, caller: &Caller) -> Result<Prepared, Refusal> {
        let (supergraph, limits) = (&self.supergraph, &self.limits);
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
        let plan = variant.plan(&self.planner, supergraph, limits).await?;
        for argument in &variant.composed {
            let value = argument.value(&variables);
            variables.insert(argument.name.clone(), value);
        }
        Ok(Prepared { known, variant, plan, variables })
    }

    fn execution<'a>(&'a self, prepared: &'a Prepared, caller: &'a Caller, answers: &'a Answers) -> Execution<'a> {
        Execution::new(&self.supergraph, &self.upstreams, &prepared.variables, caller, &self.timeouts, answers)
    }

    async fn run(&self, prepared: &Prepared, caller: &Caller) -> Answer {
        let answers = Answers::of(&prepared.plan);
        let execution = self.execution(prepared, caller, &answers);
        // A mutation's root fields are steps of their own, and none stops the next.
        for root in &prepared.plan.roots {
            execution.run(root).await;
        }
        self.complete(prepared, execution)
    }

    async fn event(&self, prepared: &Prepared, caller: &Caller, event: Result<SubgraphAnswer, Failure>) -> Answer {
        let answers = Answers::of(&prepared.plan);
        let execution = self.execution(prepared, caller, &answers);
        if let Some(Node::Fetch(source)) = prepared.plan.roots.first() {
            if let Err(failure) = &event {
                failure.log(&self.supergraph.subgraphs[source.subgraph], caller);
            }
            execution.take_event(source, event);
        }
        if let Some(rest) = &prepared.plan.after_event {
            execution.run(rest).await;
        }
        self.complete(prepared, execution)
    }

    fn complete(&self, prepared: &Prepared, execution: Execution<'_>) -> Answer {
        let caller = execution.caller;
        let merged = execution.finish();
        let variables = &prepared.variables;
        let completion = Completion { supergraph: &self.supergraph, limits: &self.limits, caller, variables };
        let body = completion.complete(&prepared.variant.level, &merged.data, &merged.errors);
        Answer { body, kind: AnswerKind::Executed }
    }
}
