//! One subscriptions service with its relay and consumer, on a temporary database and an in-process bus.

use std::{sync::Arc, time::Duration};

use async_graphql::{Request, Response, Variables};
use chatty_access::{Caller, Keys, Role, Viewer};
use chatty_bus::{
    Bus, InProcess,
    relay::{self, Turn},
    settled,
};
use chatty_events::{
    Envelope, Event,
    auth::UserRegistered,
    posts::{PostCreated, PostDeleted, PostUpdated, Visibility},
};
use chatty_kit::{Env, Exposure, Service, Storage, Tasks};
use chatty_scratch::Scratch;
use chatty_store::Db;
use chatty_types::{Clock, Cursors, Id, PostId, Secret, UserId};
use chrono::TimeDelta;
use futures_util::{StreamExt, stream::BoxStream};
use serde_json::Value;

pub(crate) struct Fixture {
    pub(crate) clock: Clock,
    pub(crate) service: Service,
    pub(crate) bus: Arc<InProcess>,
    tasks: Tasks,
    _scratch: Scratch,
}

/// The service without relay and consumer: events lie in the outbox.
pub(crate) async fn quiet() -> Fixture {
    let scratch = Scratch::new().await;
    let clock = Clock::system();
    let bus = Arc::new(InProcess::new(clock.clone(), &[chatty_subscriptions::GROUP]));
    let tasks = Tasks::default();
    let env = Env {
        clock: clock.clone(),
        cursors: Cursors::new(&Secret::new(&[5; 32]).unwrap()),
        keys: Keys::default(),
        bus: bus.clone(),
        tasks: tasks.clone(),
        public_url: "http://localhost".to_owned(),
        storage: Storage::folder(scratch.folder()).with_database(scratch.database_url().map(str::to_owned)),
        exposure: Exposure::InProcess,
    };
    let service = chatty_subscriptions::service(&env, &chatty_subscriptions::Config::default()).await.unwrap();
    Fixture { clock, service, bus, tasks, _scratch: scratch }
}

/// The running service.
pub(crate) async fn running() -> Fixture {
    let fixture = quiet().await;
    for consumer in fixture.service.consumers.clone() {
        fixture.tasks.spawn(fixture.bus.consume(consumer, fixture.tasks.stopping()));
    }
    let (name, db, stop) = (fixture.service.name, fixture.db().clone(), fixture.tasks.stopping());
    fixture.tasks.spawn(relay::run(name, db, fixture.bus.clone(), fixture.clock.clone(), Turn::Alone, stop));
    fixture
}

impl Drop for Fixture {
    fn drop(&mut self) {
        self.tasks.stop();
    }
}

impl Fixture {
    pub(crate) fn db(&self) -> &Db {
        self.service.db.as_ref().unwrap()
    }

    /// A registered user, known to the service once it has settled.
    pub(crate) async fn user(&self) -> UserId {
        let user_id = Id::new(&self.clock);
        self.publish(&UserRegistered {
            user_id,
            username: "somebody".to_owned(),
            locale: "en".to_owned(),
            created_at: self.clock.now(),
        })
        .await;
        user_id
    }

    /// Registered and settled users.
    pub(crate) async fn users<const N: usize>(&self) -> [UserId; N] {
        let mut users = Vec::with_capacity(N);
        for _ in 0..N {
            users.push(self.user().await);
        }
        self.settle().await;
        users.try_into().unwrap()
    }

    pub(crate) async fn post(&self, author_id: UserId, visibility: Visibility) -> PostId {
        let post_id = Id::new(&self.clock);
        self.publish(&PostCreated { post_id, author_id, visibility, created_at: self.clock.now() }).await;
        post_id
    }

    pub(crate) async fn edit(&self, author_id: UserId, post_id: PostId, version: i64, visibility: Visibility) {
        self.publish(&PostUpdated { post_id, author_id, version, visibility }).await;
    }

    pub(crate) async fn delete(&self, author_id: UserId, post_id: PostId, version: i64) {
        self.publish(&PostDeleted { post_id, author_id, version }).await;
    }

    pub(crate) async fn publish(&self, event: &impl Event) {
        self.bus.publish(&[Envelope::new(&self.clock, event)]).await.unwrap();
    }

    /// Waits until every event has been handled.
    pub(crate) async fn settle(&self) {
        let mut commits = self.db().commits();
        let consumers = [(chatty_subscriptions::GROUP, self.db().clone())];
        let settling = async {
            loop {
                commits.mark_unchanged();
                let still = settled(std::slice::from_ref(self.db()), &consumers, &self.clock).await.unwrap();
                if still && !commits.has_changed().unwrap() {
                    return;
                }
                commits.changed().await.unwrap();
            }
        };
        tokio::time::timeout(Duration::from_secs(20), settling).await.expect("the service settles");
    }

