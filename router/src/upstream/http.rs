//! A subgraph behind HTTP: which endpoint is asked, how often, and what counts as an answer.
//!
//! What failed and why is in the log. Clients learn no more than that the subgraph is unavailable or late.

use std::{fmt, sync::Arc, time::Duration};

use axum::body::Body;
use bytes::Bytes;
use chatty_access::{CONTEXT_HEADER, Caller, Seals};
use chatty_kit::{Tasks, media};
use chatty_types::Clock;
use data_encoding::HEXLOWER;
use futures_util::{
    FutureExt, StreamExt,
    future::BoxFuture,
    stream::{self, BoxStream},
};
use http::{HeaderName, HeaderValue, Method, Request, Uri, header};
use hyper::body::Incoming;
use tokio::time::{Instant, sleep, timeout_at};

use super::{
    Answer, Failure, HttpClient, NotAnEndpoint, SubgraphRequest, Variable, check_endpoint,
    endpoints::{Endpoints, Place},
    events,
    in_flight::{InFlight, Key},
    readiness, response,
    tries::{TryError, check_status},
};
use crate::complete::json::{write_owned, write_str};

/// How often a request is sent again after its first failure.
const RETRIES: usize = 2;

/// Before an endpoint that has just failed is tried again, where there is no other.
const RETRY_PAUSE: Duration = Duration::from_millis(50);

const ANSWERS: HeaderValue = HeaderValue::from_static("application/graphql-response+json, application/json;q=0.9");
const EVENTS: HeaderValue = HeaderValue::from_static("text/event-stream");
const JSON: HeaderValue = HeaderValue::from_static("application/json");
const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");
const CONTEXT: HeaderName = HeaderName::from_static(CONTEXT_HEADER);

/// A subgraph that is asked over HTTP. Cheap to clone; clones share what is known of its endpoints.
#[derive(Clone)]
pub struct HttpUpstream {
    inner: Arc<Inner>,
    /// Where equal queries are sent once.
    in_flight: Option<InFlight>,
}

struct Inner {
    name: Arc<str>,
    endpoints: Endpoints,
    client: HttpClient,
    sealing: Option<Sealing>,
}

/// How a subgraph of the same installation learns who is asking; see [`Seals`].
#[derive(Debug, Clone)]
pub struct Sealing {
    /// Seals each request for this subgraph and its body.
    pub seals: Seals,
    /// Dates the seals.
    pub clock: Clock,
}

/// What is sent, to whichever endpoint.
#[derive(Clone)]
struct Outgoing {
    body: Bytes,
    accept: HeaderValue,
    /// Whether it may reach a subgraph twice.
    repeatable: bool,
}

/// Reads what an endpoint answered.
type Read<T> = fn(http::Response<Incoming>) -> BoxFuture<'static, Result<T, TryError>>;

/// What a subscription is answered with.
enum Opened {
    Stream(Body),
    Answer(Bytes),
}

impl HttpUpstream {
    /// The subgraph `name` behind one or more URLs that answer alike. With `sealing` each request says who asks, which
    /// only subgraphs of the same installation should be told.
    pub fn new(
        name: &str,
        endpoints: Vec<Uri>,
        client: HttpClient,
        sealing: Option<Sealing>,
    ) -> Result<Self, NotAnEndpoint> {
        if endpoints.is_empty() {
            return Err(NotAnEndpoint::Missing);
        }
        endpoints.iter().try_for_each(check_endpoint)?;
        let inner = Inner { name: name.into(), endpoints: Endpoints::new(endpoints), client, sealing };
        Ok(Self { inner: Arc::new(inner), in_flight: None })
    }

    /// The same, but of equal queries that are under way for one identity it sends one, and all take its answer. For a
    /// subgraph whose answers hang on nothing but the query and who asks.
    #[must_use]
    pub fn deduplicating(self) -> Self {
        Self { in_flight: Some(InFlight::default()), ..self }
    }

    /// Asks each endpoint's `/readyz` every second until the tasks stop, and leaves those alone that are not ready: a
    /// process that drains says so before it closes its connections.
    pub fn watch_readiness(&self, tasks: &Tasks) {
        readiness::watch(&self.inner.name, &self.inner.endpoints, &self.inner.client, tasks);
    }

