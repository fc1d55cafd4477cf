//! The brake on guessing passwords.

use std::net::IpAddr;

use chatty_access::Caller;
use chatty_auth::Config;
use chrono::TimeDelta;
use futures_util::future::join_all;
use serde_json::{Value, json};

use super::fixture::{PASSWORD, World, fault, tokens};

fn from(network: &str) -> Caller {
    Caller { network: network.parse::<IpAddr>().expect("an address"), ..Caller::anonymous() }
}

/// A system that refuses nobody for the time that hashes take.
async fn patient() -> World {
    World::with(Config { hash_wait_ms: 3_600_000, ..Config::default() }).await
}

/// Elsewhere each time.
fn from_anywhere(number: usize) -> Caller {
    from(&format!("10.0.{}.{}", number / 256, number % 256))
}

impl World {
    async fn guess(&self, caller: &Caller, identifier: &str, password: &str) -> Value {
        self.call(caller, "login", json!({"identifier": identifier, "password": password}), "accessToken").await
    }
}

/// Of some answers, how many were refused by the brake.
fn braked(answers: &[Value]) -> usize {
    let braked = answers.iter().filter(|answer| answer.get("errors").is_some());
    braked.map(|answer| assert_eq!(fault(answer), "RATE_LIMITED")).count()
}

#[tokio::test]
async fn of_many_guesses_on_an_account_ten_run_wherever_they_come_from() {
    let world = patient().await;
    world.register("ana").await;
    // By name and by address, in any case: it is one account.
    let names = ["ana", "ANA", "ana@example.com", " Ana@Example.com"];
    let guesses = (0..60).map(|n| async move { (from_anywhere(n), names[n % 4]) });
    let guesses = join_all(guesses).await;
    let answers = join_all(guesses.iter().map(|(caller, name)| world.guess(caller, name, "wrong password"))).await;
    assert_eq!(answers.len() - braked(&answers), 10);
    let refused = answers.iter().find(|answer| answer.get("errors").is_some()).unwrap();
    let wait = refused["errors"][0]["extensions"]["retryAfterMs"].as_i64().unwrap();
    assert!((1..=300_000).contains(&wait), "{wait}");

    let ana = world.told("auth.user.registered").await[0]["userId"].clone();
    assert_eq!(world.told("auth.security.suspicious").await, [json!({"userId": ana, "kind": "LOCKOUT"})]);

    // Nor does the right password help, or tell that it is right.
    assert_eq!(braked(&[world.guess(&from_anywhere(99), "ana", PASSWORD).await]), 1);
    world.env.clock.advance(TimeDelta::minutes(5));
    tokens(&world.login_as(&Caller::anonymous(), "ana", PASSWORD).await);
}

#[tokio::test]
async fn aliases_in_one_request_count_each() {
    let world = patient().await;
    world.register("ana").await;
    let alias =
        |n| format!(r#"a{n}: login(input: {{identifier: "ana", password: "wrong {n}"}}) {{ errors {{ code }} }}"#);
    let document = format!("mutation {{ {} }}", (0..30).map(alias).collect::<Vec<_>>().join(" "));
    let answer = world.ask(&Caller::anonymous(), &document, json!({})).await;
    // The first refusal is an error of the whole mutation, as everywhere for what is not nullable.
    assert!(answer["errors"][0]["extensions"]["code"] == "RATE_LIMITED", "{answer}");
    let again = world.guess(&from_anywhere(1), "ana", PASSWORD).await;
    assert_eq!(braked(&[again]), 1);
}

#[tokio::test]
async fn a_name_that_nobody_has_is_braked_alike() {
    let world = patient().await;
    let answers =
        join_all((0..30).map(async |n| world.guess(&from_anywhere(n), "nobody", "wrong password").await)).await;
    assert_eq!(answers.len() - braked(&answers), 10);
    assert_eq!(world.told("auth.security.suspicious").await, [] as [Value; 0]);
}

#[tokio::test]
async fn a_network_is_braked_whatever_it_guesses_and_a_net_of_ipv6_is_one() {
    let world = patient().await;
    let guess = async |n: u16| {
        let caller = from(&format!("2001:db8:1:2:{n:x}::{n:x}"));
        world.guess(&caller, &format!("name{n}"), "wrong password").await
    };
    let answers = join_all((0..70).map(guess)).await;
    assert_eq!(answers.len() - braked(&answers), 50);
    assert_eq!(braked(&[world.guess(&from("2001:db8:1:3::1"), "other", "wrong password").await]), 0);
    // An IPv4 address is one, however it is written.
    let answers = join_all((0..60).map(async |n| {
        let caller = from(if n % 2 == 0 { "192.0.2.1" } else { "::ffff:192.0.2.1" });
        world.guess(&caller, &format!("other{n}"), "wrong password").await
    }));
    assert_eq!(60 - braked(&answers.await), 50);
}

#[tokio::test]
async fn the_owners_session_goes_on_while_others_guess() {
    let world = patient().await;
    world.register("ana").await;
    let session = world.login("ana").await;
    let answers = join_all((0..15).map(async |n| world.guess(&from_anywhere(n), "ana", "wrong password").await)).await;
    assert_eq!(braked(&answers), 5);
    let renewed = tokens(&world.refresh(&session.refresh).await);
    let input = json!({"currentPassword": PASSWORD, "newPassword": "another horse in the staple"});
    let changed = world.payload(&world.caller(&renewed), "changePassword", input, "ok").await;
    assert_eq!(changed, json!({"ok": true, "errors": []}));
}

#[tokio::test]
async fn whoever_signs_in_has_not_guessed() {
    let world = patient().await;
    world.register("ana").await;
    for _ in 0..3 {
        for _ in 0..9 {
            world.guess(&from("192.0.2.1"), "ana", "wrong password").await;
        }
        tokens(&world.login_as(&from("192.0.2.1"), "ana", PASSWORD).await);
    }
    // But who guesses elsewhere in between is counted on: 27 wrong ones so far.
    let answers =
        join_all((0..30).map(async |n| world.guess(&from("192.0.2.1"), &format!("n{n}"), "wrong").await)).await;
    assert_eq!(30 - braked(&answers), 50 - 27);
}

#[tokio::test]
async fn guesses_inside_a_session_are_braked_too() {
    let world = patient().await;
    world.register("ana").await;
    let me = world.caller(&world.login("ana").await);
    let guess =
        async |_| world.call(&me, "deleteAccount", json!({"password": "wrong password"}), "deletionDueAt").await;
    let answers = join_all((0..15).map(guess)).await;
    assert_eq!(answers.len() - braked(&answers), 10);
    // The front door is another one.
    tokens(&world.login_as(&Caller::anonymous(), "ana", PASSWORD).await);
}
