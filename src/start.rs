//! From a configuration to a running process, and back.

use std::{net::SocketAddr, path::Path, sync::Arc, time::Duration};

use anyhow::Context;
use chatty_access::Verifier;
use chatty_auth::{Admin, Auth, FirstAdmin, NewAdmin, Rotation};
use chatty_bus::Group;
use chatty_kit::{
    STOP_WITHIN, Subgraph, Tasks,
    http::{self, Readiness},
};
use chatty_store::{Db, Reservation};
use chatty_types::Clock;
use futures_util::future::join_all;
use tokio::{net::TcpListener, time::Instant};

use crate::{Config, Part, base::Base, folder::Folder, foreign::Foreign, front, services::Services};

/// What closing the databases gets in any case.
const CLOSE_AT_LEAST: Duration = Duration::from_secs(1);

/// A running process: all parts of the installation, or some.
pub struct System {
    /// Where it listens. With the router in it, the API is at `http://<address>/graphql`.
    pub address: SocketAddr,
    /// The administrator that this start made, because there was none. Shown once.
    pub first_admin: Option<FirstAdmin>,
    /// Turns access tokens into viewers, where the router is.
    pub verifier: Option<Verifier>,
    /// The subgraphs that run here, by name.
    pub subgraphs: Vec<(&'static str, Arc<dyn Subgraph>)>,
    /// The databases of the services that run here.
    pub databases: Vec<Db>,
    /// The members of durable groups that run here, and where each keeps its inbox.
    pub consumers: Vec<(Group, Db)>,
    tasks: Tasks,
    drain: Duration,
    folder: Option<Folder>,
    _reservations: Vec<Reservation>,
}

impl System {
    /// Opens what `parts` keep, brings their databases up to date, starts them and serves on `listener`.
    ///
    /// A router whose services run elsewhere becomes ready once it has heard of them; see `/readyz`.
    pub async fn start(config: &Config, parts: &[Part], listener: TcpListener, clock: Clock) -> anyhow::Result<Self> {
        config.check_for(parts)?;
        let address = listener.local_addr()?;
        let base = Base::serving(config, parts, config.public_url_at(address), clock).await?;
        let env = &base.env;
        let services = Services::open(config, parts, env).await?;

        let readiness = Readiness::default();
        let mut routes = http::health(readiness.clone(), &env.tasks);
        let mut verifier = None;
        if parts.contains(&Part::Router) {
            let front = front::open(config, &base, &services)?;
            routes = routes.merge(front.routes);
            verifier = Some(front.verifier);
            let ready = async move {
                front.informed.await;
                readiness.set_ready();
            };
            // What another process tells may take its time; what this one knows does not.
            if services.auth.is_some() { ready.await } else { env.tasks.spawn(ready) }
        } else {
            routes = routes.merge(services.routes(&base));
            readiness.set_ready();
        }

        services.run(&base);
        // Last, because the password is shown only if everything else has succeeded.
        let first_admin = match &services.auth {
            Some(auth) => auth.first_admin().await.context("the first administrator cannot be made")?,
            None => None,
        };
        env.tasks.spawn(http::serve(listener, routes, env.tasks.clone()));
        Ok(Self {
            address,
            first_admin,
            verifier,
            consumers: services.consumers().map(|consumer| (consumer.group, consumer.db.clone())).collect(),
            databases: services.databases().map(|(_, db)| db.clone()).collect(),
            subgraphs: services.subgraphs.into_iter().map(|service| (service.name, service.subgraph)).collect(),
            tasks: base.env.tasks,
            drain: config.drain(),
            folder: base.folder,
            _reservations: base.reservations,
        })
    }

    /// A gateway for any supergraph: reaches the subgraphs at the URLs in it, and knows nothing of who asks. It serves
    /// what the file holds, also when that changes; what cannot be served then leaves the old supergraph in service.
    pub async fn route(
        config: &Config,
        supergraph: &Path,
        listener: TcpListener,
        clock: &Clock,
    ) -> anyhow::Result<Self> {
        config.check()?;
        let address = listener.local_addr()?;
        let tasks = Tasks::default();
        let readiness = Readiness::default();
        let foreign = Foreign::open(supergraph, front::limits(config), config.router.deduplicate).await?;
        let gateway = front::api(config, foreign.gateway(), None, &config.public_url_at(address), clock, &tasks)?;
        foreign.follow(&tasks);
        let routes = http::health(readiness.clone(), &tasks).merge(gateway);
        tasks.spawn(http::serve(listener, routes, tasks.clone()));
        readiness.set_ready();
        Ok(Self {
            address,
            first_admin: None,
            verifier: None,
            subgraphs: Vec::new(),
            databases: Vec::new(),
            consumers: Vec::new(),
            tasks,
            drain: config.drain(),
            folder: None,
            _reservations: Vec::new(),
        })
    }

    /// The full path of the folder with what is kept in files, if anything is.
    pub fn data_folder(&self) -> Option<&Path> {
        self.folder.as_ref().map(Folder::path)
    }

    /// What cuts [`stop`](Self::stop) short: balancers get no more time.
    pub fn hurry(&self) -> impl FnOnce() + use<> {
        let tasks = self.tasks.clone();
        move || tasks.stop()
    }

    /// Gives balancers time to turn away, refuses new work, ends the open requests and sockets, finishes the events in
    /// hand and closes the databases. Says whether everything ended within 30 s.
    pub async fn stop(self) -> bool {
        let begun = Instant::now();
        self.tasks.drain(self.drain).await;
        let in_time = self.tasks.finish(STOP_WITHIN.saturating_sub(begun.elapsed())).await;
        // A statement that never ends keeps its connection; the process must not wait for it.
        let left = STOP_WITHIN.saturating_sub(begun.elapsed()).max(CLOSE_AT_LEAST);
        let closing = join_all(self.databases.iter().map(Db::close));
        in_time & tokio::time::timeout(left, closing).await.is_ok()
    }
}

/// Brings every database up to date; returns the services that have one.
pub async fn migrate(config: &Config) -> anyhow::Result<Vec<&'static str>> {
    let base = Base::beside(config, Part::ALL)?;
    let mut migrated = Vec::new();
    for part in Part::services() {
        let Some(migrations) = part.migrations() else { continue };
        let name = part.name();
        let opened = base.env.storage.open(name, &migrations).await;
        opened.with_context(|| format!("{name} cannot be migrated"))?.close().await;
        migrated.push(name);
    }
    Ok(migrated)
}

/// Makes an administrator; a serving process sees the account at once.
pub async fn create_admin(config: &Config, admin: NewAdmin) -> anyhow::Result<Admin> {
    let base = Base::beside(config, &[Part::Auth])?;
    let auth = Auth::open(&base.env, &config.auth).await?;
    Ok(auth.create_admin(admin).await?)
}

/// Makes the next key that signs access tokens; serving processes take it up by themselves.
pub async fn rotate_keys(config: &Config) -> anyhow::Result<Rotation> {
    let base = Base::beside(config, &[Part::Auth])?;
    let auth = Auth::open(&base.env, &config.auth).await?;
    Ok(auth.rotate_keys().await?)
}
