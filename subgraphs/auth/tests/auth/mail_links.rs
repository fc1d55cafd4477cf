//! Links in mails: confirming addresses, resetting and changing passwords.

use chatty_access::Caller;
use chrono::TimeDelta;
use futures_util::future::join_all;
use serde_json::{Value, json};

use super::fixture::{PASSWORD, World, fault, problems, tokens};

const NEW_PASSWORD: &str = "another horse in the staple";

fn anonymous() -> Caller {
    Caller::anonymous()
}

impl World {
    async fn verify(&self, token: &str) -> Value {
        self.payload(&anonymous(), "verifyEmail", json!({"token": token}), "user { username emailStatus }").await
    }

    async fn reset(&self, token: &str, password: &str) -> Vec<String> {
        let input = json!({"token": token, "newPassword": password});
        problems(&self.payload(&anonymous(), "resetPassword", input, "ok").await)
    }

    async fn ask_for_reset(&self, address: &str) -> Value {
        self.payload(&anonymous(), "requestPasswordReset", json!({"email": address}), "ok").await
    }

    /// The address of an account and whether it is confirmed, as its owner sees it.
    async fn address(&self, caller: &Caller) -> (String, String) {
        let me = self.run(caller, "{ me { user { email emailStatus } } }", json!({})).await;
        let text = |field: &str| me["user"][field].as_str().expect("a text").to_owned();
        (text("email"), text("emailStatus"))
    }
}

#[tokio::test]
async fn a_new_address_is_confirmed_by_the_link_once_and_by_the_newest_alone() {
    let world = World::start().await;
    let ana = world.register("ana").await;
    let first = world.link("VERIFY_EMAIL").await;
    let resent =
        world.payload(&anonymous(), "resendVerificationEmail", json!({"email": "ANA@example.com"}), "ok").await;
    assert_eq!(resent, json!({"ok": true, "errors": []}));
    let second = world.link("VERIFY_EMAIL").await;
    assert_ne!(first, second);
    assert_eq!(problems(&world.verify(&first).await), ["TOKEN_INVALID input.token"]);

    let answers = join_all((0..20).map(|_| world.verify(&second))).await;
    let won = answers.iter().filter(|answer| !answer["user"].is_null()).count();
    let lost = answers.iter().filter(|answer| problems(answer) == ["TOKEN_INVALID input.token"]).count();
    assert_eq!((won, lost), (1, 19));
    assert_eq!(world.told("auth.user.email_verified").await, [json!({"userId": ana.to_string()})]);
    let me = world.caller(&world.login("ana").await);
    assert_eq!(world.address(&me).await, ("ana@example.com".to_owned(), "VERIFIED".to_owned()));
    let recipient = world.told("email.recipient.changed").await;
    assert_eq!(recipient.last().unwrap()["verified"], true);

    // There is nothing left to confirm, and nobody learns of it.
    let mails = world.mails().await.len();
    let again = world.payload(&anonymous(), "resendVerificationEmail", json!({"email": "ana@example.com"}), "ok").await;
    assert_eq!((again, world.mails().await.len()), (json!({"ok": true, "errors": []}), mails));
}

#[tokio::test]
async fn links_end_and_say_so_and_nothing_else_is_a_link() {
    let world = World::start().await;
    world.register("ana").await;
    let token = world.link("VERIFY_EMAIL").await;
    // A link for one purpose is none for another.
    assert_eq!(world.reset(&token, NEW_PASSWORD).await, ["TOKEN_INVALID input.token"]);
    let refresh = world.login("ana").await.refresh;
    for other in ["", "x", &refresh, &token[1..], &format!("{token}A"), "\u{0}", "ÿ"] {
        assert_eq!(problems(&world.verify(other).await), ["TOKEN_INVALID input.token"], "{other:?}");
    }
    world.env.clock.advance(TimeDelta::hours(1));
    assert_eq!(problems(&world.verify(&token).await), ["TOKEN_EXPIRED input.token"]);
    world.ask_for_reset("ana@example.com").await;
    let reset = world.link("RESET_PASSWORD").await;
    world.env.clock.advance(TimeDelta::minutes(30));
    assert_eq!(world.reset(&reset, NEW_PASSWORD).await, ["TOKEN_EXPIRED input.token"]);
}

