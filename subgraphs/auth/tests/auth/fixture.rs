//! A running auth service on a temporary database, and the requests that the tests send.

use std::sync::Arc;

use async_graphql::{Request, Variables};
use chatty_access::{Caller, Keys, Role, Verifier, Viewer};
use chatty_auth::{Auth, Config};
use chatty_bus::InProcess;
use chatty_events::{Envelope, Event};
use chatty_kit::{Env, Exposure, Service, Storage, Tasks};
use chatty_scratch::Scratch;
use chatty_store::{Db, query};
use chatty_types::{Clock, Cursors, Secret, SessionId, UserId};
use chrono::TimeDelta;
use futures_util::future::join_all;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};
use uuid::Uuid;

pub(crate) const ISSUER: &str = "https://chatty.test";
pub(crate) const PASSWORD: &str = "correct horse battery staple";

pub(crate) struct World {
    pub(crate) env: Env,
    pub(crate) auth: Auth,
    pub(crate) service: Service,
    pub(crate) verifier: Verifier,
    /// Deleted when the last system on it is gone.
    scratch: Arc<Scratch>,
}

/// A busy machine computes slowly, and no test is about that: nobody is sent away.
fn patient() -> Config {
    Config { hash_wait_ms: u32::MAX, ..Config::default() }
}

/// A pair of tokens as a client keeps it.
#[derive(Clone)]
pub(crate) struct Tokens {
    pub(crate) access: String,
    pub(crate) refresh: String,
}

impl World {
    pub(crate) async fn start() -> Self {
        Self::with(patient()).await
    }

    pub(crate) async fn with(config: Config) -> Self {
        Self::open(Arc::new(Scratch::new().await), Clock::system(), config).await
    }

    /// A second system on the database and at the time of this one.
    pub(crate) async fn another(&self) -> Self {
        Self::open(Arc::clone(&self.scratch), self.env.clock.clone(), patient()).await
    }

    /// This many systems that start at the same time on one new database.
    pub(crate) async fn start_together(systems: usize) -> Vec<Self> {
        let (scratch, clock) = (Arc::new(Scratch::new().await), Clock::system());
        join_all((0..systems).map(|_| Self::open(Arc::clone(&scratch), clock.clone(), patient()))).await
    }

    /// A system on what is there already.
    pub(crate) async fn on(scratch: &Arc<Scratch>) -> Self {
        Self::open(Arc::clone(scratch), Clock::system(), patient()).await
    }

    /// The bytes of the whole database.
    pub(crate) async fn everything_stored(&self) -> Vec<u8> {
        self.scratch.everything_stored().await
    }

    async fn open(scratch: Arc<Scratch>, clock: Clock, config: Config) -> Self {
        let env = Env {
            cursors: Cursors::new(&Secret::new(&[5; 32]).expect("long enough")),
            keys: Keys::default(),
            bus: Arc::new(InProcess::new(clock.clone(), &[])),
            tasks: Tasks::default(),
            public_url: ISSUER.to_owned(),
            storage: Storage::folder(scratch.folder()).with_database(scratch.database_url().map(str::to_owned)),
            exposure: Exposure::InProcess,
            clock,
        };
        let auth = Auth::open(&env, &config).await.expect("auth opens");
        let verifier = Verifier::new(env.keys.clone(), ISSUER, env.clock.clone());
        Self { service: auth.service(), env, auth, verifier, scratch }
    }

    pub(crate) fn db(&self) -> &Db {
        self.service.db.as_ref().expect("auth has a database")
    }

    /// Header and body of the answer to a GET, over a real socket.
    pub(crate) async fn get(&self, routes: &axum::Router, path: &str) -> (String, String) {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("bound");
        self.env.tasks.spawn(chatty_kit::http::serve(listener, routes.clone(), self.env.tasks.clone()));
        let mut stream = TcpStream::connect(address).await.expect("listening");
        let request = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await.expect("sent");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.expect("an answer");
        let (head, body) = answer.split_once("\r\n\r\n").expect("head and body");
        (head.to_ascii_lowercase(), body.to_owned())
    }

    /// The whole response to `document` as `caller`.
    pub(crate) async fn ask(&self, caller: &Caller, document: &str, variables: Value) -> Value {
        let request = Request::new(document).variables(Variables::from_json(variables)).data(caller.clone());
        serde_json::to_value(self.service.subgraph.execute(request).await).expect("a response is JSON")
    }

    /// The answer of the one root field of `document`, which must have been executed.
    pub(crate) async fn run(&self, caller: &Caller, document: &str, variables: Value) -> Value {
        let mut response = self.ask(caller, document, variables).await;
        assert_eq!(response.get("errors"), None, "{response}");
        let data = response["data"].as_object_mut().expect("data");
        assert_eq!(data.len(), 1, "one root field");
        data.values_mut().next().expect("one root field").take()
    }

