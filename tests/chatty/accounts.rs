//! Registering, signing in, staying signed in, signing out.

use chatty_testkit::{Client, Closed, Harness, eventually};
use chrono::TimeDelta;
use secrecy::ExposeSecret;
use serde_json::{Value, json};

#[tokio::test]
async fn whoever_registers_can_sign_in_by_either_name_and_is_told_who_they_are() {
    let h = Harness::start().await;
    let registered = h
        .anonymous()
        .query(
            r#"mutation { register(input: {username: "Ana_1", email: "Ana@Example.com", password: "correct horse"}) {
                user { id username email emailStatus } errors { code message path } } }"#,
            Value::Null,
        )
        .await;
    assert_eq!(registered["register"]["errors"], json!([]));
    assert_eq!(registered["register"]["user"]["username"], "ana_1");

    for identifier in ["ana_1", "ANA_1", "ana@example.com", "Ana@Example.com"] {
        let ana = h.login(identifier, "correct horse").await;
        let me =
            ana.query("{ me { user { id username email emailStatus role accountState } scopes } }", Value::Null).await;
        assert_eq!(
            me["me"],
            json!({
                "user": {
                    "id": ana.id, "username": "ana_1", "email": "Ana@Example.com",
                    "emailStatus": "PENDING", "role": "USER", "accountState": "ACTIVE",
                },
                "scopes": ["self"],
            })
        );
    }
    assert_eq!(h.anonymous().query("{ me { scopes } }", Value::Null).await, json!({"me": null}));
}

#[tokio::test]
async fn every_problem_of_a_registration_is_told_at_once() {
    let h = Harness::start().await;
    h.register("ana").await;
    let refused =
        h.anonymous().refused("register", json!({"username": "a!", "email": "nobody", "password": "short"})).await;
    assert_eq!(refused, ["INVALID_FORMAT", "INVALID_FORMAT", "TOO_SHORT"]);
    let taken = json!({"username": "ANA", "email": "ANA@example.com", "password": "long enough"});
    assert_eq!(h.anonymous().refused("register", taken).await, ["TAKEN", "TAKEN"]);
}

#[tokio::test]
async fn wrong_names_and_wrong_passwords_get_the_same_answer() {
    let h = Harness::start().await;
    h.register("ana").await;
    let mut answers = Vec::new();
    for (identifier, password) in [("ana", "wrong password"), ("nobody", "wrong password"), ("", ""), ("ana", "")] {
        let input = json!({"identifier": identifier, "password": password});
        answers.push(h.anonymous().payload("login", input, "accessToken refreshToken user { id }").await);
    }
    assert_eq!(answers[0]["errors"][0]["code"], "BAD_CREDENTIALS");
    assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:?}");
}

#[tokio::test]
async fn an_access_token_lasts_ten_minutes_and_a_refresh_token_makes_the_next_pair_once() {
    let h = Harness::start().await;
    let ana = h.register("ana").await;
    h.clock.advance(TimeDelta::minutes(11));
    let reply = ana.send("{ me { scopes } }", Value::Null).await;
    assert_eq!((reply.status, reply.codes()), (401, vec!["TOKEN_EXPIRED"]));

    let refresh = json!({"refreshToken": ana.refresh_token});
    let renewed = h.anonymous().mutate("refreshToken", refresh.clone(), "accessToken refreshToken expiresAt").await;
    let token = renewed["accessToken"].as_str().expect("a token");
    assert_eq!(ana.with_token(token).query("{ me { user { id } } }", Value::Null).await["me"]["user"]["id"], ana.id);
    assert_eq!(h.anonymous().refused("refreshToken", refresh).await, ["TOKEN_INVALID"]);
}

#[tokio::test]
async fn signing_out_ends_the_session_and_only_that() {
    let h = Harness::start().await;
    let phone = h.register("ana").await;
    let laptop = h.login("ana", "password of ana").await;
    phone.mutate("logout", json!({"scope": "THIS"}), "ok").await;
    let refresh = |client: &chatty_testkit::Client| json!({"refreshToken": client.refresh_token});
    assert_eq!(h.anonymous().refused("refreshToken", refresh(&phone)).await, ["TOKEN_INVALID"]);
    h.anonymous().mutate("refreshToken", refresh(&laptop), "accessToken").await;
    let reply = h.anonymous().send(r"mutation { logout(input: {scope: ALL}) { ok } }", Value::Null).await;
    assert_eq!(reply.codes(), ["UNAUTHENTICATED"]);
}

