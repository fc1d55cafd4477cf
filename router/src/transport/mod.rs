//! How clients reach the gateway: HTTP (`http`), server-sent events (`sse`) and WebSocket (`websocket`) on one path,
//! `/graphql`.
//!
//! A transport turns bytes into a [`GraphqlRequest`](crate::GraphqlRequest) with a [`Caller`](chatty_access::Caller)
//! and an [`Answer`](crate::Answer) into bytes. It knows nothing of schemas and plans. What it refuses itself, before
//! there is a GraphQL request, is in `refusal`. Start with [`routes`].

mod config;
mod forward;
pub(crate) mod fuzzing;
mod http;
mod identity;
mod media;
mod operation;
mod places;
mod refusal;
mod request;
mod sse;
mod stay;
mod trace;
mod websocket;

use std::sync::Arc;

use ::http::{HeaderName, Method, header};
use axum::{Router, extract::FromRef, middleware, routing::any};
use chatty_access::Verifier;
use chatty_types::Clock;
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tower_http::{
    cors::{AllowOrigin, CorsLayer},
    decompression::RequestDecompressionLayer,
};

pub use config::{Config, NotANetwork, NotAnOrigin, Origin, parse_network};
pub use forward::forward;
pub use trace::TRACE_ID;
pub(crate) use trace::TraceId;

use self::places::Places;
use crate::Gateway;

/// All that the transports need.
#[derive(Clone)]
pub struct RouterState {
    /// Executes what the transports accept.
    pub gateway: Gateway,
    /// Turns bearer tokens into viewers. Without it everybody is anonymous, and what `authorization` says is not looked
    /// at.
    pub verifier: Option<Verifier>,
    /// Times sockets and streams: their keepalive and the expiry of their tokens.
    pub clock: Clock,
    /// Who may connect from where.
    pub config: Config,
    /// Once cancelled, open sockets are closed with 1001 and subscriptions by events end without `complete`.
    pub shutdown: CancellationToken,
    /// Every open socket and stream is a task in here. Whoever stops the process waits for it after `shutdown`.
    pub sockets: TaskTracker,
}

/// What handlers take their part of.
#[derive(Clone)]
struct Shared {
    state: Arc<RouterState>,
    places: Places,
}

impl FromRef<Shared> for Arc<RouterState> {
    fn from_ref(shared: &Shared) -> Self {
        Self::clone(&shared.state)
    }
}

impl FromRef<Shared> for Places {
    fn from_ref(shared: &Shared) -> Self {
        shared.places.clone()
    }
}

/// The routes of the public API.
///
/// The server must be started with `into_make_service_with_connect_info::<SocketAddr>()`, because the peer's address is
/// part of every [`Caller`](chatty_access::Caller); without it every request is answered INTERNAL.
pub fn routes(state: RouterState) -> Router {
    let cors = cors(&state.config);
    // The crate's zstd is not compiled in: its frames ask the decoder for windows of up to 128 MiB.
    let decompression = RequestDecompressionLayer::new();
    let places = Places::new(state.config.streams);
    let router = Router::new()
        .route("/graphql", any(http::serve))
        .with_state(Shared { state: Arc::new(state), places })
        .layer(decompression)
        .layer(middleware::from_fn(trace::accompany));
    match cors {
        Some(cors) => router.layer(cors),
        None => router,
    }
}

/// Lets the configured origins read answers. Without any, browsers keep foreign pages out by themselves.
fn cors(config: &Config) -> Option<CorsLayer> {
    let origins: Vec<_> = config.allowed_origins.iter().map(Origin::to_header).collect();
    (!origins.is_empty()).then(|| {
        CorsLayer::new()
            .allow_origin(AllowOrigin::list(origins))
            .allow_methods([Method::GET, Method::POST])
            .allow_headers([
                // Only a long one needs to be allowed.
                header::ACCEPT,
                header::AUTHORIZATION,
                header::CONTENT_TYPE,
                HeaderName::from_static("traceparent"),
            ])
            .expose_headers([TRACE_ID, header::RETRY_AFTER])
            .max_age(std::time::Duration::from_hours(1))
    })
}
