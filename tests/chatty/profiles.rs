//! Saying who one is, finding others, and being trusted with more.

use chatty_testkit::Harness;
use chrono::TimeDelta;
use secrecy::ExposeSecret;
use serde_json::{Value, json};

#[tokio::test]
async fn who_renames_themselves_is_seen_by_the_new_name_and_found_by_both() {
    let h = Harness::start().await;
    let (ana, ben) = (h.register("ana").await, h.register("ben").await);
    let post = ana.post("hello").await;
    ben.follow(&ana).await;
    let input = json!({
        "username": "anna", "displayName": "Ana María", "bio": "I bake.", "avatarId": null, "locale": "ru",
        "timeZone": "Europe/Moscow", "expectedVersion": 1,
    });
    let payload = ana.mutate("updateProfile", input.clone(), "user { id version locale }").await;
    assert_eq!(payload["user"], json!({"id": ana.id, "version": 2, "locale": "ru"}));
    assert_eq!(ana.refused("updateProfile", input).await, ["VERSION_CONFLICT"]);
    assert_eq!(ben.refused("updateProfile", json!({"username": "ana"})).await, ["TAKEN"]);

    let query = "query($post: ID!) { post(id: $post) { author { username displayName locale } }
        user(username: \"ana\") { username bio } }";
    let seen = ben.query(query, json!({"post": post})).await;
    assert_eq!(seen["post"]["author"], json!({"username": "anna", "displayName": "Ana María", "locale": null}));
    assert_eq!(seen["user"], json!({"username": "anna", "bio": "I bake."}));

    h.settle().await;
    let query = "{ users(filter: {search: \"ana m\"}) { nodes { username followerCount viewerRelationship { isFollowing } } } }";
    let found = ben.query(query, Value::Null).await;
    let renamed = json!({"username": "anna", "followerCount": 1, "viewerRelationship": {"isFollowing": true}});
    assert_eq!(found["users"]["nodes"], json!([renamed]));
}

#[tokio::test]
async fn whoever_gets_another_role_loses_the_old_token_and_gets_the_new_rights_by_refreshing() {
    let h = Harness::start().await;
    let admin = h.first_admin().expect("the first start makes one");
    let admin = h.login(&admin.username, admin.password.expose_secret()).await;
    let ana = h.register("ana").await;
    let list = "{ adminUsers(filter: {search: \"ana@\"}, first: 20) { nodes { id email accountState role } } }";
    assert_eq!(ana.send(list, Value::Null).await.codes(), ["FORBIDDEN"]);
    let mut socket = h.socket().await;
    socket.init(&ana).await;

    let mut input = json!({"userId": ana.id, "role": "ADMIN", "reason": "runs it with us", "dryRun": true});
    admin.mutate("setUserRole", input.clone(), "user { role }").await;
    let listed = admin.query(list, Value::Null).await["adminUsers"]["nodes"].take();
    let expected = json!([{"id": ana.id, "email": "ana@example.com", "accountState": "ACTIVE", "role": "USER"}]);
    assert_eq!(listed, expected);
    input["dryRun"] = json!(false);
    assert_eq!(admin.mutate("setUserRole", input, "user { role }").await["user"]["role"], "ADMIN");

    assert_eq!(socket.closed().await.code, 4403);
    let reply = ana.send("{ me { scopes } }", Value::Null).await;
    assert_eq!((reply.status, reply.codes()), (401, vec!["UNAUTHENTICATED"]));
    // Tokens tell their time in seconds.
    h.clock.advance(TimeDelta::seconds(1));
    let renewed = h.anonymous().mutate("refreshToken", json!({"refreshToken": ana.refresh_token}), "accessToken").await;
    let ana = ana.with_token(renewed["accessToken"].as_str().expect("a token"));
    assert_eq!(ana.query(list, Value::Null).await["adminUsers"]["nodes"][0]["role"], "ADMIN");
}
