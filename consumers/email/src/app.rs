//! All state of the service.

use chatty_kit::Env;
use chatty_store::{Db, Error};
use chatty_types::Clock;

use crate::letter::Letters;

/// What the handler, the sender and the routes work with. One an opened service.
pub(crate) struct App {
    /// Recipients and messages.
    pub(crate) db: Db,
    /// The time, and the ids of events.
    pub(crate) clock: Clock,
    /// Writes mail.
    pub(crate) letters: Letters,
    /// What becomes of it.
    pub(crate) delivery: Delivery,
}

/// What becomes of mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Delivery {
    /// It is SENT to the mailbox: the database keeps its text, with the link in it, and `GET /dev/mailbox` shows it to
    /// whoever asks. For development.
    Mailbox,
    /// It is SUPPRESSED: never written, and not kept for later, because what it is about passes.
    Nowhere,
}

impl App {
    pub(crate) async fn open(env: &Env, delivery: Delivery) -> Result<Self, Error> {
        if delivery == Delivery::Nowhere {
            tracing::warn!("no mail leaves this installation: there is no way to send it yet");
        }
        Ok(Self {
            db: env.storage.open(crate::NAME, &crate::migrations()).await?,
            clock: env.clock.clone(),
            letters: Letters::new(&env.public_url),
            delivery,
        })
    }
}
