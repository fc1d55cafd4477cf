//! Changing what accounts are trusted with.

use chatty_access::{Caller, Revocation, Role};
use chatty_events::auth::{AccessRevoked, RevocationReason, Revoked, UserRoleChanged};
use chatty_store::query;
use chatty_types::{PostId, UserId};
use chrono::TimeDelta;
use futures_util::future::join_all;
use secrecy::ExposeSecret;
use serde_json::{Value, json};

use crate::fixture::{PASSWORD, World, fault, problems, tokens};

const SET: &str = "mutation($input: SetUserRoleInput!) { setUserRole(input: $input) {
    user { id role version } errors { code message path } } }";

fn input(user: UserId, role: &str) -> Value {
    json!({"userId": user.to_string(), "role": role, "reason": "it was agreed"})
}

impl World {
    async fn set_role(&self, caller: &Caller, input: Value) -> Value {
        self.run(caller, SET, json!({"input": input})).await
    }

    /// This many administrators, whose names begin alike.
    async fn admins(&self, count: usize) -> Vec<UserId> {
        let names: Vec<_> = (0..count).map(|n| format!("admin{n}")).collect();
        let ids = self.people(&names.iter().map(String::as_str).collect::<Vec<_>>()).await;
        let mut tx = self.db().begin().await.expect("a transaction");
        let promoted = query!("UPDATE account SET role = 'ADMIN'").execute(&mut tx).await.expect("updated");
        tx.commit().await.expect("committed");
        assert_eq!(promoted, count as u64);
        ids
    }

    async fn count_admins(&self) -> i64 {
        let count = query!("SELECT COUNT(1) FROM account WHERE role = 'ADMIN' AND state = 'ACTIVE'");
        count.fetch_one::<(i64,)>(self.db()).await.expect("a count").0
    }
}

#[tokio::test]
async fn only_administrators_change_roles() {
    let world = World::start().await;
    let ana = world.people(&["ana"]).await[0];
    let ask = async |caller: &Caller| world.ask(caller, SET, json!({"input": input(ana, "ADMIN")})).await;
    assert_eq!(fault(&ask(&Caller::anonymous()).await), "UNAUTHENTICATED");
    for role in [Role::User, Role::Moderator] {
        assert_eq!(fault(&ask(&world.acting_as(ana, role)).await), "FORBIDDEN");
    }
    assert_eq!((world.count_admins().await, world.told_of::<UserRoleChanged>().await.len()), (0, 0));
}

#[tokio::test]
async fn a_new_role_is_told_and_ends_the_tokens_of_the_old_one_at_once() {
    let world = World::start().await;
    let ana = world.register("ana").await;
    world.register("ben").await;
    let (old, bens) = (world.login("ana").await, world.login("ben").await);
    let admin = world.somebody(Role::Admin);
    let payload = world.set_role(&admin, input(ana, "MODERATOR")).await;
    let expected = json!({"user": {"id": ana.to_string(), "role": "MODERATOR", "version": 2}, "errors": []});
    assert_eq!(payload, expected);

    let told = world.told_of::<UserRoleChanged>().await;
    let event = UserRoleChanged {
        user_id: ana,
        before: "USER".into(),
        after: "MODERATOR".into(),
        scopes: Role::Moderator.scopes().words(),
        reason: "it was agreed".into(),
        version: 2,
    };
    assert_eq!(told, [event]);
    let revoked = world.told_of::<AccessRevoked>().await;
    assert_eq!(revoked.len(), 1);
    assert_eq!((revoked[0].revoked, revoked[0].reason), (Revoked::User(ana), RevocationReason::RoleChanged));
    let snapshot = world.auth.revocations().await.unwrap();
    assert_eq!(snapshot.revoked, [Revocation::User { id: ana, not_before: revoked[0].not_before }]);

    world.verifier.revocations().merge(&snapshot);
    assert!(world.verifier.verify(&old.access).is_err());
    assert!(world.verifier.verify(&bens.access).is_ok());
    // Tokens tell their time in seconds.
    world.env.clock.advance(TimeDelta::seconds(1));
    let new = tokens(&world.refresh(&old.refresh).await);
    assert_eq!(world.verifier.verify(&new.access).unwrap().role, Role::Moderator);
}