    pub(crate) fn endpoints(&self) -> &Endpoints {
        &self.inner.endpoints
    }

    /// Whether requests say who asks.
    pub(super) fn is_sealed(&self) -> bool {
        self.inner.sealing.is_some()
    }

    pub(crate) fn client(&self) -> &HttpClient {
        &self.inner.client
    }

    /// What the header [`CONTEXT_HEADER`] says in a request with this body, if requests are sealed.
    pub(super) fn seal(&self, caller: &Caller, body: &[u8]) -> Option<HeaderValue> {
        self.inner.seal(caller, body)
    }

    /// The bytes of an answer, whatever they are.
    pub(super) async fn execute(&self, request: &SubgraphRequest<'_>, deadline: Instant) -> Result<Bytes, Failure> {
        let (outgoing, caller) = (Outgoing::of(request, ANSWERS), request.caller);
        match self.in_flight.as_ref().filter(|_| !request.of_mutation) {
            None => self.inner.answer(&outgoing, caller, deadline).await,
            Some(in_flight) => {
                let key = Key::of(outgoing.body.clone(), caller, self.is_sealed());
                let send = || {
                    let (inner, outgoing, caller) = (Arc::clone(&self.inner), outgoing.clone(), caller.clone());
                    async move { inner.answer(&outgoing, &caller, deadline).await }.boxed()
                };
                in_flight.share(&key, deadline, send).await
            }
        }
    }

    pub(super) fn subscribe(
        &self,
        request: &SubgraphRequest<'_>,
        deadline: Instant,
    ) -> BoxStream<'static, Result<Answer, Failure>> {
        let (upstream, outgoing, caller) =
            (Arc::clone(&self.inner), Outgoing::of(request, EVENTS), request.caller.clone());
        let opening = async move {
            match upstream.ask(&outgoing, &caller, deadline, |answer| open(answer).boxed()).await {
                Ok((Opened::Stream(body), place)) => {
                    events::read(Arc::clone(&upstream.name), caller.trace_id, body, place)
                }
                Ok((Opened::Answer(answer), _ended)) => {
                    stream::once(std::future::ready(Ok(Answer::from(answer)))).boxed()
                }
                Err(failure) => stream::once(std::future::ready(Err(failure))).boxed(),
            }
        };
        stream::once(opening).flatten().boxed()
    }
}

impl Inner {
    fn seal(&self, caller: &Caller, body: &[u8]) -> Option<HeaderValue> {
        let Sealing { seals, clock } = self.sealing.as_ref()?;
        let seal = seals.seal(&self.name, caller, body, clock.now());
        Some(HeaderValue::try_from(seal).expect("a seal is visible ASCII"))
    }

    async fn answer(&self, outgoing: &Outgoing, caller: &Caller, deadline: Instant) -> Result<Bytes, Failure> {
        let (body, _ended) = self.ask(outgoing, caller, deadline, |answer| read(answer).boxed()).await?;
        Ok(body)
    }

    /// Sends a request until an endpoint has answered it, which `read` decides, or trying again is of no use.
    async fn ask<T>(
        &self,
        outgoing: &Outgoing,
        caller: &Caller,
        deadline: Instant,
        read: Read<T>,
    ) -> Result<(T, Place), Failure> {
        let mut tried = Vec::new();
        let mut place =
            self.endpoints.place(&tried, outgoing.repeatable, Instant::now()).ok_or(Failure::Unavailable)?;
        // Where no endpoint worked before, one try of each tells enough.
        let hopeless = place.last_resort;
        loop {
            let error = match self.attempt(&mut place, outgoing, caller, deadline, read).await {
                Ok(answer) => return Ok((answer, place)),
                Err(TryError::Late) => return Err(Failure::Late),
                Err(error) => error,
            };
            tried.push(place.at);
            if tried.len() > RETRIES || !error.allows_another_try(outgoing.repeatable) {
                return Err(Failure::Unavailable);
            }
            let next = self.endpoints.place(&tried, outgoing.repeatable, Instant::now()).ok_or(Failure::Unavailable)?;
            if tried.contains(&next.at) && (hopeless || timeout_at(deadline, sleep(RETRY_PAUSE)).await.is_err()) {
                return Err(Failure::Unavailable);
            }
            place = next;
        }
    }

