//! Accounts that are suspended, and accounts that are erased.

use chatty_access::{Caller, Role};
use chatty_events::{
    admin::{ModerationApplied, ModerationKind, ModerationRevoked},
    posts,
};
use chatty_store::query;
use chatty_types::UserId;
use chrono::{DateTime, TimeDelta, Utc};
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use uuid::Uuid;

use super::fixture::{PASSWORD, Tokens, World, fault, problems, tokens};

impl World {
    fn suspension(&self, target: UserId, action: u128, expires_at: Option<DateTime<Utc>>) -> ModerationApplied {
        ModerationApplied {
            action_id: Uuid::from_u128(action),
            kind: ModerationKind::Suspend,
            target,
            actor_id: UserId::new(&self.env.clock),
            reason: "spam".to_owned(),
            expires_at,
            at: self.env.clock.now(),
        }
    }

    fn back(&self, target: UserId, action: u128) -> ModerationRevoked {
        ModerationRevoked { action_id: Uuid::from_u128(action), target, at: self.env.clock.now() }
    }

    async fn me(&self, tokens: &Tokens) -> Value {
        let document = "{ me { user { accountState } scopes suspension { reason until } deletionDueAt } }";
        self.run(&self.caller(tokens), document, json!({})).await
    }

    /// Signs in again; where the account stands.
    async fn state(&self, name: &str) -> String {
        let me = self.me(&self.login(name).await).await;
        me["user"]["accountState"].as_str().expect("a state").to_owned()
    }

    /// Waits until the service has noticed that a time has come.
    async fn until_told(&self, routing_key: &str, times: usize) {
        let mut commits = self.db().commits();
        while self.told(routing_key).await.len() < times {
            commits.changed().await.expect("the database is open");
        }
    }

    async fn delete_own(&self, tokens: &Tokens) -> Value {
        let input = json!({"password": PASSWORD});
        self.payload(&self.caller(tokens), "deleteAccount", input, "deletionDueAt").await
    }
}

#[tokio::test]
async fn a_suspended_person_is_signed_out_and_may_only_read_why() {
    let world = World::start().await;
    let ana = world.register("ana").await;
    let session = world.login("ana").await;
    let until = world.env.clock.now() + TimeDelta::days(7);
    let decision = world.suspension(ana, 1, Some(until));
    world.hear(&decision).await;
    world.hear(&decision).await;
    assert_eq!(problems(&world.refresh(&session.refresh).await), ["TOKEN_INVALID input.refreshToken"]);
    assert_eq!(world.told("auth.access.revoked").await.len(), 1);
    let changes = world.told("auth.user.state_changed").await;
    assert_eq!(changes.len(), 1);
    assert_eq!((&changes[0]["from"], &changes[0]["to"]), (&json!("ACTIVE"), &json!("SUSPENDED")));
    assert_eq!(world.mails().await.iter().filter(|mail| mail["template"] == "ACCOUNT_SUSPENDED").count(), 1);

    let restricted = world.login("ana").await;
    let me = world.me(&restricted).await;
    assert_eq!(me["user"]["accountState"], "SUSPENDED");
    assert_eq!(me["scopes"], json!(["self:read", "account:delete"]));
    assert_eq!(me["suspension"]["reason"], "spam");
    assert_eq!(me["suspension"]["until"].as_str().unwrap().parse::<DateTime<Utc>>().unwrap(), until);
    let change = json!({"currentPassword": PASSWORD, "newPassword": "another horse in the staple"});
    let refused = world.call(&world.caller(&restricted), "changePassword", change, "ok").await;
    assert_eq!(fault(&refused), "FORBIDDEN");
    // What is restricted stays so when it is renewed.
    let renewed = tokens(&world.refresh(&restricted.refresh).await);
    assert_eq!(world.me(&renewed).await["scopes"], json!(["self:read", "account:delete"]));
}

#[tokio::test]
async fn a_suspension_ends_at_its_time_or_when_it_is_taken_back() {
    let world = World::start().await;
    let (ana, ben) = (world.register("ana").await, world.register("ben").await);
    world.hear(&world.suspension(ana, 1, Some(world.env.clock.now() + TimeDelta::hours(1)))).await;
    world.hear(&world.suspension(ben, 2, None)).await;
    world.hear(&world.back(ben, 3)).await;
    assert_eq!((world.state("ana").await, world.state("ben").await), ("SUSPENDED".into(), "SUSPENDED".into()));
    world.env.clock.advance(TimeDelta::hours(1));
    world.until_told("auth.user.state_changed", 3).await;
    assert_eq!((world.state("ana").await, world.state("ben").await), ("ACTIVE".into(), "SUSPENDED".into()));
    world.hear(&world.back(ben, 2)).await;
    assert_eq!(world.state("ben").await, "ACTIVE");
}

