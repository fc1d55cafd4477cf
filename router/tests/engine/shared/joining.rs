//! Who comes later, who leaves, and what is left then.

use std::time::Duration;

use chatty_router::Limits;
use futures_util::{FutureExt, StreamExt};
use serde_json::json;

use super::{World, cursor, upstreams};
use crate::fixture::viewer;

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
