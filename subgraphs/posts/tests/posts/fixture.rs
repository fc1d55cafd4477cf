//! A posts service on a temporary folder, and people who use it.
#![expect(clippy::similar_names, reason = "follower and followee are the domain's words")]

use std::sync::Arc;

use async_graphql::{Request, Response, Variables};
use chatty_access::{Caller, Keys, Role, Scopes, Viewer};
use chatty_bus::{
    InProcess,
    relay::{self, Turn},
};
use chatty_events::{
    Envelope, Event,
    subscriptions::{FollowCreated, FollowRemoved},
};
use chatty_kit::{Env, Exposure, Service, Storage, Tasks};
use chatty_posts::{Config, GROUP};
use chatty_scratch::Scratch;
use chatty_store::{Db, query};
use chatty_types::{Clock, Cursors, Secret, SessionId, UserId};
use chrono::DateTime;
use futures_util::stream::BoxStream;
use serde_json::{Value, json};
use uuid::Uuid;

/// One running service.
pub(crate) struct World {
    pub(crate) env: Env,
    pub(crate) db: Db,
    service: Service,
    /// Removed with the last world that uses it.
    scratch: Arc<Scratch>,
}

impl World {
    /// A service whose outbox nobody empties, so that a test can read what was published.
    pub(crate) async fn start() -> Self {
        let scratch = Arc::new(Scratch::new().await);
        let clock = Clock::system();
        let env = Env {
            clock: clock.clone(),
            cursors: Cursors::new(&Secret::new(&[7; 32]).unwrap()),
            keys: Keys::default(),
            bus: Arc::new(InProcess::new(clock, &[GROUP])),
            tasks: Tasks::default(),
            public_url: "http://localhost".into(),
            storage: Storage::folder(scratch.folder()).with_database(scratch.database_url().map(str::to_owned)),
            exposure: Exposure::InProcess,
        };
        Self::on(env, scratch).await
    }

    async fn on(env: Env, scratch: Arc<Scratch>) -> Self {
        let service = chatty_posts::service(&env, &Config::default()).await.unwrap();
        for consumer in service.consumers.clone() {
            env.tasks.spawn(env.bus.consume(consumer, env.tasks.stopping()));
        }
        let db = service.db.clone().unwrap();
        Self { env, db, service, scratch }
    }

    /// The same, with the relay that makes the bus tell live streams.
    pub(crate) async fn start_relayed() -> Self {
        let world = Self::start().await;
        let (db, bus, stop) = (world.db.clone(), Arc::clone(&world.env.bus), world.env.tasks.stopping());
        let clock = world.env.clock.clone();
        world.env.tasks.spawn(relay::run(chatty_posts::NAME, db, bus, clock, Turn::Alone, stop));
        world
    }

    /// The service started anew on the same data.
    pub(crate) async fn restarted(&self) -> Self {
        Self::on(self.env.clone(), Arc::clone(&self.scratch)).await
    }

    /// The whole response.
    pub(crate) async fn respond(&self, caller: &Caller, text: &str, variables: Value) -> Response {
        let request = Request::new(text).variables(Variables::from_json(variables)).data(caller.clone());
        self.service.subgraph.execute(request).await
    }

    /// The data of an operation without top-level errors.
    pub(crate) async fn run(&self, caller: &Caller, text: &str, variables: Value) -> Value {
        let response = self.respond(caller, text, variables).await;
        assert!(response.errors.is_empty(), "{text}: {:?}", response.errors);
        response.data.into_json().unwrap()
    }

    /// The code of an operation's only top-level error.
    pub(crate) async fn refusal(&self, caller: &Caller, text: &str, variables: Value) -> String {
        code_of(&self.respond(caller, text, variables).await)
    }

