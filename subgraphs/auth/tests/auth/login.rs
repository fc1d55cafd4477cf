//! Signing in.

use std::num::NonZeroU32;

use chatty_access::{Caller, Role, TokenError};
use chatty_auth::Config;
use chatty_store::query;
use chatty_types::SessionId;
use chrono::{DateTime, TimeDelta, Utc};
use futures_util::{
    FutureExt,
    future::{Either, join_all, select},
};
use serde_json::json;

use crate::fixture::{PASSWORD, World, fault, problems, tokens};

#[tokio::test]
async fn the_access_token_is_what_the_router_accepts() {
    let world = World::start().await;
    let ana = world.register("ana").await;
    let caller = Caller { user_agent: Some("Firefox on Linux".into()), ..Caller::anonymous() };
    let payload = world.login_as(&caller, "ana", PASSWORD).await;
    assert_eq!(payload["user"]["id"], json!(ana.to_string()));

    let pair = tokens(&payload);
    let viewer = world.verifier.verify(&pair.access).unwrap();
    assert_eq!((viewer.user, viewer.role, viewer.scopes), (ana, Role::User, Role::User.scopes()));
    let told: DateTime<Utc> = payload["expiresAt"].as_str().unwrap().parse().unwrap();
    assert_eq!(told, viewer.expires_at);
    let left = viewer.expires_at - world.env.clock.now();
    assert!(left > TimeDelta::seconds(590) && left <= TimeDelta::seconds(600), "{left}");

    let (id, device) =
        query!("SELECT id, device FROM session").fetch_one::<(SessionId, Option<String>)>(world.db()).await.unwrap();
    assert_eq!((id, device.as_deref()), (viewer.session, Some("Firefox on Linux")));

    world.env.clock.advance(TimeDelta::seconds(600));
    assert_eq!(world.verifier.verify(&pair.access), Err(TokenError::Expired));
}

#[tokio::test]
async fn the_name_and_the_address_are_good_in_any_case() {
    let world = World::start().await;
    let ana = world.register("ana").await;
    for identifier in ["ana", "ANA", " Ana ", "ana@example.com", "ANA@Example.com", "\tana@example.com\n"] {
        let pair = tokens(&world.login_as(&Caller::anonymous(), identifier, PASSWORD).await);
        assert_eq!(world.verifier.verify(&pair.access).unwrap().user, ana);
    }
}

#[tokio::test]
async fn unknown_names_and_wrong_passwords_are_answered_alike() {
    let world = World::start().await;
    world.register("ana").await;
    let answer =
        async |identifier: &str, password: &str| world.login_as(&Caller::anonymous(), identifier, password).await;
    let wrong = answer("ana", "wrong password").await;
    assert_eq!(problems(&wrong), ["BAD_CREDENTIALS input"]);
    let long = "a".repeat(100_000);
    let attempts = [
        ("ana@example.com", "wrong password"),
        ("ben", PASSWORD),
        ("ben@example.com", PASSWORD),
        ("", ""),
        ("ana", ""),
        ("ana", " correct horse battery staple "),
        ("ana", long.as_str()),
        (long.as_str(), PASSWORD),
        ("ana\0", PASSWORD),
        ("ana\0@example.com", PASSWORD),
        ("' OR '1'='1", PASSWORD),
    ];
    for (identifier, password) in attempts {
        assert_eq!(answer(identifier, password).await, wrong);
    }
}

#[tokio::test]
async fn unknown_names_cost_what_known_names_cost() {
    let world = World::start().await;
    world.register("ana").await;
    let (_, known) = chatty_store::counted(world.login_as(&Caller::anonymous(), "ana", "wrong password")).await;
    let (_, unknown) = chatty_store::counted(world.login_as(&Caller::anonymous(), "ben", "wrong password")).await;
    assert_eq!((known, unknown), (2, 2), "statements");

    // A sign-in that hashes takes the only place in the pool from the others; without a hash none would be refused.
    let world = World::with(Config { hash_threads: Some(NonZeroU32::MIN), hash_wait_ms: 0, ..Config::default() }).await;
    world.register("ana").await;
    let caller = Caller::anonymous();
    for name in ["ana", "ben"] {
        let document = format!(
            r#"mutation {{ login(input: {{identifier: "{name}", password: "wrong password"}}) {{ errors {{ code }} }} }}"#
        );
        let answers = join_all((0..30).map(|_| world.ask(&caller, &document, json!({})))).await;
        let refused = answers.iter().filter(|answer| answer.get("errors").is_some()).count();
        assert!(refused > 0, "sign-ins of {name} beside the one that hashes");
    }
}

#[tokio::test]
async fn passwords_are_compared_in_their_composed_form() {
    let world = World::start().await;
    let input =
        json!({"username": "ana", "email": "ana@example.com", "password": "l'e\u{301}te\u{301} a\u{300} Vannes"});
    assert_eq!(problems(&world.register_with(input).await), Vec::<String>::new());
    tokens(&world.login_as(&Caller::anonymous(), "ana", "l'été à Vannes").await);
}

