//! Stored hashes that are not ours, or not of today.

use chatty_access::Caller;
use chatty_store::query;
use futures_util::{
    FutureExt,
    future::{Either, join, join_all, select},
};
use serde_json::json;
use tokio::task::yield_now;

use crate::{
    fixture::{World, fault, problems},
    secrets::Recorder,
};

/// What we promise of a hash.
const OURS: &str = "$argon2id$v=19$m=19456,t=2,p=1$";

/// Of "correct horse battery staple", computed by libxcrypt and libargon2: bcrypt, argon2id with half our memory, and
/// argon2i.
const BCRYPT: &str = "$2y$04$abcdefghijklmnopqrstuu7EJV7kdjBBQxyb0HjTh9KS7.Lah/6CG";
const HALF: &str = "$argon2id$v=19$m=9728,t=2,p=1$c2l4dGVlbiBieXRlcyBvZg$dUJ6lC93ZUxeMb8hBE0+kiCyvjftIosCh000Ybmk6zs";
const ARGON2I: &str =
    "$argon2i$v=19$m=19456,t=2,p=1$c2l4dGVlbiBieXRlcyBvZg$F8wPIzJmr6IJwtDNG7/CM9P0aACrOnZGpai3sMx/LT4";

/// Puts a hash into the database as an import would.
async fn import(world: &World, hash: &str) {
    let mut tx = world.db().begin().await.expect("a transaction");
    let stored = query!("UPDATE account SET password_hash = $1").bind(hash).execute(&mut tx).await.expect("it runs");
    assert_eq!(stored, 1);
    tx.commit().await.expect("it commits");
}

async fn stored(world: &World) -> String {
    query!("SELECT password_hash FROM account").fetch_one::<(String,)>(world.db()).await.expect("one account").0
}

#[tokio::test]
async fn a_sign_in_renews_what_is_outdated_once() {
    let world = World::start().await;
    world.register("ana").await;
    for outdated in [BCRYPT, HALF, ARGON2I] {
        import(&world, outdated).await;
        let wrong = world.login_as(&Caller::anonymous(), "ana", "wrong password").await;
        assert_eq!(problems(&wrong), ["BAD_CREDENTIALS input"]);
        assert_eq!(stored(&world).await, outdated, "a wrong password renews nothing");

        world.login("ana").await;
        let renewed = stored(&world).await;
        assert!(renewed.starts_with(OURS), "{renewed}");
        world.login("ana").await;
        assert_eq!(stored(&world).await, renewed, "what is good stays");
        let wrong = world.login_as(&Caller::anonymous(), "ana", "wrong password").await;
        assert_eq!(problems(&wrong), ["BAD_CREDENTIALS input"]);
    }
}

#[tokio::test]
async fn sign_ins_at_the_same_time_renew_a_hash_to_one_that_is_good() {
    let world = World::start().await;
    world.register("ana").await;
    import(&world, BCRYPT).await;
    join_all((0..10).map(|_| world.login("ana"))).await;
    assert!(stored(&world).await.starts_with(OURS));
    world.login("ana").await;
}

#[tokio::test]
async fn a_hash_that_changed_in_between_is_not_overwritten() {
    let world = World::start().await;
    world.register("ana").await;
    import(&world, BCRYPT).await;
    let mut signing_in = world.login("ana").boxed();
    // The old hash is read and compared; then it is hashed again, which takes much longer than a change.
    while !format!("{:?}", world.auth).contains("inside: 1") {
        signing_in = match select(signing_in, yield_now().boxed()).await {
            Either::Left(_) => panic!("signed in without a hash"),
            Either::Right(((), signing_in)) => signing_in,
        };
    }
    let changed = "$argon2id$v=19$m=19456,t=2,p=1$c2l4dGVlbiBieXRlcyBvZg$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    join(signing_in, import(&world, changed)).await;
    assert_eq!(stored(&world).await, changed);
}

#[tokio::test]
async fn a_hash_that_nobody_waits_for_is_our_fault_and_is_not_logged() {
    let recorder = Recorder::default();
    let guard = tracing::subscriber::set_default(recorder.clone());
    let world = World::start().await;
    world.register("ana").await;
    let document = r#"mutation { login(input: {identifier: "ana", password: "wrong password"}) { errors { code } } }"#;
    for absurd in [BCRYPT.replace("$04$", "$31$"), HALF.replace("m=9728", "m=4194304"), "no hash at all".to_owned()] {
        import(&world, &absurd).await;
        let answer = world.ask(&Caller::anonymous(), document, json!({})).await;
        assert_eq!(fault(&answer), "INTERNAL", "{absurd}");
        assert!(!recorder.text().contains(&absurd), "{absurd}");
    }
    drop(guard);
    let logged = recorder.text();
    assert!(logged.contains("has the cost 31") && logged.contains("4194304 KiB"), "{logged}");
}