#[tokio::test]
async fn a_forgotten_password_is_replaced_by_the_newest_link_once_and_all_sessions_end() {
    let world = World::start().await;
    world.register("ana").await;
    let (phone, laptop) = (world.login("ana").await, world.login("ana").await);
    world.ask_for_reset("ana@example.com").await;
    let first = world.link("RESET_PASSWORD").await;
    world.ask_for_reset(" Ana@Example.com ").await;
    let token = world.link("RESET_PASSWORD").await;
    assert_eq!(world.reset(&first, NEW_PASSWORD).await, ["TOKEN_INVALID input.token"]);
    // A password that is refused does not use the link up.
    assert_eq!(world.reset(&token, "short").await, ["TOO_SHORT input.newPassword"]);

    let answers = join_all((0..20).map(|_| world.reset(&token, NEW_PASSWORD))).await;
    assert_eq!(answers.iter().filter(|problems| problems.is_empty()).count(), 1);
    assert!(answers.iter().all(|problems| problems.is_empty() || problems == &["TOKEN_INVALID input.token"]));
    for session in [&phone, &laptop] {
        assert_eq!(problems(&world.refresh(&session.refresh).await), ["TOKEN_INVALID input.refreshToken"]);
    }
    let revoked = world.told("auth.access.revoked").await;
    assert_eq!(revoked.len(), 2);
    assert!(revoked.iter().all(|event| event["reason"] == "PASSWORD_CHANGED"));
    assert_eq!(problems(&world.login_as(&anonymous(), "ana", PASSWORD).await), ["BAD_CREDENTIALS input"]);
    tokens(&world.login_as(&anonymous(), "ana", NEW_PASSWORD).await);
    assert_eq!(world.mails().await.iter().filter(|mail| mail["template"] == "PASSWORD_CHANGED").count(), 1);
}

#[tokio::test]
async fn nobody_learns_from_a_reset_whether_an_address_has_an_account() {
    let world = World::start().await;
    world.register("ana").await;
    let mails = world.mails().await.len();
    let (known, statements) = chatty_store::counted(world.ask_for_reset("ana@example.com")).await;
    let (unknown, as_many) = chatty_store::counted(world.ask_for_reset("nobody@example.com")).await;
    assert_eq!((&known, statements), (&unknown, as_many));
    assert_eq!(known, json!({"ok": true, "errors": []}));
    let sent = world.mails().await.split_off(mails);
    assert_eq!(sent.len(), 1);
    assert_eq!(problems(&world.ask_for_reset("no address").await), ["INVALID_FORMAT input.email"]);

    // Five mails to an address in half an hour, whether it is anybody's or not.
    for address in ["ana@example.com", "nobody@example.com"] {
        for _ in 0..4 {
            world.ask_for_reset(address).await;
        }
        let refused = world.call(&anonymous(), "requestPasswordReset", json!({"email": address}), "ok").await;
        assert_eq!(fault(&refused), "RATE_LIMITED", "{address}");
    }
    world.env.clock.advance(TimeDelta::minutes(30));
    assert_eq!(world.ask_for_reset("ana@example.com").await["ok"], true);
}

