//! Everything the service holds while it runs.

use std::sync::Arc;

use chatty_access::Caller;
use chatty_bus::{Bus, outbox};
use chatty_events::{Envelope, Event};
use chatty_kit::Env;
use chatty_store::{Db, Error, Tx};
use chatty_types::{Clock, Cursors};

use crate::Config;

/// The state of the service. Cheap to clone; clones share everything.
#[derive(Clone)]
pub(crate) struct App {
    /// The service's own tables, and its replicas of other services' facts.
    pub(crate) db: Db,
    /// The time, and the source of ids.
    pub(crate) clock: Clock,
    /// Encodes positions in lists and streams.
    pub(crate) cursors: Cursors,
    /// Wakes live streams.
    pub(crate) bus: Arc<dyn Bus>,
    /// What the operator set.
    pub(crate) config: Config,
}

impl App {
    pub(crate) fn new(env: &Env, config: &Config, db: Db) -> Self {
        let Env { clock, cursors, bus, .. } = env.clone();
        Self { db, clock, cursors, bus, config: config.clone() }
    }

    /// Publishes `event` as the caller's doing if, and only if, `tx` commits.
    pub(crate) async fn tell<E: Event>(&self, tx: &mut Tx, caller: &Caller, event: &E) -> Result<(), Error> {
        let envelope = Envelope::new(&self.clock, event).caused_by(caller.user(), Some(caller.trace_id.clone()));
        outbox::append(tx, &envelope).await
    }

    /// Publishes `event`, which follows from `cause`, if `tx` commits.
    pub(crate) async fn tell_after<E: Event>(&self, tx: &mut Tx, cause: &Envelope, event: &E) -> Result<(), Error> {
        outbox::append(tx, &Envelope::new(&self.clock, event).following(cause)).await
    }
}
