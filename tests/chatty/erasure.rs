//! A deleted account is gone from everywhere that showed it.

use chatty_events::auth::UserDeleted;
use chatty_testkit::Harness;
use serde_json::{Value, json};

#[tokio::test]
async fn an_erased_author_is_gone_from_feeds_threads_and_counters() {
    let h = Harness::start().await;
    let (ana, bob, eve) = (h.register("ana").await, h.register("bob").await, h.register("eve").await);
    bob.follow(&ana).await;
    ana.follow(&bob).await;
    bob.follow(&eve).await;
    h.settle().await;
    let of_ana = ana.post("of ana").await;
    let of_eve = eve.post("of eve").await;
    ana.mutate("likePost", json!({"postId": of_eve}), "post { id }").await;
    let comment = json!({"postId": of_eve, "body": "words of ana"});
    let comment = ana.mutate("createComment", comment, "comment { id }").await["comment"]["id"].take();
    let reply = json!({"postId": of_eve, "parentId": comment, "body": "a reply"});
    bob.mutate("createComment", reply, "comment { id }").await;
    h.settle().await;
    assert_eq!(bob.feed().await, ["of eve", "of ana"]);

    let user_id = ana.id.parse().expect("a user id");
    h.publish(&UserDeleted { user_id, erasure_id: h.clock.uuid() }).await;
    h.settle().await;
    assert_eq!(bob.feed().await, ["of eve"]);
    let post = "query($id: ID!) { post(id: $id) { likeCount commentCount comments { nodes { body state } } } }";
    assert_eq!(bob.query(post, json!({"id": of_ana})).await["post"], Value::Null);
    let thread = json!([{"body": "", "state": "DELETED"}, {"body": "a reply", "state": "PUBLISHED"}]);
    let expected = json!({"likeCount": 0, "commentCount": 1, "comments": {"nodes": thread}});
    assert_eq!(bob.query(post, json!({"id": of_eve})).await["post"], expected);
    let user = "query($id: ID!) { user(id: $id) { followerCount followingCount postCount } }";
    let counts = async |id: &str| bob.query(user, json!({"id": id})).await["user"].take();
    assert_eq!(counts(&ana.id).await, json!({"followerCount": 0, "followingCount": 0, "postCount": 0}));
    assert_eq!(counts(&bob.id).await, json!({"followerCount": 0, "followingCount": 1, "postCount": 0}));
    // Her token is still good until auth's word about it arrives; nothing can be written with it.
    let again = ana.send("mutation { createPost(input: {body: \"again\"}) { post { id } } }", Value::Null).await;
    assert_eq!(again.codes(), ["UNAUTHENTICATED"]);
}
