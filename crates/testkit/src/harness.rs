//! Starts, watches and restarts a system, in the topology that the environment chooses.

use std::net::SocketAddr;

use async_graphql::Variables;
use chatty::{Config, FirstAdmin, Part, System};
use chatty_access::Caller;
use chatty_events::{Envelope, Event};
use chatty_router::{Gateway, GraphqlRequest, Upstream};
use chatty_scratch::Scratch;
use chatty_types::Clock;
use futures_util::future::select_all;
use serde_json::Value;
use tokio::net::TcpListener;

use crate::{Client, Remote, Socket};

/// One running system: everything in one, or, where there is a broker, each part with its own listener, pool and broker
/// connection. All are tasks of the test's process and share its clock.
pub struct Harness {
    /// Moves the time of the whole system.
    pub clock: Clock,
    /// The configuration that the system was started with.
    pub config: Config,
    /// What the clients talk to.
    router: System,
    /// The parts that are reached over the network.
    elsewhere: Vec<System>,
    remote: Remote,
    scratch: Scratch,
}

impl Harness {
    /// A fresh system with the default configuration.
    pub async fn start() -> Self {
        Self::start_with(|_| {}).await
    }

    /// A fresh system whose configuration is the default changed by `change`.
    pub async fn start_with(change: impl FnOnce(&mut Config)) -> Self {
        let mut config = Config::default();
        // A busy machine hashes slowly, and no story is about that.
        config.auth.hash_wait_ms = u32::MAX;
        change(&mut config);
        Self::on(Scratch::new().await, Clock::system(), config).await
    }

    async fn on(scratch: Scratch, clock: Clock, mut config: Config) -> Self {
        config.data_dir = scratch.folder().to_owned();
        config.database_url = scratch.database_url().map(str::to_owned);
        // Tokens of before a restart stay valid: the issuer must not change with the port.
        config.public_url.get_or_insert_with(|| "http://chatty.test".to_owned());
        let mut elsewhere = Vec::new();
        if let Some(broker) = scratch.broker() {
            config.broker_url = Some(broker.url.clone());
            config.broker_prefix.clone_from(&broker.prefix);
            for part in [Part::Auth, Part::Posts, Part::Subscriptions, Part::Platform, Part::Email] {
                let system = run(&config, &[part], &clock).await;
                let url = Some(format!("http://{}", system.address));
                match part {
                    Part::Auth => config.auth_url = url,
                    Part::Posts => config.posts_url = url,
                    Part::Subscriptions => config.subscriptions_url = url,
                    Part::Platform => config.platform_url = url,
                    Part::Email => config.email_url = url,
                    Part::Router => unreachable!("not in the list"),
                }
                elsewhere.push(system);
            }
        }
        let parts = if elsewhere.is_empty() { Part::ALL } else { &[Part::Router] };
        let router = run(&config, parts, &clock).await;
        let remote = Remote::new(&format!("http://{}/graphql", router.address));
        remote.ready().await;
        Self { clock, config, router, elsewhere, remote, scratch }
    }

    /// Stops the system and starts it again on the same data.
    pub async fn restart(self) -> Self {
        let Self { clock, config, router, elsewhere, scratch, .. } = self;
        assert!(stop(router, elsewhere).await, "the system stops in time");
        Self::on(scratch, clock, config).await
    }

    /// Stops the system; whether everything ended in time.
    pub async fn stop(self) -> bool {
        stop(self.router, self.elsewhere).await
    }

    /// Where clients connect.
    pub fn address(&self) -> SocketAddr {
        self.router.address
    }

    /// The administrator that this start made.
    pub fn first_admin(&self) -> Option<&FirstAdmin> {
        self.systems().find_map(|system| system.first_admin.as_ref())
    }

    /// The URL of a path of this system.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.router.address)
    }

    /// The HTTP client that all clients share.
    pub fn http(&self) -> &reqwest::Client {
        self.remote.http()
    }

    /// Somebody who is not signed in.
    pub fn anonymous(&self) -> Client {
        self.remote.anonymous()
    }

    /// A new account, signed in. Its password is `password of <username>`.
    pub async fn register(&self, username: &str) -> Client {
        self.remote.register(username).await
    }

    /// Signs in again, as on another device.
    pub async fn login(&self, identifier: &str, password: &str) -> Client {
        self.remote.login(identifier, password).await
    }

    /// A WebSocket, not yet initialised.
    pub async fn socket(&self) -> Socket {
        self.remote.socket().await
    }

    /// Publishes an event as a service does, for what no service publishes yet.
    pub async fn publish(&self, event: &impl Event) {
        let db = self.systems().find_map(|system| system.databases.first()).expect("some service has a database");
        let mut tx = db.begin().await.expect("the database takes writes");
        let event = Envelope::new(&self.clock, event);
        chatty_bus::outbox::append(&mut tx, &event).await.expect("the outbox takes the event");
        tx.commit().await.expect("the event is stored");
    }

    /// Waits until every event that was published has been handled, woken by commits. It compares the ids in outboxes and
    /// inboxes and never asks the bus.
    pub async fn settle(&self) {
        let databases: Vec<_> = self.systems().flat_map(|system| &system.databases).cloned().collect();
        let consumers: Vec<_> = self.systems().flat_map(|system| &system.consumers).cloned().collect();
        let mut commits: Vec<_> = databases.iter().map(chatty_store::Db::commits).collect();
        loop {
            commits.iter_mut().for_each(tokio::sync::watch::Receiver::mark_unchanged);
            let settled = chatty_bus::settled(&databases, &consumers, &self.clock).await.expect("the databases answer");
            let moved = commits.iter().any(|commits| commits.has_changed().expect("the database is open"));
            if settled && !moved {
                return;
            }
            if !moved {
                let (changed, ..) = select_all(commits.iter_mut().map(|commits| Box::pin(commits.changed()))).await;
                changed.expect("the database is open");
            }
        }
    }

    /// Runs an operation without a transport, on the subgraphs themselves, and counts its SQL statements.
    pub async fn counted(&self, client: &Client, query: &str, variables: Value) -> (Value, u64) {
        let verifier = self.router.verifier.as_ref().expect("the router verifies tokens");
        let viewer = client.token().map(|token| verifier.verify(token).expect("the token is in force"));
        let caller = Caller { viewer, ..Caller::anonymous() };
        let request = GraphqlRequest {
            query: query.to_owned(),
            operation_name: None,
            variables: Variables::from_json(variables),
        };
        let subgraphs = self.systems().flat_map(|system| system.subgraphs.clone());
        let upstreams = subgraphs.map(|(name, subgraph)| (name.to_owned(), Upstream::InProcess(subgraph))).collect();
        let limits = self.config.router.limits.clone();
        let gateway = Gateway::load(chatty::schema::SUPERGRAPH, upstreams, limits).expect("the supergraph loads");
        let (answer, statements) = chatty_store::counted(gateway.execute(request, caller)).await;
        (serde_json::from_slice(&answer.body).expect("the answer is JSON"), statements)
    }

    fn systems(&self) -> impl Iterator<Item = &System> {
        std::iter::once(&self.router).chain(&self.elsewhere)
    }
}

async fn run(config: &Config, parts: &[Part], clock: &Clock) -> System {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    System::start(config, parts, listener, clock.clone()).await.expect("the system starts")
}

async fn stop(router: System, elsewhere: Vec<System>) -> bool {
    let mut in_time = router.stop().await;
    for system in elsewhere {
        in_time &= system.stop().await;
    }
    in_time
}