#[tokio::test]
async fn whoever_would_wait_too_long_is_rate_limited_and_nothing_else_waits() {
    let config = Config { hash_threads: Some(NonZeroU32::MIN), hash_wait_ms: 200, ..Config::default() };
    let world = World::with(config).await;
    world.register("ana").await;
    // Each from elsewhere and for another name, so that the queue and not the brake refuses.
    let sign_in = async |number: u8| {
        let caller = Caller { network: [10, 0, 0, number].into(), ..Caller::anonymous() };
        let input = format!(r#"{{identifier: "name{number}", password: "wrong password"}}"#);
        world.ask(&caller, &format!("mutation {{ login(input: {input}) {{ errors {{ code }} }} }}"), json!({})).await
    };
    let caller = Caller::anonymous();
    let logins = join_all((0..200).map(sign_in)).boxed();
    let query = world.ask(&caller, r#"{ user(username: "ana") { username } }"#, json!({})).boxed();

    // All run in this one task: if a hash were computed in it, the query could not overtake them.
    let logins = match select(logins, query).await {
        Either::Left(_) => panic!("a query waited for all hashes"),
        Either::Right((answer, logins)) => {
            assert_eq!(answer["data"]["user"]["username"], json!("ana"));
            logins
        }
    };
    let (mut served, mut refused) = (0, 0);
    for answer in logins.await {
        if answer.get("errors").is_none() {
            assert_eq!(answer["data"]["login"]["errors"][0]["code"], json!("BAD_CREDENTIALS"));
            served += 1;
        } else {
            assert_eq!(fault(&answer), "RATE_LIMITED");
            // When those are done who are inside: after 200 ms and a turn.
            assert!(answer["errors"][0]["extensions"]["retryAfterMs"].as_u64().unwrap() >= 200, "{answer}");
            refused += 1;
        }
    }
    assert!(served > 0 && refused > 0, "{served} served, {refused} refused");
    // The places come back.
    tokens(&world.login_as(&caller, "ana", PASSWORD).await);
}

#[tokio::test]
async fn stored_passwords_name_the_parameters_that_we_promise() {
    let world = World::start().await;
    world.register("ana").await;
    world.register("ben").await;
    let stored = query!("SELECT password_hash FROM account").fetch_all::<(String,)>(world.db()).await.unwrap();
    assert_eq!(stored.len(), 2);
    assert!(stored.iter().all(|(phc,)| phc.starts_with("$argon2id$v=19$m=19456,t=2,p=1$")), "{stored:?}");
    assert_ne!(stored[0], stored[1], "equal passwords have different salts");
}

#[tokio::test]
async fn sessions_of_two_logins_are_two() {
    let world = World::start().await;
    world.register("ana").await;
    let (one, other) = (world.login("ana").await, world.login("ana").await);
    let session = |pair| world.caller(pair).viewer.unwrap().session;
    assert_ne!(session(&one), session(&other));
}

#[tokio::test]
async fn a_sign_in_from_a_new_device_is_told_by_mail() {
    let world = World::start().await;
    world.register("ana").await;
    let on = |device: &str| Caller { user_agent: Some(device.to_owned()), ..Caller::anonymous() };
    for device in ["Phone", "Phone", "Laptop\r\nBcc: x@example.com", "Phone"] {
        tokens(&world.login_as(&on(device), "ana", PASSWORD).await);
    }
    let mails = world.mails().await;
    let new: Vec<_> = mails.iter().filter(|mail| mail["template"] == "NEW_DEVICE").collect();
    // Neither the very first nor one that is known.
    assert_eq!(new.len(), 1);
    assert_eq!(new[0]["params"]["device"], "Laptop\r\nBcc: x@example.com");
    assert_eq!(world.told("auth.session.started").await.len(), 4);
}

#[tokio::test]
async fn a_password_that_is_replaced_while_it_is_checked_lets_nobody_in() {
    let world = World::start().await;
    world.register("ana").await;
    let ask = json!({"email": "ana@example.com"});
    world.payload(&Caller::anonymous(), "requestPasswordReset", ask, "ok").await;
    let token = world.link("RESET_PASSWORD").await;
    let reset = json!({"token": token, "newPassword": "another horse in the staple"});
    let caller = Caller::anonymous();
    let (_, answers) = tokio::join!(
        world.payload(&caller, "resetPassword", reset, "ok"),
        join_all((0..6).map(|_| world.login_as(&caller, "ana", PASSWORD))),
    );
    // Whoever was faster than the reset is signed out by it.
    for session in answers.iter().filter(|answer| !answer["refreshToken"].is_null()) {
        let refreshed = world.refresh(session["refreshToken"].as_str().unwrap()).await;
        assert_eq!(problems(&refreshed), ["TOKEN_INVALID input.refreshToken"]);
    }
    assert_eq!(problems(&world.login_as(&caller, "ana", PASSWORD).await), ["BAD_CREDENTIALS input"]);
}
