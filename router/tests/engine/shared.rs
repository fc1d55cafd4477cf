//! Equal subscriptions that run once: who shares, what each hears, and how it ends.

use std::{
    any::TypeId,
    collections::HashMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use async_graphql::{Request, Response, ServerError, Value as Data, Variables, parser::types::Selection};
use chatty_access::Caller;
use chatty_kit::{Subgraph, Tasks};
use chatty_router::{Answer, AnswerKind, Gateway, Limits, Upstream};
use chatty_types::UserId;
use futures_util::{
    FutureExt, StreamExt,
    future::{BoxFuture, ready},
    stream::{self, BoxStream},
};
use serde_json::{Value, json};
use tokio::sync::{
    Semaphore,
    mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel},
};

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

#[tokio::test]
async fn many_subscribers_are_one_stream_and_hear_the_very_same_bytes() {
    let mut w = World::new();
    let mut streams = Vec::new();
    for at in 0..50 {
        let caller = if at % 2 == 0 { viewer() } else { Caller::anonymous() };
        streams.push(w.subscribe(SAID, json!({"thread": "t"}), caller).await);
    }
    let source = w.opened().await;
    assert_eq!(source.user, None, "it runs as anonymous");
    for event in 0..3 {
        source.say(&event.to_string());
        let mut bodies = Vec::new();
        for stream in &mut streams {
            bodies.push(stream.next().await.unwrap());
        }
        let said = json!({"cursor": event.to_string(), "text": "hello", "author": {"name": "ana"}});
        assert_eq!(read(&bodies[0]), json!({"data": {"said": said}}));
        assert!(bodies.windows(2).all(|pair| pair[0].body.as_ptr() == pair[1].body.as_ptr()), "one answer in memory");
    }
    assert_eq!(w.authors.lock().unwrap().len(), 3, "one request for authors an event");
    assert!(w.idle().await, "no other stream is opened");
    drop(source);
    for mut stream in streams {
        assert!(stream.next().await.is_none(), "all get the end");
    }
    w.quiet().await;
}

#[tokio::test]
async fn other_variables_or_another_document_are_another_stream() {
    let mut w = World::new();
    let _streams = [
        w.follow("a").await,
        w.follow("b").await,
        w.follow("a").await,
        w.subscribe(&SAID.replace("reason", "why: reason"), json!({"thread": "a"}), viewer()).await,
        // What is not declared does not count, and null is as good as nothing only to the subgraph.
        w.subscribe(SAID, json!({"thread": "b", "other": 5}), viewer()).await,
    ];
    let mut threads = Vec::new();
    for _ in 0..3 {
        let opened = w.opened().await;
        threads.push(opened.variables.into_value().into_json().unwrap()["c_thread"].take());
    }
    assert_eq!(threads, [json!("a"), json!("b"), json!("a")]);
    assert!(w.idle().await);
}

#[tokio::test]
async fn what_depends_on_who_asks_or_is_not_tagged_runs_for_each_alone() {
    for query in [
        "subscription { said(thread: 1) { ... on Said { text liked } } }",
        "subscription { said(thread: 1) { ... on Liked { liked } } }",
        "subscription { said(thread: 1) { ...Deep } } fragment Deep on Event { ... on Said { ...Deeper } }
         fragment Deeper on Said { l: liked }",
        "subscription { mine(thread: 1) { ... on Said { text } } }",
        "subscription { whispered(thread: 1) { ... on Said { text } } }",
    ] {
        let mut w = World::new();
        for _ in 0..2 {
            let mut stream = w.subscribe(query, json!({}), viewer()).await;
            assert!(stream.next().now_or_never().is_none());
            assert_eq!(w.opened().await.user, viewer().user(), "{query}");
        }
    }
}

#[tokio::test]
async fn a_field_that_a_condition_leaves_out_is_not_selected() {
    let mut w = World::new();
    let query = "subscription($on: Boolean!) { said(thread: 1) { ... on Said { text liked @include(if: $on) } } }";
    let _together = w.subscribe(query, json!({"on": false}), viewer()).await;
    assert_eq!(w.opened().await.user, None);
    let mut alone = w.subscribe(query, json!({"on": true}), viewer()).await;
    assert!(alone.next().now_or_never().is_none());
    assert_eq!(w.opened().await.user, viewer().user());
}

