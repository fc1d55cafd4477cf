//! Who reads too slowly is cut off; nobody waits for them, and little is kept.

use std::sync::Arc;

use async_graphql::{Request, Response, Value as Data};
use chatty_kit::{Subgraph, Tasks};
use chatty_router::{AnswerKind, Gateway, Limits, Upstream};
use futures_util::{
    FutureExt, StreamExt,
    future::{BoxFuture, ready},
    stream::{self, BoxStream},
};
use serde_json::json;
use tokio::sync::Semaphore;

use super::{SAID, World, cursor, key, upstreams};
use crate::fixture::{read, request, viewer};

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