    pub(crate) fn request(&self, viewer: Option<UserId>, document: &str, variables: Value) -> Request {
        let viewer = viewer.map(|user| Viewer {
            user,
            session: Id::new(&self.clock),
            role: Role::User,
            scopes: Role::User.scopes(),
            issued_at: self.clock.now(),
            expires_at: self.clock.now() + TimeDelta::minutes(10),
        });
        Request::new(document).variables(Variables::from_json(variables)).data(Caller { viewer, ..Caller::anonymous() })
    }

    /// Runs an operation and gives the whole response.
    pub(crate) async fn response(&self, viewer: Option<UserId>, document: &str, variables: Value) -> Response {
        self.service.subgraph.execute(self.request(viewer, document, variables)).await
    }

    /// Runs an operation that gives no errors, and gives its data.
    pub(crate) async fn run(&self, viewer: impl Into<Option<UserId>>, document: &str, variables: Value) -> Value {
        data(self.response(viewer.into(), document, variables).await)
    }

    /// Runs an operation that is not executed, and gives its code.
    pub(crate) async fn code(&self, viewer: Option<UserId>, document: &str, variables: Value) -> String {
        code(&self.response(viewer, document, variables).await)
    }

    pub(crate) async fn follow(&self, follower: UserId, followee: UserId) -> Value {
        let document = "mutation($id: ID!) { followUser(input: {userId: $id}) {
            user { id followerCount viewerRelationship { isFollowing isFollowedBy } } errors { code path } } }";
        self.run(follower, document, serde_json::json!({"id": followee})).await["followUser"].take()
    }

    pub(crate) async fn unfollow(&self, follower: UserId, followee: UserId) -> Value {
        let document = "mutation($id: ID!) { unfollowUser(input: {userId: $id}) {
            user { id followerCount viewerRelationship { isFollowing } } errors { code path } } }";
        self.run(follower, document, serde_json::json!({"id": followee})).await["unfollowUser"].take()
    }

    /// The ids of the whole feed, read in pages of `first`.
    pub(crate) async fn feed_by(&self, user: UserId, first: usize) -> Vec<String> {
        let document = "query($first: Int, $after: Cursor) { homeFeed(first: $first, after: $after) {
            nodes { id } pageInfo { hasNextPage endCursor } } }";
        let (mut ids, mut after) = (Vec::new(), Value::Null);
        loop {
            let data = self.run(user, document, serde_json::json!({"first": first, "after": after})).await;
            let page = &data["homeFeed"];
            let nodes = page["nodes"].as_array().unwrap();
            ids.extend(nodes.iter().map(|node| node["id"].as_str().unwrap().to_owned()));
            after = page["pageInfo"]["endCursor"].clone();
            if page["pageInfo"]["hasNextPage"] == false {
                return ids;
            }
            assert_eq!(nodes.len(), first, "only the last page may be short");
        }
    }

    pub(crate) async fn feed(&self, user: UserId) -> Vec<String> {
        self.feed_by(user, 100).await
    }

    /// The user's live feed from `after`.
    pub(crate) fn live(&self, user: UserId, after: impl Into<Value>) -> Live {
        let document = "subscription($after: Cursor) { homeFeedEvents(after: $after) { __typename
            ... on FeedItemAdded { cursor edge { cursor seq node { id } } }
            ... on FeedItemRemoved { cursor postId }
            ... on FeedCaughtUp { cursor replayed }
            ... on ResyncRequired { reason } } }";
        let request = self.request(Some(user), document, serde_json::json!({"after": after.into()}));
        Live(self.service.subgraph.subscribe(request))
    }
}

pub(crate) struct Live(BoxStream<'static, Response>);

impl Live {
    /// The next event, for which there is a patience of ten seconds.
    pub(crate) async fn next(&mut self) -> Value {
        data(self.response().await.expect("the stream goes on"))["homeFeedEvents"].take()
    }

    /// The next response; `None` at the stream's end.
    pub(crate) async fn response(&mut self) -> Option<Response> {
        tokio::time::timeout(Duration::from_secs(10), self.0.next()).await.expect("an event or an end")
    }
}

pub(crate) fn data(response: Response) -> Value {
    assert!(response.errors.is_empty(), "{:?}", response.errors);
    response.data.into_json().unwrap()
}

pub(crate) fn code(response: &Response) -> String {
    let error = serde_json::to_value(response.errors.first().expect("an error")).unwrap();
    error["extensions"]["code"].as_str().unwrap().to_owned()
}

/// Posts as a feed lists them: newest first.
pub(crate) fn newest_first(posts: &[PostId]) -> Vec<String> {
    let mut posts = posts.to_vec();
    posts.sort_unstable_by(|a, b| b.cmp(a));
    posts.iter().map(PostId::to_string).collect()
}
