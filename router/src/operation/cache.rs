//! The caches of documents and their variants. Bounded, single flight; refusals are kept like successes.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use chatty_kit::Code;
use moka::future::Cache;
use tokio::sync::OnceCell;

use super::{
    conditions::Conditions,
    document::{Document, unknown_operation},
    measure::measure,
    print::{Composed, print},
    refusal::{Refusal, truncate},
    rewrite::rewrite,
    sharing::{self, AfterArgument},
};
use crate::{
    LimitExceeded, Limits, OperationKind,
    complete::{ClientSet, Level},
    planner::{Plan, PlanError, Planner},
    supergraph::Supergraph,
};

/// Bytes of text whose documents are kept. A parsed document takes some thirty times its text.
const DOCUMENT_CACHE_BYTES: u64 = 4 * 1024 * 1024;

/// Bytes of variants and their plans that are kept, as [`Variant::bytes`] estimates them.
const VARIANT_CACHE_BYTES: u64 = 64 * 1024 * 1024;

/// Bytes that a parsed text takes for each of its own.
const PARSED: usize = 30;

/// Bytes that a selection of the client takes in what the response is written from.
const SELECTION: u64 = 256;

/// Bytes of an entry's own.
const ENTRY: usize = 256;

/// Bytes of what is logged of an operation without a plan.
const LOGGED: usize = 1024;

/// Lists of introspection that multiply, one inside the other: a type's fields, and the fields of those.
const INTROSPECTION_LISTS: usize = 2;

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
    text_bytes: usize,
    pub(crate) document: Document,
}

impl Known {
    /// No other document that is kept has this number.
    pub(crate) fn id(&self) -> u64 {
        self.id
    }
}

/// An operation with its conditions decided.
pub(crate) struct Variant {
    /// Selections after expansion. With introspection at least what the operation spells, because the planner's merging
    /// makes its answer no shorter.
    pub(crate) weight: u64,
    /// What the response looks like.
    pub(crate) level: Level,
    /// Whether `__schema` or `__type` is asked for.
    pub(crate) introspects: bool,
    /// The arguments to compose for each request.
    pub(crate) composed: Vec<Composed>,
    /// Where it begins, of a subscription that may be shared.
    pub(crate) shared: Option<AfterArgument>,
    /// The operation's parts as the planner gets them.
    parts: Vec<String>,
    /// Of this and its plan, estimated.
    bytes: usize,
    plan: OnceCell<Result<Arc<Plan>, Refusal>>,
}

