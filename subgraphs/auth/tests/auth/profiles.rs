//! Profiles, and the names that people had before.

use chatty_access::{Caller, Role, Scope, Scopes};
use chatty_events::{
    Envelope, Event,
    auth::{ChangedProfile, UserUpdated},
    email::RecipientChanged,
};
use chatty_store::query;
use chatty_types::UserId;
use chrono::TimeDelta;
use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::fixture::{PASSWORD, World, fault, problems};

const UPDATE: &str = "mutation($input: UpdateProfileInput!) { updateProfile(input: $input) {
    user { id username displayName bio locale timeZone version }
    errors { code message path ... on ConflictError { currentVersion } } } }";

impl World {
    /// The registered user, signed in with this role.
    pub(crate) fn acting_as(&self, user: UserId, role: Role) -> Caller {
        let mut caller = self.somebody(role);
        caller.viewer.as_mut().expect("somebody").user = user;
        caller
    }

    /// Registers `name` and signs them in.
    async fn join(&self, name: &str) -> Caller {
        self.acting_as(self.register(name).await, Role::User)
    }

    async fn edit(&self, caller: &Caller, input: Value) -> Value {
        self.run(caller, UPDATE, json!({"input": input})).await
    }

    /// Updates what must be accepted; the user then.
    async fn edited(&self, caller: &Caller, input: Value) -> Value {
        let payload = self.edit(caller, input).await;
        assert_eq!(payload["errors"], json!([]), "{payload}");
        payload["user"].clone()
    }

    async fn edit_refused(&self, caller: &Caller, input: Value) -> Vec<String> {
        let payload = self.edit(caller, input).await;
        assert_eq!(payload["user"], json!(null), "{payload}");
        problems(&payload)
    }

