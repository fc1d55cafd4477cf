//! The caches of documents and their variants. Bounded, single flight; refusals are kept like successes.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use chatty_kit::Code;
use moka::future::Cache;
use tokio::sync::OnceCell;

use super::{
    conditions::Conditions, document::Document, measure::measure, print::print, refusal::Refusal, rewrite::rewrite,
};
use crate::{
    LimitExceeded, Limits, OperationKind,
    complete::{ClientSet, Level},
    planner::{Plan, PlanError, Planner},
    supergraph::Supergraph,
};

/// Bytes of text whose documents are kept. A parsed document takes some thirty times its text.
const DOCUMENT_CACHE_BYTES: u64 = 4 * 1024 * 1024;

/// Selections whose plans are kept, by weight.
const VARIANT_CACHE_WEIGHT: u64 = 200_000;

/// All operations that were asked for lately.
pub(crate) struct Operations {
    documents: Cache<DocumentKey, Result<Arc<Known>, Refusal>>,
    variants: Cache<VariantKey, Result<Arc<Variant>, Refusal>>,
    next_id: AtomicU64,
}

#[derive(PartialEq, Eq, Hash)]
struct DocumentKey {
    text: Arc<str>,
    operation: Option<Arc<str>>,
}

#[derive(PartialEq, Eq, Hash)]
struct VariantKey {
    document: u64,
    conditions: u32,
}

/// A document and the number that its variants know it by.
pub(crate) struct Known {
    id: u64,
    pub(crate) document: Document,
}

/// An operation with its conditions decided.
pub(crate) struct Variant {
    /// Selections after expansion.
    pub(crate) weight: u64,
    /// What the response looks like.
    pub(crate) level: Level,
    /// Whether `__schema` or `__type` is asked for.
    pub(crate) introspects: bool,
    /// The operation's parts as the planner gets them.
    parts: Vec<String>,
    plan: OnceCell<Result<Arc<Plan>, Refusal>>,
}

impl Operations {
    pub(crate) fn new() -> Self {
        let document_bytes = |key: &DocumentKey, _: &_| u32::try_from(key.text.len() + 256).unwrap_or(u32::MAX);
        let variant_weight = |_: &VariantKey, variant: &Result<Arc<Variant>, Refusal>| {
            variant.as_ref().map_or(20, |variant| u32::try_from(variant.weight.saturating_add(20)).unwrap_or(u32::MAX))
        };
        Self {
            documents: Cache::builder().max_capacity(DOCUMENT_CACHE_BYTES).weigher(document_bytes).build(),
            variants: Cache::builder().max_capacity(VARIANT_CACHE_WEIGHT).weigher(variant_weight).build(),
            next_id: AtomicU64::new(0),
        }
    }

    /// The document of a text that passed the linear scan.
    pub(crate) async fn document(
        &self,
        supergraph: &Supergraph,
        limits: &Limits,
        text: &str,
        operation_name: Option<&str>,
    ) -> Result<Arc<Known>, Refusal> {
        let key = DocumentKey { text: text.into(), operation: operation_name.map(Into::into) };
        if let Some(known) = self.documents.get(&key).await {
            return known;
        }
        let (text, operation) = (Arc::clone(&key.text), key.operation.clone());
        let parse = async {
            Document::parse(supergraph, limits, &text, operation.as_deref()).map(|document| {
                let id = self.next_id.fetch_add(1, Ordering::Relaxed);
                Arc::new(Known { id, document })
            })
        };
        self.documents.get_with(key, parse).await
    }

    /// The variant of a document for these values of its condition variables.
    pub(crate) async fn variant(
        &self,
        supergraph: &Supergraph,
        limits: &Limits,
        known: &Known,
        conditions: u32,
    ) -> Result<Arc<Variant>, Refusal> {
        let key = VariantKey { document: known.id, conditions };
        if let Some(variant) = self.variants.get(&key).await {
            return variant;
        }
        let build = async { Variant::new(supergraph, limits, &known.document, conditions).map(Arc::new) };
        self.variants.get_with(key, build).await
    }
}

impl Variant {
    fn new(supergraph: &Supergraph, limits: &Limits, document: &Document, values: u32) -> Result<Self, Refusal> {
        let (source, operation) = (&document.source, &document.operation);
        let conditions = Conditions { variables: &document.condition_variables, values };
        let is_mutation = document.kind == OperationKind::Mutation;
        let satisfies = |concrete: &str, condition: &str| supergraph.satisfies(concrete, condition);
        let rewritten = rewrite(source, operation, conditions, is_mutation, &satisfies);

        let roots = rewritten.root.len() + rewritten.introspection.len();
        LimitExceeded::check("rootFields", roots, if is_mutation { limits.mutations } else { limits.root_fields })?;
        let measure = measure(supergraph, &rewritten);
        LimitExceeded::check("depth", measure.depth, limits.depth)?;
        LimitExceeded::check("introspectionDepth", measure.introspection_depth, limits.introspection_depth)?;
        LimitExceeded::check("aliases", measure.aliases, limits.aliases)?;
        check_weight(measure.weight, limits.weight)?;
        if rewritten.nested_introspection {
            return Err(Refusal::new(Code::GraphqlValidationFailed, "introspection is answered at the root only"));
        }

        let parts = if rewritten.root.is_empty() {
            Vec::new()
        } else if is_mutation {
            rewritten.root.chunks(1).map(|root| print(operation, &rewritten, root)).collect()
        } else {
            vec![print(operation, &rewritten, &rewritten.root)]
        };
        let client = ClientSet::of(source, operation, conditions);
        Ok(Self {
            weight: measure.weight,
            level: Level::root(supergraph, &operation.selection_set.ty, client),
            introspects: !rewritten.introspection.is_empty(),
            parts,
            plan: OnceCell::new(),
        })
    }

    /// The plan, made when it is first asked for.
    pub(crate) async fn plan(
        &self,
        planner: &Planner,
        supergraph: &Supergraph,
        limits: &Limits,
    ) -> Result<Arc<Plan>, Refusal> {
        self.plan.get_or_try_init(|| self.make_plan(planner, supergraph, limits)).await?.clone()
    }

    /// The outer error is of the moment and not kept.
    async fn make_plan(
        &self,
        planner: &Planner,
        supergraph: &Supergraph,
        limits: &Limits,
    ) -> Result<Result<Arc<Plan>, Refusal>, Refusal> {
        if self.parts.is_empty() {
            return Ok(Ok(Arc::new(Plan { roots: Vec::new(), after_event: None, fetches: 0 })));
        }
        match planner.plan(supergraph, self.parts.clone()).await {
            Ok(plan) => Ok(match LimitExceeded::check("fetches", plan.fetches, limits.fetches) {
                Ok(()) => Ok(Arc::new(plan)),
                Err(exceeded) => Err(exceeded.into()),
            }),
            Err(error) => {
                tracing::error!(%error, parts = ?self.parts, "an operation could not be planned");
                let refusal = Refusal::internal();
                if matches!(error, PlanError::Thread(_)) { Err(refusal) } else { Ok(Err(refusal)) }
            }
        }
    }
}

/// Refuses an operation that weighs more than the caller may ask for.
pub(crate) fn check_weight(weight: u64, allowed: u64) -> Result<(), LimitExceeded> {
    if weight <= allowed { Ok(()) } else { Err(LimitExceeded { limit: "weight", allowed }) }
}
