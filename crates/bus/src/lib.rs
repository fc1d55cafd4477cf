//! Moves events between services so that nothing accepted is lost.
//!
//! A writer calls [`outbox::append`] in its own transaction. The service's [`relay`] publishes the rows and deletes
//! them once every durable group has stored them. A [`Consumer`] handles each event once: its inbox row and its change
//! are one transaction, and only then is the delivery acknowledged. Delivery is at least once, and in order only while
//! nothing fails, so handlers must not need order.
//!
//! Broadcasts are the lossy other half: hints to look, never the only way to learn something. See [`Bus::listen`].

mod consumer;
mod in_process;
pub mod live;
pub mod outbox;
pub mod relay;
pub mod replica;
mod settled;

use chatty_events::Envelope;
use chatty_store::Migration;
use futures_util::future::BoxFuture;
use tokio_util::sync::CancellationToken;

pub use consumer::{Consumer, Group, Handled, Handler, Rejection};
pub use in_process::InProcess;
pub use settled::settled;

/// The tables that every service with events has. Versions below 100 are reserved for shared tables.
pub const MIGRATIONS: &[Migration] =
    &[Migration { version: 1, name: "bus", sql: include_str!("../../../migrations/shared/0001_bus.sql") }];

/// The events are not stored for every group; they stay in the outbox and are published again.
#[derive(Debug, thiserror::Error)]
pub enum PublishError {
    /// A group has no member in this process yet and would miss the events for good.
    #[error("the group `{0}` is not there yet")]
    NotBound(&'static str),
    /// A group's database did not take them.
    #[error("publishing failed for the group `{group}`")]
    NotStored {
        /// The group.
        group: &'static str,
        /// What went wrong.
        source: chatty_store::Error,
    },
}

/// Carries events: in process now, over a broker in a distributed installation.
pub trait Bus: Send + Sync + 'static {
    /// Hands `events` to every durable group that wants them and to every listener; resolves when all are stored.
    fn publish<'a>(&'a self, events: &'a [Envelope]) -> BoxFuture<'a, Result<(), PublishError>>;

    /// Tells listeners at once, durable groups never. May be lost.
    fn broadcast(&self, event: Envelope);

    /// Hears of published and broadcast events whose routing key is one of `keys`, from now on.
    fn listen(&self, keys: &'static [&'static str]) -> Listener;

    /// Joins a durable group; the future handles events until `stop`, finishing the one in hand.
    fn consume(&self, consumer: Consumer, stop: CancellationToken) -> BoxFuture<'static, ()>;
}

/// A lossy ear on the bus.
pub struct Listener {
    keys: &'static [&'static str],
    events: tokio::sync::broadcast::Receiver<std::sync::Arc<Envelope>>,
}

/// What a listener heard.
#[derive(Debug)]
pub enum Heard {
    /// An event with one of the keys.
    Event(std::sync::Arc<Envelope>),
    /// Some were missed: look at everything.
    Missed,
    /// The bus is gone.
    Closed,
}

impl Listener {
    /// Waits for the next event. Cancel-safe.
    pub async fn hear(&mut self) -> Heard {
        use tokio::sync::broadcast::error::RecvError;
        loop {
            match self.events.recv().await {
                Ok(event) if self.keys.contains(&event.routing_key()) => return Heard::Event(event),
                Ok(_) => {}
                Err(RecvError::Lagged(_)) => return Heard::Missed,
                Err(RecvError::Closed) => return Heard::Closed,
            }
        }
    }
}