    pub(crate) fn subscribe(&self, caller: &Caller, post: &str, after: Option<&str>) -> BoxStream<'static, Response> {
        let text = "subscription($post: ID!, $after: Cursor) { commentEvents(postId: $post, after: $after) {
            __typename
            ... on CommentAdded { cursor comment { id body state } }
            ... on CommentRemoved { cursor commentId }
            ... on ResyncRequired { reason } } }";
        let variables = Variables::from_json(json!({"post": post, "after": after}));
        self.service.subgraph.subscribe(Request::new(text).variables(variables).data(caller.clone()))
    }

    /// Runs a mutation of one input and gives its payload.
    pub(crate) async fn mutate(&self, caller: &Caller, mutation: &str, input: Value) -> Value {
        let mut data = self.run(caller, &document(mutation), json!({"input": input})).await;
        data[mutation].take()
    }

    /// The id of a new post.
    pub(crate) async fn post(&self, author: &Caller, visibility: &str) -> String {
        let payload = self.mutate(author, "createPost", json!({"body": "hello", "visibility": visibility})).await;
        payload["post"]["id"].as_str().unwrap_or_else(|| panic!("{payload}")).to_owned()
    }

    /// The id of a new comment.
    pub(crate) async fn comment(&self, author: &Caller, post: &str, parent: Option<&str>) -> String {
        let input = json!({"postId": post, "body": "well", "parentId": parent});
        let payload = self.mutate(author, "createComment", input).await;
        payload["comment"]["id"].as_str().unwrap_or_else(|| panic!("{payload}")).to_owned()
    }

    /// Makes the bus carry another service's event, and waits until it is handled.
    pub(crate) async fn hear<E: Event>(&self, event: &E) {
        self.env.bus.publish(&[Envelope::new(&self.env.clock, event)]).await.unwrap();
        let mut commits = self.db.commits();
        loop {
            commits.mark_unchanged();
            let (open,) = query!("SELECT COUNT(1) FROM delivery").fetch_one::<(i64,)>(&self.db).await.unwrap();
            if open == 0 {
                return;
            }
            commits.changed().await.unwrap();
        }
    }

    /// Handles an event without asking the inbox whether it is new.
    pub(crate) async fn handle(&self, event: &Envelope) {
        let mut tx = self.db.begin().await.unwrap();
        self.service.consumers[0].handler.handle(&mut tx, event).await.unwrap();
        tx.commit().await.unwrap();
    }

    pub(crate) async fn follow(&self, follower: &Caller, followee: &Caller, version: i64) {
        let (follower_id, followee_id) = (id_of(follower), id_of(followee));
        self.hear(&FollowCreated { follower_id, followee_id, version }).await;
    }

    pub(crate) async fn unfollow(&self, follower: &Caller, followee: &Caller, version: i64) {
        let (follower_id, followee_id) = (id_of(follower), id_of(followee));
        self.hear(&FollowRemoved { follower_id, followee_id, version }).await;
    }

    /// Type and payload of everything in the outbox.
    pub(crate) async fn published(&self) -> Vec<(String, Value)> {
        let rows = query!("SELECT envelope FROM outbox ORDER BY id").fetch_all::<(String,)>(&self.db).await.unwrap();
        let read = |(text,): (String,)| {
            let envelope: Envelope = serde_json::from_str(&text).unwrap();
            assert_eq!(envelope.correlation_id, Some("0".repeat(32)));
            assert!(envelope.actor.is_some());
            (envelope.event_type.clone(), serde_json::from_str(envelope.data.get()).unwrap())
        };
        rows.into_iter().map(read).collect()
    }

    /// How many events of a type are in the outbox.
    pub(crate) async fn count_published(&self, event_type: &str) -> usize {
        self.published().await.iter().filter(|(published, _)| published == event_type).count()
    }
}

fn document(mutation: &str) -> String {
    let (first, rest) = mutation.split_at(1);
    let object = if mutation.ends_with("Comment") { COMMENT } else { POST };
    format!(
        "mutation($input: {}{rest}Input!) {{ {mutation}(input: $input) {{ {object}
           errors {{ code message path ... on ConflictError {{ currentVersion }} ... on ValidationError {{ limit }} }} }} }}",
        first.to_uppercase()
    )
}

const POST: &str = "post { id author { id } title body language visibility contentWarning state editedAt version
    likeCount commentCount viewerHasLiked viewerCanEdit viewerCanDelete }";
const COMMENT: &str = "comment { id author { id } body state depth version replyCount parent { id }
    post { id commentCount } viewerCanDelete }";

/// A signed-in user.
pub(crate) fn user(number: u128) -> Caller {
    signed_in(number, Role::User.scopes())
}

/// A signed-in user with these scopes.
pub(crate) fn signed_in(number: u128, scopes: Scopes) -> Caller {
    let viewer = Viewer {
        user: UserId::from_uuid(Uuid::from_u128(number)),
        session: SessionId::from_uuid(Uuid::nil()),
        role: Role::User,
        scopes,
        issued_at: DateTime::UNIX_EPOCH,
        expires_at: DateTime::UNIX_EPOCH,
    };
    Caller { viewer: Some(viewer), ..Caller::anonymous() }
}

pub(crate) fn moderator() -> Caller {
    signed_in(999, Role::Moderator.scopes())
}

pub(crate) fn id_of(caller: &Caller) -> UserId {
    caller.user().unwrap()
}

/// The `extensions.code` of a response's only error.
pub(crate) fn code_of(response: &Response) -> String {
    let [error] = response.errors.as_slice() else { panic!("expected one error: {response:?}") };
    let extensions = serde_json::to_value(&error.extensions).unwrap();
    extensions["code"].as_str().unwrap().to_owned()
}

/// The codes and last path segments of a payload's errors.
pub(crate) fn problems(payload: &Value) -> Vec<(String, String)> {
    let errors = payload["errors"].as_array().unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    errors.iter().map(|error| (text(&error["code"]), text(&error["path"][1]))).collect()
}

/// Asserts that a payload has no object and exactly one problem.
#[track_caller]
pub(crate) fn assert_problem(payload: &Value, code: &str, field: &str) {
    assert_eq!(problems(payload), [(code.to_owned(), field.to_owned())], "{payload}");
    assert!(payload.get("post").or(payload.get("comment")).unwrap().is_null());
}
