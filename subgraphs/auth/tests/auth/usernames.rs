//! Choosing a name.

use std::sync::Arc;

use chatty_auth::migrations;
use chatty_kit::Storage;
use chatty_scratch::Scratch;
use chatty_store::{Db, query};
use chatty_types::{Clock, UserId};
use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::fixture::{PASSWORD, World, problems};

async fn register(world: &World, username: &str, email: &str) -> Value {
    world.register_with(json!({"username": username, "email": email, "password": PASSWORD})).await
}

#[tokio::test]
async fn reserved_names_are_for_administrators() {
    let world = World::start().await;
    assert_eq!(world.auth.first_admin().await.unwrap().expect("the first").username, "admin");
    for name in ["admin", "Support", "adm1n", "graphql", "_deleted_", "rnoderator"] {
        let refused = register(&world, name, "new@example.com").await;
        assert_eq!(problems(&refused), ["NOT_ALLOWED input.username"], "{name}");
    }
}

#[tokio::test]
async fn a_name_that_looks_like_anothers_is_taken() {
    let world = World::start().await;
    world.register("paul_warner").await;
    for name in ["pau1_warner", "paulwarner", "PAUI_WARNER", "paul__warner_", "paul_vvamer"] {
        let refused = register(&world, name, "new@example.com").await;
        assert_eq!(problems(&refused), ["TAKEN input.username"], "{name}");
    }
    let both = register(&world, "pau1warner", "paul_warner@example.com").await;
    assert_eq!(problems(&both), ["TAKEN input.username", "TAKEN input.email"]);
    world.register("paula_warner").await;
}

#[tokio::test]
async fn of_twenty_who_want_names_that_look_alike_exactly_one_gets_one() {
    let world = World::start().await;
    let names = ["lily", "l1ly", "liiy", "1ily", "_lily", "li_ly", "i1iy", "lily_", "l1_ly", "11ly"];
    let wishes = (0..20).map(|n| (names[n % names.len()], format!("lily{n}@example.com")));
    let answers = join_all(wishes.map(|(name, email)| {
        let world = &world;
        async move { register(world, name, &email).await }
    }));
    let (won, lost): (Vec<_>, Vec<_>) = answers.await.into_iter().partition(|answer| !answer["user"].is_null());
    assert_eq!((won.len(), lost.len()), (1, 19));
    assert!(lost.iter().all(|answer| problems(answer) == ["TAKEN input.username"]), "{lost:?}");
}

#[tokio::test]
async fn names_from_before_the_rule_stay_and_are_in_the_way_of_new_ones() {
    const SKELETONS: i64 = 1010;
    let scratch = Arc::new(Scratch::new().await);
    let storage = Storage::folder(scratch.folder()).with_database(scratch.database_url().map(str::to_owned));
    let before: Vec<_> = migrations().into_iter().filter(|migration| migration.version < SKELETONS).collect();
    let db = storage.open("auth", &before).await.unwrap();
    let clock = Clock::system();
    for name in ["marnie_vv10", "mamie_wl0", "b0b", "bob", "boris"] {
        insert(&db, &clock, name).await;
    }
    drop(db);

    let world = World::on(&scratch).await;
    let stored = query!("SELECT username, username_skeleton FROM account ORDER BY id")
        .fetch_all::<(String, Option<String>)>(world.db())
        .await
        .unwrap();
    let stored: Vec<_> = stored.iter().map(|(name, skeleton)| (name.as_str(), skeleton.as_deref())).collect();
    let expected = [
        ("marnie_vv10", Some("mamlewlo")),
        ("mamie_wl0", None),
        ("b0b", Some("bob")),
        ("bob", None),
        ("boris", Some("borls")),
    ];
    assert_eq!(stored, expected);
    for name in ["mamie_vvlo", "bo_b", "bob", "b0b", "bor1s"] {
        let refused = register(&world, name, "new@example.com").await;
        assert_eq!(problems(&refused), ["TAKEN input.username"], "{name}");
    }
}

async fn insert(db: &Db, clock: &Clock, name: &str) {
    let mut tx = db.begin().await.expect("a transaction");
    let inserted = query!(
        "INSERT INTO account (id, username, email, email_key, email_status, password_hash, role, state, version, created_at)
         VALUES ($1, $2, $3, $3, 'PENDING', '', 'USER', 'ACTIVE', 1, $4)"
    )
    .bind(UserId::new(clock))
    .bind(name)
    .bind(format!("{name}@example.com"))
    .bind(clock.now())
    .execute(&mut tx)
    .await;
    assert_eq!(inserted.expect("it runs"), 1);
    tx.commit().await.expect("it commits");
}
