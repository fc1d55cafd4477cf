//! What the service's resolvers and consumers work with.

use std::sync::Arc;

use chatty_bus::Bus;
use chatty_store::Db;
use chatty_types::{Clock, Cursors};

/// All state of the service.
pub(crate) struct App {
    /// Follows, feeds and replicas.
    pub(crate) db: Db,
    /// The time, and the ids of events.
    pub(crate) clock: Clock,
    /// Signs the cursors of pages and streams.
    pub(crate) cursors: Cursors,
    /// Wakes live feeds.
    pub(crate) bus: Arc<dyn Bus>,
}
