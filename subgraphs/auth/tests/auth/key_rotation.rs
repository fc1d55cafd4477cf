//! New keys take over from old ones, and nobody's token is refused.

use chatty_access::{Keys, TokenError, Verifier};
use chatty_auth::{KEYS_EVERY, RotationError};
use chatty_store::query;
use chrono::{DateTime, TimeDelta, Utc};
use data_encoding::BASE64URL_NOPAD;
use futures_util::future::join_all;
use jsonwebtoken::{EncodingKey, jwk::JwkSet};
use serde_json::Value;

use crate::fixture::{ISSUER, World, tokens};

/// One step of the clock.
const STEP: TimeDelta = TimeDelta::seconds(10);

impl World {
    async fn published(&self) -> JwkSet {
        let (_, body) = self.get(&self.service.routes, "/.well-known/jwks.json").await;
        serde_json::from_str(&body).expect("a key set")
    }

    async fn published_kids(&self) -> Vec<String> {
        self.published().await.keys.into_iter().map(|key| key.common.key_id.expect("a kid")).collect()
    }

    async fn stored_keys(&self) -> Vec<Vec<u8>> {
        let rows = query!("SELECT pkcs8 FROM signing_key ORDER BY slot").fetch_all::<(Vec<u8>,)>(self.db()).await;
        rows.expect("the keys are read").into_iter().map(|(pkcs8,)| pkcs8).collect()
    }
}

/// Somebody elsewhere who verifies tokens by the published keys, read as seldom as they may be, out of a cache that
/// keeps them as long as it may.
struct Outsider {
    keys: Keys,
    verifier: Verifier,
    read_at: DateTime<Utc>,
    cached: JwkSet,
    cached_at: DateTime<Utc>,
    cached_for: TimeDelta,
}

impl Outsider {
    async fn of(world: &World, cached_for: TimeDelta) -> Self {
        let (keys, now, cached) = (Keys::default(), world.env.clock.now(), world.published().await);
        keys.replace(&cached);
        let verifier = Verifier::new(keys.clone(), ISSUER, world.env.clock.clone());
        Self { keys, verifier, read_at: now, cached, cached_at: now, cached_for }
    }

    /// Has just read, and its cache has just been filled for somebody else: what is published now it learns last of all.
    async fn just_miss(&mut self, world: &World) {
        (self.cached, self.cached_at) = (world.published().await, world.env.clock.now());
        self.keys.replace(&self.cached);
        self.read_at = self.cached_at - STEP;
    }

    async fn live(&mut self, world: &World) {
        let now = world.env.clock.now();
        if now - self.read_at < TimeDelta::from_std(KEYS_EVERY).expect("a minute") {
            return;
        }
        if now - self.cached_at >= self.cached_for {
            (self.cached, self.cached_at) = (world.published().await, now);
        }
        self.keys.replace(&self.cached);
        self.read_at = now;
    }
}

fn kid(token: &str) -> String {
    jsonwebtoken::decode_header(token).expect("a token").kid.expect("a kid")
}

