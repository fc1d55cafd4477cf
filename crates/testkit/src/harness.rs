//! Starts, watches and restarts a system.

use async_graphql::Variables;
use chatty::{Config, System};
use chatty_access::Caller;
use chatty_router::GraphqlRequest;
use chatty_types::Clock;
use futures_util::future::select_all;
use serde_json::Value;
use tempfile::TempDir;
use tokio::net::TcpListener;

use crate::{Client, Remote, Socket};

/// One running system.
pub struct Harness {
    /// Moves the time of the whole system.
    pub clock: Clock,
    /// The configuration that the system was started with.
    pub config: Config,
    /// The system.
    pub system: System,
    remote: Remote,
    folder: TempDir,
}

impl Harness {
    /// A fresh system with the default configuration.
    pub async fn start() -> Self {
        Self::start_with(|_| {}).await
    }

    /// A fresh system whose configuration is the default changed by `change`.
    pub async fn start_with(change: impl FnOnce(&mut Config)) -> Self {
        let mut config = Config::default();
        change(&mut config);
        Self::on(tempfile::tempdir().expect("a temporary folder"), Clock::system(), config).await
    }

    async fn on(folder: TempDir, clock: Clock, mut config: Config) -> Self {
        config.data_dir = folder.path().to_owned();
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        // Tokens of before a restart stay valid: the issuer must not change with the port.
        config.public_url.get_or_insert_with(|| "http://chatty.test".to_owned());
        let system = System::start(&config, listener, clock.clone()).await.expect("the system starts");
        let remote = Remote::new(&format!("http://{}/graphql", system.address));
        Self { clock, config, system, remote, folder }
    }

    /// Stops the system and starts it again on the same data.
    pub async fn restart(self) -> Self {
        assert!(self.system.stop().await, "the system stops in time");
        Self::on(self.folder, self.clock, self.config).await
    }

    /// The URL of a path of this system.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.system.address)
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

    /// Waits until every event that was published has been handled, woken by commits.
    pub async fn settle(&self) {
        let mut commits: Vec<_> = self.system.databases.iter().map(chatty_store::Db::commits).collect();
        loop {
            commits.iter_mut().for_each(tokio::sync::watch::Receiver::mark_unchanged);
            let settled = chatty_bus::settled(&self.system.databases, &self.system.consumers, &self.clock);
            let settled = settled.await.expect("the database answers");
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

    /// Runs an operation without a transport and counts its SQL statements.
    pub async fn counted(&self, client: &Client, query: &str, variables: Value) -> (Value, u64) {
        let viewer = client.token().map(|token| self.system.verifier.verify(token).expect("the token is in force"));
        let caller = Caller { viewer, ..Caller::anonymous() };
        let variables = Variables::from_json(variables);
        let request = GraphqlRequest { query: query.to_owned(), operation_name: None, variables };
        let (answer, statements) = chatty_store::counted(self.system.gateway.execute(request, caller)).await;
        (serde_json::from_slice(&answer.body).expect("the answer is JSON"), statements)
    }
}
