//! The services that run in this process: opened from their configuration, and run.

use std::sync::Arc;

use anyhow::Context;
use chatty_auth::Auth;
use chatty_bus::{Consumer, relay};
use chatty_kit::{Env, Service, Worker, endpoint};
use chatty_store::Db;

use crate::{Config, Part, base::Base};

/// The services of one process.
#[derive(Default)]
pub(crate) struct Services {
    /// For what only this process can ask it for, if it is here.
    pub(crate) auth: Option<Auth>,
    /// Those with a part of the graph.
    pub(crate) subgraphs: Vec<Service>,
    /// Those without.
    pub(crate) workers: Vec<Worker>,
}

impl Services {
    /// Opens the services among `parts`.
    pub(crate) async fn open(config: &Config, parts: &[Part], env: &Env) -> anyhow::Result<Self> {
        let mut opened = Self::default();
        for part in parts {
            let failed = || format!("{} does not start", part.name());
            opened.subgraphs.push(match part {
                Part::Auth => {
                    let auth = Auth::open(env, &config.auth).await.with_context(failed)?;
                    opened.auth.insert(auth).service()
                }
                Part::Posts => chatty_posts::service(env, &config.posts).await.with_context(failed)?,
                Part::Subscriptions => {
                    chatty_subscriptions::service(env, &config.subscriptions).await.with_context(failed)?
                }
                Part::Platform => chatty_platform::service(env),
                Part::Email => {
                    let worker = chatty_email::worker(env, config.mail_delivery()).await.with_context(failed)?;
                    opened.workers.push(worker);
                    continue;
                }
                Part::Router => continue,
            });
        }
        Ok(opened)
    }

    /// What a process without the router answers.
    pub(crate) fn routes(&self, base: &Base) -> axum::Router {
        let graph = endpoint::routes(&self.subgraphs, &base.seals, &base.env.clock, &base.env.tasks);
        self.workers.iter().fold(graph, |routes, worker| routes.merge(worker.routes.clone()))
    }

    /// Runs the services' consumers and relays.
    pub(crate) fn run(&self, base: &Base) {
        let env = &base.env;
        for consumer in self.consumers() {
            env.tasks.spawn(env.bus.consume(consumer.clone(), env.tasks.stopping()));
        }
        for (name, db) in self.databases() {
            let (bus, clock) = (Arc::clone(&env.bus), env.clock.clone());
            env.tasks.spawn(relay::run(name, db.clone(), bus, clock, base.turn, env.tasks.stopping()));
        }
    }

    /// The members of durable groups.
    pub(crate) fn consumers(&self) -> impl Iterator<Item = &Consumer> {
        let of_subgraphs = self.subgraphs.iter().flat_map(|service| &service.consumers);
        of_subgraphs.chain(self.workers.iter().flat_map(|worker| &worker.consumers))
    }

    /// The databases, each with the name of its service.
    pub(crate) fn databases(&self) -> impl Iterator<Item = (&'static str, &Db)> {
        let of_subgraphs = self.subgraphs.iter().filter_map(|service| Some((service.name, service.db.as_ref()?)));
        of_subgraphs.chain(self.workers.iter().map(|worker| (worker.name, &worker.db)))
    }
}
