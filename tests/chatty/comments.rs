//! Threads under a post.

use chatty_testkit::Harness;
use serde_json::{Value, json};

#[tokio::test]
async fn a_thread_is_written_read_and_pruned() {
    let h = Harness::start().await;
    let (ana, bob) = (h.register("ana").await, h.register("bob").await);
    let post = ana.post("discuss").await;
    let first = bob.comment(&post, None, "first").await;
    let reply = ana.comment(&post, Some(&first), "reply").await;
    let query = "query($id: ID!) { post(id: $id) { commentCount comments { totalCount nodes {
        id body depth parent { id } author { username } } } } }";
    let data = h.anonymous().query(query, json!({"id": post})).await;
    assert_eq!(
        data["post"],
        json!({"commentCount": 2, "comments": {"totalCount": 2, "nodes": [
            {"id": first, "body": "first", "depth": 0, "parent": null, "author": {"username": "bob"}},
            {"id": reply, "body": "reply", "depth": 1, "parent": {"id": first}, "author": {"username": "ana"}},
        ]}})
    );
    assert_eq!(ana.refused("deleteComment", json!({"commentId": first})).await, ["FORBIDDEN"]);
    bob.mutate("deleteComment", json!({"commentId": first}), "comment { id }").await;
    // The reply keeps its place under a tombstone.
    let data = h.anonymous().query(query, json!({"id": post})).await;
    let nodes = &data["post"]["comments"]["nodes"];
    assert_eq!((&nodes[0]["id"], &nodes[0]["body"]), (&json!(first), &json!("")));
    assert_eq!(nodes[1]["body"], "reply");
}

#[tokio::test]
async fn comments_are_refused_where_they_cannot_be() {
    let h = Harness::start().await;
    let ana = h.register("ana").await;
    let (post, other) = (ana.post("one").await, ana.post("two").await);
    let elsewhere = ana.comment(&other, None, "elsewhere").await;
    let refusals = [
        (json!({"postId": post, "body": " "}), "REQUIRED"),
        (json!({"postId": post, "body": "x".repeat(5_001)}), "TOO_LONG"),
        (json!({"postId": ana.id, "body": "x"}), "BAD_ID"),
        (json!({"postId": "pst_00000000000000000000000000", "body": "x"}), "NOT_FOUND"),
        (json!({"postId": post, "parentId": elsewhere, "body": "x"}), "NOT_FOUND"),
    ];
    for (input, code) in refusals {
        assert_eq!(ana.refused("createComment", input).await, [code]);
    }
    let mutation = r#"mutation { createComment(input: {postId: "x", body: "y"}) { comment { id } } }"#;
    let reply = h.anonymous().send(mutation, Value::Null).await;
    assert_eq!(reply.codes(), ["UNAUTHENTICATED"]);
}
