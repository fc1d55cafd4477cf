//! The connection that publishes, apart from the one that consumes: a broker that is short of memory or disk stops
//! reading whatever has published, and what consumes must go on, because it alone makes room again.

use std::{sync::Arc, time::Duration};

use chatty_events::Envelope;
use lapin::{
    BasicProperties, Channel, Connection,
    options::{BasicPublishOptions, ConfirmSelectOptions},
    types::ShortString,
};
use tokio::{sync::mpsc, time::sleep};

use super::{RabbitMq, ear::broadcast_key};

/// How often the connection is looked at while something waits for it.
const LOOK_EVERY: Duration = Duration::from_millis(200);

/// Clones are the same connection.
#[derive(Clone)]
pub(super) struct Publisher {
    pub(super) connection: Arc<Connection>,
    /// Confirms what is published.
    pub(super) confirming: Channel,
    hinting: Channel,
}

impl Publisher {
    pub(super) async fn open(connection: Arc<Connection>) -> lapin::Result<Self> {
        let confirming = connection.create_channel().await?;
        confirming.confirm_select(ConfirmSelectOptions::default()).await?;
        let hinting = connection.create_channel().await?;
        Ok(Self { connection, confirming, hinting })
    }

    /// Whether the broker takes nothing, for lack of memory or disk. The client library then writes nothing either,
    /// not even that the connection is to be closed.
    pub(super) fn is_blocked(&self) -> bool {
        self.connection.status().blocked()
    }

    /// Whether it works, or will once it is no longer blocked.
    pub(super) fn is_usable(&self) -> bool {
        let channels = [&self.confirming, &self.hinting];
        self.connection.status().connected() && channels.iter().all(|channel| channel.status().connected())
    }

    /// Resolves when the broker takes nothing.
    pub(super) async fn blocked(&self) {
        while !self.is_blocked() {
            sleep(LOOK_EVERY).await;
        }
    }

    /// Resolves when the broker takes something.
    pub(super) async fn unblocked(&self) {
        while self.is_blocked() {
            sleep(LOOK_EVERY).await;
        }
    }

    /// Logs each alarm of the broker and its end.
    pub(super) async fn watch(&self) {
        loop {
            // One that is blocked from the start was kept, and its alarm is in the log.
            if !self.is_blocked() {
                self.blocked().await;
                tracing::warn!(
                    "the broker is short of memory or disk and takes no events; they wait in their outboxes"
                );
            }
            self.unblocked().await;
            tracing::info!("the broker takes events again");
        }
    }

    /// Broadcasts what is to be said, until the channel fails.
    pub(super) async fn hint(&self, bus: &RabbitMq, mut to_send: mpsc::Receiver<Envelope>) {
        while let Some(event) = to_send.recv().await {
            // A hint that waits is worth nothing.
            if self.is_blocked() {
                continue;
            }
            if let Err(error) = self.send(bus, &event).await {
                tracing::debug!(error = &error as &dyn std::error::Error, "nothing can be broadcast");
                return;
            }
        }
    }

    async fn send(&self, bus: &RabbitMq, event: &Envelope) -> lapin::Result<()> {
        let Ok(key) = ShortString::try_new(broadcast_key(event.routing_key())) else { return Ok(()) };
        let text = event.to_json();
        let options = BasicPublishOptions::default();
        let properties = BasicProperties::default().with_content_type("application/json".into());
        let sent = self.hinting.basic_publish(bus.0.topology.events(), key, options, text.as_bytes(), properties);
        sent.await.map(drop)
    }
}