#[tokio::test]
async fn without_tasks_nothing_is_shared() {
    let (supergraph, upstreams, mut opened, _) = upstreams();
    let gateway = Gateway::load(&supergraph, upstreams, Limits::default()).unwrap();
    let mut stream = gateway.subscribe(request(SAID, json!({"thread": "t"})), viewer()).await.unwrap();
    assert!(stream.next().now_or_never().is_none());
    assert_eq!(opened.recv().await.unwrap().user, viewer().user());
}

#[tokio::test]
async fn a_signed_in_callers_weight_is_allowed_although_the_run_is_anonymous() {
    let mut w = World::with_limits(Limits { anonymous_weight: 1, ..Limits::default() });
    let mut stream = w.follow("t").await;
    assert!(w.gateway.subscribe(request(SAID, json!({"thread": "t"})), Caller::anonymous()).await.is_err());
    w.opened().await.say("1");
    assert_eq!(cursor(&mut stream).await, "1");
}

#[tokio::test]
async fn whoever_anonymous_callers_are_refused_for_goes_on_alone_as_themselves() {
    let refusals: [fn(Opened); 3] =
        [|source| source.refuse(), |source| source.tell(json!({"__typename": "Over", "reason": "GONE"})), drop];
    for refuse in refusals {
        let mut w = World::new();
        let mut streams = [w.follow("t").await, w.follow("t").await];
        let mut stranger = w.subscribe(SAID, json!({"thread": "t"}), Caller::anonymous()).await;
        let shared = w.opened().await;
        assert_eq!(shared.user, None);
        refuse(shared);
        for stream in &mut streams {
            let (said, own) = tokio::join!(cursor(stream), async {
                let own = w.opened().await;
                assert_eq!(own.user, viewer().user());
                own.say("1");
                own
            });
            assert_eq!(said, "1");
            drop(own);
            assert!(stream.next().await.is_none());
        }
        let (said, ()) = tokio::join!(stranger.next(), async {
            let own = w.opened().await;
            assert_eq!(own.user, None);
            own.refuse();
        });
        assert_eq!(read(&said.unwrap())["data"], json!({"said": null}), "with a refusal of their own");
        w.quiet().await;
    }
}

#[tokio::test]
async fn a_refusal_is_seen_where_only_the_fields_of_an_interface_are_selected() {
    let mut w = World::new();
    let moved = "subscription($thread: ID!) { moved(thread: $thread) { to } }";
    let mut stream = w.subscribe(moved, json!({"thread": "t"}), viewer()).await;
    let shared = w.opened().await;
    assert!(shared.asks_type);
    shared.tell(json!({"__typename": "End", "to": null}));
    let (said, ()) = tokio::join!(data(&mut stream), async {
        let own = w.opened().await;
        assert_eq!(own.user, viewer().user());
        own.tell(json!({"__typename": "Shift", "to": "b"}));
    });
    assert_eq!(said, json!({"to": "b"}));
}

#[tokio::test]
async fn a_refusal_after_an_event_is_told_as_it_is() {
    let mut w = World::new();
    let mut stream = w.follow("t").await;
    let source = w.opened().await;
    source.say("1");
    assert_eq!(cursor(&mut stream).await, "1");
    let mut late = w.follow("t").await;
    source.tell(json!({"__typename": "Over", "reason": "GONE"}));
    for stream in [&mut stream, &mut late] {
        assert_eq!(data(stream).await, json!({"reason": "GONE"}));
    }
    // Whoever comes before the end begins anew instead of hearing of nothing but an end.
    let mut next = w.follow("t").await;
    let another = w.opened().await;
    drop(source);
    assert!(stream.next().await.is_none() && late.next().await.is_none());
    another.say("2");
    assert_eq!(cursor(&mut next).await, "2");
}