    /// One try at one endpoint, from which the endpoint's health follows.
    async fn attempt<T>(
        &self,
        place: &mut Place,
        outgoing: &Outgoing,
        caller: &Caller,
        deadline: Instant,
        read: Read<T>,
    ) -> Result<T, TryError> {
        let answer = async { read(self.send(place.uri(), outgoing, caller).await?).await };
        let answer = timeout_at(deadline, answer).await.unwrap_or(Err(TryError::Late));
        match &answer {
            Err(error) if error.is_of_the_endpoint() => place.failed(Instant::now()),
            _ => place.answered(),
        }
        if let Err(error) = &answer {
            self.log(error, place.uri(), caller);
        }
        answer
    }

    async fn send(
        &self,
        uri: &Uri,
        outgoing: &Outgoing,
        caller: &Caller,
    ) -> Result<http::Response<Incoming>, TryError> {
        let mut request = Request::new(Body::from(outgoing.body.clone()));
        *request.method_mut() = Method::POST;
        *request.uri_mut() = uri.clone();
        let headers = request.headers_mut();
        headers.insert(header::CONTENT_TYPE, JSON);
        headers.insert(header::ACCEPT, outgoing.accept.clone());
        headers.insert(TRACEPARENT, traceparent(&caller.trace_id));
        if let Some(seal) = self.seal(caller, &outgoing.body) {
            headers.insert(CONTEXT, seal);
        }
        self.client
            .send(request)
            .await
            .map_err(|error| if error.is_connect() { TryError::NotConnected(error) } else { TryError::Broken(error) })
    }

    fn log(&self, error: &TryError, uri: &Uri, caller: &Caller) {
        tracing::warn!(
            subgraph = &*self.name,
            trace_id = caller.trace_id,
            endpoint = uri.authority().map(http::uri::Authority::as_str),
            error = error as &dyn std::error::Error,
            "an endpoint of a subgraph gave no answer",
        );
    }
}

impl Outgoing {
    fn of(request: &SubgraphRequest<'_>, accept: HeaderValue) -> Self {
        Self { body: body(request), accept, repeatable: !request.document.is_mutation() }
    }
}

async fn read(answer: http::Response<Incoming>) -> Result<Bytes, TryError> {
    check_status(answer.status())?;
    Ok(response::collect(answer.into_body()).await?)
}

async fn open(answer: http::Response<Incoming>) -> Result<Opened, TryError> {
    let content_type = answer.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    if content_type.is_some_and(|value| media::is(value, "text/event-stream")) && answer.status().is_success() {
        return Ok(Opened::Stream(Body::new(answer.into_body())));
    }
    read(answer).await.map(Opened::Answer)
}

/// `{"query":…,"variables":{…}}`, of which the first part was written when the plan was made.
fn body(request: &SubgraphRequest<'_>) -> Bytes {
    let mut out = Vec::with_capacity(request.document.json.len() + 256);
    out.extend_from_slice(b"{\"query\":");
    out.extend_from_slice(&request.document.json);
    out.extend_from_slice(b",\"variables\":{");
    for (at, (name, value)) in request.variables.iter().enumerate() {
        if at > 0 {
            out.push(b',');
        }
        write_str(&mut out, name);
        out.push(b':');
        match value {
            Variable::Client(value) => write_owned(&mut out, value),
            Variable::Representations(json) => out.extend_from_slice(json),
        }
    }
    out.extend_from_slice(b"}}");
    Bytes::from(out)
}

/// The caller's trace, and this request as its part.
fn traceparent(trace_id: &str) -> HeaderValue {
    let mut parent = [0_u8; 8];
    aws_lc_rs::rand::fill(&mut parent).expect("the operating system has random bytes");
    // All zero would be no id.
    parent[0] |= 1;
    let text = format!("00-{trace_id}-{}-01", HEXLOWER.encode(&parent));
    HeaderValue::try_from(text).expect("hexadecimal digits and hyphens")
}

impl fmt::Debug for HttpUpstream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "HttpUpstream({} at {:?})", self.inner.name, self.inner.endpoints.uris())
    }
}
