//! Subscriptions over a WebSocket: new posts in a feed, new comments in a thread, and going on after a break.

use chatty_testkit::{Harness, Socket};
use serde_json::{Value, json};

const FEED: &str = "subscription($after: Cursor) { homeFeedEvents(after: $after) { __typename
    ... on FeedItemAdded { cursor edge { node { id body author { username } } } }
    ... on FeedItemRemoved { cursor postId }
    ... on FeedCaughtUp { cursor replayed }
    ... on ResyncRequired { reason } } }";

const COMMENTS: &str =
    "subscription($post: ID!, $after: Cursor) { commentEvents(postId: $post, after: $after) { __typename
    ... on CommentAdded { cursor comment { id body author { username } } }
    ... on CommentRemoved { cursor commentId }
    ... on ResyncRequired { reason } } }";

async fn event(socket: &mut Socket, field: &str) -> Value {
    socket.data("1").await[field].take()
}

#[tokio::test]
async fn a_new_post_arrives_on_the_socket_with_its_author() {
    let h = Harness::start().await;
    let (ana, bob) = (h.register("ana").await, h.register("bob").await);
    ana.follow(&bob).await;
    h.settle().await;
    let mut socket = h.socket().await;
    socket.init(&ana).await;
    socket.subscribe("1", FEED, json!({"after": null})).await;
    let caught_up = event(&mut socket, "homeFeedEvents").await;
    assert_eq!((&caught_up["__typename"], &caught_up["replayed"]), (&json!("FeedCaughtUp"), &json!(0)));

    let post = bob.post("live").await;
    let added = event(&mut socket, "homeFeedEvents").await;
    assert_eq!(added["__typename"], "FeedItemAdded");
    assert_eq!(added["edge"]["node"], json!({"id": post, "body": "live", "author": {"username": "bob"}}));

    // Away from here on.
    socket.send(json!({"id": "1", "type": "complete"})).await;
    let missed = bob.post("missed").await;
    bob.mutate("deletePost", json!({"postId": post}), "post { id }").await;
    h.settle().await;
    let mut socket = h.socket().await;
    socket.init(&ana).await;
    socket.subscribe("1", FEED, json!({"after": added["cursor"]})).await;
    let mut replayed = [event(&mut socket, "homeFeedEvents").await, event(&mut socket, "homeFeedEvents").await];
    replayed.sort_by_key(|event| event["__typename"].to_string());
    assert_eq!(replayed[0]["edge"]["node"]["id"], missed);
    assert_eq!(replayed[1]["postId"], post);
    assert_eq!(event(&mut socket, "homeFeedEvents").await["replayed"], 2);
}

#[tokio::test]
async fn a_thread_is_followed_by_people_who_are_not_signed_in() {
    let h = Harness::start().await;
    let ana = h.register("ana").await;
    let (post, other) = (ana.post("discuss").await, ana.post("other").await);
    let mut socket = h.socket().await;
    socket.init(&h.anonymous()).await;
    socket.subscribe("1", COMMENTS, json!({"post": post})).await;
    // An answer to a query on the same socket proves that the subscription was taken before it.
    socket.subscribe("2", "{ __typename }", Value::Null).await;
    assert_eq!(socket.data("2").await, json!({"__typename": "Query"}));
    assert_eq!(socket.message().await, json!({"id": "2", "type": "complete"}));

    ana.comment(&other, None, "elsewhere").await;
    let comment = ana.comment(&post, None, "here").await;
    let added = event(&mut socket, "commentEvents").await;
    assert_eq!(added["comment"], json!({"id": comment, "body": "here", "author": {"username": "ana"}}));
    ana.mutate("deleteComment", json!({"commentId": comment}), "comment { id }").await;
    assert_eq!(event(&mut socket, "commentEvents").await["commentId"], comment);

    socket.send(json!({"id": "1", "type": "complete"})).await;
    let again = ana.comment(&post, None, "again").await;
    socket.subscribe("1", COMMENTS, json!({"post": post, "after": added["cursor"]})).await;
    assert_eq!(event(&mut socket, "commentEvents").await["commentId"], comment);
    assert_eq!(event(&mut socket, "commentEvents").await["comment"]["id"], again);
    // The thread goes with its post.
    ana.mutate("deletePost", json!({"postId": post}), "post { id }").await;
    assert_eq!(event(&mut socket, "commentEvents").await, json!({"__typename": "ResyncRequired", "reason": "GONE"}));
    assert_eq!(socket.message().await, json!({"id": "1", "type": "complete"}));
}