#[tokio::test(start_paused = true)]
async fn a_refusal_long_after_the_beginning_is_told_as_it_is() {
    let mut w = World::new();
    let mut stream = w.follow("t").await;
    let source = w.opened().await;
    tokio::time::advance(Duration::from_secs(11)).await;
    source.tell(json!({"__typename": "Over", "reason": "GONE"}));
    assert_eq!(data(&mut stream).await, json!({"reason": "GONE"}));
    assert!(w.idle().await);
}

#[tokio::test]
async fn an_error_beside_a_value_is_an_event() {
    let mut w = World::new();
    let mut stream = w.follow("t").await;
    let source = w.opened().await;
    let mut event =
        Response::new(Data::from_json(json!({source.key.clone(): {"__typename": "Said", "cursor": "1"}})).unwrap());
    event.errors.push(ServerError::new("no text", None));
    source.events.send(event).unwrap();
    assert_eq!(read(&stream.next().await.unwrap())["data"]["said"]["cursor"], "1");
    assert!(w.idle().await, "nobody goes on alone");
}

#[tokio::test]
async fn a_source_that_panics_is_an_error_for_all_and_refuses_nobody() {
    struct Bug(Arc<Semaphore>);
    impl Subgraph for Bug {
        fn execute(&self, _: Request) -> BoxFuture<'_, Response> {
            ready(Response::default()).boxed()
        }
        fn subscribe(&self, _: Request) -> BoxStream<'static, Response> {
            let gate = Arc::clone(&self.0);
            stream::once(async move { panic!("a bug in threads: {:?}", gate.acquire().await) }).boxed()
        }
    }
    let gate = Arc::new(Semaphore::new(0));
    let (supergraph, mut upstreams, ..) = upstreams();
    upstreams.insert("threads".to_owned(), Upstream::in_process(Bug(Arc::clone(&gate))));
    let tasks = Tasks::default();
    let gateway = Gateway::load(&supergraph, upstreams, Limits::default()).unwrap().sharing_streams(&tasks);
    let open = async || gateway.subscribe(request(SAID, json!({"thread": "t"})), viewer()).await.unwrap();
    let streams = [open().await, open().await];
    gate.add_permits(1);
    let mut traces = Vec::new();
    for stream in streams {
        let answers: Vec<_> = stream.map(|answer| read(&answer)).collect().await;
        assert_eq!(answers.len(), 1, "{answers:?}");
        let extensions = &answers[0]["errors"][0]["extensions"];
        assert_eq!(extensions["code"], "INTERNAL");
        traces.push(extensions["traceId"].clone());
    }
    assert_eq!(traces[0], traces[1], "the trace is the stream's");
    assert_ne!(traces[0], json!(viewer().trace_id));
}

#[tokio::test]
async fn one_who_does_not_read_is_cut_off_and_nobody_waits() {
    let mut w = World::new();
    let (mut quick, slow) = (w.follow("t").await, w.follow("t").await);
    let source = w.opened().await;
    for event in 0..500 {
        source.say(&event.to_string());
        assert_eq!(cursor(&mut quick).await, event.to_string());
    }
    let said: Vec<_> = slow.collect().await;
    let [refusal] = said.as_slice() else { panic!("{} answers", said.len()) };
    assert_eq!(refusal.kind, AnswerKind::Refused(chatty_kit::Code::LimitExceeded));
    let extensions = &read(refusal)["errors"][0]["extensions"];
    assert_eq!((&extensions["limit"], &extensions["traceId"]), (&json!("backlog"), &json!(viewer().trace_id)));
    source.say("500");
    assert_eq!(cursor(&mut quick).await, "500");
}

#[tokio::test]
async fn long_answers_count_for_several() {
    let mut w = World::new();
    let (mut quick, slow) = (w.follow("t").await, w.follow("t").await);
    let source = w.opened().await;
    // The longest, too, reaches whoever reads.
    for (event, bytes) in [700_000; 20].into_iter().chain([10_000_000; 3]).enumerate() {
        source.say_much(&event.to_string(), &"x".repeat(bytes));
        assert_eq!(cursor(&mut quick).await, event.to_string());
    }
    assert_eq!(slow.count().await, 1, "cut off long before 128");
}

