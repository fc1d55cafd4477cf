//! Threads: replies, tombstones and what they count.

use chatty_access::Caller;
use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::fixture::{World, assert_problem, id_of, user};

const THREAD: &str = "query($id: ID!, $order: CommentOrder) { post(id: $id) { commentCount
    comments(orderBy: $order) { totalCount nodes { id body state depth replyCount parent { id } } } } }";

async fn thread(world: &World, post: &str) -> Value {
    world.run(&Caller::anonymous(), THREAD, json!({"id": post})).await["post"].take()
}

/// Comment count, total count, and id and state of what is listed.
async fn summary(world: &World, post: &str) -> (i64, i64, Vec<(String, String)>) {
    let post = thread(world, post).await;
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let nodes = post["comments"]["nodes"].as_array().unwrap();
    let listed: Vec<_> = nodes.iter().map(|node| (text(&node["id"]), text(&node["state"]))).collect();
    assert_eq!(post["comments"]["totalCount"], listed.len());
    (post["commentCount"].as_i64().unwrap(), post["comments"]["totalCount"].as_i64().unwrap(), listed)
}

#[tokio::test]
async fn a_reply_knows_its_parent_and_the_event_tells_of_it() {
    let (world, ana, bob) = (World::start().await, user(1), user(2));
    let post = world.post(&ana, "PUBLIC").await;
    let first = world.comment(&bob, &post, None).await;
    let input = json!({"postId": post, "body": " yes ", "parentId": first});
    let reply = world.mutate(&ana, "createComment", input).await;
    let comment = &reply["comment"];
    let expected = json!({
        "id": comment["id"], "author": {"id": id_of(&ana)}, "body": "yes", "state": "PUBLISHED", "depth": 1,
        "version": 1, "replyCount": 0, "parent": {"id": first}, "post": {"id": post, "commentCount": 2},
        "viewerCanDelete": true,
    });
    assert_eq!(*comment, expected);
    let (event, data) = world.published().await.pop().unwrap();
    assert_eq!(event, "posts.comment.created.v1");
    let told =
        json!({"commentId": comment["id"], "postId": post, "parentId": first, "authorId": id_of(&ana), "depth": 1});
    assert_eq!(data, told);
    assert_eq!(thread(&world, &post).await["comments"]["nodes"][0]["replyCount"], 1);
}

#[tokio::test]
async fn a_thread_reads_in_either_order() {
    let (world, ana) = (World::start().await, user(1));
    let post = world.post(&ana, "PUBLIC").await;
    let mut written = Vec::new();
    for _ in 0..5 {
        written.push(world.comment(&ana, &post, None).await);
    }
    for order in ["OLD", "NEW"] {
        let data = world.run(&ana, THREAD, json!({"id": post, "order": order})).await;
        let nodes = data["post"]["comments"]["nodes"].as_array().unwrap();
        assert!(
            nodes.iter().map(|node| node["id"].as_str().unwrap()).eq(written.iter().map(String::as_str)),
            "{order}"
        );
        written.reverse();
    }
}

#[tokio::test]
async fn a_deleted_comment_stays_while_it_has_replies_and_leaves_with_the_last() {
    let (world, ana) = (World::start().await, user(1));
    let post = world.post(&ana, "PUBLIC").await;
    let a = world.comment(&ana, &post, None).await;
    let b = world.comment(&ana, &post, Some(&a)).await;
    let c = world.comment(&ana, &post, Some(&b)).await;
    let other = world.comment(&ana, &post, None).await;
    let row = |id: &str, state: &str| (id.to_owned(), state.to_owned());
    let delete = async |id: &str| world.mutate(&ana, "deleteComment", json!({"commentId": id})).await;

    let payload = delete(&a).await;
    assert_eq!((&payload["comment"]["body"], &payload["comment"]["state"]), (&json!(""), &json!("DELETED")));
    delete(&b).await;
    let listed = vec![row(&a, "DELETED"), row(&b, "DELETED"), row(&c, "PUBLISHED"), row(&other, "PUBLISHED")];
    assert_eq!(summary(&world, &post).await, (2, 4, listed));
    let late = world.mutate(&ana, "createComment", json!({"postId": post, "body": "x", "parentId": a})).await;
    assert_problem(&late, "STATE_CONFLICT", "parentId");

    delete(&c).await;
    assert_eq!(summary(&world, &post).await, (1, 1, vec![row(&other, "PUBLISHED")]));
    let again = delete(&c).await;
    assert_eq!(again["errors"], json!([]));
    assert_eq!(world.count_published("posts.comment.deleted.v1").await, 3);
    let late = world.mutate(&ana, "createComment", json!({"postId": post, "body": "x", "parentId": c})).await;
    assert_problem(&late, "NOT_FOUND", "parentId");
    let text = "query($id: ID!) { comment(id: $id) { id } }";
    assert_eq!(world.run(&user(2), text, json!({"id": c})).await["comment"], json!(null));
    delete(&other).await;
    assert_eq!(summary(&world, &post).await, (0, 0, vec![]));
}

