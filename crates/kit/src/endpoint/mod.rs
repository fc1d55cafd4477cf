//! The port of services whose router is in another process: GraphQL and internal routes for whoever holds a seal, and
//! the services' own routes for everybody.
//!
//! `POST /graphql/<service>` executes one request of the router. `sealed` opens the router's seal, `request` reads the
//! body, `fragments` measures its document, `events` answers with a stream, `refusal` says no. Start with [`routes`].

mod events;
mod fragments;
mod refusal;
mod request;
mod sealed;

use std::{panic::AssertUnwindSafe, sync::Arc, time::Duration};

use async_graphql::{ErrorExtensionValues, Response as GraphqlResponse, ServerError, Value};
use axum::{
    Json, Router,
    extract::{Request, State},
    http::{HeaderMap, StatusCode, header},
    middleware::from_fn_with_state,
    response::{IntoResponse, Response},
    routing::post,
};
use chatty_access::Seals;
use chatty_types::Clock;
use futures_util::FutureExt;
use tokio_util::sync::CancellationToken;

use self::{refusal::Refusal, sealed::Gate};
use crate::{
    Code, Service, Subgraph, Tasks, media,
    scan::{self, ScanLimits},
};

/// What a document of the router may measure. From clients the router takes 32 KiB, 5,000 tokens and 64 brackets;
/// planning repeats selections for the types of an interface and adds keys. Subgraph schemas take 60 nested selections,
/// which leaves as many brackets for arguments. `async-graphql`'s parser needs 1,234 to overflow a stack of 2 MiB.
const DOCUMENT: ScanLimits = ScanLimits { bytes: 256 * 1024, tokens: 50_000, depth: 128 };

/// How long a request may run: longer than routers wait by default, and not for ever for nobody.
const LONGEST_EXECUTION: Duration = Duration::from_secs(30);

/// The routes of `services`. What the seal does not cover, method and query string, must not matter to internal routes.
///
/// | path | for whom | answers |
/// |---|---|---|
/// | `POST /graphql/<service>` | sealed for the service | one GraphQL response, or `text/event-stream` if accepted |
/// | a service's `internal` routes | sealed for the service | what they answer |
/// | a service's `routes` | everybody | what they answer |
///
/// Without its seal a request is answered 401. Streams end without `complete` when `tasks` stop.
///
/// # Panics
///
/// If two services have the same route.
pub fn routes(services: &[Service], seals: &Seals, clock: &Clock, tasks: &Tasks) -> Router {
    services.iter().fold(Router::new(), |routes, service| {
        let gate = Gate { audience: service.name, seals: seals.clone(), clock: clock.clone() };
        let subgraph = Arc::clone(&service.subgraph);
        let port = Port { gate: gate.clone(), subgraph, stopping: tasks.stopping() };
        let graphql = post(graphql).with_state(Arc::new(port));
        let routes = routes.route(&format!("/graphql/{}", service.name), graphql).merge(service.routes.clone());
        // A layer on no route at all is an error.
        if !service.internal.has_routes() {
            return routes;
        }
        routes.merge(service.internal.clone().route_layer(from_fn_with_state(gate, sealed::admit)))
    })
}

/// One service's GraphQL.
struct Port {
    gate: Gate,
    subgraph: Arc<dyn Subgraph>,
    /// Ends streams.
    stopping: CancellationToken,
}

async fn graphql(State(port): State<Arc<Port>>, request: Request) -> Result<Response, Refusal> {
    let (parts, body) = request.into_parts();
    let sealed = port.gate.check(&parts.headers)?;
    if !is_json(&parts.headers) {
        return Err(Refusal::NotJson);
    }
    let body = sealed::read(body).await?;
    let caller = sealed.open(&body)?;
    let mut request = request::parse(&body)?;
    scan::check(&request.query, &DOCUMENT)?;
    match request.parsed_query() {
        Ok(document) => fragments::check(document)?,
        Err(error) => return Err(Refusal::Syntax(error.locations.first().copied().unwrap_or_default())),
    }
    let trace_id = caller.trace_id.clone();
    let request = request.data(caller);
    if accepts_events(&parts.headers) {
        return Ok(events::respond(&port, request, trace_id));
    }
    Ok(respond(&port.execute(request, &trace_id).await))
}

impl Port {
    async fn execute(&self, request: async_graphql::Request, trace_id: &str) -> GraphqlResponse {
        let execution = AssertUnwindSafe(async { self.subgraph.execute(request).await }).catch_unwind();
        match tokio::time::timeout(LONGEST_EXECUTION, execution).await {
            Ok(Ok(response)) => response,
            Ok(Err(_panic)) => self.panicked(trace_id),
            Err(_elapsed) => {
                tracing::error!(subgraph = self.gate.audience, trace_id, "a request took too long");
                failure(Code::Timeout, "the request took too long")
            }
        }
    }

    fn panicked(&self, trace_id: &str) -> GraphqlResponse {
        tracing::error!(subgraph = self.gate.audience, trace_id, "a resolver panicked");
        failure(Code::Internal, "internal error")
    }
}

/// A GraphQL response with this error alone.
fn failure(code: Code, message: impl Into<String>) -> GraphqlResponse {
    let mut extensions = ErrorExtensionValues::default();
    extensions.set("code", code.as_str());
    GraphqlResponse::from_errors(vec![ServerError { extensions: Some(extensions), ..ServerError::new(message, None) }])
}

/// 200 for whatever was executed, 400 for what the schema refused to.
fn respond(response: &GraphqlResponse) -> Response {
    let status = if is_refusal(response) { StatusCode::BAD_REQUEST } else { StatusCode::OK };
    (status, [(header::CONTENT_TYPE, "application/graphql-response+json")], Json(response)).into_response()
}

fn is_refusal(response: &GraphqlResponse) -> bool {
    const CODES: [Code; 3] = [Code::GraphqlParseFailed, Code::GraphqlValidationFailed, Code::LimitExceeded];
    response.data == Value::Null
        && response.errors.iter().filter(|error| error.path.is_empty()).any(|error| {
            let code = error.extensions.as_ref().and_then(|extensions| extensions.get("code"));
            matches!(code, Some(Value::String(code)) if CODES.iter().any(|refused| refused.as_str() == code))
        })
}

fn is_json(headers: &HeaderMap) -> bool {
    let mut types = headers.get_all(header::CONTENT_TYPE).iter();
    match (types.next().and_then(|value| value.to_str().ok()), types.next()) {
        (Some(content_type), None) => media::is(content_type, "application/json"),
        _ => false,
    }
}

fn accepts_events(headers: &HeaderMap) -> bool {
    let texts = headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok());
    texts.flat_map(|text| text.split(',')).any(|range| media::is(range, "text/event-stream"))
}
