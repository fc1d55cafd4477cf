//! What a service is given to run with.

use std::sync::Arc;

use chatty_access::Keys;
use chatty_bus::Bus;
use chatty_types::{Clock, Cursors};

use crate::{Exposure, Storage, Tasks};

/// The surroundings of a service in one running system. Cheap to clone; clones share everything.
#[derive(Clone)]
pub struct Env {
    /// The time, and the source of ids.
    pub clock: Clock,
    /// Encodes and decodes cursors.
    pub cursors: Cursors,
    /// The public keys that access tokens are verified with; auth fills it.
    pub keys: Keys,
    /// Carries events.
    pub bus: Arc<dyn Bus>,
    /// Runs background work.
    pub tasks: Tasks,
    /// The origin of all links and the issuer of tokens, without a slash at the end.
    pub public_url: String,
    /// Where services keep their data.
    pub storage: Storage,
    /// Who sends requests to the subgraphs.
    pub exposure: Exposure,
}
