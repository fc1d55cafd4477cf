//! Publishing, editing, deleting and liking posts, and who sees them.

use chatty_testkit::Harness;
use futures_util::future::join_all;
use serde_json::{Value, json};

const POST: &str = "query($id: ID!) { post(id: $id) { id body state likeCount viewerHasLiked author { username } } }";

#[tokio::test]
async fn a_post_is_published_edited_and_deleted() {
    let h = Harness::start().await;
    let (ana, bob) = (h.register("ana").await, h.register("bob").await);
    let input = json!({
        "title": "Hello", "body": "first\nlines", "contentWarning": null, "language": "ru",
        "visibility": "PUBLIC", "attachmentIds": [], "idempotencyKey": "0199c0de-0000-7000-8000-000000000001",
    });
    let selection = "post { id title body language version author { id username } likeCount viewerHasLiked }";
    let created = ana.mutate("createPost", input.clone(), selection).await;
    let post = created["post"]["id"].as_str().expect("an id").to_owned();
    assert_eq!(created["post"]["author"], json!({"id": ana.id, "username": "ana"}));
    // The same key again answers with the same post.
    assert_eq!(ana.mutate("createPost", input, selection).await, created);

    let edit = json!({"postId": post, "body": "second", "expectedVersion": 1});
    let edited = ana.mutate("updatePost", edit.clone(), "post { title body version editedAt }").await;
    assert_eq!((&edited["post"]["title"], &edited["post"]["body"]), (&json!("Hello"), &json!("second")));
    assert_eq!(edited["post"]["version"], 2);
    assert_eq!(ana.refused("updatePost", edit).await, ["VERSION_CONFLICT"]);
    assert_eq!(bob.refused("updatePost", json!({"postId": post, "body": "mine"})).await, ["FORBIDDEN"]);
    assert_eq!(bob.refused("deletePost", json!({"postId": post})).await, ["FORBIDDEN"]);

    let deleted = ana.mutate("deletePost", json!({"postId": post}), "post { id state }").await;
    assert_eq!(deleted["post"], json!({"id": post, "state": "DELETED"}));
    assert_eq!(bob.query(POST, json!({"id": post})).await, json!({"post": null}));
    assert_eq!(bob.refused("likePost", json!({"postId": post})).await, ["NOT_FOUND"]);
}

#[tokio::test]
async fn a_variable_that_is_not_sent_leaves_its_field_as_it_is() {
    let h = Harness::start().await;
    let ana = h.register("ana").await;
    let create = "mutation($v: Visibility, $t: String) { createPost(input: {title: $t, body: \"x\", visibility: $v}) {
        post { id visibility title } errors { code } } }";
    let created = ana.query(create, json!({"t": "kept"})).await;
    let post = &created["createPost"]["post"];
    assert_eq!((&post["visibility"], &post["title"]), (&json!("PUBLIC"), &json!("kept")));
    let edit = "mutation($id: ID!, $t: String, $b: String) { updatePost(input: {postId: $id, title: $t, body: $b}) {
        post { title body } errors { code } } }";
    let edited = ana.query(edit, json!({"id": post["id"], "b": "y"})).await;
    assert_eq!(edited["updatePost"]["post"], json!({"title": "kept", "body": "y"}));
    let cleared = ana.query(edit, json!({"id": post["id"], "t": null})).await;
    assert_eq!(cleared["updatePost"]["post"], json!({"title": null, "body": "y"}));
}

#[tokio::test]
async fn a_like_counts_once_however_often_and_from_however_many_hands() {
    let h = Harness::start().await;
    let (ana, bob) = (h.register("ana").await, h.register("bob").await);
    let post = ana.post("like me").await;
    let like = || bob.mutate("likePost", json!({"postId": post}), "post { likeCount viewerHasLiked }");
    for payload in join_all((0..20).map(|_| like())).await {
        assert_eq!(payload["post"], json!({"likeCount": 1, "viewerHasLiked": true}));
    }
    let seen = ana.query(POST, json!({"id": post})).await;
    assert_eq!((&seen["post"]["likeCount"], &seen["post"]["viewerHasLiked"]), (&json!(1), &json!(false)));
    for _ in 0..2 {
        let payload = bob.mutate("unlikePost", json!({"postId": post}), "post { likeCount viewerHasLiked }").await;
        assert_eq!(payload["post"], json!({"likeCount": 0, "viewerHasLiked": false}));
    }
}

#[tokio::test]
async fn who_may_not_see_a_post_cannot_tell_it_from_one_that_is_not_there() {
    let h = Harness::start().await;
    let (ana, fan, bob) = (h.register("ana").await, h.register("fan").await, h.register("bob").await);
    fan.follow(&ana).await;
    h.settle().await;
    let followers = ana.post_as("for followers", "FOLLOWERS").await;
    let private = ana.post_as("for me", "PRIVATE").await;
    for (post, readers, others) in
        [(&followers, vec![&ana, &fan], vec![&bob]), (&private, vec![&ana], vec![&fan, &bob])]
    {
        for reader in readers {
            assert_eq!(reader.query(POST, json!({"id": post})).await["post"]["id"], **post);
        }
        for other in others {
            assert_eq!(other.query(POST, json!({"id": post})).await, json!({"post": null}));
            let node = "query($id: ID!) { node(id: $id) { ... on Post { body } } }";
            assert_eq!(other.query(node, json!({"id": post})).await, json!({"node": null}));
            assert_eq!(other.refused("likePost", json!({"postId": post})).await, ["NOT_FOUND"]);
            assert_eq!(other.refused("createComment", json!({"postId": post, "body": "?"})).await, ["NOT_FOUND"]);
            assert_eq!(other.refused("updatePost", json!({"postId": post, "body": "?"})).await, ["NOT_FOUND"]);
        }
        assert_eq!(h.anonymous().query(POST, json!({"id": post})).await, json!({"post": null}));
    }
}

#[tokio::test]
async fn lists_are_walked_without_gap_or_repeat() {
    let h = Harness::start().await;
    let ana = h.register("ana").await;
    let mut expected = Vec::new();
    for n in 0..7 {
        expected.insert(0, ana.post(&format!("post {n}")).await);
    }
    ana.post_as("hidden", "PRIVATE").await;
    let query = "query($user: ID!, $after: Cursor) { user(id: $user) { posts(first: 3, after: $after) {
        nodes { id } pageInfo { hasNextPage endCursor } } } }";
    let (mut seen, mut after) = (Vec::new(), Value::Null);
    loop {
        let data = h.anonymous().query(query, json!({"user": ana.id, "after": after})).await;
        let page = &data["user"]["posts"];
        seen.extend(
            page["nodes"].as_array().expect("nodes").iter().map(|node| node["id"].as_str().unwrap().to_owned()),
        );
        if page["pageInfo"]["hasNextPage"] == false {
            break;
        }
        after = page["pageInfo"]["endCursor"].clone();
    }
    assert_eq!(seen, expected);
    let all = h.anonymous().query("{ posts(first: 100) { nodes { id author { username } } } }", Value::Null).await;
    assert_eq!(all["posts"]["nodes"].as_array().expect("nodes").len(), 7);
}
