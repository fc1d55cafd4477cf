//! What ends access says so: in the database, to listeners, and to whoever asks for all of it.

use std::collections::BTreeSet;

use chatty_access::{Revocation, Snapshot};
use chatty_events::{
    Envelope,
    auth::{AccessRevoked, RevocationReason, Revoked},
};
use chatty_store::query;
use chatty_types::{SessionId, UserId};
use chrono::TimeDelta;
use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::fixture::{Tokens, World, fault, problems, tokens};

const LOGOUT: &str = "mutation($input: LogoutInput!) { logout(input: $input) { ok errors { code path } } }";

impl World {
    fn session(&self, pair: &Tokens) -> SessionId {
        self.caller(pair).viewer.expect("signed in").session
    }

    async fn log_out(&self, pair: &Tokens, input: Value) -> Value {
        self.run(&self.caller(pair), LOGOUT, json!({"input": input})).await
    }

    /// The sessions that are revoked.
    async fn revoked(&self) -> Vec<SessionId> {
        let snapshot = self.auth.revocations().await.expect("auth answers");
        let mut ids: Vec<_> = snapshot
            .revoked
            .iter()
            .map(|revocation| match revocation {
                Revocation::Session { id, .. } => *id,
                Revocation::User { .. } => panic!("{revocation:?}"),
            })
            .collect();
        ids.sort_unstable();
        ids
    }

    /// What the outbox tells of revocations, in its order.
    async fn revocations_told(&self) -> Vec<(Envelope, AccessRevoked)> {
        let rows = query!("SELECT envelope FROM outbox ORDER BY id");
        let rows: Vec<(String,)> = rows.fetch_all(self.db()).await.expect("the outbox is read");
        let envelopes = rows.iter().map(|(text,)| serde_json::from_str::<Envelope>(text).expect("an envelope"));
        envelopes
            .filter_map(|envelope| Some((envelope.clone(), envelope.decode().expect("of the contract")?)))
            .collect()
    }

    /// The sessions that events name, each as often as it is told.
    async fn told_sessions(&self, reason: RevocationReason) -> Vec<SessionId> {
        let told = self.revocations_told().await;
        let mut ids: Vec<_> = told
            .into_iter()
            .map(|(_, event)| match event.revoked {
                Revoked::Session(id) if event.reason == reason => id,
                _ => panic!("{event:?}"),
            })
            .collect();
        ids.sort_unstable();
        ids
    }

    /// Sessions that nobody has signed in to.
    async fn open_sessions(&self, user: UserId, count: u8) -> BTreeSet<SessionId> {
        let mut tx = self.db().begin().await.expect("a transaction");
        let mut ids = BTreeSet::new();
        for n in 0..count {
            let (id, now) = (SessionId::new(&self.env.clock), self.env.clock.now());
            query!(
                "INSERT INTO session (id, user_id, token_hash, rotated_at, created_at, expires_at)
                 VALUES ($1, $2, $3, $4, $4, $5)"
            )
            .bind(id)
            .bind(user)
            .bind(vec![n; 32])
            .bind(now)
            .bind(now + TimeDelta::days(30))
            .execute(&mut tx)
            .await
            .expect("inserted");
            ids.insert(id);
        }
        tx.commit().await.expect("committed");
        ids
    }
}

async fn signed_in_twice() -> (World, Tokens, Tokens) {
    let world = World::start().await;
    world.register("ana").await;
    let pairs = (world.login("ana").await, world.login("ana").await);
    (world, pairs.0, pairs.1)
}

#[tokio::test]
async fn each_way_to_sign_out_revokes_exactly_what_it_ends() {
    for (input, ends_one, ends_two) in [
        (json!({"scope": "THIS"}), true, false),
        (json!({"scope": "OTHERS"}), false, true),
        (json!({"scope": "ALL"}), true, true),
        (json!({"scope": "SESSION"}), false, true),
    ] {
        let (world, one, two) = signed_in_twice().await;
        let (first, second) = (world.session(&one), world.session(&two));
        world.register("ben").await;
        world.login("ben").await;
        let mut input = input;
        if input["scope"] == "SESSION" {
            input["sessionId"] = json!(second.to_string());
        }
        world.log_out(&one, input.clone()).await;
        let ended: Vec<_> = [(first, ends_one), (second, ends_two)].iter().filter(|it| it.1).map(|it| it.0).collect();
        assert_eq!(world.revoked().await, ended, "{input}");
        assert_eq!(world.told_sessions(RevocationReason::Logout).await, ended, "{input}");
        // Again: nothing ends a second time.
        world.log_out(&one, input.clone()).await;
        assert_eq!(world.told_sessions(RevocationReason::Logout).await, ended, "{input}");
    }
}

#[tokio::test]
async fn the_event_says_who_did_it_and_the_verifier_that_hears_it_refuses() {
    let (world, one, two) = signed_in_twice().await;
    let caller = world.caller(&one);
    world.log_out(&one, json!({"scope": "THIS"})).await;
    let (envelope, event) = world.revocations_told().await.pop().unwrap();
    assert_eq!((envelope.actor, envelope.subject), (caller.user(), world.session(&one).to_string()));
    assert_eq!(envelope.correlation_id, Some(caller.trace_id));
    assert!(event.not_before <= world.env.clock.now());
    world.verifier.revocations().merge(&world.auth.revocations().await.unwrap());
    assert!(world.verifier.verify(&one.access).is_err());
    assert!(world.verifier.verify(&two.access).is_ok());
}

