//! Publishing, editing and deleting.

use chatty_access::{Caller, Scope, Scopes};
use serde_json::json;

use crate::fixture::{World, assert_problem, id_of, problems, signed_in, user};

const READ: &str = "query($id: ID!) { post(id: $id) { id state body } }";

#[tokio::test]
async fn a_post_is_published_told_and_read_by_everyone() {
    let (world, ana) = (World::start().await, user(1));
    let payload = world
        .mutate(
            &ana,
            "createPost",
            json!({"title": " A title ", "body": "Привет\nмир", "contentWarning": "cats", "language": "PT-br",
                   "attachmentIds": []}),
        )
        .await;
    assert_eq!(payload["errors"], json!([]));
    let post = &payload["post"];
    let expected = json!({
        "id": post["id"], "author": {"id": id_of(&ana)}, "title": "A title", "body": "Привет\nмир",
        "language": "pt-BR", "visibility": "PUBLIC", "contentWarning": "cats", "state": "PUBLISHED",
        "editedAt": null, "version": 1, "likeCount": 0, "commentCount": 0, "viewerHasLiked": false,
        "viewerCanEdit": true, "viewerCanDelete": true,
    });
    assert_eq!(*post, expected);

    let [(event, data)] = world.published().await.try_into().unwrap();
    assert_eq!(event, "posts.post.created.v1");
    assert_eq!((&data["postId"], &data["authorId"]), (&post["id"], &json!(id_of(&ana))));
    assert_eq!(data["visibility"], "PUBLIC");

    let text = "query($id: ID!) { post(id: $id) { body viewerCanEdit viewerCanDelete viewerHasLiked createdAt } }";
    let read = world.run(&Caller::anonymous(), text, json!({"id": post["id"]})).await;
    assert_eq!((&read["post"]["body"], &read["post"]["viewerCanEdit"]), (&json!("Привет\nмир"), &json!(false)));
    assert_eq!(read["post"]["createdAt"], data["createdAt"].as_str().map(with_millis).unwrap());
}

/// The event's time may leave out zero milliseconds.
fn with_millis(time: &str) -> String {
    let time: chrono::DateTime<chrono::Utc> = time.parse().unwrap();
    time.to_rfc3339_opts(chrono::SecondsFormat::Millis, true)
}

#[tokio::test]
async fn all_problems_of_an_input_are_told_at_once_and_nothing_is_stored() {
    let world = World::start().await;
    let payload = world
        .mutate(
            &user(1),
            "createPost",
            json!({"title": "x".repeat(201), "body": " ", "contentWarning": "y".repeat(201), "language": "русский",
                   "attachmentIds": ["med_1"]}),
        )
        .await;
    let mut told = problems(&payload);
    told.sort();
    let expected = [
        ("INVALID_FORMAT", "language"),
        ("NOT_ALLOWED", "attachmentIds"),
        ("REQUIRED", "body"),
        ("TOO_LONG", "contentWarning"),
        ("TOO_LONG", "title"),
    ];
    assert_eq!(told, expected.map(|(code, field)| (code.to_owned(), field.to_owned())));
    assert!(world.published().await.is_empty());
    let posts = world.run(&user(1), "{ posts { nodes { id } } }", json!({})).await;
    assert_eq!(posts["posts"]["nodes"], json!([]));
}

#[tokio::test]
async fn a_body_has_ten_thousand_perceived_characters_at_most() {
    let (world, ana) = (World::start().await, user(1));
    let family = "👩‍👩‍👧";
    let fits = world.mutate(&ana, "createPost", json!({"body": family.repeat(10_000 / 2)})).await;
    assert_eq!(problems(&fits), []);
    let fits = world.mutate(&ana, "createPost", json!({"body": "é".repeat(10_000)})).await;
    assert_eq!(problems(&fits), []);
    let long = world.mutate(&ana, "createPost", json!({"body": "é".repeat(10_001)})).await;
    assert_problem(&long, "TOO_LONG", "body");
    assert_eq!(long["errors"][0]["limit"], 10_000);
}

#[tokio::test]
async fn an_edit_keeps_what_is_absent_and_clears_what_is_null() {
    let (world, ana) = (World::start().await, user(1));
    let made = world.mutate(&ana, "createPost", json!({"title": "t", "body": "b", "language": "ru"})).await;
    let id = &made["post"]["id"];

    let edited = world.mutate(&ana, "updatePost", json!({"postId": id, "title": null, "body": "b2"})).await;
    let post = &edited["post"];
    assert_eq!((&post["title"], &post["body"], &post["language"]), (&json!(null), &json!("b2"), &json!("ru")));
    assert_eq!((&post["version"], post["editedAt"].is_null()), (&json!(2), false));

    let input = json!({"postId": id, "visibility": "PRIVATE", "contentWarning": "w", "expectedVersion": 2});
    let edited = world.mutate(&ana, "updatePost", input).await;
    let post = &edited["post"];
    assert_eq!(
        (&post["visibility"], &post["contentWarning"], &post["version"]),
        (&json!("PRIVATE"), &json!("w"), &json!(3))
    );

    let (event, data) = world.published().await.pop().unwrap();
    assert_eq!(event, "posts.post.updated.v1");
    assert_eq!(data, json!({"postId": id, "authorId": id_of(&ana), "version": 3, "visibility": "PRIVATE"}));

    let same = world.mutate(&ana, "updatePost", json!({"postId": id, "body": "b2"})).await;
    assert_eq!(same["post"]["version"], 3, "nothing to change is no new version");
    assert_eq!(world.count_published("posts.post.updated.v1").await, 2);
}

