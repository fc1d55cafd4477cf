//! A member of a group: one event after the other, acknowledged when its effect is committed or when the retry ladder
//! or the dead letters have it.

use std::time::Duration;

use futures_util::StreamExt;
use lapin::{
    BasicProperties, Channel,
    message::Delivery,
    options::{BasicAckOptions, BasicConsumeOptions, BasicQosOptions, ConfirmSelectOptions},
    types::{AMQPValue, FieldTable, LongString},
};
use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

use super::{
    RabbitMq,
    link::Link,
    publish::{Unconfirmed, pass_on, persistent},
};
use crate::{Bus, Consumer, consumer::Outcome};

/// Events a member holds before it has handled the first. Enough to hide the way to the broker, and few, because those
/// that it returns count as delivered.
const PREFETCH: u16 = 64;
const PRUNE_EVERY: Duration = Duration::from_hours(1);
/// How often an event has failed.
const ATTEMPT: &str = "x-attempt";
/// Enough of a reason, in bytes.
const REASON: usize = 500;

/// Why a member no longer gets events from this connection.
#[derive(Debug, thiserror::Error)]
enum Interrupted {
    #[error("the broker failed")]
    Broker(#[from] lapin::Error),
    #[error("the queue is gone")]
    Cancelled,
    #[error("an event could not be put aside")]
    Stuck(#[from] Unconfirmed),
}

/// Handles the group's events until `stop`, over one connection after the other.
pub(super) async fn run(bus: RabbitMq, consumer: Consumer, stop: CancellationToken) {
    let mut links = bus.0.link.subscribe();
    loop {
        // A connection that this member gave up is on its way out; wait for the one after it.
        let next = links.wait_for(|link| link.as_ref().is_some_and(|link| !link.is_given_up()));
        let link = tokio::select! {
            biased;
            () = stop.cancelled() => return,
            link = next => match link {
                Ok(link) => link.clone(),
                Err(_) => return,
            },
        };
        let Some(link) = link else { continue };
        let served = tokio::select! {
            served = serve(&bus, &link, &consumer, &stop) => served,
            // What was in hand is rolled back and comes again over the next connection.
            () = link.given_up() => continue,
        };
        match served {
            Ok(()) => return,
            Err(error) => {
                let name = consumer.group.name;
                tracing::debug!(consumer = name, error = &error as &dyn std::error::Error, "consumer interrupted");
                link.give_up();
            }
        }
    }
}

/// Handles events until `stop` or until the connection fails. Whatever is in hand then is delivered again.
async fn serve(bus: &RabbitMq, link: &Link, consumer: &Consumer, stop: &CancellationToken) -> Result<(), Interrupted> {
    let channel = link.channel().await?;
    channel.basic_qos(PREFETCH, BasicQosOptions::default()).await?;
    channel.confirm_select(ConfirmSelectOptions::default()).await?;
    let queue = bus.0.topology.queue(consumer.group.name);
    let options = BasicConsumeOptions::default();
    let mut deliveries = channel.basic_consume(queue, "".into(), options, FieldTable::default()).await?;
    let mut prune = interval(PRUNE_EVERY);
    prune.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            biased;
            () = stop.cancelled() => break,
            _ = prune.tick() => if let Err(error) = consumer.prune_inbox(&bus.0.clock).await {
                let name = consumer.group.name;
                tracing::warn!(consumer = name, error = &error as &dyn std::error::Error, "inbox not pruned");
            },
            delivery = deliveries.next() => match delivery {
                Some(delivery) => handle(bus, &channel, consumer, delivery?).await?,
                None => return Err(Interrupted::Cancelled),
            },
        }
    }
    // Returns what was not begun.
    drop(channel.close(200, "stopping".into()).await);
    Ok(())
}

/// Handles one event and acknowledges it, whatever became of it.
async fn handle(bus: &RabbitMq, channel: &Channel, consumer: &Consumer, delivery: Delivery) -> Result<(), Interrupted> {
    let (group, topology) = (consumer.group.name, &bus.0.topology);
    let attempt = attempts(&delivery) + 1;
    match consumer.outcome(&bus.0.clock, id(&delivery), &delivery.data, attempt).await {
        Outcome::Done(handled) => handled.broadcasts.into_iter().for_each(|event| bus.broadcast(event)),
        Outcome::Again(rung) => {
            let mut headers = FieldTable::default();
            headers.insert(ATTEMPT.into(), AMQPValue::LongLongInt(attempt));
            // By the default exchange, which finds a queue by its name.
            let queue = topology.retry_queue(group, rung);
            pass_on(channel, "".into(), queue, kept(&delivery, headers), &delivery.data).await?;
        }
        Outcome::Dead { reason, without_secret } => {
            let properties = kept(&delivery, epitaph(group, &reason, attempt));
            let shown = without_secret.as_deref().map_or(&*delivery.data, str::as_bytes);
            pass_on(channel, topology.dead(), topology.queue(group), properties, shown).await?;
        }
    }
    delivery.ack(BasicAckOptions::default()).await?;
    Ok(())
}

/// How often the event has failed before.
fn attempts(delivery: &Delivery) -> i64 {
    let headers = delivery.properties.headers().as_ref();
    match headers.and_then(|headers| headers.inner().get(ATTEMPT)) {
        Some(AMQPValue::LongLongInt(attempt)) => (*attempt).max(0),
        _ => 0,
    }
}

/// The event's id as its producer wrote it, for the log.
fn id(delivery: &Delivery) -> &str {
    delivery.properties.message_id().as_ref().map_or("unknown", |id| id.as_str())
}

/// Which event it is, and nothing of what the broker wrote on it: a message that tells where it has been before could
/// be taken for one that goes round in a circle.
fn kept(delivery: &Delivery, headers: FieldTable) -> BasicProperties {
    let properties = persistent().with_headers(headers);
    match delivery.properties.message_id() {
        Some(id) => properties.with_message_id(id.clone()),
        None => properties,
    }
}

fn epitaph(group: &str, reason: &str, attempt: i64) -> FieldTable {
    let reason = &reason[..reason.floor_char_boundary(REASON)];
    let mut headers = FieldTable::default();
    headers.insert("consumer".into(), AMQPValue::LongString(LongString::from(group)));
    headers.insert("reason".into(), AMQPValue::LongString(LongString::from(reason)));
    headers.insert(ATTEMPT.into(), AMQPValue::LongLongInt(attempt));
    headers
}
