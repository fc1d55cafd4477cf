//! Moves events between services so that nothing accepted is lost.
//!
//! A writer calls [`outbox::append`] in its own transaction. The service's [`relay`] publishes the rows and marks them
//! once every durable group has stored them. A [`Consumer`] handles each event once: its inbox row and its change
//! are one transaction, and only then is the delivery acknowledged. Delivery is at least once, and in order only while
//! nothing fails, so handlers must not need order.
//!
//! Broadcasts are the lossy other half: hints to look, never the only way to learn something. See [`Bus::listen`].

mod consumer;
mod in_process;
mod lease;
pub mod live;
pub mod outbox;
pub mod rabbitmq;
pub mod relay;
pub mod replica;
mod settled;

use chatty_events::Envelope;
use chatty_store::Migration;
use futures_util::future::BoxFuture;
use tokio_util::sync::CancellationToken;

pub use consumer::{Consumer, Group, Handled, Handler, Rejection};
pub use in_process::InProcess;
pub use rabbitmq::RabbitMq;
pub use settled::settled;

/// The tables that every service with events has. Versions below 100 are reserved for shared tables.
pub const MIGRATIONS: &[Migration] = &[
    Migration { version: 1, name: "bus", sql: include_str!("../../../migrations/shared/0001_bus.sql") },
    Migration { version: 3, name: "outbox", sql: include_str!("../../../migrations/shared/0003_outbox.sql") },
];

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
    /// There is no connection to the broker at the moment.
    #[error("the broker is not connected")]
    NotConnected,
    /// The broker did not say that it has stored them all.
    #[error("the broker did not confirm the events")]
    NotConfirmed(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// Carries events: inside one process, or over a broker in a distributed installation.
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
    heard: tokio::sync::broadcast::Receiver<Heard>,
}

/// What a listener heard.
#[derive(Debug, Clone)]
pub enum Heard {
    /// An event with one of the keys.
    Event(std::sync::Arc<Envelope>),
    /// Some were missed: look at everything.
    Missed,
    /// The bus is gone.
    Closed,
}

impl Listener {
    /// Events a listener may be behind before it is told that it missed some.
    pub(crate) const LAG: usize = 1_024;

    /// Waits for the next event. Cancel-safe.
    pub async fn hear(&mut self) -> Heard {
        use tokio::sync::broadcast::error::RecvError;
        loop {
            match self.heard.recv().await {
                Ok(Heard::Event(event)) if !self.keys.contains(&event.routing_key()) => {}
                Ok(heard) => return heard,
                Err(RecvError::Lagged(_)) => return Heard::Missed,
                Err(RecvError::Closed) => return Heard::Closed,
            }
        }
    }
}