#[tokio::test]
async fn a_role_that_somebody_has_already_is_no_change() {
    let world = World::start().await;
    let ana = world.people(&["ana"]).await[0];
    let payload = world.set_role(&world.somebody(Role::Admin), input(ana, "USER")).await;
    assert_eq!((&payload["user"]["version"], &payload["errors"]), (&json!(1), &json!([])));
    assert_eq!(world.told_of::<UserRoleChanged>().await, []);
    assert_eq!(world.auth.revocations().await.unwrap().revoked, []);
}

#[tokio::test]
async fn a_dry_run_shows_what_would_be_and_writes_nothing() {
    let world = World::start().await;
    let admin = world.admins(1).await[0];
    let ana = world.people(&["ana"]).await[0];
    let caller = world.acting_as(admin, Role::Admin);
    let dry = |mut input: Value| {
        input["dryRun"] = json!(true);
        input
    };
    let payload = world.set_role(&caller, dry(input(ana, "ADMIN"))).await;
    assert_eq!((&payload["user"]["role"], &payload["user"]["version"]), (&json!("ADMIN"), &json!(2)));
    let last = world.set_role(&caller, dry(input(admin, "USER"))).await;
    assert_eq!(problems(&last), ["LAST_ADMIN input.userId"]);
    assert_eq!(world.count_admins().await, 1);
    assert_eq!(world.told_of::<UserRoleChanged>().await, []);
    assert_eq!(world.auth.revocations().await.unwrap().revoked, []);
}

#[tokio::test]
async fn every_wrong_field_is_told_and_who_is_not_there_is_not_found() {
    let world = World::start().await;
    let admin = world.somebody(Role::Admin);
    let refused = async |user: &str, reason: &str| {
        problems(&world.set_role(&admin, json!({"userId": user, "role": "USER", "reason": reason})).await)
    };
    let post = PostId::new(&world.env.clock).to_string();
    assert_eq!(refused("1", " ").await, ["BAD_ID input.userId", "REQUIRED input.reason"]);
    assert_eq!(refused(&post, &"x".repeat(1_001)).await, ["BAD_ID input.userId", "TOO_LONG input.reason"]);
    let nobody = UserId::new(&world.env.clock).to_string();
    assert_eq!(refused(&nobody, &"x".repeat(1_000)).await, ["NOT_FOUND input.userId"]);

    let erased = world.people(&["ana"]).await[0];
    let mut tx = world.db().begin().await.unwrap();
    query!("UPDATE account SET state = 'DELETED'").execute(&mut tx).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(refused(&erased.to_string(), "because").await, ["NOT_FOUND input.userId"]);
}

#[tokio::test]
async fn the_last_administrator_in_use_stays_one() {
    let world = World::start().await;
    let admins = world.admins(3).await;
    let mut tx = world.db().begin().await.unwrap();
    let suspended = query!("UPDATE account SET state = 'SUSPENDED' WHERE id = $1").bind(admins[2]);
    suspended.execute(&mut tx).await.unwrap();
    tx.commit().await.unwrap();

    // One may step down while another is in use.
    let itself = world.acting_as(admins[0], Role::Admin);
    assert_eq!(world.set_role(&itself, input(admins[0], "USER")).await["user"]["role"], "USER");
    let last = world.acting_as(admins[1], Role::Admin);
    for role in ["USER", "MODERATOR"] {
        let payload = world.set_role(&last, input(admins[1], role)).await;
        assert_eq!((problems(&payload), &payload["user"]), (vec!["LAST_ADMIN input.userId".to_owned()], &json!(null)));
    }
    // Who is not in use keeps nobody from stepping down, and may be demoted.
    assert_eq!(world.set_role(&last, input(admins[2], "USER")).await["user"]["role"], "USER");
    assert_eq!(world.set_role(&last, input(admins[0], "ADMIN")).await["user"]["role"], "ADMIN");
    assert_eq!(world.set_role(&last, input(admins[1], "USER")).await["user"]["role"], "USER");
    assert_eq!(world.count_admins().await, 1);
}

