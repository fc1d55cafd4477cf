//! What the parts of one process share: secrets, storage, the bus, the clock.

use std::sync::Arc;

use anyhow::Context;
use chatty_access::{Keys, Seals};
use chatty_bus::{Bus, InProcess, RabbitMq, relay::Turn};
use chatty_kit::{Env, Exposure, Storage, Tasks};
use chatty_store::{Reservation, Use, reserve_postgres};
use chatty_types::{Clock, Cursors, Secret};

use crate::{Config, Part, folder::Folder, part::GROUPS};

/// The shared ground of a process.
pub(crate) struct Base {
    pub(crate) env: Env,
    /// Seals and opens what router and services tell each other over the network.
    pub(crate) seals: Seals,
    /// Whether the relays of this process are the only ones of their services.
    pub(crate) turn: Turn,
    /// `None` where nothing is kept in files.
    pub(crate) folder: Option<Folder>,
    /// Of the PostgreSQL schemas that it serves.
    pub(crate) reservations: Vec<Reservation>,
}

impl Base {
    /// To serve `parts`: reserves their files, and keeps a connection to the broker if there is one.
    pub(crate) async fn serving(
        config: &Config,
        parts: &[Part],
        public_url: String,
        clock: Clock,
    ) -> anyhow::Result<Self> {
        let mut base = Self::new(config, parts, public_url, clock)?;
        // Without a broker, whoever else served the same data would not hear what this process commits.
        let using = if config.broker_url.is_some() { Use::Shared } else { Use::Alone };
        for part in parts.iter().filter(|part| part.migrations().is_some()) {
            let name = part.name();
            match (config.database_of(*part), &mut base.folder) {
                (None, Some(folder)) => folder.lock(name)?,
                (Some(url), _) => {
                    let reserved = reserve_postgres(url, name, using).await;
                    let reserved = reserved.with_context(|| format!("{name} does not start"))?.with_context(|| {
                        format!(
                            "another chatty process serves {name} from the same database; only processes with the same \
                             `broker_url` may do so together"
                        )
                    })?;
                    base.reservations.push(reserved);
                }
                (None, None) => unreachable!("what is kept in files has a folder"),
            }
        }
        if let Some(broker) = config.broker() {
            let bus = RabbitMq::new(broker, GROUPS, base.env.clock.clone())?;
            base.env.tasks.spawn(bus.run(base.env.tasks.stopping()));
            base.env.bus = Arc::new(bus);
            base.turn = Turn::Shared;
        }
        Ok(base)
    }

    /// For a command that works beside serving processes.
    pub(crate) fn beside(config: &Config, parts: &[Part]) -> anyhow::Result<Self> {
        config.check()?;
        Self::new(config, parts, config.public_url_at(config.listen), Clock::system())
    }

    fn new(config: &Config, parts: &[Part], public_url: String, clock: Clock) -> anyhow::Result<Self> {
        let in_files = |part: &Part| part.migrations().is_some() && config.database_of(*part).is_none();
        let wants_folder = config.secret.is_none() || parts.iter().any(in_files);
        let folder = wants_folder.then(|| Folder::open(&config.data_dir)).transpose()?;
        let secret = match (&config.secret, &folder) {
            (Some(secret), _) => Secret::new(secret.as_bytes())?,
            (None, Some(folder)) => folder.secret()?,
            (None, None) => unreachable!("without a secret there is a folder"),
        };
        let previous = config.secret_previous.as_ref().map(|secret| Secret::new(secret.as_bytes())).transpose()?;
        let bus: Arc<dyn Bus> = Arc::new(InProcess::new(clock.clone(), GROUPS));
        let env = Env {
            cursors: Cursors::new(&secret).accepting(previous.as_ref()),
            keys: Keys::default(),
            bus,
            tasks: Tasks::default(),
            public_url,
            storage: storage(config),
            exposure: if parts.contains(&Part::Router) { Exposure::InProcess } else { Exposure::Network },
            clock,
        };
        Ok(Self {
            env,
            seals: Seals::new(&secret, previous.as_ref()),
            turn: Turn::Alone,
            folder,
            reservations: Vec::new(),
        })
    }
}

fn storage(config: &Config) -> Storage {
    Part::services().fold(Storage::folder(&config.data_dir), |storage, part| match config.database_of(part) {
        Some(url) => storage.with_database_of(part.name(), url.clone()),
        None => storage,
    })
}
