//! Registering.

use chatty_bus::{
    Heard,
    relay::{self, Turn},
};
use chatty_events::auth::UserRegistered;
use chatty_store::query;
use chatty_types::UserId;
use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::fixture::{PASSWORD, World, problems};

fn input(username: &str, email: &str) -> Value {
    json!({"username": username, "email": email, "password": PASSWORD})
}

fn keyed(mut input: Value, key: &str) -> Value {
    input["idempotencyKey"] = json!(key);
    input
}

const KEY: &str = "5b1c3f4e-7d54-4c0b-9d0a-3d3c1f0b8a11";

async fn accounts(world: &World) -> i64 {
    let count = query!("SELECT COUNT(1) FROM account").fetch_one::<(i64,)>(world.db()).await;
    count.expect("a count").0
}

#[tokio::test]
async fn a_new_account_is_active_and_unconfirmed_and_the_other_services_hear_of_it() {
    let world = World::start().await;
    let mut heard = world.env.bus.listen(&["auth.user.registered"]);
    let (bus, clock) = (world.env.bus.clone(), world.env.clock.clone());
    world.env.tasks.spawn(relay::run("auth", world.db().clone(), bus, clock, Turn::Alone, world.env.tasks.stopping()));

    let payload = world.register_with(input("Ana_1", "  Ana@Example.com ")).await;
    assert_eq!((&payload["user"]["username"], &payload["errors"]), (&json!("ana_1"), &json!([])));
    let id: UserId = payload["user"]["id"].as_str().unwrap().parse().unwrap();

    let row = query!("SELECT email, email_key, email_status, role, state, version FROM account WHERE id = $1")
        .bind(id)
        .fetch_one::<(String, String, String, String, String, i64)>(world.db())
        .await
        .unwrap();
    let text = |text: &str| text.to_owned();
    let expected = (text("Ana@Example.com"), text("ana@example.com"), text("PENDING"), text("USER"), text("ACTIVE"), 1);
    assert_eq!(row, expected);

    let Heard::Event(envelope) = heard.hear().await else { panic!("the bus is open") };
    let event = envelope.decode::<UserRegistered>().unwrap().unwrap();
    assert_eq!((event.user_id, event.username.as_str()), (id, "ana_1"));
    assert_eq!(envelope.correlation_id.as_deref(), Some("0".repeat(32).as_str()));
}

#[tokio::test]
async fn every_wrong_field_is_told_at_once() {
    let world = World::start().await;
    let wrong = json!({"username": "a b", "email": "nowhere", "password": "short"});
    let payload = world.register_with(wrong).await;
    let expected = ["INVALID_FORMAT input.username", "INVALID_FORMAT input.email", "TOO_SHORT input.password"];
    assert_eq!(problems(&payload), expected);
    assert_eq!(payload["user"], json!(null));
    let detail = |n: usize| (payload["errors"][n]["rule"].clone(), payload["errors"][n]["limit"].clone());
    assert_eq!(detail(0), (json!("username"), json!(null)));
    assert_eq!(detail(2), (json!(null), json!(8)));

    let empty = world.register_with(json!({"username": "", "email": " ", "password": ""})).await;
    assert_eq!(problems(&empty), ["REQUIRED input.username", "REQUIRED input.email", "REQUIRED input.password"]);
    let long = json!({"username": "a".repeat(31), "email": "a@b.c".repeat(60), "password": "a".repeat(257)});
    let long = world.register_with(long).await;
    assert_eq!(problems(&long), ["TOO_LONG input.username", "TOO_LONG input.email", "TOO_LONG input.password"]);
    assert_eq!(accounts(&world).await, 0);
}

#[tokio::test]
async fn names_and_addresses_in_use_are_refused_in_every_spelling() {
    let world = World::start().await;
    world.register("ana").await;
    world.register("ben").await;
    let taken = async |username: &str, email: &str| problems(&world.register_with(input(username, email)).await);
    assert_eq!(taken("ANA", "new@example.com").await, ["TAKEN input.username"]);
    assert_eq!(taken("new", "ANA@EXAMPLE.COM").await, ["TAKEN input.email"]);
    assert_eq!(taken("Ana", "Ana@example.com").await, ["TAKEN input.username", "TAKEN input.email"]);
    assert_eq!(taken("ana", "ben@example.com").await, ["TAKEN input.username", "TAKEN input.email"]);
    assert_eq!(accounts(&world).await, 2);
}

#[tokio::test]
async fn of_twenty_who_want_one_name_exactly_one_gets_it() {
    let world = World::start().await;
    let answers = join_all((0..20).map(|n| world.register_with(input("ana", &format!("ana{n}@example.com"))))).await;
    let (won, lost): (Vec<_>, Vec<_>) = answers.iter().partition(|answer| !answer["user"].is_null());
    assert_eq!((won.len(), lost.len()), (1, 19));
    assert!(lost.iter().all(|answer| problems(answer) == ["TAKEN input.username"]));
    let (events,) = query!("SELECT COUNT(1) FROM outbox").fetch_one::<(i64,)>(world.db()).await.unwrap();
    assert_eq!((accounts(&world).await, events), (1, 2));
}

#[tokio::test]
async fn a_repeated_key_registers_once() {
    let world = World::start().await;
    let ana = || keyed(input("ana", "ana@example.com"), KEY);
    let answers = join_all((0..20).map(|_| world.register_with(ana()))).await;
    assert!(!answers[0]["user"].is_null(), "{}", answers[0]);
    assert!(answers.iter().all(|answer| answer == &answers[0]), "each gets the same answer");
    assert_eq!(world.register_with(ana()).await, answers[0]);
    assert_eq!(accounts(&world).await, 1);
}

#[tokio::test]
async fn a_key_with_another_input_is_refused() {
    let world = World::start().await;
    world.register_with(keyed(input("ana", "ana@example.com"), KEY)).await;
    let reused = ["IDEMPOTENCY_KEY_REUSED input.idempotencyKey"];
    let other_name = world.register_with(keyed(input("anna", "ana@example.com"), KEY)).await;
    assert_eq!(problems(&other_name), reused);
    let mut other_password = keyed(input("ana", "ana@example.com"), KEY);
    other_password["password"] = json!("another password");
    assert_eq!(problems(&world.register_with(other_password).await), reused);
    // The key belongs to the address: somebody else's equal key is another key.
    let ben = world.register_with(keyed(input("ben", "ben@example.com"), KEY)).await;
    assert_eq!(ben["user"]["username"], json!("ben"));
}

#[tokio::test]
async fn a_refused_registration_uses_up_no_key() {
    let world = World::start().await;
    world.register("ana").await;
    let taken = world.register_with(keyed(input("ana", "new@example.com"), KEY)).await;
    assert_eq!(problems(&taken), ["TAKEN input.username"]);
    let free = world.register_with(keyed(input("anna", "new@example.com"), KEY)).await;
    assert_eq!(free["user"]["username"], json!("anna"));
}