#[tokio::test]
async fn decisions_may_arrive_in_any_order_and_late() {
    let world = World::start().await;
    let ana = world.register("ana").await;
    // Taken back before it arrived.
    world.hear(&world.back(ana, 1)).await;
    world.hear(&world.suspension(ana, 1, None)).await;
    assert_eq!(world.state("ana").await, "ACTIVE");
    // Over before it arrived.
    world.hear(&world.suspension(ana, 2, Some(world.env.clock.now()))).await;
    assert_eq!(world.state("ana").await, "ACTIVE");
    // Of two the later decision counts.
    let earlier = world.suspension(ana, 3, Some(world.env.clock.now() + TimeDelta::hours(1)));
    world.env.clock.advance(TimeDelta::seconds(1));
    let later = world.suspension(ana, 4, None);
    world.hear(&later).await;
    world.hear(&earlier).await;
    let me = world.me(&world.login("ana").await).await;
    assert_eq!(me["suspension"], json!({"reason": "spam", "until": null}));
    assert_eq!(world.told("auth.user.state_changed").await.len(), 1);
    // A decision anew is told, because its end is another.
    world.env.clock.advance(TimeDelta::seconds(1));
    world.hear(&world.suspension(ana, 7, Some(world.env.clock.now() + TimeDelta::hours(2)))).await;
    let told = world.told("auth.user.state_changed").await;
    assert_eq!((told.len(), &told[1]["from"], &told[1]["to"]), (2, &json!("SUSPENDED"), &json!("SUSPENDED")));
    assert!(told[1]["until"].is_string());
    // An account that is not there, and a decision of another kind.
    world.hear(&world.suspension(UserId::new(&world.env.clock), 5, None)).await;
    world.hear(&ModerationApplied { kind: ModerationKind::Unknown, ..world.suspension(ana, 6, None) }).await;
}