#[tokio::test]
async fn signing_out_ends_access_tokens_and_open_sockets_at_once() {
    let h = Harness::start().await;
    let phone = h.register("ana").await;
    let laptop = h.login("ana", "password of ana").await;
    let (mut lost, mut kept) = (h.socket().await, h.socket().await);
    lost.init(&phone).await;
    kept.init(&laptop).await;
    lost.subscribe("1", "subscription { homeFeedEvents { __typename } }", Value::Null).await;
    lost.data("1").await;

    phone.mutate("logout", json!({"scope": "THIS"}), "ok").await;
    assert_eq!(lost.closed().await, Closed { code: 4403, reason: "Forbidden".to_owned() });
    let reply = phone.send("{ me { scopes } }", Value::Null).await;
    assert_eq!((reply.status, reply.codes()), (401, vec!["UNAUTHENTICATED"]));
    kept.subscribe("1", "{ me { user { username } } }", Value::Null).await;
    assert_eq!(kept.data("1").await["me"]["user"]["username"], "ana");

    // What was revoked before a start is known after it.
    let h = h.restart().await;
    let mut late = h.socket().await;
    let authorization = format!("Bearer {}", phone.token().expect("a token"));
    late.send(json!({"type": "connection_init", "payload": {"authorization": authorization}})).await;
    assert_eq!(late.closed().await.code, 4403);
    let mut kept = h.socket().await;
    kept.init(&laptop).await;
}

#[tokio::test]
async fn people_see_where_they_are_signed_in() {
    let h = Harness::start().await;
    let ana = h.register("ana").await;
    let query = "query { me { user { id username email emailStatus role } scopes
        sessions(first: 10) { nodes { id device lastSeenAt isCurrent } } } }";
    let me = ana.query(query, Value::Null).await;
    let session = &me["me"]["sessions"]["nodes"][0];
    assert_eq!(session["isCurrent"], true);
    let elsewhere = h.login("ana", "password of ana").await;
    elsewhere.mutate("logout", json!({"scope": "SESSION", "sessionId": session["id"]}), "ok").await;
    let left = elsewhere.query(query, Value::Null).await["me"]["sessions"]["nodes"].take();
    assert_eq!((left.as_array().map(Vec::len), &left[0]["isCurrent"]), (Some(1), &json!(true)));
}

#[tokio::test]
async fn the_first_start_makes_an_administrator_and_the_next_does_not() {
    let h = Harness::start().await;
    let admin = h.first_admin().expect("the first start makes one");
    let client = h.login(&admin.username, admin.password.expose_secret()).await;
    let me = client.query("{ me { user { role } scopes } }", Value::Null).await;
    assert_eq!(me["me"]["user"]["role"], "ADMIN");
    assert!(me["me"]["scopes"].as_array().expect("scopes").contains(&json!("admin:ops")));

    let ana = h.register("ana").await;
    let seen = client.query("query($id: ID!) { user(id: $id) { email } }", json!({"id": ana.id})).await;
    assert_eq!(seen["user"]["email"], "ana@example.com");
    let strangers =
        h.anonymous().query("query($id: ID!) { user(id: $id) { username email } }", json!({"id": ana.id})).await;
    assert_eq!(strangers["user"], json!({"username": "ana", "email": null}));
    assert!(h.restart().await.first_admin().is_none());
}

#[tokio::test]
async fn the_public_keys_are_where_clients_look_for_them() {
    let h = Harness::start().await;
    let response = h.http().get(h.url("/.well-known/jwks.json")).send().await.expect("an answer");
    let keys: Value = serde_json::from_str(&response.text().await.expect("text")).expect("JSON");
    let key = &keys["keys"][0];
    assert_eq!((&key["kty"], &key["crv"], &key["use"]), (&json!("OKP"), &json!("Ed25519"), &json!("sig")));
    assert!(key["kid"].is_string() && key["x"].is_string() && key["d"].is_null());
}

#[tokio::test]
async fn a_rotated_key_signs_and_is_known_wherever_tokens_are_verified() {
    let h = Harness::start().await;
    let ana = h.register("ana").await;
    let config = h.config.clone();
    chatty::rotate_keys(&config).await.expect("the first rotation");
    assert!(chatty::rotate_keys(&config).await.is_err(), "the new key does not sign yet");
    h.clock.advance(TimeDelta::minutes(8));
    let again = h.login("ana", "password of ana").await;
    let header = |client: &Client| client.token().and_then(|token| token.split('.').next()).map(str::to_owned);
    assert_ne!(header(&again), header(&ana), "another key has signed");
    // The minutes did not pass for a router elsewhere: it meets a key that it has not read of, and reads again.
    let me = "{ me { user { username } } }";
    eventually("the new key is known", async || again.send(me, Value::Null).await.codes().is_empty()).await;
    for client in [&ana, &again] {
        assert_eq!(client.query(me, Value::Null).await["me"]["user"]["username"], "ana");
        let token = client.token().expect("signed in");
        let info = "query($token: String!) { tokenInfo(token: $token) { valid userId } }";
        let info = h.anonymous().query(info, json!({"token": token})).await;
        assert_eq!(info["tokenInfo"], json!({"valid": true, "userId": ana.id}));
    }
}