    /// Who answers to the name; their name then, or null.
    async fn found_by_name(&self, name: &str) -> Value {
        let document = format!(r#"{{ user(username: "{name}") {{ username }} }}"#);
        self.run(&Caller::anonymous(), &document, json!({})).await["username"].clone()
    }

    async fn register_as(&self, name: &str, email: &str) -> Vec<String> {
        problems(&self.register_with(json!({"username": name, "email": email, "password": PASSWORD})).await)
    }

    /// What was told of one type, in its order.
    pub(crate) async fn told_of<E: Event>(&self) -> Vec<E> {
        let rows = query!("SELECT envelope FROM outbox ORDER BY id");
        let rows: Vec<(String,)> = rows.fetch_all(self.db()).await.expect("the outbox is read");
        let envelopes = rows.iter().map(|(text,)| serde_json::from_str::<Envelope>(text).expect("an envelope"));
        envelopes.filter_map(|envelope| envelope.decode().expect("of the contract")).collect()
    }

    async fn held_names(&self) -> i64 {
        let count = query!("SELECT COUNT(1) FROM held_username").fetch_one::<(i64,)>(self.db()).await;
        count.expect("a count").0
    }
}

#[tokio::test]
async fn a_profile_says_what_its_owner_wants_and_a_change_raises_the_version_by_one() {
    let world = World::start().await;
    let ana = world.join("ana").await;
    let input = json!({
        "username": "Ana_2", "displayName": " Ana Mari\u{301}a ", "bio": "I bake.\r\nSometimes.", "avatarId": null,
        "locale": "PT-br", "timeZone": "Europe/Moscow", "expectedVersion": 1,
    });
    let user = world.edited(&ana, input).await;
    let expected = json!({
        "id": ana.user().unwrap().to_string(), "username": "ana_2", "displayName": "Ana Mar\u{ed}a",
        "bio": "I bake.\nSometimes.", "locale": "pt-BR", "timeZone": "Europe/Moscow", "version": 2,
    });
    assert_eq!(user, expected);
    let read = "{ me { user { id username displayName bio locale timeZone version } } }";
    assert_eq!(world.run(&ana, read, json!({})).await["user"], expected);
}

#[tokio::test]
async fn an_absent_field_stays_and_null_removes_what_may_be_empty() {
    let world = World::start().await;
    let ana = world.join("ana").await;
    world.edited(&ana, json!({"displayName": "Ana", "bio": "I bake."})).await;
    let user = world.edited(&ana, json!({"bio": null})).await;
    assert_eq!((&user["displayName"], &user["bio"], &user["version"]), (&json!("Ana"), &json!(null), &json!(3)));
    let user = world.edited(&ana, json!({"displayName": "  "})).await;
    assert_eq!((&user["displayName"], &user["username"]), (&json!(null), &json!("ana")));
    let nothing = json!({"username": null, "locale": null, "timeZone": null});
    let required = ["REQUIRED input.username", "REQUIRED input.locale", "REQUIRED input.timeZone"];
    assert_eq!(world.edit_refused(&ana, nothing).await, required);
}

#[tokio::test]
async fn every_wrong_field_is_told_at_once_and_nothing_is_changed() {
    let world = World::start().await;
    let ana = world.join("ana").await;
    let wrong = json!({
        "username": "a b", "displayName": "\u{202e}ana", "bio": "x".repeat(501), "avatarId": "med_1",
        "locale": "russian", "timeZone": "Mars/Olympus",
    });
    let expected = [
        "INVALID_FORMAT input.username",
        "INVALID_FORMAT input.displayName",
        "TOO_LONG input.bio",
        "NOT_ALLOWED input.avatarId",
        "INVALID_FORMAT input.locale",
        "INVALID_FORMAT input.timeZone",
    ];
    assert_eq!(world.edit_refused(&ana, wrong).await, expected);
    assert_eq!(world.edited(&ana, json!({})).await["version"], 1);
}

#[tokio::test]
async fn a_change_that_changes_nothing_raises_nothing_and_tells_nothing() {
    let world = World::start().await;
    let ana = world.join("ana").await;
    world.edited(&ana, json!({"displayName": "Ana"})).await;
    let same = json!({"username": "ANA", "displayName": " Ana", "bio": null, "locale": "en", "expectedVersion": 2});
    assert_eq!(world.edited(&ana, same).await["version"], 2);
    assert_eq!((world.told_of::<UserUpdated>().await.len(), world.held_names().await), (1, 0));
}

#[tokio::test]
async fn the_event_carries_what_changed_and_mail_hears_of_language_and_zone_alone() {
    let world = World::start().await;
    let ana = world.join("ana").await;
    for input in [
        json!({"username": "anna", "bio": "I bake."}),
        json!({"displayName": "Ana"}),
        json!({"displayName": null, "locale": "ru"}),
        json!({"timeZone": "Europe/Moscow"}),
    ] {
        world.edited(&ana, input).await;
    }
    let text = |text: &str| Some(text.to_owned());
    let told = world.told_of::<UserUpdated>().await;
    let changed = [
        ChangedProfile { username: text("anna"), ..ChangedProfile::default() },
        ChangedProfile { display_name: Some(text("Ana")), ..ChangedProfile::default() },
        ChangedProfile { display_name: Some(None), locale: text("ru"), ..ChangedProfile::default() },
        ChangedProfile::default(),
    ];
    for (n, (event, changed)) in told.iter().zip(&changed).enumerate() {
        assert_eq!((event.user_id, &event.changed), (ana.user().unwrap(), changed));
        assert_eq!(event.version, 2 + i64::try_from(n).unwrap());
    }
    assert_eq!(told.len(), changed.len());
    let recipients = world.told_of::<RecipientChanged>().await;
    let written: Vec<_> =
        recipients.iter().map(|event| (event.locale.as_str(), event.time_zone.as_str(), event.version)).collect();
    assert_eq!(written, [("en", "UTC", 1), ("ru", "UTC", 4), ("ru", "Europe/Moscow", 5)]);
}

#[tokio::test]
async fn an_edit_of_an_older_version_is_refused_with_the_current_one() {
    let world = World::start().await;
    let ana = world.join("ana").await;
    world.edited(&ana, json!({"bio": "one", "expectedVersion": 1})).await;
    let payload = world.edit(&ana, json!({"bio": "two", "expectedVersion": 1})).await;
    assert_eq!(problems(&payload), ["VERSION_CONFLICT input.expectedVersion"]);
    assert_eq!((&payload["user"], &payload["errors"][0]["currentVersion"]), (&json!(null), &json!(2)));
}

#[tokio::test]
async fn of_twenty_edits_of_one_version_one_wins() {
    let world = World::start().await;
    let ana = world.join("ana").await;
    let edit = async |n: usize| {
        // Half of them give up the name as well.
        let name = if n.is_multiple_of(2) { "ana".to_owned() } else { format!("ana{n}") };
        world.edit(&ana, json!({"username": name, "bio": format!("{n}"), "expectedVersion": 1})).await
    };
    let answers = join_all((0..20).map(edit)).await;
    let (won, lost): (Vec<_>, Vec<_>) = answers.iter().partition(|answer| !answer["user"].is_null());
    assert_eq!((won.len(), lost.len()), (1, 19));
    assert_eq!(won[0]["user"]["version"], 2);
    for answer in lost {
        assert_eq!(problems(answer), ["VERSION_CONFLICT input.expectedVersion"]);
        assert_eq!(answer["errors"][0]["currentVersion"], 2);
    }
    assert_eq!(world.told_of::<UserUpdated>().await.len(), 1);
}

#[tokio::test]
async fn edits_at_once_without_a_version_all_count_whatever_names_they_swap() {
    let world = World::start().await;
    let ana = world.join("ana").await;
    let edit = async |n: usize| {
        let name = ["ana", "anna", "hanna"][n % 3];
        let input = json!({"username": name, "bio": format!("{n}")});
        world.edited(&ana, input).await["version"].as_i64().unwrap()
    };
    let mut versions = join_all((0..20).map(edit)).await;
    versions.sort_unstable();
    assert!(versions.into_iter().eq(2..22));
    // Of the three names one is in use, and at most the others are held.
    assert!(world.held_names().await <= 2);
}

#[tokio::test]
async fn who_is_not_signed_in_or_suspended_changes_nothing() {
    let world = World::start().await;
    let ana = world.join("ana").await;
    let input = json!({"input": {"bio": "hello"}});
    assert_eq!(fault(&world.ask(&Caller::anonymous(), UPDATE, input.clone()).await), "UNAUTHENTICATED");
    assert_eq!(fault(&world.ask(&world.somebody(Role::User), UPDATE, input.clone()).await), "UNAUTHENTICATED");
    let mut suspended = ana.clone();
    suspended.viewer.as_mut().unwrap().scopes = Scopes::NONE.with(Scope::SelfRead).with(Scope::AccountDelete);
    assert_eq!(fault(&world.ask(&suspended, UPDATE, input).await), "FORBIDDEN");
    assert_eq!(world.told_of::<UserUpdated>().await, []);
}

#[tokio::test]
async fn a_name_that_was_given_up_is_its_former_owners_for_thirty_days() {
    let world = World::start().await;
    let (ana, ben) = (world.join("ana").await, world.join("ben").await);
    world.edited(&ana, json!({"username": "anna"})).await;
    assert_eq!(world.edit_refused(&ben, json!({"username": "ana"})).await, ["TAKEN input.username"]);
    assert_eq!(world.edit_refused(&ben, json!({"username": "anna"})).await, ["TAKEN input.username"]);
    assert_eq!(world.register_as("ANA", "new@example.com").await, ["TAKEN input.username"]);
    let both = ["TAKEN input.username", "TAKEN input.email"];
    assert_eq!(world.register_as("ana", "ben@example.com").await, both);
    assert_eq!((world.found_by_name("ana").await, world.found_by_name("ANNA").await), (json!("anna"), json!("anna")));

    // Its owner takes it back, and gives up the other.
    assert_eq!(world.edited(&ana, json!({"username": "ana"})).await["version"], 3);
    assert_eq!((world.found_by_name("anna").await, world.held_names().await), (json!("ana"), 1));
    assert_eq!(world.edit_refused(&ben, json!({"username": "anna"})).await, ["TAKEN input.username"]);

    world.env.clock.advance(TimeDelta::days(30) - TimeDelta::minutes(1));
    assert_eq!(world.edit_refused(&ben, json!({"username": "anna"})).await, ["TAKEN input.username"]);
    assert_eq!(world.found_by_name("anna").await, "ana");
    world.env.clock.advance(TimeDelta::minutes(1));
    assert_eq!(world.found_by_name("anna").await, json!(null));
    world.edited(&ben, json!({"username": "anna"})).await;
    assert_eq!((world.found_by_name("anna").await, world.found_by_name("ben").await), (json!("anna"), json!("anna")));
}

#[tokio::test]
async fn a_name_that_is_held_for_nobody_leads_nowhere_and_is_held_all_the_same() {
    let world = World::start().await;
    let ben = world.join("ben").await;
    let mut tx = world.db().begin().await.unwrap();
    // As erasing an account leaves it.
    query!("INSERT INTO held_username (username, user_id, held_until) VALUES ('ana', NULL, $1)")
        .bind(world.env.clock.now() + TimeDelta::days(1))
        .execute(&mut tx)
        .await
        .unwrap();
    tx.commit().await.unwrap();
    assert_eq!(world.found_by_name("ana").await, json!(null));
    assert_eq!(world.edit_refused(&ben, json!({"username": "ana"})).await, ["TAKEN input.username"]);
    assert_eq!(world.register_as("ana", "ana@example.com").await, ["TAKEN input.username"]);
    world.env.clock.advance(TimeDelta::days(1));
    assert_eq!(world.register_as("ana", "ana@example.com").await, [] as [&str; 0]);
}

#[tokio::test]
async fn names_that_were_held_long_enough_are_forgotten() {
    let world = World::start().await;
    let ana = world.join("ana").await;
    world.edited(&ana, json!({"username": "anna"})).await;
    world.env.clock.advance(TimeDelta::days(1));
    world.edited(&ana, json!({"username": "hanna"})).await;
    world.env.clock.advance(TimeDelta::days(29));
    // A start cleans up.
    world.another().await;
    assert_eq!((world.held_names().await, world.found_by_name("anna").await), (1, json!("hanna")));
    world.env.clock.advance(TimeDelta::days(1));
    world.another().await;
    assert_eq!(world.held_names().await, 0);
}

#[tokio::test]
async fn of_twenty_who_want_one_name_one_gets_it_whether_they_register_or_rename_themselves() {
    let world = World::start().await;
    let mut callers = Vec::new();
    for n in 0..10 {
        callers.push(world.join(&format!("user{n}")).await);
    }
    let (world, callers) = (&world, &callers);
    let attempts = (0..20).map(|n| async move {
        if n % 2 == 0 {
            problems(&world.edit(&callers[n / 2], json!({"username": "star"})).await)
        } else {
            world.register_as("star", &format!("star{n}@example.com")).await
        }
    });
    let answers = join_all(attempts).await;
    let (won, lost): (Vec<_>, Vec<_>) = answers.iter().partition(|problems| problems.is_empty());
    assert_eq!((won.len(), lost.len()), (1, 19));
    assert!(lost.iter().all(|problems| *problems == &["TAKEN input.username"]), "{lost:?}");
}

#[tokio::test]
async fn nobody_slips_into_a_name_while_it_is_given_up() {
    let world = World::start().await;
    let ana = world.join("ana").await;
    let ben = world.join("ben").await;
    let world = &world;
    let give_up = async { problems(&world.edit(&ana, json!({"username": "anna"})).await) };
    let register = (0..10).map(|n| async move { world.register_as("ana", &format!("new{n}@example.com")).await });
    let rename = (0..10).map(|_| async { problems(&world.edit(&ben, json!({"username": "ana"})).await) });
    let (owner, registered, renamed) =
        futures_util::join!(give_up, join_all(register.collect::<Vec<_>>()), join_all(rename.collect::<Vec<_>>()));
    assert_eq!(owner, [] as [&str; 0]);
    assert!(registered.iter().chain(&renamed).all(|problems| problems == &["TAKEN input.username"]));
    assert_eq!(world.found_by_name("ana").await, "anna");
}

#[tokio::test]
async fn people_are_found_by_latest_and_former_names_in_one_statement() {
    let world = World::start().await;
    for n in 0..4 {
        let user = world.join(&format!("old{n}")).await;
        world.edited(&user, json!({"username": format!("new{n}")})).await;
    }
    let names: Vec<_> = (0..4).flat_map(|n| [format!("old{n}"), format!("new{n}")]).collect();
    let aliases: Vec<_> =
        names.iter().map(|name| format!(r#"{name}: user(username: "{name}") {{ username }}"#)).collect();
    let document = format!("{{ {} }}", aliases.join(" "));
    let (answer, statements) = chatty_store::counted(world.ask(&Caller::anonymous(), &document, json!({}))).await;
    for name in &names {
        assert_eq!(answer["data"][name]["username"], name.replace("old", "new"));
    }
    assert_eq!(statements, 1);
}

#[tokio::test]
async fn language_and_zone_are_for_their_owner_and_for_administrators_and_the_rest_for_everybody() {
    let world = World::start().await;
    let ana = world.join("ana").await;
    world.edited(&ana, json!({"displayName": "Ana", "bio": "I bake.", "locale": "ru"})).await;
    let read = r#"{ user(username: "ana") { displayName bio isLocked isDeleted locale timeZone } }"#;
    for (caller, open) in [
        (&ana, true),
        (&world.somebody(Role::Admin), true),
        (&world.somebody(Role::Moderator), false),
        (&Caller::anonymous(), false),
    ] {
        let seen = world.run(caller, read, json!({})).await;
        let (locale, zone) = if open { (json!("ru"), json!("UTC")) } else { (json!(null), json!(null)) };
        let expected = json!({
            "displayName": "Ana", "bio": "I bake.", "isLocked": false, "isDeleted": false,
            "locale": locale, "timeZone": zone,
        });
        assert_eq!(seen, expected);
    }
    let me = world.run(&ana, "{ me { restrictions { kind until } } }", json!({})).await;
    assert_eq!(me["restrictions"], json!([]));
    let sdl = chatty_auth::sdl();
    for field in ["locale: Locale", "timeZone: TimeZone"] {
        assert!(sdl.contains(&format!("\t{field} @tag(name: \"viewer\")")), "{field} in {sdl}");
    }
}

#[tokio::test]
async fn an_erased_account_is_called_deleted_and_says_nothing() {
    let world = World::start().await;
    let ana = world.join("ana").await;
    world.edited(&ana, json!({"displayName": "Ana", "bio": "I bake."})).await;
    let mut tx = world.db().begin().await.unwrap();
    query!("UPDATE account SET state = 'DELETED'").execute(&mut tx).await.unwrap();
    tx.commit().await.unwrap();
    let read = format!(r#"{{ user(id: "{}") {{ username displayName bio isDeleted }} }}"#, ana.user().unwrap());
    let seen = world.run(&Caller::anonymous(), &read, json!({})).await;
    assert_eq!(seen, json!({"username": "deleted", "displayName": null, "bio": null, "isDeleted": true}));
    let update = world.ask(&ana, UPDATE, json!({"input": {"bio": "I am back."}})).await;
    assert_eq!(fault(&update), "UNAUTHENTICATED");
}

#[tokio::test]
async fn names_that_look_like_a_held_one_are_held_too_and_nobody_holds_many() {
    let world = World::start().await;
    world.register("marnie").await;
    let me = world.caller(&world.login("marnie").await);
    let rename = async |name: &str| {
        problems(&world.payload(&me, "updateProfile", json!({"username": name}), "user { id }").await)
    };
    assert_eq!(rename("first_name").await, [""; 0]);
    let input = |name: &str| json!({"username": name, "email": format!("{name}@example.org"), "password": PASSWORD});
    assert_eq!(problems(&world.register_with(input("mamie")).await), ["TAKEN input.username"]);
    assert_eq!(rename("mamie").await, [""; 0], "but not for who gave it up");

    for number in 2..5 {
        assert_eq!(rename(&format!("name_{number}_of_her")).await, [""; 0]);
    }
    assert_eq!(rename("one_too_many").await, ["NOT_ALLOWED input.username"]);
    world.env.clock.advance(TimeDelta::days(30));
    let me = world.caller(&world.login("name_4_of_her").await);
    let again = world.payload(&me, "updateProfile", json!({"username": "one_too_many"}), "user { id }").await;
    assert_eq!(problems(&again), [""; 0]);
}
