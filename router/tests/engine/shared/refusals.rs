//! What a source says that is no event: refusals, errors and panics.

use std::{sync::Arc, time::Duration};

use async_graphql::{Request, Response, ServerError, Value as Data};
use chatty_access::Caller;
use chatty_kit::{Subgraph, Tasks};
use chatty_router::{Gateway, Limits, Upstream};
use futures_util::{
    FutureExt, StreamExt,
    future::{BoxFuture, ready},
    stream::{self, BoxStream},
};
use serde_json::json;
use tokio::sync::Semaphore;

use super::{Opened, SAID, World, cursor, data, upstreams};
use crate::fixture::{read, request, viewer};

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