#[tokio::test]
async fn all_streams_together_keep_little_for_those_who_do_not_read() {
    const ANSWERS: usize = 30;
    const BYTES: usize = 200_000;
    let mut w = World::new();
    let mut followed = Vec::new();
    for thread in 0..40 {
        let thread = thread.to_string();
        let (quick, slow) = (w.follow(&thread).await, w.follow(&thread).await);
        followed.push((quick, slow, w.opened().await));
    }
    let text = "x".repeat(BYTES);
    for event in 0..ANSWERS {
        for (quick, _, source) in &mut followed {
            source.say_much(&event.to_string(), &text);
            assert_eq!(cursor(quick).await, event.to_string());
        }
    }
    // Each stream alone would keep all of its answers.
    let (mut kept, mut cut_off) = (0, 0);
    for (_, slow, source) in followed {
        drop(source);
        let answers: Vec<_> = slow.collect().await;
        kept += answers.iter().map(|answer| answer.body.len()).sum::<usize>();
        cut_off += usize::from(matches!(answers.last().unwrap().kind, AnswerKind::Refused(_)));
    }
    assert!(kept <= 64 * 1024 * 1024 + 40 * (BYTES + 1_000), "{kept} bytes");
    assert!(cut_off > 0);
}

#[tokio::test]
async fn one_who_is_a_little_behind_gets_everything() {
    let mut w = World::new();
    let mut streams = [w.follow("t").await, w.follow("t").await];
    let source = w.opened().await;
    for event in 0..100 {
        source.say(&event.to_string());
    }
    for stream in &mut streams {
        for event in 0..100 {
            assert_eq!(cursor(stream).await, event.to_string());
        }
    }
}

#[tokio::test]
async fn a_burst_cuts_off_nobody_who_reads() {
    /// Has a thousand events at once, as soon as it may begin.
    struct Burst(Arc<Semaphore>);
    impl Subgraph for Burst {
        fn execute(&self, _: Request) -> BoxFuture<'_, Response> {
            ready(Response::default()).boxed()
        }
        fn subscribe(&self, mut request: Request) -> BoxStream<'static, Response> {
            let (gate, key) = (Arc::clone(&self.0), key(&mut request));
            let event = Data::from_json(json!({key: {"__typename": "Said", "cursor": "1"}})).unwrap();
            let begun = stream::once(async move { gate.acquire().await.unwrap().forget() });
            begun.flat_map(move |()| stream::iter(0..1_000)).map(move |_| Response::new(event.clone())).boxed()
        }
    }
    let (supergraph, mut upstreams, ..) = upstreams();
    let gate = Arc::new(Semaphore::new(0));
    upstreams.insert("threads".to_owned(), Upstream::in_process(Burst(Arc::clone(&gate))));
    let tasks = Tasks::default();
    let gateway = Gateway::load(&supergraph, upstreams, Limits::default()).unwrap().sharing_streams(&tasks);
    let mut counting = tokio::task::JoinSet::new();
    for _ in 0..3 {
        let stream = gateway.subscribe(request(SAID, json!({"thread": "t"})), viewer()).await.ok().unwrap();
        counting.spawn(stream.count());
    }
    gate.add_permits(1);
    assert_eq!(counting.join_all().await, [1_000; 3]);
}

#[tokio::test]
async fn one_who_comes_later_hears_what_follows() {
    let mut w = World::new();
    let mut early = w.follow("t").await;
    let source = w.opened().await;
    source.say("1");
    assert_eq!(cursor(&mut early).await, "1");
    let mut late = w.follow("t").await;
    source.say("2");
    assert_eq!((cursor(&mut early).await, cursor(&mut late).await), (json!("2"), json!("2")));
    assert!(w.idle().await);
}