#[tokio::test]
async fn a_thread_is_followed_by_many_at_once_and_gone_on_with_after_a_break() {
    let h = Harness::start().await;
    let (ana, bob) = (h.register("ana").await, h.register("bob").await);
    let post = ana.post("discuss").await;
    let mut sockets = Vec::new();
    for client in [&ana, &bob, &h.anonymous()] {
        let mut socket = h.socket().await;
        socket.init(client).await;
        socket.subscribe("1", COMMENTS, json!({"post": post})).await;
        socket.subscribe("2", "{ __typename }", Value::Null).await;
        socket.data("2").await;
        socket.message().await;
        sockets.push(socket);
    }
    let first = bob.comment(&post, None, "first").await;
    let mut cursors = Vec::new();
    for socket in &mut sockets {
        let added = event(socket, "commentEvents").await;
        assert_eq!(added["comment"], json!({"id": first, "body": "first", "author": {"username": "bob"}}));
        cursors.push(added["cursor"].clone());
        socket.send(json!({"id": "1", "type": "complete"})).await;
    }
    assert!(cursors.iter().all(|cursor| *cursor == cursors[0]), "one list of events for all");
    let second = bob.comment(&post, None, "second").await;
    for socket in &mut sockets {
        socket.subscribe("1", COMMENTS, json!({"post": post, "after": cursors[0]})).await;
        assert_eq!(event(socket, "commentEvents").await["comment"]["id"], second);
    }
    let third = bob.comment(&post, None, "third").await;
    for socket in &mut sockets {
        assert_eq!(event(socket, "commentEvents").await["comment"]["id"], third);
    }
}

#[tokio::test]
async fn a_thread_for_followers_is_followed_by_them_and_by_nobody_else() {
    let h = Harness::start().await;
    let (ana, bob) = (h.register("ana").await, h.register("bob").await);
    let post = ana.post_as("among us", "FOLLOWERS").await;
    bob.follow(&ana).await;
    h.settle().await;
    let mut stranger = h.socket().await;
    stranger.init(&h.anonymous()).await;
    let mut follower = h.socket().await;
    follower.init(&bob).await;
    follower.subscribe("1", COMMENTS, json!({"post": post})).await;
    // A stream without a cursor does not say when it begins.
    let mut heard = std::pin::pin!(event(&mut follower, "commentEvents"));
    let added = loop {
        tokio::select! {
            added = &mut heard => break added,
            _ = ana.comment(&post, None, "hello") => {}
        }
    };
    assert_eq!((&added["__typename"], &added["comment"]["body"]), (&json!("CommentAdded"), &json!("hello")));
    for after in [Value::Null, added["cursor"].clone()] {
        stranger.subscribe("1", COMMENTS, json!({"post": post, "after": after})).await;
        let gone = event(&mut stranger, "commentEvents").await;
        assert_eq!(gone, json!({"__typename": "ResyncRequired", "reason": "GONE"}));
        assert_eq!(stranger.message().await, json!({"id": "1", "type": "complete"}));
    }
}

#[tokio::test]
async fn a_stream_that_cannot_be_had_says_why() {
    let h = Harness::start().await;
    let ana = h.register("ana").await;
    let (post, other) = (ana.post("one").await, ana.post("two").await);
    ana.comment(&other, None, "x").await;
    let mut socket = h.socket().await;
    socket.init(&h.anonymous()).await;
    let code = |message: &Value| {
        let errors = if message["type"] == "error" { &message["payload"] } else { &message["payload"]["errors"] };
        errors[0]["extensions"]["code"].as_str().unwrap_or("no code").to_owned()
    };
    let refusals = [
        (FEED, json!({}), "UNAUTHENTICATED"),
        (COMMENTS, json!({"post": ana.id}), "BAD_ID"),
        (COMMENTS, json!({"post": post, "after": "nonsense"}), "CURSOR_MISMATCH"),
        (COMMENTS, json!({"post": 5.5}), "BAD_USER_INPUT"),
        ("subscription { nothing }", json!({}), "GRAPHQL_VALIDATION_FAILED"),
    ];
    for (at, (query, variables, expected)) in refusals.into_iter().enumerate() {
        let id = at.to_string();
        socket.subscribe(&id, query, variables).await;
        let message = socket.message().await;
        assert_eq!(code(&message), expected, "{message}");
        if message["type"] == "next" {
            assert_eq!(socket.message().await, json!({"id": id, "type": "complete"}));
        }
    }
}

#[tokio::test]
async fn a_socket_with_a_bad_token_is_closed() {
    let h = Harness::start().await;
    let ana = h.register("ana").await.with_token("forged");
    let mut socket = h.socket().await;
    socket.send(json!({"type": "connection_init", "payload": {"Authorization": format!("Bearer {}", ana.token().unwrap())}})).await;
    assert_eq!(socket.closed().await.code, 4403);
}
