//! Signing keys.

use chatty_access::{Keys, Verifier};
use chatty_store::query;
use futures_util::future::join_all;
use serde_json::Value;

use crate::fixture::{ISSUER, World};

#[tokio::test]
async fn the_published_keys_verify_tokens_and_hold_nothing_private() {
    let world = World::start().await;
    let ana = world.register("ana").await;
    let pair = world.login("ana").await;

    let (head, body) = world.get(&world.service.routes, "/.well-known/jwks.json").await;
    assert!(head.starts_with("http/1.1 200") && head.contains("cache-control: public, max-age=300"), "{head}");
    assert!(head.contains("content-type: application/json"), "{head}");
    let set: Value = serde_json::from_str(&body).unwrap();
    let key = &set["keys"][0];
    assert_eq!(set["keys"].as_array().unwrap().len(), 1);
    assert_eq!(
        (&key["kty"], &key["crv"], &key["alg"], &key["use"]),
        (&"OKP".into(), &"Ed25519".into(), &"EdDSA".into(), &"sig".into())
    );
    assert!(key.get("d").is_none() && key["kid"].as_str().unwrap().starts_with("key_"));

    let keys = Keys::default();
    keys.replace(&serde_json::from_value(set).unwrap());
    let elsewhere = Verifier::new(keys, ISSUER, world.env.clock.clone());
    assert_eq!(elsewhere.verify(&pair.access).unwrap().user, ana);
}

#[tokio::test]
async fn systems_on_one_database_share_the_key_also_when_they_start_together() {
    let world = World::start().await;
    let ana = world.register("ana").await;
    let others = join_all((0..3).map(|_| world.another())).await;
    for other in &others {
        let pair = other.login("ana").await;
        assert_eq!(world.verifier.verify(&pair.access).unwrap().user, ana);
        let refreshed = crate::fixture::tokens(&world.refresh(&pair.refresh).await);
        assert_eq!(other.verifier.verify(&refreshed.access).unwrap().user, ana);
    }
}

#[tokio::test]
async fn of_systems_that_start_together_on_nothing_one_makes_the_key() {
    let systems = World::start_together(4).await;
    let keys = query!("SELECT slot FROM signing_key").fetch_all::<(i64,)>(systems[0].db()).await.unwrap();
    assert_eq!(keys, [(1,)]);
    systems[0].register("ana").await;
    let pair = systems[1].login("ana").await;
    for system in &systems {
        assert!(system.verifier.verify(&pair.access).is_ok());
    }
}
