//! The same key and input happen once.

use chrono::TimeDelta;
use futures_util::future::join_all;
use serde_json::json;

use crate::fixture::{World, assert_problem, user};

const KEY: &str = "0190f3a4-7b1c-7def-8a90-123456789abc";

#[tokio::test]
async fn a_replay_answers_with_the_same_post_as_it_is_now() {
    let (world, ana) = (World::start().await, user(1));
    let input = json!({"body": "once", "title": "t", "idempotencyKey": KEY});
    let first = world.mutate(&ana, "createPost", input.clone()).await;
    world.mutate(&ana, "likePost", json!({"postId": first["post"]["id"]})).await;
    let replay = world.mutate(&ana, "createPost", input).await;
    assert_eq!((&replay["post"]["id"], &replay["post"]["likeCount"]), (&first["post"]["id"], &json!(1)));
    assert_eq!(world.count_published("posts.post.created.v1").await, 1);
    let counts = world
        .run(
            &ana,
            "query($r: [_Any!]!) { _entities(representations: $r) { ... on User { postCount } } }",
            json!({"r": [{"__typename": "User", "id": first["post"]["author"]["id"]}]}),
        )
        .await;
    assert_eq!(counts["_entities"][0]["postCount"], 1);
}

#[tokio::test]
async fn another_input_under_the_key_is_refused_and_another_user_is_free() {
    let (world, ana, bob) = (World::start().await, user(1), user(2));
    world.mutate(&ana, "createPost", json!({"body": "once", "idempotencyKey": KEY})).await;
    for other in
        [json!({"body": "twice", "idempotencyKey": KEY}), json!({"body": "once", "title": "t", "idempotencyKey": KEY})]
    {
        assert_problem(&world.mutate(&ana, "createPost", other).await, "IDEMPOTENCY_KEY_REUSED", "idempotencyKey");
    }
    let own = world.mutate(&bob, "createPost", json!({"body": "once", "idempotencyKey": KEY})).await;
    assert_eq!(own["errors"], json!([]));
    assert_eq!(world.count_published("posts.post.created.v1").await, 2);
}

#[tokio::test]
async fn concurrent_duplicates_make_one() {
    let (world, ana) = (World::start().await, user(1));
    let input = json!({"body": "once", "idempotencyKey": KEY});
    let payloads = join_all((0..10).map(|_| world.mutate(&ana, "createPost", input.clone()))).await;
    let post = &payloads[0]["post"]["id"];
    assert!(post.is_string() && payloads.iter().all(|payload| payload["post"]["id"] == *post));

    let input = json!({"postId": post, "body": "once", "idempotencyKey": KEY});
    let payloads = join_all((0..10).map(|_| world.mutate(&ana, "createComment", input.clone()))).await;
    let comment = &payloads[0]["comment"]["id"];
    assert!(comment.is_string() && payloads.iter().all(|payload| payload["comment"]["id"] == *comment));
    assert_eq!(world.count_published("posts.comment.created.v1").await, 1);
    let other = json!({"postId": post, "body": "once", "parentId": comment, "idempotencyKey": KEY});
    assert_problem(&world.mutate(&ana, "createComment", other).await, "IDEMPOTENCY_KEY_REUSED", "idempotencyKey");
}

#[tokio::test]
async fn a_refused_input_does_not_use_its_key_up_and_a_key_ends_after_a_day() {
    let (world, ana) = (World::start().await, user(1));
    let wrong = json!({"body": "", "idempotencyKey": KEY});
    assert_problem(&world.mutate(&ana, "createPost", wrong).await, "REQUIRED", "body");
    let input = json!({"body": "once", "idempotencyKey": KEY});
    let first = world.mutate(&ana, "createPost", input.clone()).await;
    world.env.clock.advance(TimeDelta::hours(25));
    let later = world.mutate(&ana, "createPost", input).await;
    assert!(later["post"]["id"].is_string() && later["post"]["id"] != first["post"]["id"]);

    let post = first["post"]["id"].as_str().unwrap();
    let missing = json!({"postId": "pst_00000000000000000000000000", "body": "x", "idempotencyKey": KEY});
    assert_problem(&world.mutate(&ana, "createComment", missing).await, "NOT_FOUND", "postId");
    let found = world.mutate(&ana, "createComment", json!({"postId": post, "body": "x", "idempotencyKey": KEY})).await;
    assert_eq!(found["errors"], json!([]));
}
