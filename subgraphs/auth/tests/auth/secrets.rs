//! What must not be seen: in the database, in debug output, in logs.

use std::sync::{Arc, Mutex};

use chatty_access::Caller;
use chatty_auth::NewAdmin;
use chatty_store::{prepare_all, query};
use data_encoding::{BASE64URL_NOPAD, HEXLOWER};
use secrecy::ExposeSecret;
use serde_json::json;
use tracing::{
    Event, Metadata, Subscriber,
    field::{Field, Visit},
    span::{Attributes, Id, Record},
};

use crate::fixture::{PASSWORD, World, problems, tokens};

const NEW_PASSWORD: &str = "another horse in the staple";

/// Everything that is traced, at every level, as one text.
#[derive(Clone, Default)]
pub(crate) struct Recorder(Arc<Mutex<String>>);

impl Recorder {
    pub(crate) fn text(&self) -> String {
        self.0.lock().expect("nobody panics while writing").clone()
    }
}

impl Visit for &Recorder {
    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        use std::fmt::Write;
        let mut text = self.0.lock().expect("nobody panics while writing");
        writeln!(text, "{field}={value:?}").expect("a string takes every text");
    }
}

impl Subscriber for Recorder {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, span: &Attributes<'_>) -> Id {
        span.record(&mut &*self);
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, values: &Record<'_>) {
        values.record(&mut &*self);
    }

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        event.record(&mut &*self);
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

#[tokio::test]
async fn nothing_secret_is_logged_or_stored_or_shown() {
    let recorder = Recorder::default();
    let guard = tracing::subscriber::set_default(recorder.clone());
    // While there is but one, a line that another test's thread reaches first is switched off for all.
    let _second = tracing::Dispatch::new(Recorder::default());
    let world = World::start().await;
    world.register("ana").await;
    let wrong = world.login_as(&Caller::anonymous(), "ana", "wrong password").await;
    assert_eq!(problems(&wrong), ["BAD_CREDENTIALS input"]);
    let first = tokens(&world.login_as(&Caller::anonymous(), "ana@example.com", PASSWORD).await);
    let second = tokens(&world.refresh(&first.refresh).await);
    let third = tokens(&world.refresh(&second.refresh).await);
    // A replay, which is worth a line in the log.
    assert_eq!(problems(&world.refresh(&first.refresh).await).len(), 1);
    let ask = json!({"email": "ana@example.com"});
    world.payload(&Caller::anonymous(), "requestPasswordReset", ask, "ok").await;
    let (verify, reset) = (world.link("VERIFY_EMAIL").await, world.link("RESET_PASSWORD").await);
    world.payload(&Caller::anonymous(), "verifyEmail", json!({"token": verify}), "user { id }").await;
    let input = json!({"token": reset, "newPassword": NEW_PASSWORD});
    world.payload(&Caller::anonymous(), "resetPassword", input, "ok").await;
    let session = tokens(&world.login_as(&Caller::anonymous(), "ana", NEW_PASSWORD).await);
    let me = world.caller(&session);
    let input = json!({"newEmail": "new@example.com", "password": NEW_PASSWORD});
    world.payload(&me, "changeEmail", input, "ok").await;
    let change = world.link("CONFIRM_NEW_EMAIL").await;
    world.payload(&me, "deleteAccount", json!({"password": NEW_PASSWORD}), "deletionDueAt").await;
    for _ in 0..11 {
        let input = json!({"identifier": "ben", "password": "wrong password"});
        world.call(&Caller::anonymous(), "login", input, "accessToken").await;
    }
    let admin = NewAdmin { username: "root".into(), email: "root@example.com".into(), password: Some(PASSWORD.into()) };
    let shown = format!("{admin:?}");
    world.auth.create_admin(admin).await.unwrap();
    let made =
        world.auth.create_admin(NewAdmin { username: "boss".into(), email: "b@example.com".into(), password: None });
    let made = made.await.unwrap();
    drop(guard);

    let (pkcs8,) = query!("SELECT pkcs8 FROM signing_key").fetch_one::<(Vec<u8>,)>(world.db()).await.unwrap();
    let hashes = query!("SELECT password_hash FROM account").fetch_all::<(String,)>(world.db()).await.unwrap();
    let logged = recorder.text();
    for event in [
        "a spent refresh token came back",
        "signed in",
        "a sign-in was refused",
        "a mail address was confirmed",
        "a password was replaced",
        "a change of address was requested",
        "an account is going to be erased",
        "too many attempts",
    ] {
        assert!(logged.contains(event), "{event} is logged: {logged}");
    }
    let shown = format!("{logged}{shown}{made:?}{:?}", world.auth);
    let mut secrets = vec![PASSWORD.to_owned(), "wrong password".to_owned(), BASE64URL_NOPAD.encode(&pkcs8)];
    secrets.push(made.generated_password.unwrap().expose_secret().to_owned());
    secrets.push(format!("{:?}", &pkcs8[..16]).trim_matches(['[', ']']).to_owned());
    secrets.extend(hashes.into_iter().map(|(hash,)| hash));
    for pair in [&first, &second, &third] {
        secrets.extend([pair.access.clone(), pair.refresh.clone()]);
    }
    secrets.extend([verify, reset, change, session.refresh, NEW_PASSWORD.to_owned()]);
    secrets.extend(["ana@example.com", "new@example.com"].map(str::to_owned));
    for secret in secrets {
        assert!(!shown.contains(&secret), "{secret} is shown");
    }
}

#[tokio::test]
async fn tokens_and_passwords_are_stored_as_hashes_alone() {
    let world = World::start().await;
    let key = "5b1c3f4e-7d54-4c0b-9d0a-3d3c1f0b8a11";
    let input = json!({"username": "ana", "email": "ana@example.com", "password": PASSWORD, "idempotencyKey": key});
    world.register_with(input).await;
    let first = world.login("ana").await;
    let second = tokens(&world.refresh(&first.refresh).await);
    let file = world.everything_stored().await;
    assert!(contains(&file, b"ana@example.com"), "the file is read");
    for secret in [PASSWORD, &first.refresh, &second.refresh, &first.access] {
        assert!(!contains(&file, secret.as_bytes()));
    }
    for pair in [&first, &second] {
        let bytes = BASE64URL_NOPAD.decode(pair.refresh.as_bytes()).unwrap();
        assert!(!contains(&file, &bytes) && !contains(&file, HEXLOWER.encode(&bytes).as_bytes()));
    }
}

fn contains(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}

#[tokio::test]
async fn every_statement_is_understood() {
    let world = World::start().await;
    let prepared = prepare_all(world.db(), "chatty_auth").await.unwrap();
    assert!(prepared >= 20, "{prepared} statements");
}
