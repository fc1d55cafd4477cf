//! The router in this process: the gateway over services here and elsewhere, its transports, and what it passes on.

use std::{collections::HashMap, sync::Arc};

use anyhow::Context;
use axum::Router;
use chatty_access::{Revocations, Snapshot, Verifier};
use chatty_kit::Tasks;
use chatty_router::{
    Gateway, HttpClient, HttpUpstream, Limits, Sealing, Upstream, revocation,
    transport::{self, RouterState},
};
use chatty_types::Clock;
use futures_util::{FutureExt, future::BoxFuture};
use http::Uri;

use crate::{Config, Mode, Part, base::Base, peers, schema, services::Services};

/// A router that is ready to be served.
pub(crate) struct Front {
    pub(crate) verifier: Verifier,
    /// The API, and the public routes of all services.
    pub(crate) routes: Router,
    /// Ends when the router knows which tokens are good. Until then whoever sends one is told to try again.
    pub(crate) informed: BoxFuture<'static, ()>,
}

/// The installation's own router. `here` are the services of this process.
pub(crate) fn open(config: &Config, base: &Base, here: &Services) -> anyhow::Result<Front> {
    let (env, client) = (&base.env, HttpClient::new());
    let (mut upstreams, mut routes) = (HashMap::new(), Router::new());
    let revocations = Revocations::new(env.clock.clone());
    let mut informed = vec![informed(&revocations)];
    for part in Part::services() {
        if let Some(worker) = here.workers.iter().find(|worker| worker.name == part.name()) {
            routes = routes.merge(worker.routes.clone());
            continue;
        }
        let upstream = if let Some(service) = here.subgraphs.iter().find(|service| service.name == part.name()) {
            routes = routes.merge(service.routes.clone());
            Upstream::InProcess(Arc::clone(&service.subgraph))
        } else {
            let upstream = elsewhere(config, part, base, &client)?;
            upstream.watch_readiness(&env.tasks);
            routes = routes.merge(transport::forward(part.prefixes(), &upstream));
            if part == Part::Auth {
                informed.push(peers::follow_keys(&upstream, &env.keys, &env.tasks).boxed());
                let auth = upstream.clone();
                follow_revocations(base, &revocations, move || {
                    let auth = auth.clone();
                    async move { peers::revocations(&auth).await }.boxed()
                });
            }
            Upstream::Http(upstream)
        };
        if part.has_subgraph() {
            upstreams.insert(part.name().to_owned(), upstream);
        }
    }
    if let Some(auth) = here.auth.clone() {
        follow_revocations(base, &revocations, move || {
            let auth = auth.clone();
            async move { auth.revocations().await }.boxed()
        });
    }

    let gateway =
        Gateway::load(schema::SUPERGRAPH, upstreams, limits(config)).context("the supergraph does not load")?;
    let verifier =
        Verifier::new(env.keys.clone(), env.public_url.clone(), env.clock.clone()).with_revocations(revocations);
    let api = api(config, gateway, Some(verifier.clone()), &env.public_url, &env.clock, &env.tasks)?;
    let informed = futures_util::future::join_all(informed).map(drop).boxed();
    Ok(Front { verifier, routes: routes.merge(api), informed })
}

/// A service in other processes.
fn elsewhere(config: &Config, part: Part, base: &Base, client: &HttpClient) -> anyhow::Result<HttpUpstream> {
    let name = part.name();
    let endpoint = |origin: Uri| format!("{origin}graphql/{name}").parse().expect("an origin ends in a slash");
    let endpoints = config.endpoints_of(part)?.into_iter().map(endpoint).collect();
    let sealing = Sealing { seals: base.seals.clone(), clock: base.env.clock.clone() };
    let upstream = HttpUpstream::new(name, endpoints, client.clone(), Some(sealing));
    Ok(deduplicating(config, upstream.with_context(|| format!("{name} cannot be reached"))?))
}

fn deduplicating(config: &Config, upstream: HttpUpstream) -> HttpUpstream {
    if config.router.deduplicate { upstream.deduplicating() } else { upstream }
}

/// Keeps `revocations` up to date by events and by what `snapshot` reads.
fn follow_revocations<E: std::error::Error + Send + 'static>(
    base: &Base,
    revocations: &Revocations,
    snapshot: impl Fn() -> BoxFuture<'static, Result<Snapshot, E>> + Send + Sync + 'static,
) {
    let (bus, stopping) = (Arc::clone(&base.env.bus), base.env.tasks.stopping());
    base.env.tasks.spawn(revocation::follow(bus, snapshot, revocations.clone(), stopping));
}

fn informed(revocations: &Revocations) -> BoxFuture<'static, ()> {
    let revocations = revocations.clone();
    async move { revocations.informed().await }.boxed()
}

/// What the router allows.
pub(crate) fn limits(config: &Config) -> Limits {
    let mut limits = config.router.limits.clone();
    limits.anonymous_introspection &= config.mode == Mode::Development;
    limits
}

/// The gateway's transports.
pub(crate) fn api(
    config: &Config,
    gateway: Gateway,
    verifier: Option<Verifier>,
    public_url: &str,
    clock: &Clock,
    tasks: &Tasks,
) -> anyhow::Result<Router> {
    let mut transports = transport::Config::new(public_url.parse()?);
    transports.allowed_origins = config.router.origins()?;
    transports.trusted_proxies.clone_from(&config.trusted_proxies);
    transports.streams = config.router.streams;
    Ok(transport::routes(RouterState {
        gateway: gateway.sharing_streams(tasks),
        verifier,
        clock: clock.clone(),
        config: transports,
        shutdown: tasks.stopping(),
        sockets: tasks.tracker(),
    }))
}