#[tokio::test]
async fn keys_rotate_three_times_and_no_token_is_refused_anywhere() {
    let one = World::start().await;
    one.register("ana").await;
    let (two, command) = (one.another().await, one.another().await);
    let mut outsiders = [Outsider::of(&one, TimeDelta::zero()).await, Outsider::of(&two, TimeDelta::minutes(5)).await];
    let mut pair = one.login("ana").await;
    let (first_token, first_stored) = (pair.access.clone(), one.stored_keys().await);
    let (mut in_force, mut kids, mut rotations) = (Vec::new(), Vec::new(), 0);
    let (mut next_rotation, mut gone_at) = (one.env.clock.now() + TimeDelta::seconds(100), DateTime::UNIX_EPOCH);
    for step in 0.. {
        let now = one.env.clock.now();
        let (here, there) = if step % 2 == 0 { (&one, &two) } else { (&two, &one) };
        pair = tokens(&here.refresh(&pair.refresh).await);
        in_force.push((now, pair.access.clone()));
        in_force.retain(|(issued_at, _)| now - *issued_at < TimeDelta::seconds(595));
        kids.push(kid(&pair.access));
        for outsider in &mut outsiders {
            outsider.live(there).await;
        }
        for (issued_at, token) in &in_force {
            let verifiers = [&one.verifier, &two.verifier, &outsiders[0].verifier, &outsiders[1].verifier];
            for (at, verifier) in verifiers.into_iter().enumerate() {
                let age = now - *issued_at;
                assert!(verifier.verify(token).is_ok(), "step {step}: verifier {at} refuses a token of {age}");
            }
        }
        if rotations < 3 && now >= next_rotation {
            for outsider in &mut outsiders {
                outsider.just_miss(here).await;
            }
            let rotation = command.auth.rotate_keys().await.expect("the key before it signs");
            (next_rotation, gone_at) = (rotation.signs_from, rotation.former_kept_until);
            rotations += 1;
        } else if rotations == 3 && now > gone_at + TimeDelta::minutes(7) {
            break;
        }
        one.env.clock.advance(STEP);
    }
    kids.dedup();
    assert_eq!(kids.len(), 4, "each key signed, one after the other: {kids:?}");

    // Only the last is left, and nothing of the others.
    assert_eq!(one.published_kids().await, [kids[3].clone()]);
    one.another().await;
    let stored = one.stored_keys().await;
    assert!(stored.len() == 1 && stored != first_stored);
    // Not even who kept a copy can use it.
    let payload = BASE64URL_NOPAD.decode(first_token.split('.').nth(1).unwrap().as_bytes()).unwrap();
    let mut claims: Value = serde_json::from_slice(&payload).unwrap();
    claims["exp"] = (one.env.clock.now().timestamp() + 600).into();
    let header = jsonwebtoken::decode_header(&first_token).unwrap();
    let forged = jsonwebtoken::encode(&header, &claims, &EncodingKey::from_ed_der(&first_stored[0])).unwrap();
    for verifier in [&one.verifier, &two.verifier, &outsiders[0].verifier, &outsiders[1].verifier] {
        assert_eq!(verifier.verify(&forged), Err(TokenError::Invalid));
    }
}

#[tokio::test]
async fn a_new_key_is_published_at_once_and_its_process_need_not_ask() {
    let world = World::start().await;
    let other = world.another().await;
    let first = world.published_kids().await;
    let rotation = other.auth.rotate_keys().await.unwrap();
    world.env.clock.advance(TimeDelta::seconds(5));
    assert_eq!(world.published_kids().await, [first[0].clone(), rotation.key.to_string()]);
    world.register("ana").await;
    assert_eq!(kid(&world.login("ana").await.access), first[0], "it does not sign yet");
    // Tokens tell their time in whole seconds.
    world.env.clock.advance(rotation.signs_from - world.env.clock.now() + TimeDelta::seconds(1));
    assert_eq!(kid(&world.login("ana").await.access), rotation.key.to_string());
}

#[tokio::test]
async fn of_rotations_at_the_same_time_one_makes_a_key() {
    let systems = World::start_together(4).await;
    let rotations = join_all(systems.iter().map(|system| system.auth.rotate_keys())).await;
    let mut made = rotations.iter().filter_map(|rotation| rotation.as_ref().ok());
    let key = made.next().expect("one succeeds").key;
    assert_eq!(made.next(), None);
    for refused in rotations.iter().filter_map(|rotation| rotation.as_ref().err()) {
        assert!(matches!(refused, RotationError::Pending { key: pending, .. } if *pending == key), "{refused}");
    }
    assert_eq!(systems[0].stored_keys().await.len(), 2);
}

#[tokio::test]
async fn a_key_from_before_rotations_signs_at_once() {
    let world = World::start().await;
    let row = query!("SELECT created_at, signs_from FROM signing_key");
    let (created_at, signs_from) = row.fetch_one::<(DateTime<Utc>, DateTime<Utc>)>(world.db()).await.unwrap();
    assert_eq!(created_at, signs_from);
}
