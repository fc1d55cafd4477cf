//! What a service hands to the process that runs it.

use std::sync::Arc;

use chatty_bus::Consumer;
use chatty_store::Db;

use crate::Subgraph;

/// A service with a part of the graph, ready to run.
pub struct Service {
    /// Its name: of its subgraph, its database and its configuration section.
    pub name: &'static str,
    /// Its part of the graph.
    pub subgraph: Arc<dyn Subgraph>,
    /// Plain HTTP routes for everybody.
    pub routes: axum::Router,
    /// Plain HTTP routes for other processes of the installation, below `/internal`. Never on the public listener.
    pub internal: axum::Router,
    /// Its members of durable groups.
    pub consumers: Vec<Consumer>,
    /// Its database, whose outbox the process empties. `None` for a service without data.
    pub db: Option<Db>,
}

/// A service without a part of the graph, ready to run: it works off events, and may have routes.
pub struct Worker {
    /// Its name: of its database and its durable group.
    pub name: &'static str,
    /// Plain HTTP routes for everybody.
    pub routes: axum::Router,
    /// Its members of durable groups.
    pub consumers: Vec<Consumer>,
    /// Its database, whose outbox the process empties.
    pub db: Db,
}
