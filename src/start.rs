//! From a configuration to a running system, and back.

use std::{collections::HashMap, net::SocketAddr, sync::Arc, time::Duration};

use anyhow::Context;
use axum::Router;
use chatty_access::{Keys, Revocations, Verifier};
use chatty_auth::{Admin, Auth, FirstAdmin, NewAdmin};
use chatty_bus::{Group, InProcess, relay};
use chatty_kit::{
    Env, Exposure, Service, Storage, Tasks,
    http::{self, Readiness},
};
use chatty_router::{
    Gateway, Upstream, revocation,
    transport::{self, RouterState},
};
use chatty_store::Db;
use chatty_types::{Clock, Cursors};
use futures_util::FutureExt;
use tokio::net::TcpListener;

use crate::{Config, Mode, folder::Folder, schema};

/// Every durable group of the installation, whichever process its members run in.
const GROUPS: &[Group] = &[chatty_posts::GROUP, chatty_subscriptions::GROUP];

/// How long a stopping system waits for requests, sockets and events in hand.
const DRAIN: Duration = Duration::from_secs(30);

/// All services, the router and the bus in this process.
pub struct System {
    /// Where the API is served: `http://<address>/graphql`.
    pub address: SocketAddr,
    /// The administrator that this start made, because there was none. Shown once.
    pub first_admin: Option<FirstAdmin>,
    /// Executes operations without a transport.
    pub gateway: Gateway,
    /// Turns access tokens into viewers.
    pub verifier: Verifier,
    /// Each service's database.
    pub databases: Vec<Db>,
    tasks: Tasks,
    folder: Folder,
}

impl System {
    /// Opens the data folder, brings the databases up to date, starts every service and serves on `listener`.
    pub async fn start(config: &Config, listener: TcpListener, clock: Clock) -> anyhow::Result<Self> {
        config.check()?;
        let folder = Folder::lock(&config.data_dir)?;
        let address = listener.local_addr()?;
        let public_url = config.public_url_at(address);
        let env = environment(config, &folder, clock, public_url.clone())?;

        let auth = Auth::open(&env, &config.auth).await.context("auth does not start")?;
        let services = vec![
            auth.service(),
            chatty_posts::service(&env, &config.posts).await.context("posts does not start")?,
            chatty_subscriptions::service(&env, &config.subscriptions).await.context("subscriptions does not start")?,
            chatty_platform::service(&env),
        ];

        let gateway = gateway(&services, config)?;
        let revocations = follow_revocations(&env, &auth);
        let verifier = Verifier::new(env.keys.clone(), public_url.clone(), env.clock.clone())
            .with_revocations(revocations.clone());
        let readiness = Readiness::default();
        let mut transports = transport::Config::new(public_url.parse()?);
        transports.allowed_origins = config.router.origins()?;
        let mut routes = http::health(readiness.clone(), &env.tasks).merge(transport::routes(RouterState {
            gateway: gateway.clone(),
            verifier: verifier.clone(),
            clock: env.clock.clone(),
            config: transports,
            shutdown: env.tasks.stopping(),
            sockets: env.tasks.tracker(),
        }));
        let databases = services.iter().filter_map(|service| service.db.clone()).collect();
        routes = run(&env, services, routes);
        // Last, because the password is shown only if everything else has succeeded.
        let first_admin = auth.first_admin().await.context("the first administrator cannot be made")?;
        env.tasks.spawn(http::serve(listener, routes, env.tasks.clone()));
        // Until it knows what is revoked, this process lets in who is not to be let in.
        revocations.informed().await;
        readiness.set_ready();
        Ok(Self { address, first_admin, gateway, verifier, databases, tasks: env.tasks, folder })
    }

    /// The data folder's full path.
    pub fn data_folder(&self) -> &std::path::Path {
        self.folder.path()
    }

    /// Refuses new work, ends the open requests and sockets, finishes the events in hand and closes the databases.
    /// Says whether everything ended within 30 s.
    pub async fn stop(self) -> bool {
        let in_time = self.tasks.finish(DRAIN).await;
        for db in &self.databases {
            db.close().await;
        }
        in_time
    }
}

/// Whose access has ended, as auth in this process tells and knows.
fn follow_revocations(env: &Env, auth: &Auth) -> Revocations {
    let revocations = Revocations::new(env.clock.clone());
    let auth = auth.clone();
    let snapshot = move || {
        let auth = auth.clone();
        async move { auth.revocations().await }.boxed()
    };
    let follower = revocation::follow(Arc::clone(&env.bus), snapshot, revocations.clone(), env.tasks.stopping());
    env.tasks.spawn(follower);
    revocations
}

/// Runs the services' consumers and relays; gives back the routes with theirs.
fn run(env: &Env, services: Vec<Service>, mut routes: Router) -> Router {
    let stopping = env.tasks.stopping();
    for consumer in services.iter().flat_map(|service| service.consumers.iter().cloned()) {
        env.tasks.spawn(env.bus.consume(consumer, stopping.clone()));
    }
    for service in services {
        if let Some(db) = service.db {
            env.tasks.spawn(relay::run(service.name, db, Arc::clone(&env.bus), stopping.clone()));
        }
        routes = routes.merge(service.routes);
    }
    routes
}

fn environment(config: &Config, folder: &Folder, clock: Clock, public_url: String) -> anyhow::Result<Env> {
    Ok(Env {
        cursors: Cursors::new(&folder.secret(config)?),
        keys: Keys::default(),
        bus: Arc::new(InProcess::new(clock.clone(), GROUPS)),
        tasks: Tasks::default(),
        public_url,
        storage: Storage::folder(folder.path()),
        exposure: Exposure::InProcess,
        clock,
    })
}

fn gateway(services: &[Service], config: &Config) -> anyhow::Result<Gateway> {
    let upstreams: HashMap<_, _> = services
        .iter()
        .map(|service| (service.name.to_owned(), Upstream::InProcess(Arc::clone(&service.subgraph))))
        .collect();
    let mut limits = config.router.limits.clone();
    limits.anonymous_introspection &= config.mode == Mode::Development;
    Gateway::load(schema::SUPERGRAPH, upstreams, limits).context("the supergraph does not load")
}

/// An environment for a command that works beside a serving process.
fn beside(config: &Config) -> anyhow::Result<Env> {
    config.check()?;
    let folder = Folder::open(&config.data_dir)?;
    environment(config, &folder, Clock::system(), config.public_url_at(config.listen))
}

/// Brings every database up to date; returns the services that have one.
pub async fn migrate(config: &Config) -> anyhow::Result<Vec<&'static str>> {
    let env = beside(config)?;
    let services = [
        (chatty_auth::NAME, chatty_auth::migrations()),
        (chatty_posts::NAME, chatty_posts::migrations()),
        (chatty_subscriptions::NAME, chatty_subscriptions::migrations()),
    ];
    let mut migrated = Vec::new();
    for (name, migrations) in services {
        let db = env.storage.open(name, &migrations).await.with_context(|| format!("{name} cannot be migrated"))?;
        db.close().await;
        migrated.push(name);
    }
    Ok(migrated)
}

/// Makes an administrator; a serving process sees the account at once.
pub async fn create_admin(config: &Config, admin: NewAdmin) -> anyhow::Result<Admin> {
    let env = beside(config)?;
    let auth = Auth::open(&env, &config.auth).await?;
    Ok(auth.create_admin(admin).await?)
}
