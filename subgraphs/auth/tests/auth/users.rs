//! Reading accounts.

use chatty_access::{Caller, Role};
use chatty_types::{PostId, UserId};
use serde_json::{Value, json};

use crate::fixture::{World, fault};

const ENTITIES: &str = "query($of: [_Any!]!) { _entities(representations: $of) { ... on User { id username } } }";

fn representations<'a>(ids: impl IntoIterator<Item = &'a str>) -> Value {
    let of: Vec<_> = ids.into_iter().map(|id| json!({"__typename": "User", "id": id})).collect();
    json!({"of": of})
}

#[tokio::test]
async fn me_is_who_is_signed_in_and_nobody_else() {
    let world = World::start().await;
    let ana = world.register("ana").await;
    let caller = world.caller(&world.login("ana").await);
    let document =
        "{ me { user { id username createdAt role isDeleted email emailStatus accountState version } scopes } }";
    let me = world.run(&caller, document, json!({})).await;
    let created = me["user"]["createdAt"].as_str().unwrap().to_owned();
    let user = json!({
        "id": ana.to_string(), "username": "ana", "createdAt": created, "role": "USER", "isDeleted": false,
        "email": "ana@example.com", "emailStatus": "PENDING", "accountState": "ACTIVE", "version": 1,
    });
    assert_eq!(me, json!({"user": user, "scopes": ["self"]}));
    assert_eq!(world.run(&Caller::anonymous(), document, json!({})).await, json!(null));
    assert_eq!(world.run(&world.somebody(Role::User), document, json!({})).await, json!(null));
}

#[tokio::test]
async fn a_user_is_found_by_id_or_by_name() {
    let world = World::start().await;
    let ana = world.register("ana").await.to_string();
    let find = async |arguments: &str| {
        let document = format!("{{ user{arguments} {{ id username }} }}");
        world.ask(&Caller::anonymous(), &document, json!({})).await
    };
    let found = json!({"data": {"user": {"id": ana, "username": "ana"}}});
    assert_eq!(find(&format!(r#"(id: "{ana}")"#)).await, found);
    assert_eq!(find(r#"(username: "ana")"#).await, found);
    assert_eq!(find(r#"(username: "ANA")"#).await, found);
    let nobody = json!({"data": {"user": null}});
    for name in ["ben", "", "a b", "ana\\u0000", "ana@example.com"] {
        assert_eq!(find(&format!(r#"(username: "{name}")"#)).await, nobody, "{name}");
    }
    assert_eq!(find(&format!(r#"(id: "{}")"#, UserId::new(&world.env.clock))).await, nobody);

    assert_eq!(fault(&find("").await), "BAD_USER_INPUT");
    assert_eq!(fault(&find(&format!(r#"(id: "{ana}", username: "ana")"#)).await), "BAD_USER_INPUT");
    assert_eq!(fault(&find(&format!(r#"(id: "{}")"#, PostId::new(&world.env.clock))).await), "BAD_ID");
    assert_eq!(fault(&find(r#"(id: "1")"#).await), "BAD_ID");
}

#[tokio::test]
async fn addresses_and_states_are_for_their_owner_and_for_administrators() {
    let world = World::start().await;
    let ana = world.register("ana").await;
    world.register("ben").await;
    let owner = world.caller(&world.login("ana").await);
    let stranger = world.caller(&world.login("ben").await);
    let all = json!({"email": "ana@example.com", "emailStatus": "PENDING", "accountState": "ACTIVE"});
    let none = json!({"email": null, "emailStatus": null, "accountState": null});
    let admin = world.somebody(Role::Admin);
    let moderator = world.somebody(Role::Moderator);
    for (caller, expected) in
        [(owner, &all), (admin, &all), (stranger, &none), (moderator, &none), (Caller::anonymous(), &none)]
    {
        let direct = r#"{ user(username: "ana") { email emailStatus accountState } }"#;
        assert_eq!(world.run(&caller, direct, json!({})).await, *expected);
        let aside = "query($of: [_Any!]!) { _entities(representations: $of) {
            ... on User { email emailStatus accountState } } }";
        let entities = world.run(&caller, aside, representations([ana.to_string().as_str()])).await;
        assert_eq!(entities, json!([expected]));
    }
}

#[tokio::test]
async fn entities_cost_one_statement_however_many_there_are() {
    let (world, caller) = (World::start().await, Caller::anonymous());
    let mut ids = Vec::new();
    for n in 0..6 {
        ids.push(world.register(&format!("user{n}")).await.to_string());
    }
    for count in [1, 6] {
        let document = world.run(&caller, ENTITIES, representations(ids[..count].iter().map(String::as_str)));
        let (entities, statements) = chatty_store::counted(document).await;
        let names: Vec<_> = entities.as_array().unwrap().iter().map(|user| user["username"].clone()).collect();
        assert_eq!(names, (0..count).map(|n| json!(format!("user{n}"))).collect::<Vec<_>>());
        assert_eq!(statements, 1);
    }
    let aliases: Vec<_> = (0..6).map(|n| format!(r#"u{n}: user(username: "user{n}") {{ id }}"#)).collect();
    let document = format!("{{ {} }}", aliases.join(" "));
    let (answer, statements) = chatty_store::counted(world.ask(&caller, &document, json!({}))).await;
    assert_eq!((&answer["data"]["u5"]["id"], statements), (&json!(ids[5]), 1));
}

#[tokio::test]
async fn entities_that_are_not_there_are_null() {
    let world = World::start().await;
    let ana = world.register("ana").await.to_string();
    let (nobody, post) = (UserId::new(&world.env.clock).to_string(), PostId::new(&world.env.clock).to_string());
    let of = representations([nobody.as_str(), &ana, "", &post, "usr_", &ana]);
    let entities = world.run(&Caller::anonymous(), ENTITIES, of).await;
    let ana = json!({"id": ana, "username": "ana"});
    assert_eq!(entities, json!([null, ana, null, null, null, ana]));
}

#[test]
fn the_sdl_owns_users_and_marks_what_depends_on_the_viewer() {
    let sdl = chatty_auth::sdl();
    assert!(sdl.contains(r#"type User @key(fields: "id")"#), "{sdl}");
    for field in ["me: Viewer", "email: EmailAddress", "emailStatus: EmailStatus", "accountState: AccountState"] {
        assert!(sdl.contains(&format!("\t{field} @tag(name: \"viewer\")")), "{field} in {sdl}");
    }
}