#[tokio::test]
async fn a_spent_refresh_token_that_comes_back_revokes_its_session_and_a_race_does_not() {
    let (world, stolen, _) = signed_in_twice().await;
    let next = tokens(&world.refresh(&stolen.refresh).await);
    world.refresh(&stolen.refresh).await;
    assert_eq!(world.revoked().await, []);
    world.env.clock.advance(TimeDelta::minutes(1));
    for _ in 0..2 {
        assert_eq!(problems(&world.refresh(&stolen.refresh).await), ["TOKEN_INVALID input.refreshToken"]);
        assert_eq!(world.revoked().await, [world.session(&next)]);
        assert_eq!(world.told_sessions(RevocationReason::TokenReused).await, [world.session(&next)]);
    }
}

#[tokio::test]
async fn what_cannot_be_told_does_not_happen() {
    let (world, one, two) = signed_in_twice().await;
    let rename = async |statement: chatty_store::Query| {
        let mut tx = world.db().begin().await.unwrap();
        statement.execute(&mut tx).await.unwrap();
        tx.commit().await.unwrap();
    };
    rename(query!("ALTER TABLE outbox RENAME TO hidden")).await;
    let answer = world.ask(&world.caller(&one), LOGOUT, json!({"input": {"scope": "ALL"}})).await;
    assert_eq!(fault(&answer), "INTERNAL");
    rename(query!("ALTER TABLE hidden RENAME TO outbox")).await;
    assert_eq!(world.revoked().await, []);
    for pair in [one, two] {
        tokens(&world.refresh(&pair.refresh).await);
    }
}

#[tokio::test]
async fn of_twenty_times_signing_out_at_once_one_is_told() {
    let (world, one, two) = signed_in_twice().await;
    let inputs = ["THIS", "ALL"].iter().cycle().take(20);
    let answers = join_all(inputs.map(|scope| world.log_out(&one, json!({"scope": scope})))).await;
    assert!(answers.iter().all(|answer| answer["ok"] == true), "{answers:?}");
    let mut ended = [world.session(&one), world.session(&two)];
    ended.sort_unstable();
    assert_eq!(world.revoked().await, ended);
    assert_eq!(world.told_sessions(RevocationReason::Logout).await, ended);
}

#[tokio::test]
async fn to_end_a_session_always_takes_as_many_statements_and_each_more_only_its_event() {
    let world = World::start().await;
    let user = world.register("ana").await;
    let pair = world.login("ana").await;
    let mut ended = world.open_sessions(user, 100).await;
    let caller = world.caller(&pair);
    let log_out = async |input: Value| {
        let (answer, statements) = chatty_store::counted(world.run(&caller, LOGOUT, json!({"input": input}))).await;
        assert_eq!(answer["ok"], true);
        statements
    };
    let of = |id: &SessionId| json!({"scope": "SESSION", "sessionId": id.to_string()});
    let one = log_out(of(ended.first().unwrap())).await;
    assert_eq!(one, 3, "the session, the revocation, the event");
    assert_eq!(log_out(json!({"scope": "OTHERS"})).await, 1 + 1 + 99, "the sessions, the revocations, each event");
    assert_eq!(log_out(json!({"scope": "THIS"})).await, one);
    ended.insert(world.session(&pair));
    assert_eq!(world.revoked().await, Vec::from_iter(ended.clone()));
    assert_eq!(world.told_sessions(RevocationReason::Logout).await, Vec::from_iter(ended));
}

#[tokio::test]
async fn a_revocation_is_told_and_kept_a_little_longer_than_a_token_lives() {
    let (world, one, _) = signed_in_twice().await;
    world.log_out(&one, json!({"scope": "THIS"})).await;
    let kept = i64::from(world.auth.revocations().await.unwrap().seconds_kept);
    assert_eq!(kept, 660, "ten minutes of the token, and one");
    let stored = async || {
        // A start cleans up.
        world.another().await;
        let (count,) = query!("SELECT COUNT(1) FROM revoked_session").fetch_one::<(i64,)>(world.db()).await.unwrap();
        count
    };
    world.env.clock.advance(TimeDelta::seconds(kept - 60));
    assert_eq!((world.revoked().await.len(), stored().await), (1, 1));
    world.env.clock.advance(TimeDelta::seconds(61));
    assert_eq!((world.revoked().await.len(), stored().await), (0, 0));
}

#[tokio::test]
async fn other_processes_read_the_same_as_json() {
    let (world, one, _) = signed_in_twice().await;
    world.log_out(&one, json!({"scope": "ALL"})).await;
    let (head, body) = world.get(&world.service.internal, "/internal/revocations").await;
    assert!(head.starts_with("http/1.1 200") && head.contains("content-type: application/json"), "{head}");
    let read: Snapshot = serde_json::from_str(&body).unwrap();
    assert_eq!(read.revoked.len(), 2);
    assert_eq!(read, world.auth.revocations().await.unwrap());
}
