//! An account from its registration to its end, with the mails between.

use chatty_testkit::Harness;
use chrono::TimeDelta;
use serde_json::{Value, json};

const ADDRESS: &str = "ana@example.com";
const PASSWORD: &str = "correct horse battery";
const NEW_PASSWORD: &str = "another horse, another staple";

async fn register(h: &Harness, locale: &str) {
    let input = json!({"username": "ana", "email": ADDRESS, "password": PASSWORD, "locale": locale});
    h.anonymous().mutate("register", input, "user { id }").await;
}

#[tokio::test]
async fn registration_mail_verification_login_refresh_reset_and_login() {
    let h = Harness::start().await;
    register(&h, "en").await;
    let welcome = &h.wait_for_mails(ADDRESS, 1).await[0];
    assert!(welcome.links[0].starts_with("http://chatty.test/verify-email?token="), "{welcome:?}");
    let verified = h.anonymous().mutate("verifyEmail", json!({"token": welcome.token()}), "user { emailStatus }").await;
    assert_eq!(verified["user"]["emailStatus"], "VERIFIED");
    assert_eq!(h.anonymous().refused("verifyEmail", json!({"token": welcome.token()})).await, ["TOKEN_INVALID"]);

    let ana = h.login("ana", PASSWORD).await;
    let me = "{ me { user { emailStatus } sessions { nodes { isCurrent } } } }";
    let seen = ana.query(me, Value::Null).await;
    assert_eq!(seen["me"]["user"]["emailStatus"], "VERIFIED");
    assert_eq!(seen["me"]["sessions"]["nodes"], json!([{"isCurrent": true}]));
    let refreshed = ana.mutate("refreshToken", json!({"refreshToken": ana.refresh_token}), "accessToken").await;
    let renewed = ana.with_token(refreshed["accessToken"].as_str().expect("a token"));

    h.anonymous().mutate("requestPasswordReset", json!({"email": ADDRESS}), "ok").await;
    let mail = h.wait_for_mails(ADDRESS, 2).await.remove(0);
    assert!(mail.links[0].starts_with("http://chatty.test/reset-password?token="), "{mail:?}");
    let weak = json!({"token": mail.token(), "newPassword": "short"});
    assert_eq!(h.anonymous().refused("resetPassword", weak).await, ["TOO_SHORT"]);
    let input = json!({"token": mail.token(), "newPassword": NEW_PASSWORD});
    assert_eq!(h.anonymous().mutate("resetPassword", input, "ok").await["ok"], true);
    h.settle().await;
    assert_eq!(renewed.send(me, Value::Null).await.status, 401, "every session has ended");
    let old = json!({"identifier": "ana", "password": PASSWORD});
    assert_eq!(h.anonymous().refused("login", old).await, ["BAD_CREDENTIALS"]);
    h.login(ADDRESS, NEW_PASSWORD).await;
    h.wait_for_mails(ADDRESS, 3).await;
}

#[tokio::test]
async fn mail_speaks_the_readers_language_and_no_header_leads_its_links_astray() {
    let h = Harness::start().await;
    register(&h, "ru-RU").await;
    let query = format!(r#"mutation {{ requestPasswordReset(input: {{email: "{ADDRESS}"}}) {{ ok }} }}"#);
    let request = h.http().post(h.url("/graphql")).header("host", "evil.example");
    let request = request.header("x-forwarded-host", "evil.example").json(&json!({"query": query}));
    assert_eq!(request.send().await.expect("an answer").status(), 200);
    let mails = h.wait_for_mails(ADDRESS, 2).await;
    for mail in &mails {
        assert!(mail.subject.chars().any(|c| ('а'..='я').contains(&c)), "{mail:?}");
        assert!(mail.links.iter().all(|link| link.starts_with("http://chatty.test/")), "{mail:?}");
        assert!(!mail.text.contains("evil.example"));
    }
}

#[tokio::test]
async fn an_address_moves_when_the_new_one_says_so_and_the_old_one_hears_of_it() {
    let h = Harness::start().await;
    let ana = h.register("ana").await;
    h.wait_for_mails(ADDRESS, 1).await;
    let input = json!({"newEmail": "new@example.com", "password": "password of ana"});
    ana.mutate("changeEmail", input, "ok").await;
    let notice = h.wait_for_mails(ADDRESS, 2).await.remove(0);
    assert!(notice.text.contains("new@example.com"), "{notice:?}");
    let confirm = h.wait_for_mails("new@example.com", 1).await.remove(0);
    h.anonymous().mutate("verifyEmail", json!({"token": confirm.token()}), "user { id }").await;
    h.settle().await;
    let seen = ana.query("{ me { user { email emailStatus } } }", Value::Null).await;
    assert_eq!(seen["me"]["user"], json!({"email": "new@example.com", "emailStatus": "VERIFIED"}));
    // From now on mail goes there.
    h.anonymous().mutate("requestPasswordReset", json!({"email": "new@example.com"}), "ok").await;
    h.wait_for_mails("new@example.com", 2).await;
    assert_eq!(h.mails_to(ADDRESS).await.len(), 2);
}

#[tokio::test]
async fn an_erased_account_leaves_every_service() {
    let h = Harness::start().await;
    let (ana, ben) = (h.register("ana").await, h.register("ben").await);
    h.settle().await;
    ben.follow(&ana).await;
    let post = ana.post("to be forgotten").await;
    let other = ben.post("to stay").await;
    ana.comment(&other, None, "mine").await;
    ana.mutate("likePost", json!({"postId": other}), "post { id }").await;
    h.settle().await;
    assert_eq!(ben.feed().await, ["to be forgotten"]);
    h.wait_for_mails(ADDRESS, 1).await;

    let payload = ana.mutate("deleteAccount", json!({"password": "password of ana"}), "deletionDueAt").await;
    assert!(payload["deletionDueAt"].is_string());
    h.settle().await;
    assert_eq!(ana.send("{ me { user { id } } }", Value::Null).await.status, 401);
    h.clock.advance(TimeDelta::days(14));
    let ben = h.login("ben", "password of ben").await;
    let seen = "query($ana: ID!, $post: ID!, $other: ID!) {
        user(id: $ana) { isDeleted followerCount } post(id: $post) { body }
        other: post(id: $other) { likeCount commentCount } }";
    let variables = json!({"ana": ana.id, "post": post, "other": other});
    chatty_testkit::eventually("everything of ana is gone", async || {
        let data = ben.query(seen, variables.clone()).await;
        data == json!({"user": {"isDeleted": true, "followerCount": 0}, "post": null,
                       "other": {"likeCount": 0, "commentCount": 0}})
            && h.mails_to(ADDRESS).await.is_empty()
    })
    .await;
    assert_eq!(ben.feed().await, Vec::<String>::new());
}