#[tokio::test]
async fn an_edit_of_another_version_is_refused() {
    let (world, ana) = (World::start().await, user(1));
    let id = world.post(&ana, "PUBLIC").await;
    world.mutate(&ana, "updatePost", json!({"postId": id, "body": "second"})).await;
    let stale = world.mutate(&ana, "updatePost", json!({"postId": id, "body": "third", "expectedVersion": 1})).await;
    assert_problem(&stale, "VERSION_CONFLICT", "expectedVersion");
    assert_eq!(stale["errors"][0]["currentVersion"], 2);
    let read = world.run(&ana, READ, json!({"id": id})).await;
    assert_eq!(read["post"]["body"], "second");
}

#[tokio::test]
async fn what_a_post_must_have_cannot_be_cleared() {
    let (world, ana) = (World::start().await, user(1));
    let id = world.post(&ana, "PUBLIC").await;
    let input = json!({"postId": id, "body": null, "visibility": null, "title": "x".repeat(201)});
    let mut told = problems(&world.mutate(&ana, "updatePost", input).await);
    told.sort();
    let expected = [("REQUIRED", "body"), ("REQUIRED", "visibility"), ("TOO_LONG", "title")];
    assert_eq!(told, expected.map(|(code, field)| (code.to_owned(), field.to_owned())));
}

#[tokio::test]
async fn a_deleted_post_is_gone_for_everyone_but_its_author() {
    let (world, ana, bob) = (World::start().await, user(1), user(2));
    let id = world.post(&ana, "PUBLIC").await;
    let deleted = world.mutate(&ana, "deletePost", json!({"postId": id})).await;
    assert_eq!((&deleted["post"]["state"], &deleted["post"]["viewerCanEdit"]), (&json!("DELETED"), &json!(false)));
    let again = world.mutate(&ana, "deletePost", json!({"postId": id})).await;
    assert_eq!(again["post"]["version"], deleted["post"]["version"]);
    let (event, data) = world.published().await.pop().unwrap();
    assert_eq!(event, "posts.post.deleted.v1");
    assert_eq!(data["version"], 2);
    assert_eq!(world.count_published("posts.post.deleted.v1").await, 1);

    assert_eq!(world.run(&bob, READ, json!({"id": id})).await["post"], json!(null));
    assert_eq!(world.run(&ana, READ, json!({"id": id})).await["post"]["state"], "DELETED");
    let lists = world.run(&ana, "{ posts { nodes { id } } }", json!({})).await;
    assert_eq!(lists["posts"]["nodes"], json!([]));
    for (mutation, input) in [
        ("updatePost", json!({"postId": id, "body": "back"})),
        ("likePost", json!({"postId": id})),
        ("createComment", json!({"postId": id, "body": "late"})),
    ] {
        assert_problem(&world.mutate(&ana, mutation, input.clone()).await, "STATE_CONFLICT", "postId");
        assert_problem(&world.mutate(&bob, mutation, input).await, "NOT_FOUND", "postId");
    }
}

#[tokio::test]
async fn other_peoples_posts_are_forbidden_or_missing() {
    let (world, ana, bob) = (World::start().await, user(1), user(2));
    let (public, private) = (world.post(&ana, "PUBLIC").await, world.post(&ana, "PRIVATE").await);
    let missing = public.replace(&public[4..], &"0".repeat(26));
    for mutation in ["updatePost", "deletePost"] {
        assert_problem(&world.mutate(&bob, mutation, json!({"postId": public})).await, "FORBIDDEN", "postId");
        let hidden = world.mutate(&bob, mutation, json!({"postId": private})).await;
        let absent = world.mutate(&bob, mutation, json!({"postId": missing})).await;
        assert_problem(&hidden, "NOT_FOUND", "postId");
        assert_eq!(hidden, absent);
        let comment = public.replace("pst_", "cmt_");
        assert_problem(&world.mutate(&ana, mutation, json!({"postId": comment})).await, "BAD_ID", "postId");
    }
    assert_eq!(world.published().await.len(), 2);
}

#[tokio::test]
async fn without_the_scope_nothing_is_executed() {
    let world = World::start().await;
    let suspended = signed_in(1, Scopes::NONE.with(Scope::SelfRead));
    let post = "mutation { createPost(input: {body: \"x\"}) { post { id } } }";
    assert_eq!(world.refusal(&Caller::anonymous(), post, json!({})).await, "UNAUTHENTICATED");
    assert_eq!(world.refusal(&suspended, post, json!({})).await, "FORBIDDEN");
    let id = world.post(&user(1), "PUBLIC").await;
    for mutation in ["updatePost", "deletePost", "likePost", "unlikePost"] {
        let text = format!("mutation {{ {mutation}(input: {{postId: \"{id}\"}}) {{ post {{ id }} }} }}");
        assert_eq!(world.refusal(&Caller::anonymous(), &text, json!({})).await, "UNAUTHENTICATED");
    }
    let text = format!("mutation {{ createComment(input: {{postId: \"{id}\", body: \"x\"}}) {{ comment {{ id }} }} }}");
    assert_eq!(world.refusal(&Caller::anonymous(), &text, json!({})).await, "UNAUTHENTICATED");
    let read = world
        .run(&suspended, "query($id: ID!) { post(id: $id) { viewerCanEdit viewerCanDelete } }", json!({"id": id}))
        .await;
    assert_eq!(read["post"], json!({"viewerCanEdit": false, "viewerCanDelete": false}));
}

#[tokio::test]
async fn ids_that_are_none_are_told() {
    let (world, ana) = (World::start().await, user(1));
    for id in ["", "pst_", "usr_00000000000000000000000001", "1"] {
        assert_eq!(world.refusal(&ana, READ, json!({"id": id})).await, "BAD_ID");
        assert_eq!(
            world.refusal(&ana, "query($id: ID!) { comment(id: $id) { id } }", json!({"id": id})).await,
            "BAD_ID"
        );
    }
}
