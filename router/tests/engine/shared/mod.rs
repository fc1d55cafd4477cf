//! Equal subscriptions that run once. Here is the world of threads that the stories below are told in.

mod joining;
mod pace;
mod refusals;
mod sharing;

use std::{
    any::TypeId,
    collections::HashMap,
    sync::{Arc, Mutex},
};

use async_graphql::{Request, Response, ServerError, Value as Data, Variables, parser::types::Selection};
use chatty_access::Caller;
use chatty_kit::{Subgraph, Tasks};
use chatty_router::{Answer, Gateway, Limits, Upstream};
use chatty_types::UserId;
use futures_util::{
    FutureExt, StreamExt,
    future::{BoxFuture, ready},
    stream::{self, BoxStream},
};
use serde_json::{Value, json};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use crate::{
    fixture::{read, request, viewer},
    scripted::{Scripted, composed, source},
};

const THREADS: &str = r#"type Query { ping: Int }
    type Subscription {
        said(thread: ID!, after: String): Event @tag(name: "shared")
        retold(thread: ID!, after: String = "first"): Event @tag(name: "shared")
        moved(thread: ID!): Move @tag(name: "shared")
        whispered(thread: ID!): Event
        mine(thread: ID!): Event @tag(name: "shared") @tag(name: "viewer")
    }
    union Event = Said | Over
    interface Move { to: String }
    type Shift implements Move { to: String }
    type End implements Move @tag(name: "resync") { to: String }
    interface Liked { liked: Boolean }
    type Said implements Liked { cursor: String text: String author: User liked: Boolean @tag(name: "viewer") }
    type Over @tag(name: "resync") { reason: String }
    type User @key(fields: "id") { id: ID! }"#;
const USERS: &str = "type User @key(fields: \"id\") { id: ID! name: String } type Query { pong: Int }";
const SAID: &str = "subscription($thread: ID!, $after: String) { said(thread: $thread, after: $after) {
    ... on Said { cursor text author { name } } ... on Over { reason } } }";

/// A source stream that was opened.
struct Opened {
    user: Option<UserId>,
    variables: Variables,
    /// The key that the stream's field has in its events.
    key: String,
    /// Whether the type of its events is asked for.
    asks_type: bool,
    events: UnboundedSender<Response>,
}

impl Opened {
    fn tell(&self, event: Value) {
        let mut data = json!({});
        data[&self.key] = event;
        self.events.send(Response::new(Data::from_json(data).unwrap())).unwrap();
    }

    fn say(&self, cursor: &str) {
        self.say_much(cursor, "hello");
    }

    fn say_much(&self, cursor: &str, text: &str) {
        let author = json!({"__typename": "User", "id": "1"});
        self.tell(json!({"__typename": "Said", "cursor": cursor, "text": text, "author": author}));
    }

    fn refuse(&self) {
        self.events.send(Response::from_errors(vec![ServerError::new("not for you", None)])).unwrap();
    }
}

/// Hands the streams that it opens to the test.
struct Threads(UnboundedSender<Opened>);

impl Subgraph for Threads {
    fn execute(&self, _: Request) -> BoxFuture<'_, Response> {
        ready(Response::default()).boxed()
    }

    fn subscribe(&self, mut request: Request) -> BoxStream<'static, Response> {
        let asks_type = format!("{:?}", request.parsed_query().unwrap()).contains("__typename");
        let key = key(&mut request);
        let caller: &Caller = request.data.get(&TypeId::of::<Caller>()).unwrap().downcast_ref().unwrap();
        let (events, stream) = source();
        let opened = Opened { user: caller.user(), variables: request.variables, key, asks_type, events };
        let opening = self.0.clone();
        // Opened when it is first asked for an event, as real streams are.
        stream::once(async move { drop(opening.send(opened)) })
            .flat_map(move |()| stream::empty())
            .chain(stream)
            .boxed()
    }
}

/// The key of the one root field that is asked for.
fn key(request: &mut Request) -> String {
    let (_, operation) = request.parsed_query().unwrap().operations.iter().next().unwrap();
    match &operation.node.selection_set.node.items[0].node {
        Selection::Field(field) => field.node.response_key().node.to_string(),
        other => panic!("{other:?}"),
    }
}

struct World {
    gateway: Gateway,
    opened: UnboundedReceiver<Opened>,
    /// The requests for authors.
    authors: Requests,
    tasks: Tasks,
}

/// The variables of each request.
type Requests = Arc<Mutex<Vec<Variables>>>;

/// The supergraph, how its subgraphs are reached, the streams that are opened, and the requests for authors.
fn upstreams() -> (String, HashMap<String, Upstream>, UnboundedReceiver<Opened>, Requests) {
    let users = Scripted::with_data(json!({"_entities": [{"name": "ana"}]}));
    let authors = Arc::clone(&users.sent);
    let nobody = Scripted::with_data(json!({}));
    let (supergraph, mut upstreams) = composed(vec![("threads", THREADS, nobody), ("users", USERS, users)]);
    let (opening, opened) = unbounded_channel();
    upstreams.insert("threads".to_owned(), Upstream::in_process(Threads(opening)));
    (supergraph, upstreams, opened, authors)
}

impl World {
    fn new() -> Self {
        Self::with_limits(Limits::default())
    }

    fn with_limits(limits: Limits) -> Self {
        let (supergraph, upstreams, opened, authors) = upstreams();
        let tasks = Tasks::default();
        let gateway = Gateway::load(&supergraph, upstreams, limits).unwrap().sharing_streams(&tasks);
        Self { gateway, opened, authors, tasks }
    }

    async fn subscribe(&self, query: &str, variables: Value, caller: Caller) -> BoxStream<'static, Answer> {
        match self.gateway.subscribe(request(query, variables), caller).await {
            Ok(stream) => stream,
            Err(refusal) => panic!("{}", read(&refusal)),
        }
    }

    /// Somebody who is signed in follows a thread.
    async fn follow(&self, thread: &str) -> BoxStream<'static, Answer> {
        self.subscribe(SAID, json!({"thread": thread}), viewer()).await
    }

    async fn resume(&self, after: &str) -> BoxStream<'static, Answer> {
        self.subscribe(SAID, json!({"thread": "t", "after": after}), viewer()).await
    }

    async fn opened(&mut self) -> Opened {
        self.opened.recv().await.unwrap()
    }

    /// Lets everything run that can.
    async fn idle(&mut self) -> bool {
        for _ in 0..100 {
            tokio::task::yield_now().await;
        }
        self.opened.try_recv().is_err()
    }

    /// Waits until no shared stream runs.
    async fn quiet(&self) {
        self.tasks.tracker().close();
        self.tasks.tracker().wait().await;
        self.tasks.tracker().reopen();
    }
}

async fn cursor(stream: &mut BoxStream<'static, Answer>) -> Value {
    data(stream).await["cursor"].take()
}

async fn data(stream: &mut BoxStream<'static, Answer>) -> Value {
    let body = read(&stream.next().await.expect("an event"));
    assert!(body.get("errors").is_none(), "{body}");
    body["data"].as_object().unwrap().values().next().unwrap().clone()
}
