//! Publishing with confirms: a window of messages is sent without waiting, then all confirms are awaited.

use std::time::Duration;

use chatty_events::Envelope;
use futures_util::future::try_join_all;
use lapin::{
    BasicProperties, Channel, Confirmation, PublisherConfirm, options::BasicPublishOptions, types::ShortString,
};
use tokio::time::timeout;

use super::{link::Link, publisher::Publisher, topology::Topology};

/// Unconfirmed messages at a time.
const WINDOW: usize = 500;
/// For the confirms of one window.
const PATIENCE: Duration = Duration::from_secs(30);
/// On disk before it is confirmed.
const PERSISTENT: u8 = 2;

/// Why something is not known to be stored.
#[derive(Debug, thiserror::Error)]
pub(super) enum Unconfirmed {
    #[error("the broker failed")]
    Broker(#[from] lapin::Error),
    #[error("the broker refused a message")]
    Refused,
    #[error("a queue is missing on the broker")]
    Unroutable,
    #[error("the broker did not confirm in time")]
    Silent,
    #[error("the connection was lost before the broker confirmed")]
    Lost,
    #[error("the broker is short of memory or disk and takes nothing")]
    Blocked,
    #[error("`{0}` is too long for a routing key")]
    Key(String),
}

/// Resolves when each of `events` is stored in the queue of every group that wants it. Any size is carried, because what
/// an outbox accepted is not lost; more than [`Envelope::LARGEST`] is logged. A broker that takes nothing is no fault of the
/// connection, which is kept: it could not even be closed.
pub(super) async fn publish(link: &Link, topology: &Topology, events: &[Envelope]) -> Result<(), Unconfirmed> {
    for window in events.chunks(WINDOW) {
        let publishing = publish_window(&link.publisher.confirming, topology, window);
        let published = tokio::select! {
            // First, so that nothing piles up in the client library.
            biased;
            () = link.publisher.blocked() => return Err(Unconfirmed::Blocked),
            () = link.given_up() => Err(Unconfirmed::Lost),
            published = timeout(PATIENCE, publishing) => published.unwrap_or(Err(Unconfirmed::Silent)),
        };
        // A missing queue is then declared again, and nobody is left waiting for the rest of the confirms.
        published.inspect_err(|_| link.give_up())?;
    }
    Ok(())
}

async fn publish_window(channel: &Channel, topology: &Topology, events: &[Envelope]) -> Result<(), Unconfirmed> {
    let mut confirms = Vec::with_capacity(events.len());
    for event in events {
        let text = event.to_json();
        if text.len() > Envelope::LARGEST {
            tracing::warn!(event = %event.id, kind = event.event_type, bytes = text.len(), "oversized event");
        }
        let key = event.routing_key();
        // Mandatory where a group waits for it: to be taken by no queue is then an error, and otherwise nothing to hear
        // of.
        let mandatory = topology.is_wanted(key);
        let key = ShortString::try_new(key).map_err(|_| Unconfirmed::Key(key.to_owned()))?;
        confirms.push(send(channel, topology.events(), key, mandatory, text.as_bytes(), properties(event)).await?);
    }
    try_join_all(confirms.into_iter().map(confirmed)).await.map(drop)
}

fn properties(event: &Envelope) -> BasicProperties {
    let properties = persistent().with_message_id(event.id.to_string().into());
    match ShortString::try_new(&event.event_type) {
        Ok(kind) => properties.with_type(kind),
        Err(_) => properties,
    }
}

/// Of a message that survives the broker's restart.
pub(super) fn persistent() -> BasicProperties {
    BasicProperties::default().with_content_type("application/json".into()).with_delivery_mode(PERSISTENT)
}

/// Moves a message on; resolves when a queue has stored it.
pub(super) async fn pass_on(
    publisher: &Publisher,
    exchange: ShortString,
    key: ShortString,
    properties: BasicProperties,
    bytes: &[u8],
) -> Result<(), Unconfirmed> {
    let channel = &publisher.confirming;
    let passing = async { confirmed(send(channel, exchange, key, true, bytes, properties).await?).await };
    tokio::select! {
        biased;
        () = publisher.blocked() => Err(Unconfirmed::Blocked),
        passed = timeout(PATIENCE, passing) => passed.unwrap_or(Err(Unconfirmed::Silent)),
    }
}

async fn send(
    channel: &Channel,
    exchange: ShortString,
    key: ShortString,
    mandatory: bool,
    bytes: &[u8],
    properties: BasicProperties,
) -> Result<PublisherConfirm, Unconfirmed> {
    let options = BasicPublishOptions { mandatory, ..Default::default() };
    Ok(channel.basic_publish(exchange, key, options, bytes, properties).await?)
}

async fn confirmed(confirm: PublisherConfirm) -> Result<(), Unconfirmed> {
    match confirm.await? {
        Confirmation::Ack(None) => Ok(()),
        Confirmation::Ack(Some(_)) => Err(Unconfirmed::Unroutable),
        Confirmation::Nack(_) | Confirmation::NotRequested => Err(Unconfirmed::Refused),
    }
}
