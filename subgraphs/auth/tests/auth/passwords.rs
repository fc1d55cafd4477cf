//! Choosing a password.

use serde_json::{Value, json};

use crate::fixture::{World, problems};

async fn choose(world: &World, password: &str) -> Value {
    let input = json!({"username": "maria", "email": "m.oliveira@example.com", "password": password});
    world.register_with(input).await
}

#[tokio::test]
async fn what_is_guessed_early_is_refused_by_a_rule_with_a_name() {
    let world = World::start().await;
    let weak = [
        ("password1", "common"),
        ("PASSW0RD", "common"),
        ("ｐａｓｓｗｏｒｄ１", "common"),
        ("qwertyuiop", "common"),
        ("12345678", "common"),
        ("11111111", "common"),
        ("iloveyou22", "common"),
        ("yttahc!9", "context"),
        ("m.oliveira@example.com", "context"),
        ("M.Oliveira1", "context"),
        ("maria_m.oliveira", "context"),
    ];
    for (password, rule) in weak {
        let payload = choose(&world, password).await;
        assert_eq!(problems(&payload), ["WEAK_PASSWORD input.password"], "{password}");
        assert_eq!(payload["errors"][0]["rule"], json!(rule), "{password}");
        assert_eq!((&payload["user"], &payload["passwordScore"]), (&json!(null), &json!(null)));
    }
    // Whose names they are not may have them.
    let input = json!({"username": "ben", "email": "ben@example.com", "password": "m.oliveira@example.com"});
    assert_eq!(problems(&world.register_with(input).await), Vec::<String>::new());
}

#[tokio::test]
async fn the_score_is_told_with_the_account_and_beside_other_errors() {
    let world = World::start().await;
    assert_eq!(choose(&world, "x7kq2mzp").await["passwordScore"], json!(3));
    let taken = choose(&world, "пусть всегда будет солнце").await;
    assert_eq!(problems(&taken), ["TAKEN input.username", "TAKEN input.email"]);
    assert_eq!(taken["passwordScore"], json!(4));
    let short = world.register_with(json!({"username": "a", "email": "?", "password": "short"})).await;
    assert_eq!((problems(&short).len(), &short["passwordScore"]), (3, &json!(null)));
}
