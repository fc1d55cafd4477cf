//! One like a user and post, whatever races.

use futures_util::future::join_all;
use serde_json::json;

use crate::fixture::{World, assert_problem, id_of, user};

#[tokio::test]
async fn twenty_likes_of_one_user_at_once_are_one() {
    let (world, ana, bob) = (World::start().await, user(1), user(2));
    let id = world.post(&ana, "PUBLIC").await;
    let likes = join_all((0..20).map(|_| world.mutate(&bob, "likePost", json!({"postId": id})))).await;
    for like in &likes {
        assert_eq!((&like["post"]["likeCount"], &like["post"]["viewerHasLiked"]), (&json!(1), &json!(true)));
        assert_eq!(like["errors"], json!([]));
    }
    assert_eq!(world.count_published("posts.post.liked.v1").await, 1);
    let (_, data) = world.published().await.pop().unwrap();
    assert_eq!(data, json!({"postId": id, "authorId": id_of(&ana), "userId": id_of(&bob)}));
}

#[tokio::test]
async fn likes_and_their_ends_count_every_user_once() {
    let (world, ana) = (World::start().await, user(1));
    let id = world.post(&ana, "PUBLIC").await;
    let users: Vec<_> = (2..22).map(user).collect();
    join_all(users.iter().map(|liker| world.mutate(liker, "likePost", json!({"postId": id})))).await;
    let unlikes = users[..5].iter().chain(&users[..5]);
    let ended = join_all(unlikes.map(|liker| world.mutate(liker, "unlikePost", json!({"postId": id})))).await;
    assert!(ended.iter().all(|payload| payload["post"]["viewerHasLiked"] == false));
    let read =
        world.run(&ana, "query($id: ID!) { post(id: $id) { likeCount viewerHasLiked } }", json!({"id": id})).await;
    assert_eq!(read["post"], json!({"likeCount": 15, "viewerHasLiked": false}));
    assert_eq!(world.count_published("posts.post.unliked.v1").await, 5);
}

#[tokio::test]
async fn the_end_of_a_like_that_never_was_changes_nothing() {
    let (world, ana) = (World::start().await, user(1));
    let id = world.post(&ana, "PUBLIC").await;
    let payload = world.mutate(&ana, "unlikePost", json!({"postId": id})).await;
    assert_eq!((&payload["post"]["likeCount"], &payload["errors"]), (&json!(0), &json!([])));
    assert_eq!(world.count_published("posts.post.unliked.v1").await, 0);
}

#[tokio::test]
async fn what_cannot_be_seen_cannot_be_liked() {
    let (world, ana, bob) = (World::start().await, user(1), user(2));
    for visibility in ["PRIVATE", "FOLLOWERS"] {
        let id = world.post(&ana, visibility).await;
        for mutation in ["likePost", "unlikePost"] {
            assert_problem(&world.mutate(&bob, mutation, json!({"postId": id})).await, "NOT_FOUND", "postId");
            assert_problem(&world.mutate(&bob, mutation, json!({"postId": "pst_1"})).await, "BAD_ID", "postId");
        }
        assert_eq!(world.mutate(&ana, "likePost", json!({"postId": id})).await["post"]["likeCount"], 1);
    }
}