impl Operations {
    pub(crate) fn new() -> Self {
        let document_bytes = |key: &DocumentKey, known: &Result<_, Refusal>| {
            let refusal = known.as_ref().map_or_else(Refusal::bytes, |_| 0);
            weigh(key.text.len() + key.operation.as_ref().map_or(0, |name| name.len()) + refusal)
        };
        let variant_bytes = |_: &VariantKey, variant: &Result<Arc<Variant>, Refusal>| {
            weigh(variant.as_ref().map_or_else(Refusal::bytes, |variant| variant.bytes))
        };
        Self {
            documents: Cache::builder().max_capacity(DOCUMENT_CACHE_BYTES).weigher(document_bytes).build(),
            variants: Cache::builder().max_capacity(VARIANT_CACHE_BYTES).weigher(variant_bytes).build(),
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
        // Such a name is not in the document, and as a key it would cost more than any document.
        if operation_name.is_some_and(|name| name.len() > text.len()) {
            return Err(unknown_operation());
        }
        let key = DocumentKey { text: text.into(), operation: operation_name.map(Into::into) };
        if let Some(known) = self.documents.get(&key).await {
            return known;
        }
        let (text, operation) = (Arc::clone(&key.text), key.operation.clone());
        let parse = async {
            Document::parse(supergraph, limits, &text, operation.as_deref()).map(|document| {
                let id = self.next_id.fetch_add(1, Ordering::Relaxed);
                Arc::new(Known { id, text_bytes: text.len(), document })
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
        let build = async { Variant::new(supergraph, limits, known, conditions).map(Arc::new) };
        self.variants.get_with(key, build).await
    }
}

impl Variant {
    fn new(supergraph: &Supergraph, limits: &Limits, known: &Known, values: u32) -> Result<Self, Refusal> {
        let document = &known.document;
        let (source, operation) = (&document.source, &document.operation);
        let conditions = Conditions { variables: &document.condition_variables, values };
        let is_mutation = document.kind == OperationKind::Mutation;
        let rewritten = rewrite(source, operation, conditions, is_mutation, supergraph);

        let roots = rewritten.root.len() + rewritten.introspection.len();
        LimitExceeded::check("rootFields", roots, if is_mutation { limits.mutations } else { limits.root_fields })?;
        let measure = measure(supergraph, &rewritten);
        LimitExceeded::check("depth", measure.depth, limits.depth)?;
        LimitExceeded::check("introspectionDepth", measure.introspection_depth, limits.introspection_depth)?;
        let lists = measure.introspection_lists;
        LimitExceeded::check("introspectionDepth", lists, INTROSPECTION_LISTS).map_err(|exceeded| {
            let what = "lists of fields, interfaces, possible types or input fields";
            exceeded.saying(format!("introspection nests more than {INTROSPECTION_LISTS} {what}"))
        })?;
        LimitExceeded::check("aliases", measure.aliases, limits.aliases)?;
        let introspects = !rewritten.introspection.is_empty();
        let weight = if introspects { measure.weight.max(document.spelled) } else { measure.weight };
        check_weight(weight, limits.weight)?;
        if rewritten.nested_introspection {
            return Err(Refusal::new(Code::GraphqlValidationFailed, "introspection is answered at the root only"));
        }

        let mut composed = Vec::new();
        let parts = if rewritten.root.is_empty() {
            Vec::new()
        } else if is_mutation {
            rewritten.root.chunks(1).map(|root| print(operation, &rewritten, root, &mut composed)).collect()
        } else {
            vec![print(operation, &rewritten, &rewritten.root, &mut composed)]
        };
        let client = ClientSet::of(supergraph, source, operation, conditions);
        let selections = usize::try_from(document.spelled.saturating_mul(SELECTION)).unwrap_or(usize::MAX);
        let parsed = parts.iter().map(|part| part.len() * PARSED).sum::<usize>();
        Ok(Self {
            weight,
            level: Level::root(supergraph, &operation.selection_set.ty, client),
            introspects,
            shared: sharing::shared(supergraph, document.kind, &rewritten),
            bytes: selections.saturating_add(parsed + known.text_bytes),
            parts,
            composed,
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
                let parts = truncate(self.parts.join(" "), LOGGED);
                let reason = truncate(error.to_string(), LOGGED);
                tracing::error!(error = reason, parts, "an operation could not be planned");
                let message = "the operation is valid, but the gateway found no plan for it";
                let refusal = Refusal::new(Code::Internal, message);
                if matches!(error, PlanError::Thread(_)) { Err(refusal) } else { Ok(Err(refusal)) }
            }
        }
    }
}

/// Refuses an operation that weighs more than the caller may ask for.
pub(crate) fn check_weight(weight: u64, allowed: u64) -> Result<(), LimitExceeded> {
    if weight <= allowed { Ok(()) } else { Err(LimitExceeded::new("weight", allowed)) }
}

/// What an entry counts for in a cache that is bounded by bytes.
fn weigh(bytes: usize) -> u32 {
    u32::try_from(bytes.saturating_add(ENTRY)).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SCHEMA: &str = "
        extend schema @link(url: \"https://specs.apollo.dev/federation/v2.3\")
        type Query { echo(text: String): String }
    ";

    fn supergraph() -> Supergraph {
        Supergraph::parse(&crate::compose(&[("only", SCHEMA)]).unwrap()).unwrap()
    }

    #[tokio::test]
    async fn an_operation_name_is_weighed_and_one_that_no_document_holds_is_not_kept() {
        let (operations, supergraph, limits) = (Operations::new(), supergraph(), Limits::default());
        let text = format!("{{ echo }} # {}", "x".repeat(1_000));
        for at in 0..10 {
            let ask = async |name: String| operations.document(&supergraph, &limits, &text, Some(&name)).await.is_err();
            assert!(ask(format!("{at}{}", "y".repeat(100_000))).await);
            assert!(ask(format!("{at}{}", "y".repeat(900))).await);
        }
        operations.documents.run_pending_tasks().await;
        assert_eq!(operations.documents.entry_count(), 10);
        let bytes = operations.documents.weighted_size();
        assert!((10 * 1_900..10 * 3_000).contains(&bytes), "{bytes}");
    }

    #[tokio::test]
    async fn a_variant_counts_for_the_bytes_of_its_literals() {
        let (operations, supergraph, limits) = (Operations::new(), supergraph(), Limits::default());
        let weigh = async |literal: usize| {
            let text = format!("query($on: Boolean!) {{ echo(text: \"{}\") @include(if: $on) }}", "x".repeat(literal));
            let known = operations.document(&supergraph, &limits, &text, None).await.ok().unwrap();
            for conditions in 0..2 {
                assert!(operations.variant(&supergraph, &limits, &known, conditions).await.is_ok());
            }
            operations.variants.run_pending_tasks().await;
            operations.variants.weighted_size()
        };
        let small = weigh(1).await;
        assert!(small < 20_000, "{small}");
        // In the plan and in the operation it is planned from, but not where the condition is false.
        let big = weigh(30_000).await - small;
        assert!((30_000 * 2..30_000 * 40).contains(&big), "{big}");
        assert_eq!(operations.variants.policy().max_capacity(), Some(VARIANT_CACHE_BYTES));
    }

    /// Adds up what events say.
    struct Loudness(Arc<AtomicU64>);

    impl tracing::Subscriber for Loudness {
        fn enabled(&self, metadata: &tracing::Metadata<'_>) -> bool {
            metadata.is_event() && metadata.target() == module_path!().trim_end_matches("::tests")
        }
        fn new_span(&self, _: &tracing::span::Attributes<'_>) -> tracing::span::Id {
            tracing::span::Id::from_u64(1)
        }
        fn record(&self, _: &tracing::span::Id, _: &tracing::span::Record<'_>) {}
        fn record_follows_from(&self, _: &tracing::span::Id, _: &tracing::span::Id) {}
        fn event(&self, event: &tracing::Event<'_>) {
            event.record(&mut |_: &tracing::field::Field, value: &dyn std::fmt::Debug| {
                self.0.fetch_add(format!("{value:?}").len() as u64, Ordering::Relaxed);
            });
        }
        fn enter(&self, _: &tracing::span::Id) {}
        fn exit(&self, _: &tracing::span::Id) {}
    }

    #[tokio::test]
    async fn of_an_operation_without_a_plan_the_log_gets_the_beginning() {
        let sdl = crate::compose(&[("only", SCHEMA)]).unwrap();
        let (planner, supergraph) = (Planner::new(&sdl).unwrap(), supergraph());
        let variant = Variant {
            weight: 1,
            level: Level::root(&supergraph, &apollo_compiler::name!("Query"), Arc::new(ClientSet::default())),
            introspects: false,
            shared: None,
            composed: Vec::new(),
            parts: vec![format!("{{ echo(text: \"{}\") {} }}", "x".repeat(20_000), "nothing ".repeat(1_000))],
            bytes: 0,
            plan: OnceCell::new(),
        };
        let said = Arc::new(AtomicU64::new(0));
        let listening = tracing::subscriber::set_default(Loudness(Arc::clone(&said)));
        assert!(variant.plan(&planner, &supergraph, &Limits::default()).await.is_err());
        drop(listening);
        let said = said.load(Ordering::Relaxed);
        assert!((1_000..3_000).contains(&said), "{said}");
    }
}