#[tokio::test(start_paused = true)]
async fn those_who_resume_soon_share_and_get_what_was_said_before() {
    let mut w = World::new();
    let mut early = w.resume("c").await;
    let source = w.opened().await;
    for event in ["1", "2"] {
        source.say(event);
        assert_eq!(cursor(&mut early).await, event);
    }
    let mut soon = w.resume("c").await;
    source.say("3");
    for event in ["1", "2", "3"] {
        assert_eq!(cursor(&mut soon).await, event);
    }
    assert_eq!(cursor(&mut early).await, "3");
    assert!(w.idle().await, "one stream serves both");
    // Later the stream has gone too far, and another one begins that others may join.
    tokio::time::sleep(Duration::from_secs(11)).await;
    let mut late = w.resume("c").await;
    let another = w.opened().await;
    assert_eq!(another.variables.into_value().into_json().unwrap()["c_after"], "c");
    let mut later = w.resume("c").await;
    source.say("4");
    assert_eq!((cursor(&mut early).await, cursor(&mut soon).await), (json!("4"), json!("4")));
    assert!(late.next().now_or_never().is_none() && later.next().now_or_never().is_none());
    assert!(w.idle().await);
    drop((early, soon));
    source.events.closed().await;
}

#[tokio::test]
async fn what_has_said_much_is_not_joined_behind_an_event() {
    let mut w = World::new();
    let mut early = w.resume("c").await;
    let source = w.opened().await;
    for event in ["1", "2"] {
        source.say_much(event, &"x".repeat(200 * 1024));
        assert_eq!(cursor(&mut early).await, event);
    }
    let _late = w.resume("c").await;
    let another = w.opened().await;
    assert_eq!(another.user, None, "it is shared all the same");
    source.say("3");
    assert_eq!(cursor(&mut early).await, "3");
}

#[tokio::test]
async fn a_literal_cursor_counts_and_so_does_the_default_of_what_is_absent() {
    for (field, joins) in [
        ("said(thread: 1, after: \"c\")", false),
        ("said(thread: 1, after: null)", true),
        ("said(thread: 1, after: $after)", true),
        ("said(thread: 1)", true),
        ("retold(thread: 1, after: null)", true),
        ("retold(thread: 1, after: $after)", false),
        ("retold(thread: 1)", false),
    ] {
        let mut w = World::new();
        let variable = if field.contains("$after") { "($after: String)" } else { "" };
        let query = format!("subscription{variable} {{ {field} {{ ... on Said {{ cursor text }} }} }}");
        let mut early = w.subscribe(&query, json!({}), viewer()).await;
        let source = w.opened().await;
        source.say_much("1", &"x".repeat(300 * 1024));
        assert_eq!(cursor(&mut early).await, "1");
        let _late = w.subscribe(&query, json!({}), viewer()).await;
        assert_eq!(w.idle().await, joins, "{field}");
    }
}

#[tokio::test]
async fn the_source_is_closed_when_the_last_subscriber_leaves() {
    let mut w = World::new();
    let (mut one, two) = (w.follow("t").await, w.follow("t").await);
    let source = w.opened().await;
    drop(two);
    source.say("1");
    assert_eq!(cursor(&mut one).await, "1");
    drop(one);
    source.events.closed().await;
    w.quiet().await;
    let _again = w.follow("t").await;
    assert_eq!(w.opened().await.user, None, "and opened again for the next one");
}

#[tokio::test]
async fn a_stream_that_is_left_before_it_is_read_leaves_nothing_behind() {
    let mut w = World::new();
    for _ in 0..20 {
        drop(w.follow("t").await);
        w.quiet().await;
    }
    while let Ok(opened) = w.opened.try_recv() {
        opened.events.closed().await;
    }
}

#[tokio::test]
async fn a_replaced_supergraph_keeps_its_streams_and_takes_in_nobody() {
    let mut w = World::new();
    let mut old = w.follow("t").await;
    let source = w.opened().await;
    let (supergraph, upstreams, mut opened, _) = upstreams();
    assert!(w.gateway.replace(&format!("{supergraph}\n# edited"), upstreams, Limits::default()).unwrap());
    let mut new = w.follow("t").await;
    let another = opened.recv().await.unwrap();
    source.say("1");
    another.say("2");
    assert_eq!((cursor(&mut old).await, cursor(&mut new).await), (json!("1"), json!("2")));
}
