//! Who shares a stream, and that all of them hear the very same.

use chatty_access::Caller;
use chatty_router::{Gateway, Limits};
use futures_util::{FutureExt, StreamExt};
use serde_json::json;

use super::{SAID, World, cursor, upstreams};
use crate::fixture::{read, request, viewer};

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
