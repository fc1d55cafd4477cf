//! Refresh tokens: one use each, and what a second use does.

use chatty_store::query;
use chrono::TimeDelta;
use futures_util::future::join_all;
use serde_json::json;

use crate::fixture::{Tokens, World, problems, tokens};

const INVALID: [&str; 1] = ["TOKEN_INVALID input.refreshToken"];
const EXPIRED: [&str; 1] = ["TOKEN_EXPIRED input.refreshToken"];

impl World {
    async fn rotate(&self, pair: &Tokens) -> Tokens {
        tokens(&self.refresh(&pair.refresh).await)
    }

    async fn refused(&self, pair: &Tokens) -> Vec<String> {
        let payload = self.refresh(&pair.refresh).await;
        for field in ["accessToken", "refreshToken", "expiresAt", "user"] {
            assert!(payload[field].is_null(), "{payload}");
        }
        problems(&payload)
    }
}

async fn signed_in() -> (World, Tokens) {
    let world = World::start().await;
    world.register("ana").await;
    let pair = world.login("ana").await;
    (world, pair)
}

#[tokio::test]
async fn a_token_is_exchanged_for_a_pair_of_the_same_session() {
    let (world, first) = signed_in().await;
    world.env.clock.advance(TimeDelta::seconds(601));
    let payload = world.refresh(&first.refresh).await;
    let second = tokens(&payload);
    assert_ne!(first.refresh, second.refresh);
    let viewer = world.verifier.verify(&second.access).unwrap();
    assert_eq!(payload["user"]["id"], json!(viewer.user.to_string()));
    let (sessions,) = query!("SELECT COUNT(1) FROM session").fetch_one::<(i64,)>(world.db()).await.unwrap();
    assert_eq!(sessions, 1);
    world.rotate(&second).await;
}

#[tokio::test]
async fn of_twenty_uses_at_once_exactly_one_gets_a_pair() {
    let (world, first) = signed_in().await;
    let answers = join_all((0..20).map(|_| world.refresh(&first.refresh))).await;
    let (won, lost): (Vec<_>, Vec<_>) = answers.iter().partition(|answer| answer["errors"] == json!([]));
    assert_eq!(won.len(), 1);
    for answer in lost {
        assert_eq!(problems(answer), INVALID);
        assert!(answer["accessToken"].is_null() && answer["refreshToken"].is_null());
    }
    // The race was the client's own: its session goes on.
    world.rotate(&tokens(won[0])).await;
}

#[tokio::test]
async fn the_parent_only_fails_for_five_seconds() {
    let (world, first) = signed_in().await;
    let second = world.rotate(&first).await;
    world.env.clock.advance(TimeDelta::milliseconds(4_000));
    assert_eq!(world.refused(&first).await, INVALID);
    world.rotate(&second).await;
}

#[tokio::test]
async fn the_parent_ends_the_session_after_five_seconds() {
    let (world, first) = signed_in().await;
    let second = world.rotate(&first).await;
    world.env.clock.advance(TimeDelta::milliseconds(5_001));
    assert_eq!(world.refused(&first).await, INVALID);
    assert_eq!(world.refused(&second).await, INVALID);
}

#[tokio::test]
async fn a_grandparent_ends_the_session_at_once() {
    let (world, first) = signed_in().await;
    let second = world.rotate(&first).await;
    let third = world.rotate(&second).await;
    assert_eq!(world.refused(&first).await, INVALID);
    assert_eq!(world.refused(&third).await, INVALID);
}

#[tokio::test]
async fn a_stolen_token_ends_its_own_session_only() {
    let (world, stolen) = signed_in().await;
    let other = world.login("ana").await;
    let next = world.rotate(&stolen).await;
    world.env.clock.advance(TimeDelta::minutes(1));
    assert_eq!(world.refused(&stolen).await, INVALID);
    assert_eq!(world.refused(&next).await, INVALID);
    world.rotate(&other).await;
}

#[tokio::test]
async fn a_session_ends_after_thirty_days_without_use() {
    let (world, first) = signed_in().await;
    world.env.clock.advance(TimeDelta::days(29));
    let second = world.rotate(&first).await;
    world.env.clock.advance(TimeDelta::days(30));
    assert_eq!(world.refused(&second).await, EXPIRED);
}

#[tokio::test]
async fn a_session_ends_after_ninety_days_however_much_it_is_used() {
    let (world, mut pair) = signed_in().await;
    for _ in 0..4 {
        world.env.clock.advance(TimeDelta::days(20));
        pair = world.rotate(&pair).await;
    }
    world.env.clock.advance(TimeDelta::days(10));
    assert_eq!(world.refused(&pair).await, EXPIRED);
}

#[tokio::test]
async fn what_is_no_token_is_invalid_and_costs_no_transaction() {
    let (world, pair) = signed_in().await;
    let commits = world.db().commits();
    let padded = format!("{}=", pair.refresh);
    for text in ["", "abc", &pair.access, &padded, &"A".repeat(43), &"A".repeat(1_000_000), "ÿ\0"] {
        let (payload, statements) = chatty_store::counted(world.refresh(text)).await;
        assert_eq!(problems(&payload), INVALID);
        assert!(statements <= 1);
    }
    assert!(!commits.has_changed().unwrap());
    world.rotate(&pair).await;
}
