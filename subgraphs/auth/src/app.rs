//! All state of the service.

use chatty_access::Verifier;
use chatty_kit::{Env, Fault};
use chatty_store::Db;
use chatty_types::{Clock, Cursors};
use tokio::sync::Notify;

use crate::{
    Config,
    domain::{hashing::Hashing, session::Lifetimes, signing::Signer},
};

/// What resolvers and use-cases work with. One an opened service.
#[derive(Debug)]
pub(crate) struct App {
    /// Accounts, sessions and keys.
    pub(crate) db: Db,
    /// The time, and the source of ids.
    pub(crate) clock: Clock,
    /// Encodes and decodes the positions of lists.
    pub(crate) cursors: Cursors,
    /// Hashes and verifies passwords, a bounded number at a time.
    pub(crate) hashing: Hashing,
    /// Issues access tokens.
    pub(crate) signer: Signer,
    /// Knows genuine ones; whether access has ended is asked of the database.
    pub(crate) verifier: Verifier,
    /// Wakes who sends the links that were wished for.
    pub(crate) wishes: Notify,
    /// How long tokens and sessions live.
    pub(crate) lifetimes: Lifetimes,
}

/// Why the service cannot start.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The database cannot be opened, migrated or read.
    #[error("the database of auth cannot be opened")]
    Store(#[from] chatty_store::Error),
    /// There is no usable signing key.
    #[error("there is no usable key to sign access tokens with")]
    SigningKey(#[source] Fault),
    /// The system gives no random bytes.
    #[error("passwords cannot be hashed")]
    Hashing(#[source] Fault),
}

impl App {
    pub(crate) async fn open(env: &Env, config: &Config) -> Result<Self, OpenError> {
        let db = crate::open_db(env).await?;
        let lifetimes = Lifetimes::from(config);
        let signer = Signer::open(env, &db, lifetimes.access_token()).await.map_err(OpenError::SigningKey)?;
        Ok(Self {
            db,
            clock: env.clock.clone(),
            cursors: env.cursors.clone(),
            hashing: Hashing::new(config.hash_threads(), config.hash_wait()).map_err(OpenError::Hashing)?,
            signer,
            verifier: Verifier::new(env.keys.clone(), env.public_url.clone(), env.clock.clone()),
            wishes: Notify::new(),
            lifetimes,
        })
    }
}