#[tokio::test]
async fn an_account_is_erased_after_two_weeks_and_nothing_of_it_remains() {
    let world = World::start().await;
    let ana = world.register("ana").await;
    let session = world.login("ana").await;
    let wrong = json!({"password": "wrong password"});
    let wrong = world.payload(&world.caller(&session), "deleteAccount", wrong, "deletionDueAt").await;
    assert_eq!(problems(&wrong), ["BAD_CREDENTIALS input.password"]);
    let asked_at = world.env.clock.now();
    let due = world.delete_own(&session).await;
    let due = due["deletionDueAt"].as_str().unwrap().parse::<DateTime<Utc>>().unwrap();
    assert!((asked_at..=world.env.clock.now()).contains(&(due - TimeDelta::days(14))));
    assert_eq!(problems(&world.refresh(&session.refresh).await), ["TOKEN_INVALID input.refreshToken"]);

    world.env.clock.advance(TimeDelta::days(14));
    world.until_told("auth.user.deleted", 1).await;
    assert_eq!(problems(&world.login_as(&Caller::anonymous(), "ana", PASSWORD).await), ["BAD_CREDENTIALS input"]);
    let document = "query($id: ID!) { user(id: $id) { isDeleted } }";
    let user = world.run(&Caller::anonymous(), document, json!({"id": ana.to_string()})).await;
    assert_eq!(user["isDeleted"], true);
    let mut tx = world.db().begin().await.unwrap();
    // Events name the address of the mails; the relay deletes what it has sent.
    query!("DELETE FROM outbox").execute(&mut tx).await.unwrap();
    tx.commit().await.unwrap();
    for column in [
        query!("SELECT username FROM account"),
        query!("SELECT email FROM account"),
        query!("SELECT email_key FROM account"),
        query!("SELECT password_hash FROM account"),
    ] {
        let (left,) = column.fetch_one::<(String,)>(world.db()).await.unwrap();
        assert!(!left.contains("example") && !left.contains("argon2") && left != "ana", "{left}");
    }
    let (sessions, links): (i64, i64) =
        query!("SELECT (SELECT COUNT(1) FROM session), (SELECT COUNT(1) FROM mail_link)")
            .fetch_one(world.db())
            .await
            .unwrap();
    assert_eq!((sessions, links), (0, 0));
    // The name is nobody's for a while, so that none passes for its former owner. The address is free again.
    let same = json!({"username": "ana", "email": "ana@example.com", "password": PASSWORD});
    assert_eq!(problems(&world.register_with(same.clone()).await), ["TAKEN input.username"]);
    let found = world.run(&Caller::anonymous(), r#"{ user(username: "ana") { id } }"#, json!({})).await;
    assert_eq!(found, Value::Null);
    let again = json!({"username": "anna", "email": "ana@example.com", "password": PASSWORD});
    assert_eq!(problems(&world.register_with(again).await), [""; 0]);
}

#[tokio::test]
async fn who_signs_in_again_in_time_takes_the_deletion_back() {
    let world = World::start().await;
    world.register("ana").await;
    world.delete_own(&world.login("ana").await).await;
    let restricted = world.login("ana").await;
    let me = world.me(&restricted).await;
    assert_eq!(me["scopes"], json!(["self:read", "account:delete"]));
    // To ask again changes nothing.
    assert_eq!(world.delete_own(&restricted).await["deletionDueAt"], me["deletionDueAt"]);
    let cancelled =
        world.payload(&world.caller(&restricted), "cancelAccountDeletion", json!({}), "user { accountState }").await;
    assert_eq!(cancelled, json!({"user": {"accountState": "ACTIVE"}, "errors": []}));
    let me = world.me(&world.login("ana").await).await;
    assert_eq!((&me["deletionDueAt"], &me["scopes"]), (&Value::Null, &json!(["self"])));
    world.env.clock.advance(TimeDelta::days(15));
    let again = world.login("ana").await;
    let nothing = world.payload(&world.caller(&again), "cancelAccountDeletion", json!({}), "user { id }").await;
    assert_eq!(problems(&nothing), ["STATE_CONFLICT input.userId"]);
    assert_eq!(world.told("auth.user.deleted").await.len(), 0);
}

#[tokio::test]
async fn a_suspended_account_that_comes_back_is_suspended_still() {
    let world = World::start().await;
    let ana = world.register("ana").await;
    world.hear(&world.suspension(ana, 1, None)).await;
    world.delete_own(&world.login("ana").await).await;
    let restricted = world.login("ana").await;
    let cancelled =
        world.payload(&world.caller(&restricted), "cancelAccountDeletion", json!({}), "user { accountState }").await;
    assert_eq!(cancelled["user"]["accountState"], "SUSPENDED");
}

#[tokio::test]
async fn administrators_erase_accounts_but_not_the_last_of_their_own() {
    let world = World::start().await;
    let first = world.auth.first_admin().await.unwrap().unwrap();
    let admin = tokens(&world.login_as(&Caller::anonymous(), "admin", first.password.expose_secret()).await);
    let (ana, admin_id) = (world.register("ana").await, world.caller(&admin).viewer.unwrap().user);
    let delete = async |caller: &Caller, user: String, dry_run: bool| {
        let input = json!({"userId": user, "reason": "asked for", "dryRun": dry_run});
        world.call(caller, "adminDeleteUser", input, "deletionDueAt user { username }").await
    };
    let caller = world.caller(&admin);
    assert_eq!(fault(&delete(&world.somebody(Role::Moderator), ana.to_string(), false).await), "FORBIDDEN");
    assert_eq!(fault(&delete(&Caller::anonymous(), ana.to_string(), false).await), "UNAUTHENTICATED");
    let payload = async |user: String, dry_run| delete(&caller, user, dry_run).await["data"]["adminDeleteUser"].take();
    assert_eq!(problems(&payload(admin_id.to_string(), false).await), ["LAST_ADMIN input.userId"]);
    assert_eq!(problems(&payload("pst_1".to_owned(), false).await), ["BAD_ID input.userId"]);
    let nobody = UserId::new(&world.env.clock);
    assert_eq!(problems(&payload(nobody.to_string(), false).await), ["NOT_FOUND input.userId"]);
    assert!(payload(ana.to_string(), true).await["deletionDueAt"].is_string());
    assert_eq!(world.state("ana").await, "ACTIVE", "a dry run changes nothing");
    assert!(payload(ana.to_string(), false).await["deletionDueAt"].is_string());

    // Nor does it help to have asked for it before.
    world.register("eve").await;
    let eve = world.login("eve").await;
    world.delete_own(&eve).await;
    let id = world.caller(&eve).viewer.unwrap().user;
    assert!(payload(id.to_string(), false).await["deletionDueAt"].is_string());
    let eve = world.caller(&world.login("eve").await);
    let own = world.payload(&eve, "cancelAccountDeletion", json!({}), "user { id }").await;
    assert_eq!(problems(&own), ["FORBIDDEN input.userId"]);

    // Not the owner's to take back, but an administrator's.
    let owner = world.caller(&world.login("ana").await);
    let own = world.payload(&owner, "cancelAccountDeletion", json!({}), "user { id }").await;
    assert_eq!(problems(&own), ["FORBIDDEN input.userId"]);
    let input = json!({"userId": admin_id.to_string()});
    assert_eq!(fault(&world.call(&owner, "cancelAccountDeletion", input, "user { id }").await), "FORBIDDEN");
    let input = json!({"userId": ana.to_string()});
    let cancelled = world.payload(&caller, "cancelAccountDeletion", input, "user { accountState }").await;
    assert_eq!(cancelled["user"]["accountState"], "ACTIVE");
}

#[tokio::test]
async fn receipts_of_erasure_are_kept_once() {
    let world = World::start().await;
    let erasure = Uuid::from_u128(9);
    let receipt = |count| posts::ErasureCompleted {
        erasure_id: erasure,
        user_id: UserId::new(&world.env.clock),
        counts: [("posts".to_owned(), count)].into(),
        finished_at: world.env.clock.now(),
    };
    world.hear(&receipt(3)).await;
    world.hear(&receipt(0)).await;
    let rows = query!("SELECT service, counts FROM erasure_receipt").fetch_all::<(String, String)>(world.db()).await;
    assert_eq!(rows.unwrap(), [("posts".to_owned(), r#"{"posts":3}"#.to_owned())]);
}