#[tokio::test]
async fn tokens_that_are_not_quite_ours_are_refused_by_the_whole_request() {
    let h = Harness::start().await;
    let ana = h.register("ana").await;
    let token = ana.token().expect("signed in");
    let parts: Vec<&str> = token.split('.').collect();
    let encode = |value: &Value| data_encoding::BASE64URL_NOPAD.encode(value.to_string().as_bytes());
    let decode = |part: &str| -> Value {
        let bytes = data_encoding::BASE64URL_NOPAD.decode(part.as_bytes()).expect("base64url");
        serde_json::from_slice(&bytes).expect("JSON")
    };
    let (header, claims) = (decode(parts[0]), decode(parts[1]));
    let with = |mut value: Value, name: &str, other: Value| {
        value[name] = other;
        encode(&value)
    };
    let keys = h.http().get(h.url("/.well-known/jwks.json")).send().await.expect("an answer");
    let keys: Value = keys.json().await.expect("JSON");
    let public = keys["keys"][0]["x"].as_str().expect("a public key");
    let hmac_by_public_key = {
        use hmac::{Hmac, KeyInit, Mac};
        let key = data_encoding::BASE64URL_NOPAD.decode(public.as_bytes()).expect("base64url");
        let signed = format!("{}.{}", with(header.clone(), "alg", json!("HS256")), parts[1]);
        let mut mac = Hmac::<sha2::Sha256>::new_from_slice(&key).expect("a key of any length");
        mac.update(signed.as_bytes());
        format!("{signed}.{}", data_encoding::BASE64URL_NOPAD.encode(&mac.finalize().into_bytes()))
    };
    let forged = [
        format!("{}.{}.", with(header.clone(), "alg", json!("none")), parts[1]),
        format!("{}.{}.{}", with(header.clone(), "kid", json!("key_other")), parts[1], parts[2]),
        format!("{}.{}.{}", parts[0], with(claims.clone(), "role", json!("ADMIN")), parts[2]),
        format!("{}.{}.{}", parts[0], with(claims.clone(), "aud", json!("other")), parts[2]),
        format!("{}.{}.{}", parts[0], with(claims.clone(), "nbf", json!(9_999_999_999_i64)), parts[2]),
        format!("{}.{}.{}", parts[0], with(claims, "exp", json!(9_999_999_999_i64)), parts[2]),
        hmac_by_public_key,
        ana.refresh_token.clone().expect("signed in"),
    ];
    for token in forged {
        let reply = ana.with_token(&token).send("{ serverInfo { version } }", Value::Null).await;
        assert_eq!((reply.status, reply.codes()), (401, vec!["UNAUTHENTICATED"]), "{token}");
    }
    h.clock.advance(TimeDelta::minutes(10));
    let reply = ana.send("{ serverInfo { version } }", Value::Null).await;
    assert_eq!((reply.status, reply.codes()), (401, vec!["TOKEN_EXPIRED"]));
}
