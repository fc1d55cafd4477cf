//! Signing out.

use chatty_access::{Caller, Role, Scope, Scopes, Viewer};
use serde_json::{Value, json};

use crate::fixture::{Tokens, World, fault, problems};

const LOGOUT: &str = "mutation($input: LogoutInput!) { logout(input: $input) {
    ok errors { code path ... on NotFoundError { id } } } }";

impl World {
    async fn logout(&self, caller: &Caller, input: Value) -> Value {
        self.run(caller, LOGOUT, json!({"input": input})).await
    }

    /// Which of the sessions go on. Spends their tokens.
    async fn alive(&self, sessions: &[&Tokens]) -> Vec<bool> {
        let mut alive = Vec::new();
        for session in sessions {
            let payload = self.refresh(&session.refresh).await;
            let problems = problems(&payload);
            assert!(problems.is_empty() || problems == ["TOKEN_INVALID input.refreshToken"], "{payload}");
            alive.push(problems.is_empty());
        }
        alive
    }

    async fn sign_in_three(&self) -> [Tokens; 3] {
        self.register("ana").await;
        [self.login("ana").await, self.login("ana").await, self.login("ana").await]
    }
}

#[tokio::test]
async fn this_session_ends_and_may_be_ended_again() {
    let world = World::start().await;
    let [one, two, three] = world.sign_in_three().await;
    for _ in 0..2 {
        assert_eq!(
            world.logout(&world.caller(&one), json!({"scope": "THIS"})).await,
            json!({"ok": true, "errors": []})
        );
    }
    assert_eq!(world.alive(&[&one, &two, &three]).await, [false, true, true]);
}

#[tokio::test]
async fn all_sessions_end_and_nobody_elses() {
    let world = World::start().await;
    let [one, two, three] = world.sign_in_three().await;
    world.register("ben").await;
    let ben = world.login("ben").await;
    assert_eq!(world.logout(&world.caller(&one), json!({"scope": "ALL"})).await["ok"], json!(true));
    assert_eq!(world.alive(&[&one, &two, &three, &ben]).await, [false, false, false, true]);
}

#[tokio::test]
async fn the_others_end_and_this_goes_on() {
    let world = World::start().await;
    let [one, two, three] = world.sign_in_three().await;
    assert_eq!(world.logout(&world.caller(&two), json!({"scope": "OTHERS"})).await["ok"], json!(true));
    assert_eq!(world.alive(&[&one, &two, &three]).await, [false, true, false]);
}

#[tokio::test]
async fn one_session_of_ones_own_ends() {
    let world = World::start().await;
    let [one, two, three] = world.sign_in_three().await;
    let target = world.caller(&three).viewer.unwrap().session.to_string();
    let input = json!({"scope": "SESSION", "sessionId": target});
    assert_eq!(world.logout(&world.caller(&one), input).await["ok"], json!(true));
    assert_eq!(world.alive(&[&one, &two, &three]).await, [true, true, false]);
}

#[tokio::test]
async fn a_strangers_session_is_not_found_like_one_that_does_not_exist() {
    let world = World::start().await;
    let [one, ..] = world.sign_in_three().await;
    world.register("ben").await;
    let ben = world.login("ben").await;
    let bens = world.caller(&ben).viewer.unwrap().session.to_string();
    let nobodys = world.somebody(Role::User).viewer.unwrap().session.to_string();
    for id in [bens, nobodys] {
        let payload = world.logout(&world.caller(&one), json!({"scope": "SESSION", "sessionId": id})).await;
        assert_eq!(problems(&payload), ["NOT_FOUND input.sessionId"]);
        assert_eq!((&payload["ok"], &payload["errors"][0]["id"]), (&json!(false), &json!(id)));
    }
    assert_eq!(world.alive(&[&ben]).await, [true]);
}

#[tokio::test]
async fn the_session_is_named_exactly_where_it_is_asked_for() {
    let world = World::start().await;
    let [one, ..] = world.sign_in_three().await;
    let caller = world.caller(&one);
    let user = caller.user().unwrap().to_string();
    let session = caller.viewer.as_ref().unwrap().session.to_string();
    let refused = async |input: Value| problems(&world.logout(&caller, input).await);
    assert_eq!(refused(json!({"scope": "SESSION"})).await, ["REQUIRED input.sessionId"]);
    assert_eq!(refused(json!({"scope": "SESSION", "sessionId": user})).await, ["BAD_ID input.sessionId"]);
    assert_eq!(refused(json!({"scope": "SESSION", "sessionId": "x"})).await, ["BAD_ID input.sessionId"]);
    assert_eq!(refused(json!({"scope": "THIS", "sessionId": session})).await, ["NOT_ALLOWED input.sessionId"]);
    assert_eq!(world.alive(&[&one]).await, [true]);
}

#[tokio::test]
async fn only_who_is_signed_in_may_sign_out_whatever_else_they_may() {
    let world = World::start().await;
    let [one, ..] = world.sign_in_three().await;
    let input = json!({"input": {"scope": "THIS"}});
    assert_eq!(fault(&world.ask(&Caller::anonymous(), LOGOUT, input).await), "UNAUTHENTICATED");
    let mut caller = world.caller(&one);
    let viewer = caller.viewer.take().unwrap();
    caller.viewer = Some(Viewer { scopes: Scopes::NONE.with(Scope::SelfRead), ..viewer });
    assert_eq!(world.logout(&caller, json!({"scope": "THIS"})).await["ok"], json!(true));
    assert_eq!(world.alive(&[&one]).await, [false]);
}

#[tokio::test]
async fn open_sessions_are_listed_for_their_owner_and_can_be_ended_by_their_id() {
    let world = World::start().await;
    let [one, two, three] = world.sign_in_three().await;
    world.register("ben").await;
    world.login("ben").await;
    world.logout(&world.caller(&two), json!({"scope": "THIS"})).await;
    let document = "query($first: Int, $after: Cursor) { me { sessions(first: $first, after: $after) {
        nodes { id device lastSeenAt createdAt isCurrent } pageInfo { hasNextPage endCursor } } } }";
    let list =
        async |caller: &Caller, variables: Value| world.run(caller, document, variables).await["sessions"].take();

    let all = list(&world.caller(&three), json!({})).await;
    let seen: Vec<_> = all["nodes"].as_array().unwrap().iter().map(|node| node["isCurrent"].clone()).collect();
    assert_eq!(seen, [json!(true), json!(false)], "the newest first, nobody else's, none that has ended");
    let first = list(&world.caller(&three), json!({"first": 1})).await;
    assert_eq!(first["pageInfo"]["hasNextPage"], json!(true));
    let second = list(&world.caller(&three), json!({"first": 1, "after": first["pageInfo"]["endCursor"]})).await;
    assert_eq!(json!([first["nodes"][0], second["nodes"][0]]), all["nodes"]);

    let input = json!({"scope": "SESSION", "sessionId": second["nodes"][0]["id"]});
    assert_eq!(world.logout(&world.caller(&three), input).await["ok"], json!(true));
    assert_eq!(world.alive(&[&one, &three]).await, [false, true]);
    assert_eq!(list(&world.caller(&three), json!({})).await["nodes"].as_array().unwrap().len(), 1);
}