#[tokio::test]
async fn of_administrators_who_demote_each_other_at_once_one_stays() {
    for count in [2, 6] {
        let world = World::start().await;
        let other = world.another().await;
        let admins = world.admins(count).await;
        let demotions = (0..count).map(|n| {
            let (by, whom) = (admins[n], admins[(n + 1) % count]);
            // Through two processes, as it were.
            let system = if n % 2 == 0 { &world } else { &other };
            async move { problems(&system.set_role(&system.acting_as(by, Role::Admin), input(whom, "USER")).await) }
        });
        let answers = join_all(demotions).await;
        let refused: Vec<_> = answers.iter().filter(|problems| !problems.is_empty()).collect();
        assert_eq!(refused, [&["LAST_ADMIN input.userId"]], "{count}");
        assert_eq!(world.count_admins().await, 1);
        assert_eq!(world.told_of::<UserRoleChanged>().await.len(), count - 1);
    }
}

#[tokio::test]
async fn no_token_of_the_old_role_survives_sign_ins_and_refreshes_at_the_same_time() {
    let world = World::start().await;
    let ana = world.register("ana").await;
    let admin = world.somebody(Role::Admin);
    let mut sessions = Vec::new();
    for _ in 0..4 {
        sessions.push(world.login("ana").await);
    }
    // A second that no token before has.
    world.env.clock.advance(TimeDelta::seconds(2));
    let renewals = join_all(sessions.iter().map(|pair| world.refresh(&pair.refresh)));
    let logins = join_all((0..4).map(|_| world.login("ana")));
    let change = async {
        let payload = world.set_role(&admin, input(ana, "MODERATOR")).await;
        // Whatever is issued from now on is later than what the change revokes.
        world.env.clock.advance(TimeDelta::seconds(2));
        payload
    };
    let (refreshed, logged_in, changed) = futures_util::join!(renewals, logins, change);
    assert_eq!(changed["user"]["role"], "MODERATOR");

    let issued: Vec<_> = refreshed.iter().map(tokens).chain(logged_in).collect();
    let roles: Vec<_> = issued.iter().map(|pair| world.verifier.verify(&pair.access).unwrap().role).collect();
    world.verifier.revocations().merge(&world.auth.revocations().await.unwrap());
    for (pair, role) in issued.iter().zip(roles) {
        assert!(role == Role::Moderator || world.verifier.verify(&pair.access).is_err());
    }
}

#[tokio::test]
async fn a_change_waits_for_tokens_that_are_being_issued_and_ends_them_too() {
    let world = World::start().await;
    let ana = world.register("ana").await;
    world.login("ana").await;
    // A refresh that has locked its session and goes on to read the role.
    let mut refresh = world.db().begin().await.unwrap();
    query!("UPDATE session SET rotated_at = rotated_at").execute(&mut refresh).await.unwrap();
    let admin = world.somebody(Role::Admin);
    let (change, elsewhere) = (world.set_role(&admin, input(ana, "MODERATOR")), async {
        // As long as a change that does not wait would take.
        for _ in 0..50 {
            world.count_admins().await;
        }
        world.env.clock.advance(TimeDelta::minutes(1));
        let issued_at = world.env.clock.now();
        refresh.commit().await.unwrap();
        issued_at
    });
    let (changed, issued_at) = futures_util::join!(change, elsewhere);
    assert_eq!(changed["errors"], json!([]));
    assert!(world.told_of::<AccessRevoked>().await[0].not_before >= issued_at);
}

#[tokio::test]
async fn a_token_of_the_new_role_is_good_in_the_second_of_the_change() {
    let world = World::start().await;
    let (first, ana) = (world.auth.first_admin().await.unwrap().unwrap(), world.register("ana").await);
    let admin = tokens(&world.login_as(&Caller::anonymous(), "admin", first.password.expose_secret()).await);
    let session = world.login("ana").await;
    let input = json!({"userId": ana.to_string(), "role": "MODERATOR", "reason": "helps", "dryRun": false});
    world.payload(&world.caller(&admin), "setUserRole", input, "user { role }").await;
    // Whatever the second: nothing waits here for the next.
    for payload in [world.refresh(&session.refresh).await, world.login_as(&Caller::anonymous(), "ana", PASSWORD).await]
    {
        let document = "query($token: String!) { tokenInfo(token: $token) { valid role } }";
        let info = world.run(&Caller::anonymous(), document, json!({"token": tokens(&payload).access})).await;
        assert_eq!(info, json!({"valid": true, "role": "MODERATOR"}));
    }
}