#[tokio::test]
async fn a_reply_goes_to_a_comment_of_the_same_post_and_not_too_deep() {
    let (world, ana) = (World::start().await, user(1));
    let (post, other) = (world.post(&ana, "PUBLIC").await, world.post(&ana, "PUBLIC").await);
    let elsewhere = world.comment(&ana, &other, None).await;
    let reply = async |parent: &str| {
        world.mutate(&ana, "createComment", json!({"postId": post, "body": "x", "parentId": parent})).await
    };
    assert_problem(&reply(&elsewhere).await, "NOT_FOUND", "parentId");
    assert_problem(&reply("cmt_00000000000000000000000000").await, "NOT_FOUND", "parentId");
    assert_problem(&reply(&post).await, "BAD_ID", "parentId");
    let mut parent = world.comment(&ana, &post, None).await;
    for depth in 1..=8 {
        let payload = reply(&parent).await;
        assert_eq!(payload["comment"]["depth"], depth);
        parent = payload["comment"]["id"].as_str().unwrap().to_owned();
    }
    assert_problem(&reply(&parent).await, "STATE_CONFLICT", "parentId");
    assert_eq!(summary(&world, &post).await.0, 9);
}

#[tokio::test]
async fn problems_of_a_comment_are_told_at_once() {
    let (world, ana) = (World::start().await, user(1));
    let input = json!({"postId": "cmt_1", "body": "", "parentId": "pst_1"});
    let mut told = crate::fixture::problems(&world.mutate(&ana, "createComment", input).await);
    told.sort();
    let expected = [("BAD_ID", "parentId"), ("BAD_ID", "postId"), ("REQUIRED", "body")];
    assert_eq!(told, expected.map(|(code, field)| (code.to_owned(), field.to_owned())));
    let post = world.post(&ana, "PUBLIC").await;
    let fits = world.mutate(&ana, "createComment", json!({"postId": post, "body": "x".repeat(5_000)})).await;
    assert_eq!(fits["errors"], json!([]));
    let long = world.mutate(&ana, "createComment", json!({"postId": post, "body": "x".repeat(5_001)})).await;
    assert_problem(&long, "TOO_LONG", "body");
}

#[tokio::test]
async fn other_peoples_comments_are_forbidden_or_missing() {
    let (world, ana, bob, eve) = (World::start().await, user(1), user(2), user(3));
    world.follow(&bob, &ana, 1).await;
    let (public, followers) = (world.post(&ana, "PUBLIC").await, world.post(&ana, "FOLLOWERS").await);
    let (open, hidden) = (world.comment(&bob, &public, None).await, world.comment(&bob, &followers, None).await);
    let delete =
        async |caller: &Caller, id: &str| world.mutate(caller, "deleteComment", json!({"commentId": id})).await;
    assert_problem(&delete(&eve, &open).await, "FORBIDDEN", "commentId");
    assert_problem(&delete(&ana, &open).await, "FORBIDDEN", "commentId");
    assert_problem(&delete(&eve, &hidden).await, "NOT_FOUND", "commentId");
    assert_problem(&delete(&eve, "cmt_00000000000000000000000000").await, "NOT_FOUND", "commentId");
    assert_problem(&delete(&eve, &public).await, "BAD_ID", "commentId");
    assert_eq!(world.count_published("posts.comment.deleted.v1").await, 0);
    let text = "query($id: ID!) { comment(id: $id) { body } }";
    assert_eq!(world.run(&eve, text, json!({"id": hidden})).await["comment"], json!(null));
    assert_eq!(world.run(&bob, text, json!({"id": hidden})).await["comment"]["body"], "well");
    // What they wrote stays theirs, also where they may no longer read.
    let input = json!({"postId": followers, "visibility": "PRIVATE"});
    assert_eq!(world.mutate(&ana, "updatePost", input).await["errors"], json!([]));
    assert_eq!(world.run(&bob, text, json!({"id": hidden})).await["comment"], json!(null));
    assert_eq!(delete(&bob, &hidden).await["errors"], json!([]));
    assert_eq!(world.count_published("posts.comment.deleted.v1").await, 1);
    let blind = world.mutate(&eve, "createComment", json!({"postId": followers, "body": "x"})).await;
    assert_problem(&blind, "NOT_FOUND", "postId");
}

#[tokio::test]
async fn counters_survive_writing_and_deleting_at_once() {
    let (world, ana) = (World::start().await, user(1));
    let post = world.post(&ana, "PUBLIC").await;
    let roots = join_all((0..5).map(|_| world.comment(&ana, &post, None))).await;
    let work = (0..40).map(|n| {
        let (world, ana, post, root) = (&world, &ana, &post, &roots[n % 5]);
        async move {
            if n % 8 == 7 {
                world.mutate(ana, "deleteComment", json!({"commentId": root})).await;
            } else {
                let input = json!({"postId": post, "body": "x", "parentId": root});
                let payload = world.mutate(ana, "createComment", input).await;
                if n % 2 == 0
                    && let Some(id) = payload["comment"]["id"].as_str()
                {
                    world.mutate(ana, "deleteComment", json!({"commentId": id})).await;
                }
            }
        }
    });
    join_all(work).await;
    let post = world
        .run(
            &ana,
            "query($id: ID!) { post(id: $id) { commentCount comments(first: 100) { totalCount
             nodes { id state replyCount parent { id } } } } }",
            json!({"id": post}),
        )
        .await["post"]
        .take();
    let nodes = post["comments"]["nodes"].as_array().unwrap();
    let published = nodes.iter().filter(|node| node["state"] == "PUBLISHED").count();
    assert_eq!(
        (post["commentCount"].clone(), post["comments"]["totalCount"].clone()),
        (json!(published), json!(nodes.len()))
    );
    for node in nodes {
        let replies = nodes.iter().filter(|reply| reply["parent"]["id"] == node["id"]).count();
        assert_eq!(node["replyCount"], replies);
        assert!(node["state"] == "PUBLISHED" || replies > 0);
    }
}