#[tokio::test]
async fn a_password_is_changed_by_the_present_one_and_the_other_sessions_end() {
    let world = World::start().await;
    world.register("ana").await;
    let (this, other) = (world.login("ana").await, world.login("ana").await);
    let me = world.caller(&this);
    let change = async |current: &str, new: &str| {
        let input = json!({"currentPassword": current, "newPassword": new});
        problems(&world.payload(&me, "changePassword", input, "ok").await)
    };
    assert_eq!(change("wrong password", NEW_PASSWORD).await, ["BAD_CREDENTIALS input.currentPassword"]);
    assert_eq!(change(PASSWORD, "short").await, ["TOO_SHORT input.newPassword"]);
    world.ask_for_reset("ana@example.com").await;
    let link = world.link("RESET_PASSWORD").await;
    assert_eq!(change(PASSWORD, NEW_PASSWORD).await, [""; 0]);
    assert_eq!(problems(&world.refresh(&other.refresh).await), ["TOKEN_INVALID input.refreshToken"]);
    tokens(&world.refresh(&this.refresh).await);
    // A mail of before is no way back in.
    assert_eq!(world.reset(&link, PASSWORD).await, ["TOKEN_INVALID input.token"]);
    assert_eq!(
        fault(
            &world
                .call(&anonymous(), "changePassword", json!({"currentPassword": "a", "newPassword": "b"}), "ok")
                .await
        ),
        "UNAUTHENTICATED"
    );
}

#[tokio::test]
async fn an_address_changes_when_the_new_one_confirms_and_the_old_one_is_told() {
    let world = World::start().await;
    world.register("ana").await;
    world.register("ben").await;
    let me = world.caller(&world.login("ana").await);
    let change = async |address: &str, password: &str| {
        let input = json!({"newEmail": address, "password": password});
        problems(&world.payload(&me, "changeEmail", input, "ok").await)
    };
    assert_eq!(change("no address", PASSWORD).await, ["INVALID_FORMAT input.newEmail"]);
    assert_eq!(change("new@example.com", "wrong password").await, ["BAD_CREDENTIALS input.password"]);
    assert_eq!(change("ANA@example.com", PASSWORD).await, ["NOT_ALLOWED input.newEmail"]);
    assert_eq!(change("new@example.com", PASSWORD).await, [""; 0]);
    let mails = world.mails().await;
    let of = |template: &str| mails.iter().rfind(|mail| mail["template"] == template).expect("a mail");
    assert_eq!(of("CONFIRM_NEW_EMAIL")["toAddress"], "new@example.com");
    assert_eq!(of("EMAIL_CHANGE_REQUESTED")["toAddress"], "ana@example.com");
    assert_eq!(of("EMAIL_CHANGE_REQUESTED")["params"]["newAddress"], "new@example.com");
    assert_eq!(world.address(&me).await.0, "ana@example.com");

    let link = world.link("CONFIRM_NEW_EMAIL").await;
    assert_eq!(world.verify(&link).await["user"]["emailStatus"], "VERIFIED");
    assert_eq!(world.address(&me).await, ("new@example.com".to_owned(), "VERIFIED".to_owned()));
    assert_eq!(world.told("email.recipient.changed").await.last().unwrap()["address"], "new@example.com");
    tokens(&world.login_as(&anonymous(), "new@example.com", PASSWORD).await);

    // Somebody else's address: the same answer, no mail to them, and the link before is void as ever.
    assert_eq!(change("third@example.com", PASSWORD).await, [""; 0]);
    let link = world.link("CONFIRM_NEW_EMAIL").await;
    assert_eq!(change("ben@example.com", PASSWORD).await, [""; 0]);
    assert_eq!(problems(&world.verify(&link).await), ["TOKEN_INVALID input.token"]);
    let to_ben = |mail: &&Value| mail["template"] == "CONFIRM_NEW_EMAIL" && mail["toAddress"] == "ben@example.com";
    assert_eq!(world.mails().await.iter().filter(to_ben).count(), 0);
}

#[tokio::test]
async fn an_address_that_somebody_took_meanwhile_is_not_taken_from_them() {
    let world = World::start().await;
    world.register("ana").await;
    let me = world.caller(&world.login("ana").await);
    let input = json!({"newEmail": "ben@example.com", "password": PASSWORD});
    assert_eq!(world.payload(&me, "changeEmail", input, "ok").await["ok"], true);
    let link = world.link("CONFIRM_NEW_EMAIL").await;
    world.register("ben").await;
    assert_eq!(problems(&world.verify(&link).await), ["TAKEN input.token"]);
    assert_eq!(world.address(&me).await.0, "ana@example.com");
}
