//! Administrators from outside the API.

use chatty_access::Caller;
use chatty_auth::{AdminError, NewAdmin};
use chatty_store::query;
use futures_util::future::join_all;
use secrecy::ExposeSecret;
use serde_json::json;

use crate::fixture::{PASSWORD, World, problems, tokens};

fn new(username: &str, email: &str, password: Option<&str>) -> NewAdmin {
    NewAdmin { username: username.into(), email: email.into(), password: password.map(Into::into) }
}

#[tokio::test]
async fn a_new_installation_gets_one_administrator() {
    let world = World::start().await;
    let first = world.auth.first_admin().await.unwrap().expect("the first");
    assert_eq!(first.username, "admin");
    assert!(first.password.expose_secret().len() >= 20);
    assert!(world.auth.first_admin().await.unwrap().is_none());

    let payload = world.login_as(&Caller::anonymous(), "admin", first.password.expose_secret()).await;
    let me = "{ me { user { role email } scopes } }";
    let me = world.run(&world.caller(&tokens(&payload)), me, json!({})).await;
    assert_eq!(me["user"], json!({"role": "ADMIN", "email": "admin@localhost"}));
    assert!(me["scopes"].as_array().unwrap().contains(&json!("admin:write")));
    let (events,) = query!("SELECT COUNT(1) FROM outbox").fetch_one::<(i64,)>(world.db()).await.unwrap();
    assert_eq!(events, 2, "the account, and where mail reaches it");
}

#[tokio::test]
async fn of_systems_that_start_together_one_makes_the_administrator() {
    let world = World::start().await;
    let other = world.another().await;
    let made = join_all([&world, &other, &world, &other].map(|world| world.auth.first_admin())).await;
    assert_eq!(made.into_iter().filter_map(Result::unwrap).count(), 1);
}

#[tokio::test]
async fn a_name_alone_never_grants_the_role() {
    let world = World::start().await;
    world.register("admin").await;
    assert!(world.auth.first_admin().await.unwrap().is_none());
    let role = world.run(&Caller::anonymous(), r#"{ user(username: "admin") { role } }"#, json!({})).await;
    assert_eq!(role, json!({"role": "USER"}));
    tokens(&world.login_as(&Caller::anonymous(), "admin", PASSWORD).await);
}

#[tokio::test]
async fn administrators_are_created_under_the_rules_of_every_account() {
    let world = World::start().await;
    let root = world.auth.create_admin(new("Root", "root@example.com", None)).await.unwrap();
    let password = root.generated_password.expect("made here");
    assert!(password.expose_secret().len() >= 20 && root.username == "root");
    tokens(&world.login_as(&Caller::anonymous(), "root", password.expose_secret()).await);
    // There is one now.
    assert!(world.auth.first_admin().await.unwrap().is_none());

    let given = world.auth.create_admin(new("boss", "boss@example.com", Some(PASSWORD))).await.unwrap();
    assert!(given.generated_password.is_none());
    tokens(&world.login_as(&Caller::anonymous(), "boss", PASSWORD).await);

    let taken = world.auth.create_admin(new("root", "ROOT@example.com", None)).await.unwrap_err();
    assert_eq!(
        taken.to_string(),
        "the administrator cannot be created: username is already in use, email is already in use"
    );
    let wrong = world.auth.create_admin(new("r", "root", Some("1"))).await.unwrap_err();
    assert!(matches!(wrong, AdminError::Refused(problems) if problems.len() == 3));
    let lost = world.register_with(json!({"username": "root", "email": "x@example.com", "password": PASSWORD})).await;
    assert_eq!(problems(&lost), ["TAKEN input.username"]);
}