    pub(crate) async fn register_with(&self, input: Value) -> Value {
        let document = "mutation($input: RegisterInput!) { register(input: $input) {
            user { id username } passwordScore
            errors { code message path ... on ValidationError { rule limit } } } }";
        self.run(&Caller::anonymous(), document, json!({"input": input})).await
    }

    /// Registers `name` with the tests' password.
    pub(crate) async fn register(&self, name: &str) -> UserId {
        let email = format!("{name}@example.com");
        let payload = self.register_with(json!({"username": name, "email": email, "password": PASSWORD})).await;
        payload["user"]["id"].as_str().unwrap_or_else(|| panic!("{payload}")).parse().expect("a user id")
    }

    pub(crate) async fn login_as(&self, caller: &Caller, identifier: &str, password: &str) -> Value {
        let document = "mutation($input: LoginInput!) { login(input: $input) {
            accessToken refreshToken expiresAt user { id username } errors { code message path } } }";
        self.run(caller, document, json!({"input": {"identifier": identifier, "password": password}})).await
    }

    /// Signs `name` in with the tests' password.
    pub(crate) async fn login(&self, name: &str) -> Tokens {
        tokens(&self.login_as(&Caller::anonymous(), name, PASSWORD).await)
    }

    pub(crate) async fn refresh(&self, token: &str) -> Value {
        let document = "mutation($input: RefreshTokenInput!) { refreshToken(input: $input) {
            accessToken refreshToken expiresAt user { id } errors { code message path } } }";
        self.run(&Caller::anonymous(), document, json!({"input": {"refreshToken": token}})).await
    }

    /// The payloads of the events of a type that were told, oldest first.
    pub(crate) async fn told(&self, routing_key: &str) -> Vec<Value> {
        let rows = query!("SELECT envelope FROM outbox ORDER BY id").fetch_all::<(String,)>(self.db()).await;
        let events = rows.expect("the outbox is read").into_iter();
        let events = events.map(|(text,)| serde_json::from_str::<Envelope>(&text).expect("an envelope"));
        let told = events.filter(|event| event.routing_key() == routing_key);
        told.map(|event| serde_json::from_str(event.data.get()).expect("JSON")).collect()
    }

    /// What mails were asked for, oldest first, once everybody was looked up who wanted one.
    pub(crate) async fn mails(&self) -> Vec<Value> {
        let mut commits = self.db().commits();
        let wish = async || {
            let wish = query!("SELECT id FROM mail_wish LIMIT 1").fetch_optional::<(Uuid,)>(self.db());
            wish.await.expect("the wishes are read")
        };
        while wish().await.is_some() {
            commits.changed().await.expect("the database is open");
        }
        self.told("email.message.requested").await
    }

    /// The token in the latest mail of a template.
    pub(crate) async fn link(&self, template: &str) -> String {
        let mails = self.mails().await;
        let mail = mails.iter().rfind(|mail| mail["template"] == template);
        mail.unwrap_or_else(|| panic!("{mails:?}"))["secret"].as_str().expect("a token").to_owned()
    }

    /// Calls a mutation by its name with one `input`, as whoever holds the tokens; the whole response.
    pub(crate) async fn call(&self, caller: &Caller, mutation: &str, input: Value, selection: &str) -> Value {
        let input_type = format!("{}{}Input", mutation[..1].to_uppercase(), &mutation[1..]);
        let document = format!(
            "mutation($input: {input_type}!) {{ {mutation}(input: $input) {{ {selection} errors {{ code path }} }} }}"
        );
        self.ask(caller, &document, json!({"input": input})).await
    }

    /// The same for one that must be executed; its payload.
    pub(crate) async fn payload(&self, caller: &Caller, mutation: &str, input: Value, selection: &str) -> Value {
        let mut response = self.call(caller, mutation, input, selection).await;
        assert_eq!(response.get("errors"), None, "{response}");
        response["data"][mutation].take()
    }

    /// Delivers an event to auth.
    pub(crate) async fn hear(&self, event: &impl Event) {
        let envelope = Envelope::new(&self.env.clock, event);
        let mut tx = self.db().begin().await.expect("a transaction");
        self.service.consumers[0].handler.handle(&mut tx, &envelope).await.expect("it is handled");
        tx.commit().await.expect("it commits");
    }

    /// What the router makes of an access token.
    pub(crate) fn caller(&self, tokens: &Tokens) -> Caller {
        let viewer = self.verifier.verify(&tokens.access).expect("a genuine token");
        Caller { viewer: Some(viewer), ..Caller::anonymous() }
    }

    /// Somebody with this role, who need not exist.
    pub(crate) fn somebody(&self, role: Role) -> Caller {
        let clock = &self.env.clock;
        let viewer = Viewer {
            user: UserId::new(clock),
            session: SessionId::new(clock),
            role,
            scopes: role.scopes(),
            issued_at: clock.now(),
            expires_at: clock.now() + TimeDelta::minutes(10),
        };
        Caller { viewer: Some(viewer), ..Caller::anonymous() }
    }
}

/// The pair in a payload without errors.
pub(crate) fn tokens(payload: &Value) -> Tokens {
    assert_eq!(payload["errors"], json!([]), "{payload}");
    let text = |field: &str| payload[field].as_str().expect("a token").to_owned();
    Tokens { access: text("accessToken"), refresh: text("refreshToken") }
}

/// `code path` of each error in a payload.
pub(crate) fn problems(payload: &Value) -> Vec<String> {
    let errors = payload["errors"].as_array().expect("a list of errors");
    let path = |error: &Value| -> Vec<String> { serde_json::from_value(error["path"].clone()).expect("a path") };
    errors
        .iter()
        .map(|error| format!("{} {}", error["code"].as_str().expect("a code"), path(error).join(".")))
        .collect()
}

/// The code of the only top-level error.
pub(crate) fn fault(response: &Value) -> &Value {
    assert_eq!(response["errors"].as_array().map(Vec::len), Some(1), "{response}");
    &response["errors"][0]["extensions"]["code"]
}
