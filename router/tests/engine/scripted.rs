//! Subgraphs that answer what a test tells them to, for what a sane schema never says.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
};

use async_graphql::{Request, Response, Value, Variables};
use chatty_kit::Subgraph;
use chatty_router::{Gateway, Limits, Upstream, compose};
use futures_util::{
    FutureExt, StreamExt,
    future::BoxFuture,
    stream::{self, BoxStream},
};
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};

use crate::fixture::{read, request, viewer};

type Answering = dyn Fn(&Variables) -> BoxFuture<'static, Response> + Send + Sync;

type Events = dyn Fn() -> BoxStream<'static, Response> + Send + Sync;

/// A subgraph that answers by a function and keeps the variables it was sent.
pub(crate) struct Scripted {
    answer: Box<Answering>,
    events: Box<Events>,
    pub(crate) sent: Arc<Mutex<Vec<Variables>>>,
}

impl Scripted {
    /// Answers every request with this data.
    pub(crate) fn with_data(data: serde_json::Value) -> Self {
        let data = Value::from_json(data).unwrap();
        Self::with(move |_| std::future::ready(Response::new(data.clone())).boxed())
    }

    pub(crate) fn with(answer: impl Fn(&Variables) -> BoxFuture<'static, Response> + Send + Sync + 'static) -> Self {
        Self { answer: Box::new(answer), events: Box::new(|| stream::empty().boxed()), sent: Arc::default() }
    }

    /// Opens these streams for subscriptions.
    pub(crate) fn with_events(self, events: impl Fn() -> BoxStream<'static, Response> + Send + Sync + 'static) -> Self {
        Self { events: Box::new(events), ..self }
    }
}

impl Subgraph for Scripted {
    fn execute(&self, request: Request) -> BoxFuture<'_, Response> {
        let answer = (self.answer)(&request.variables);
        self.sent.lock().unwrap().push(request.variables);
        answer
    }

    fn subscribe(&self, _request: Request) -> BoxStream<'static, Response> {
        (self.events)()
    }
}

/// A gateway over scripted subgraphs: name, schema (without the link to federation), script.
pub(crate) fn gateway(subgraphs: Vec<(&str, &str, Scripted)>, limits: Limits) -> Gateway {
    gateway_of(subgraphs, limits, |supergraph| supergraph)
}

/// The same with an edited supergraph.
pub(crate) fn gateway_of(
    subgraphs: Vec<(&str, &str, Scripted)>,
    limits: Limits,
    edit: impl Fn(String) -> String,
) -> Gateway {
    let (supergraph, upstreams) = composed(subgraphs);
    Gateway::load(&edit(supergraph), upstreams, limits).unwrap()
}

/// The supergraph of scripted subgraphs, and how they are reached.
pub(crate) fn composed(subgraphs: Vec<(&str, &str, Scripted)>) -> (String, HashMap<String, Upstream>) {
    let link = r#"extend schema @link(url: "https://specs.apollo.dev/federation/v2.3",
        import: ["@key", "@shareable", "@external", "@requires", "@inaccessible", "@interfaceObject", "@tag"])"#;
    let schemas: Vec<_> = subgraphs.iter().map(|(name, sdl, _)| (*name, format!("{link}\n{sdl}"))).collect();
    let schemas: Vec<_> = schemas.iter().map(|(name, sdl)| (*name, sdl.as_str())).collect();
    let supergraph = compose(&schemas).unwrap();
    let upstreams =
        subgraphs.into_iter().map(|(name, _, script)| (name.to_owned(), Upstream::in_process(script))).collect();
    (supergraph, upstreams)
}

/// A source stream that says what it is sent and ends with its sender.
pub(crate) fn source() -> (UnboundedSender<Response>, BoxStream<'static, Response>) {
    let (sender, receiver) = unbounded_channel();
    let events = stream::unfold(receiver, |mut receiver| async move { Some((receiver.recv().await?, receiver)) });
    (sender, events.boxed())
}

/// Runs a document as somebody signed in.
pub(crate) async fn ask(gateway: &Gateway, query: &str) -> serde_json::Value {
    read(&gateway.execute(request(query, serde_json::json!({})), viewer()).await)
}
