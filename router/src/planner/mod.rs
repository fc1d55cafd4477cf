//! Plans operations. The only module that names the planner crate; its plans leave here as [`Plan`].
//!
//! The planner is given only what has passed validation, the weight and the depth limits: it can overflow the stack or
//! exhaust memory, and neither can be caught. What can be caught is: it runs on a thread of its own with a big stack,
//! few at a time, and a panic becomes an error.

mod order;
mod plan;
mod wire;

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use hive_router_query_planner::{
    ast::normalization::normalize_operation,
    graph::PlannerOverrideContext,
    planner,
    utils::{
        cancellation::CancellationToken,
        parsing::{safe_parse_operation, safe_parse_schema},
    },
};
use tokio::sync::{Semaphore, oneshot};

pub(crate) use plan::{EntityCall, Fetch, Node, Path, PathStep, Plan, Rename, Requirement, Source};

use crate::supergraph::Supergraph;

/// Deep recursion over at most a few hundred selections; measured to suffice with a wide margin.
const STACK_BYTES: usize = 8 * 1024 * 1024;

/// Planning is rare and must not starve the requests that have their plans.
const CONCURRENT_PLANS: usize = 2;

/// No plan within the limits takes this long; if one does, somebody should look at it.
const SLOW_PLAN: Duration = Duration::from_secs(1);

/// The share of requests that this one is beyond: `@override(label: "percent(…)")` moves a field for all requests, so at
/// 100 only. A plan serves every request for its operation.
const MOST: f64 = 99.999_999;

/// Plans operations on one supergraph.
pub(crate) struct Planner {
    inner: Arc<planner::Planner>,
    slots: Arc<Semaphore>,
    built: Arc<AtomicU64>,
}

/// Why there is no plan.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PlanError {
    #[error("{0}")]
    Refused(String),
    #[error("the planner panicked")]
    Panicked,
    #[error("no thread to plan on: {0}")]
    Thread(#[from] std::io::Error),
    #[error(transparent)]
    Wire(#[from] wire::WireError),
}

impl Planner {
    /// Builds the planner's graph.
    pub(crate) fn new(supergraph_sdl: &str) -> Result<Self, String> {
        let construct = || {
            let sdl = order::interface_objects_last(supergraph_sdl)?;
            let schema = safe_parse_schema(&sdl).map_err(|error| error.to_string())?;
            let options = planner::QueryPlannerOptions::default();
            planner::Planner::new_from_supergraph(&schema, options).map_err(|error| error.to_string())
        };
        let inner = thread::scope(|scope| {
            let thread = thread::Builder::new().name("planner".to_owned()).stack_size(STACK_BYTES);
            let handle = thread.spawn_scoped(scope, construct).map_err(|error| error.to_string())?;
            handle.join().unwrap_or_else(|_| Err("the planner panicked".to_owned()))
        });
        Ok(Self { inner: Arc::new(inner?), slots: Arc::new(Semaphore::new(CONCURRENT_PLANS)), built: Arc::default() })
    }

    /// Counts what it plans in `built`, which other planners may share.
    pub(crate) fn counting(self, built: Arc<AtomicU64>) -> Self {
        Self { built, ..self }
    }

    /// Plans the parts of an operation, each alone: a mutation has one for each root field.
    pub(crate) async fn plan(&self, supergraph: &Supergraph, parts: Vec<String>) -> Result<Plan, PlanError> {
        self.built.fetch_add(1, Ordering::Relaxed);
        let permit = Arc::clone(&self.slots).acquire_owned().await.expect("the semaphore is never closed");
        let (sender, receiver) = oneshot::channel();
        let inner = Arc::clone(&self.inner);
        let started = Instant::now();
        thread::Builder::new().name("planner".to_owned()).stack_size(STACK_BYTES).spawn(move || {
            let plans = catch_unwind(AssertUnwindSafe(|| {
                parts.iter().map(|part| plan_one(&inner, part)).collect::<Result<Vec<_>, _>>()
            }));
            // A caller that went away needs no plan.
            let _ = sender.send(plans.unwrap_or(Err(PlanError::Panicked)));
            drop(permit);
        })?;
        let serialised = receiver.await.unwrap_or(Err(PlanError::Panicked))?;
        let took = started.elapsed();
        if took > SLOW_PLAN {
            tracing::warn!(took_ms = took.as_millis(), "planning was slow");
        }
        Ok(wire::read(supergraph, &serialised)?)
    }
}

fn plan_one(planner: &planner::Planner, operation: &str) -> Result<Vec<u8>, PlanError> {
    let refused = |error: &dyn std::fmt::Display| PlanError::Refused(error.to_string());
    let document = safe_parse_operation(operation).map_err(|error| refused(&error))?;
    let normalized = normalize_operation(&planner.supergraph, &document, None).map_err(|error| refused(&error))?;
    let plan = planner
        .plan_from_normalized_operation(
            normalized.executable_operation(),
            PlannerOverrideContext::from_percentage(MOST),
            &CancellationToken::new(),
        )
        .map_err(|error| refused(&error))?;
    Ok(serde_json::to_vec(&plan).map_err(wire::WireError::from)?)
}
