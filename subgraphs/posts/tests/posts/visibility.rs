//! Who sees what, through every door.

use chatty_access::Caller;
use serde_json::{Value, json};

use crate::fixture::{World, id_of, moderator, user};

/// Whether the post is seen through the lookup, the entity, both lists and its comment; all must agree.
async fn sees(world: &World, caller: &Caller, (post, comment): &(String, String), author: &Caller) -> bool {
    let text = "query($post: ID!, $comment: ID!, $author: ID!, $r: [_Any!]!) {
        post(id: $post) { id } comment(id: $comment) { id post { id } }
        posts(filter: {authorIds: [$author]}) { nodes { id } } all: posts { nodes { id } }
        _entities(representations: $r) { ... on Post { id } ... on Comment { id } ... on User { posts { nodes { id } } } } }";
    let representations = json!([
        {"__typename": "Post", "id": post}, {"__typename": "Comment", "id": comment},
        {"__typename": "User", "id": id_of(author)},
    ]);
    let variables = json!({"post": post, "comment": comment, "author": id_of(author), "r": representations});
    let data = world.run(caller, text, variables).await;
    let lists = |list: &Value| list["nodes"].as_array().unwrap().iter().any(|node| node["id"] == **post);
    let doors = [
        !data["post"].is_null(),
        !data["comment"].is_null(),
        lists(&data["posts"]),
        lists(&data["all"]),
        !data["_entities"][0].is_null(),
        !data["_entities"][1].is_null(),
        lists(&data["_entities"][2]["posts"]),
    ];
    assert!(doors.iter().all(|seen| *seen == doors[0]), "{doors:?}");
    doors[0]
}

async fn post_with_comment(world: &World, author: &Caller, visibility: &str) -> (String, String) {
    let post = world.post(author, visibility).await;
    let comment = world.comment(author, &post, None).await;
    (post, comment)
}

#[tokio::test]
async fn every_door_shows_the_same() {
    let (world, ana, bob) = (World::start().await, user(1), user(2));
    world.follow(&bob, &ana, 1).await;
    let readers = [ana.clone(), bob, user(3), moderator(), Caller::anonymous()];
    for (visibility, expected) in [
        ("PUBLIC", [true, true, true, true, true]),
        ("FOLLOWERS", [true, true, false, true, false]),
        ("PRIVATE", [true, false, false, true, false]),
    ] {
        let post = post_with_comment(&world, &ana, visibility).await;
        for (reader, expected) in readers.iter().zip(expected) {
            assert_eq!(sees(&world, reader, &post, &ana).await, expected, "{visibility} {:?}", reader.user());
        }
    }
}

#[tokio::test]
async fn follows_apply_by_their_version_and_not_by_their_arrival() {
    let (world, ana, bob) = (World::start().await, user(1), user(2));
    let post = post_with_comment(&world, &ana, "FOLLOWERS").await;
    assert!(!sees(&world, &bob, &post, &ana).await);
    world.unfollow(&bob, &ana, 2).await;
    world.follow(&bob, &ana, 1).await;
    assert!(!sees(&world, &bob, &post, &ana).await, "the removal overtook its creation");
    world.follow(&bob, &ana, 3).await;
    assert!(sees(&world, &bob, &post, &ana).await);
    world.unfollow(&bob, &ana, 2).await;
    assert!(sees(&world, &bob, &post, &ana).await, "an old removal comes again");
    world.unfollow(&bob, &ana, 4).await;
    assert!(!sees(&world, &bob, &post, &ana).await);
}

#[tokio::test]
async fn a_change_of_visibility_closes_and_opens_every_door() {
    let (world, ana, bob) = (World::start().await, user(1), user(2));
    let post = post_with_comment(&world, &ana, "PUBLIC").await;
    for (visibility, seen) in [("PRIVATE", false), ("PUBLIC", true), ("FOLLOWERS", false)] {
        world.mutate(&ana, "updatePost", json!({"postId": post.0, "visibility": visibility})).await;
        assert_eq!(sees(&world, &bob, &post, &ana).await, seen);
    }
}

#[tokio::test]
async fn entities_that_are_not_there_are_null_and_the_others_stay() {
    let (world, ana) = (World::start().await, user(1));
    let (private, public) = (world.post(&ana, "PRIVATE").await, world.post(&ana, "PUBLIC").await);
    let representation = |id: &str| json!({"__typename": "Post", "id": id});
    let r = json!([
        representation(&private), representation("pst_00000000000000000000000000"), representation("nonsense"),
        representation("cmt_00000000000000000000000000"), representation(&public),
        {"__typename": "User", "id": "nobody"}, {"__typename": "Comment", "id": "pst_1"},
    ]);
    let text = "query($r: [_Any!]!) { _entities(representations: $r) { __typename ... on Post { id } } }";
    let data = world.run(&Caller::anonymous(), text, json!({"r": r})).await;
    assert_eq!(data["_entities"], json!([null, null, null, null, {"__typename": "Post", "id": public}, null, null]));
}

#[tokio::test]
async fn a_deleted_post_stays_readable_for_its_author_and_moderators_but_unlisted() {
    let (world, ana) = (World::start().await, user(1));
    let (post, comment) = post_with_comment(&world, &ana, "PUBLIC").await;
    world.mutate(&ana, "deletePost", json!({"postId": post})).await;
    let text = "query($post: ID!, $comment: ID!) { post(id: $post) { state } comment(id: $comment) { id }
        posts { nodes { id } } }";
    let variables = json!({"post": post, "comment": comment});
    for (reader, seen) in [(&ana, true), (&moderator(), true), (&user(2), false), (&Caller::anonymous(), false)] {
        let data = world.run(reader, text, variables.clone()).await;
        assert_eq!((data["post"]["state"] == "DELETED", !data["comment"].is_null()), (seen, seen));
        assert_eq!(data["posts"]["nodes"], json!([]));
    }
}
