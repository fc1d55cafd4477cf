//! Following people and reading what they write.

use chatty_testkit::Harness;
use futures_util::future::join_all;
use serde_json::{Value, json};

#[tokio::test]
async fn a_feed_holds_what_followed_people_write() {
    let h = Harness::start().await;
    let (ana, bob, eve) = (h.register("ana").await, h.register("bob").await, h.register("eve").await);
    bob.post("before").await;
    ana.follow(&bob).await;
    h.settle().await;
    bob.post("after").await;
    bob.post_as("for followers", "FOLLOWERS").await;
    bob.post_as("for bob", "PRIVATE").await;
    eve.post("not followed").await;
    h.settle().await;
    assert_eq!(ana.feed().await, ["for followers", "after", "before"]);
    assert!(bob.feed().await.is_empty());

    let query =
        "{ homeFeed(first: 20) { edges { cursor seq node { id body createdAt likeCount commentCount viewerHasLiked
        author { id username } } reasons { __typename } } pageInfo { hasNextPage endCursor } } }";
    let data = ana.query(query, Value::Null).await;
    let edge = &data["homeFeed"]["edges"][0];
    assert_eq!(edge["node"]["author"], json!({"id": bob.id, "username": "bob"}));
    assert_eq!(edge["reasons"], json!([{"__typename": "FollowedAuthor"}]));

    ana.unfollow(&bob).await;
    h.settle().await;
    assert!(ana.feed().await.is_empty());
}

#[tokio::test]
async fn edits_and_deletions_reach_the_feed() {
    let h = Harness::start().await;
    let (ana, bob) = (h.register("ana").await, h.register("bob").await);
    ana.follow(&bob).await;
    h.settle().await;
    let (kept, hidden, gone) = (bob.post("kept").await, bob.post("hidden").await, bob.post("gone").await);
    h.settle().await;
    assert_eq!(ana.feed().await, ["gone", "hidden", "kept"]);
    bob.mutate("updatePost", json!({"postId": kept, "body": "edited"}), "post { id }").await;
    bob.mutate("updatePost", json!({"postId": hidden, "visibility": "PRIVATE"}), "post { id }").await;
    bob.mutate("deletePost", json!({"postId": gone}), "post { id }").await;
    h.settle().await;
    assert_eq!(ana.feed().await, ["edited"]);
}

#[tokio::test]
async fn following_counts_once_and_is_seen_from_both_sides() {
    let h = Harness::start().await;
    let (ana, bob) = (h.register("ana").await, h.register("bob").await);
    let follow = || {
        ana.mutate(
            "followUser",
            json!({"userId": bob.id}),
            "user { id followerCount viewerRelationship { isFollowing } }",
        )
    };
    for payload in join_all((0..20).map(|_| follow())).await {
        assert_eq!(
            payload["user"],
            json!({"id": bob.id, "followerCount": 1, "viewerRelationship": {"isFollowing": true}})
        );
    }
    let query = "query($id: ID!) { user(id: $id) { followerCount followingCount
        followers { totalCount nodes { username } } following { totalCount nodes { username } }
        viewerRelationship { isFollowing isFollowedBy } } }";
    let seen = bob.query(query, json!({"id": ana.id})).await;
    assert_eq!(
        seen["user"],
        json!({
            "followerCount": 0, "followingCount": 1,
            "followers": {"totalCount": 0, "nodes": []},
            "following": {"totalCount": 1, "nodes": [{"username": "bob"}]},
            "viewerRelationship": {"isFollowing": false, "isFollowedBy": true},
        })
    );
    assert_eq!(ana.refused("followUser", json!({"userId": ana.id})).await, ["SELF_ACTION"]);
    assert_eq!(ana.refused("followUser", json!({"userId": "usr_00000000000000000000000000"})).await, ["NOT_FOUND"]);
    assert_eq!(ana.refused("followUser", json!({"userId": "bob"})).await, ["BAD_ID"]);
}

#[tokio::test]
async fn somebody_who_has_just_registered_can_be_followed_at_once() {
    let h = Harness::start().await;
    let ana = h.register("ana").await;
    for n in 0..10 {
        // No settling: the mutation waits for the replica.
        let newcomer = h.register(&format!("newcomer_{n}")).await;
        ana.follow(&newcomer).await;
    }
}
