//! Two services with tiny schemas behind one port.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use async_graphql::{Context, ErrorExtensions, MergedObject, Object, Schema, Subscription, futures_util::Stream};
use axum::{
    Extension, Router,
    body::Body,
    http::{HeaderMap, HeaderValue, Request, Response, StatusCode, header},
    routing::get,
};
use chatty_access::{CONTEXT_HEADER, Caller, Seals};
use chatty_kit::{Service, Tasks, endpoint};
use chatty_types::{Clock, Secret};
use futures_util::{StreamExt as _, stream};
use hyper::service::Service as _;
use hyper_util::service::TowerToHyperService;
use serde_json::{Value, json};
use tokio::sync::Notify;

/// What tests see of the schema.
#[derive(Clone, Default)]
pub(crate) struct Seen {
    /// How many resolvers ran.
    pub(crate) resolved: Arc<AtomicUsize>,
    /// Told when a stream of events is dropped.
    pub(crate) dropped: Arc<Notify>,
    /// Lets `afterSignal` yield.
    pub(crate) signal: Arc<Notify>,
}

#[derive(Default)]
struct Reads;

#[expect(clippy::unused_async, reason = "resolvers are async, whatever they do")]
#[Object]
impl Reads {
    async fn rid(&self, ctx: &Context<'_>) -> String {
        ctx.data_unchecked::<Seen>().resolved.fetch_add(1, Ordering::Relaxed);
        ctx.data_unchecked::<Caller>().trace_id.clone()
    }

    async fn echo(&self, text: String, numbers: Option<Vec<i64>>) -> String {
        format!("{text}{numbers:?}")
    }

    async fn refused(&self) -> Result<Option<bool>, async_graphql::Error> {
        let error = async_graphql::Error::new("not for you");
        Err(error.extend_with(|_, extensions| extensions.set("code", "FORBIDDEN")))
    }

    async fn panics(&self, #[graphql(default)] divisor: i32) -> i32 {
        1 / divisor
    }

    async fn hangs(&self) -> Option<bool> {
        std::future::pending().await
    }
}

#[derive(Default)]
struct Deeper;

#[Object]
impl Deeper {
    async fn node(&self) -> Deeper {
        Deeper
    }

    async fn leaf(&self) -> i32 {
        1
    }

    async fn anything(&self, value: Option<async_graphql::Json<serde_json::Value>>) -> bool {
        value.is_some()
    }
}

#[derive(MergedObject, Default)]
pub(crate) struct Query(Reads, Deeper);

#[derive(Default)]
pub(crate) struct Mutation;

#[Object]
impl Mutation {
    async fn write(&self, ctx: &Context<'_>) -> usize {
        ctx.data_unchecked::<Seen>().resolved.fetch_add(1, Ordering::Relaxed) + 1
    }
}

pub(crate) struct Streams;

/// Tells of its end.
struct Guard(Arc<Notify>);

impl Drop for Guard {
    fn drop(&mut self) {
        self.0.notify_one();
    }
}

#[Subscription]
impl Streams {
    async fn count(&self, to: i32) -> impl Stream<Item = i32> {
        stream::iter(1..=to)
    }

    async fn after_signal(&self, ctx: &Context<'_>) -> impl Stream<Item = i32> + use<> {
        let seen = ctx.data_unchecked::<Seen>().clone();
        let guard = Guard(Arc::clone(&seen.dropped));
        stream::unfold((0, seen, guard), |(count, seen, guard)| async move {
            seen.signal.notified().await;
            Some((count + 1, (count + 1, seen, guard)))
        })
    }

    async fn breaks(&self) -> impl Stream<Item = i32> {
        stream::iter([1, 0]).map(|divisor| 1 / divisor)
    }
}

/// The port of the services `things` and `others`.
pub(crate) struct Port {
    pub(crate) routes: Router,
    pub(crate) seals: Seals,
    pub(crate) clock: Clock,
    pub(crate) tasks: Tasks,
    pub(crate) seen: Seen,
}

pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.body))
    }

    /// The code of the first error.
    pub(crate) fn code(&self) -> String {
        self.json()["errors"][0]["extensions"]["code"].as_str().unwrap_or_default().to_owned()
    }
}

fn service(name: &'static str, seen: &Seen) -> Service {
    let whoami = get(|Extension(caller): Extension<Caller>| async move { caller.trace_id });
    Service {
        name,
        subgraph: Arc::new(Schema::build(Query::default(), Mutation, Streams).data(seen.clone()).finish()),
        routes: Router::new().route(&format!("/.well-known/{name}"), get(move || async move { name })),
        internal: Router::new().route(&format!("/internal/{name}"), whoami),
        consumers: Vec::new(),
        db: None,
    }
}

impl Port {
    pub(crate) fn start() -> Self {
        let (clock, tasks, seen) = (Clock::system(), Tasks::default(), Seen::default());
        let seals = Seals::new(&Secret::new(&[7; 32]).expect("long enough"), None);
        let mut services = vec![service("things", &seen), service("others", &seen)];
        // One that has nothing but its subgraph.
        services.push(Service { routes: Router::new(), internal: Router::new(), ..service("bare", &seen) });
        let routes = endpoint::routes(&services, &seals, &clock, &tasks);
        Self { routes, seals, clock, tasks, seen }
    }

    pub(crate) fn caller() -> Caller {
        Caller { trace_id: "ab".repeat(16), ..Caller::anonymous() }
    }

    pub(crate) fn seal(&self, audience: &str, body: &[u8]) -> String {
        self.seals.seal(audience, &Self::caller(), body, self.clock.now())
    }

    /// What the router sends.
    pub(crate) fn post(&self, body: impl Into<Vec<u8>>) -> Request<Body> {
        let body = body.into();
        Request::post("/graphql/things")
            .header(header::CONTENT_TYPE, "application/json")
            .header(CONTEXT_HEADER, self.seal("things", &body))
            .body(Body::from(body))
            .expect("a request")
    }

    pub(crate) fn query(&self, query: &str) -> Request<Body> {
        self.post(json!({ "query": query }).to_string())
    }

    pub(crate) fn subscribe(&self, query: &str) -> Request<Body> {
        let mut request = self.query(query);
        request.headers_mut().insert(header::ACCEPT, HeaderValue::from_static("text/event-stream"));
        request
    }

    pub(crate) async fn open(&self, request: Request<Body>) -> Response<Body> {
        let Ok(response) = TowerToHyperService::new(self.routes.clone()).call(request).await;
        response
    }

    pub(crate) async fn send(&self, request: Request<Body>) -> Answer {
        let (parts, body) = self.open(request).await.into_parts();
        let body = axum::body::to_bytes(body, usize::MAX).await.expect("a whole body");
        let body = String::from_utf8(body.to_vec()).expect("UTF-8");
        Answer { status: parts.status, headers: parts.headers, body }
    }

    pub(crate) fn resolved(&self) -> usize {
        self.seen.resolved.load(Ordering::Relaxed)
    }
}

/// Longer than anything waits.
pub(crate) const LONG: Duration = Duration::from_mins(5);
