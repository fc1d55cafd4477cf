//! Asking what an access token is worth.

use chatty_access::Caller;
use chatty_store::query;
use chrono::TimeDelta;
use serde_json::{Value, json};

use crate::fixture::World;

impl World {
    async fn token_info(&self, token: &str) -> Value {
        let document = "query($token: String!) { tokenInfo(token: $token) { valid userId role username expiresAt } }";
        self.run(&Caller::anonymous(), document, json!({"token": token})).await
    }

    async fn assert_worthless(&self, token: &str) {
        let nothing = json!({"valid": false, "userId": null, "role": null, "username": null, "expiresAt": null});
        assert_eq!(self.token_info(token).await, nothing);
    }
}

#[tokio::test]
async fn a_good_token_tells_whose_it_is() {
    let world = World::start().await;
    let ana = world.register("ana").await;
    let pair = world.login("ana").await;
    let info = world.token_info(&pair.access).await;
    assert_eq!(info["valid"], true);
    assert_eq!((&info["userId"], &info["role"], &info["username"]), (&json!(ana), &json!("USER"), &json!("ana")));
    let expires_at: chrono::DateTime<chrono::Utc> = serde_json::from_value(info["expiresAt"].clone()).unwrap();
    assert_eq!(expires_at, world.verifier.verify(&pair.access).unwrap().expires_at);
    world.env.clock.advance(TimeDelta::minutes(10));
    world.assert_worthless(&pair.access).await;
}

#[tokio::test]
async fn what_is_no_token_of_ours_is_worth_nothing_and_no_error() {
    let world = World::start().await;
    let stranger = World::start().await;
    stranger.register("ana").await;
    let foreign = stranger.login("ana").await.access;
    world.register("ana").await;
    let pair = world.login("ana").await;
    let mut bent = pair.access.clone();
    bent.replace_range(bent.len() - 8.., "AAAAAAAA");
    for token in
        ["", "…", "a.b.c", &pair.refresh, &foreign, &bent, &format!("Bearer {}", pair.access), &"a".repeat(9_000)]
    {
        world.assert_worthless(token).await;
    }
}

#[tokio::test]
async fn a_session_that_ended_makes_its_tokens_worthless_at_once() {
    let world = World::start().await;
    world.register("ana").await;
    let (here, there) = (world.login("ana").await, world.login("ana").await);
    let log_out = "mutation { logout(input: {scope: THIS}) { ok } }";
    assert_eq!(world.run(&world.caller(&here), log_out, json!({})).await["ok"], true);
    world.assert_worthless(&here.access).await;
    assert_eq!(world.token_info(&there.access).await["valid"], true);
}

#[tokio::test]
async fn a_closed_account_and_a_call_back_do_so_too() {
    let world = World::start().await;
    let (ana, ben) = (world.register("ana").await, world.register("ben").await);
    let (of_ana, of_ben) = (world.login("ana").await, world.login("ben").await);
    let mut tx = world.db().begin().await.unwrap();
    query!("UPDATE account SET state = 'SUSPENDED' WHERE id = $1").bind(ana).execute(&mut tx).await.unwrap();
    query!("INSERT INTO revoked_user (user_id, not_before, reason) VALUES ($1, $2, 'ROLE_CHANGED')")
        .bind(ben)
        .bind(world.env.clock.now())
        .execute(&mut tx)
        .await
        .unwrap();
    tx.commit().await.unwrap();
    world.assert_worthless(&of_ana.access).await;
    world.assert_worthless(&of_ben.access).await;
    // Who signs in after the call back is welcome.
    world.env.clock.advance(TimeDelta::seconds(2));
    let renewed = world.login("ben").await;
    assert_eq!(world.token_info(&renewed.access).await["valid"], true);
}
