//! What a service is given to run with.

use std::{path::PathBuf, sync::Arc};

use chatty_access::Keys;
use chatty_bus::Bus;
use chatty_store::{Db, Error, Migration};
use chatty_types::{Clock, Cursors};

use crate::Tasks;

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
}

/// Where services keep their data.
#[derive(Debug, Clone)]
pub enum Storage {
    /// A SQLite file a service, in this folder.
    Folder(PathBuf),
}

impl Storage {
    /// Opens the database of `service` and brings it up to date.
    pub async fn open(&self, service: &'static str, migrations: &[Migration]) -> Result<Db, Error> {
        match self {
            Self::Folder(folder) => Db::open_sqlite(&folder.join(format!("{service}.sqlite")), migrations).await,
        }
    }
}
