//! A member of a group: one event after the other, acknowledged when its effect is committed or when the retry ladder
//! or the dead letters have it.

use std::time::Duration;

use futures_util::StreamExt;
use lapin::{
    BasicProperties, Channel,
    message::Delivery,
    options::{BasicAckOptions, BasicCancelOptions, BasicConsumeOptions, BasicQosOptions},
    types::{AMQPValue, FieldTable, LongString, ShortString},
};
use tokio::time::{MissedTickBehavior, interval, sleep, timeout};
use tokio_util::sync::CancellationToken;

use super::{
    RabbitMq,
    link::{CLOSING, Link},
    publish::{Unconfirmed, pass_on, persistent},
    stored::{self, Stranded},
};
use crate::{
    Bus, Consumer,
    consumer::{HANDLING, Outcome},
};

/// Events a member holds: enough to hide the way to the broker. All of them count as delivered if its process dies, so a
/// member holds one until it has answered for it: an event that kills its process is soon the first in its queue, and
/// takes no neighbour to the dead letters.
const PREFETCH: u16 = 64;
const PRUNE_EVERY: Duration = Duration::from_hours(1);
/// How often it is looked for deliveries of the in-process bus; the first time at once.
const ADOPT_EVERY: Duration = Duration::from_mins(1);
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

/// Handles events until `stop` or until a connection fails. Whatever is in hand then is delivered again.
async fn serve(bus: &RabbitMq, link: &Link, consumer: &Consumer, stop: &CancellationToken) -> Result<(), Interrupted> {
    let channel = link.channel().await?;
    let mut prune = interval(PRUNE_EVERY);
    let mut adopt = interval(ADOPT_EVERY);
    for every in [&mut prune, &mut adopt] {
        every.set_missed_tick_behavior(MissedTickBehavior::Delay);
    }
    let mut deliveries = subscribe(bus, &channel, consumer, 1).await?;
    let mut is_trial = true;
    loop {
        tokio::select! {
            biased;
            () = stop.cancelled() => break,
            // At once, and so before the first event.
            _ = adopt.tick() => tokio::select! {
                adopted = adopt_stored(bus, link, consumer) => adopted?,
                () = stop.cancelled() => break,
            },
            _ = prune.tick() => prune_inbox(bus, consumer).await,
            delivery = deliveries.next() => {
                let delivery = delivery.ok_or(Interrupted::Cancelled)??;
                let attempt = attempts(&delivery) + 1;
                let outcome = consumer.outcome(&bus.0.clock, id(&delivery), &delivery.data, attempt).await;
                let answering = async {
                    settle(bus, link, consumer.group.name, &delivery, attempt, outcome).await?;
                    if is_trial {
                        // Before the answer, which would bring one more.
                        channel.basic_cancel(deliveries.tag(), BasicCancelOptions::default()).await?;
                    }
                    delivery.ack(BasicAckOptions::default()).await?;
                    if std::mem::take(&mut is_trial) {
                        deliveries = subscribe(bus, &channel, consumer, PREFETCH).await?;
                    }
                    Ok::<_, Interrupted>(())
                };
                tokio::select! {
                    answered = answering => answered?,
                    // Delivered again, to whoever is there.
                    () = overdue(stop) => break,
                }
            },
        }
    }
    // Returns what was not begun.
    drop(timeout(CLOSING, channel.close(200, "stopping".into())).await);
    Ok(())
}

async fn prune_inbox(bus: &RabbitMq, consumer: &Consumer) {
    let name = consumer.group.name;
    match timeout(HANDLING, consumer.prune_inbox(&bus.0.clock)).await {
        Ok(Ok(_)) => {}
        Ok(Err(error)) => {
            tracing::warn!(consumer = name, error = &error as &dyn std::error::Error, "inbox not pruned");
        }
        Err(_) => tracing::warn!(consumer = name, "inbox not pruned: the database does not answer"),
    }
}

/// Asks for the group's events, at most `prefetch` of them unanswered.
async fn subscribe(
    bus: &RabbitMq,
    channel: &Channel,
    consumer: &Consumer,
    prefetch: u16,
) -> lapin::Result<lapin::Consumer> {
    channel.basic_qos(prefetch, BasicQosOptions::default()).await?;
    let queue = bus.0.topology.queue(consumer.group.name);
    channel.basic_consume(queue, "".into(), BasicConsumeOptions::default(), FieldTable::default()).await
}

/// Moves what the in-process bus has left to the broker. A database or a broker in need keeps nobody from consuming:
/// there will be another time.
async fn adopt_stored(bus: &RabbitMq, link: &Link, consumer: &Consumer) -> Result<(), Interrupted> {
    let group = consumer.group.name;
    match stored::move_all(&consumer.db, group, &link.publisher, &bus.0.topology.queue(group)).await {
        Ok(()) => Ok(()),
        Err(Stranded::Publish(error)) if !matches!(error, Unconfirmed::Blocked) => Err(error.into()),
        Err(error) => {
            let error = &error as &dyn std::error::Error;
            tracing::warn!(consumer = group, error, "deliveries of the in-process bus stay where they are for now");
            Ok(())
        }
    }
}

/// Does what is to be done about an event before it is acknowledged.
async fn settle(
    bus: &RabbitMq,
    link: &Link,
    group: &str,
    delivery: &Delivery,
    attempt: i64,
    outcome: Outcome,
) -> Result<(), Unconfirmed> {
    let topology = &bus.0.topology;
    match outcome {
        Outcome::Done(handled) => {
            handled.broadcasts.into_iter().for_each(|event| bus.broadcast(event));
            Ok(())
        }
        Outcome::Again(rung) => {
            let properties = kept(delivery, with_attempt(attempt));
            // By the default exchange, which finds a queue by its name.
            put_aside(link, "".into(), topology.retry_queue(group, rung), properties, &delivery.data).await
        }
        Outcome::Dead { reason, without_secret } => {
            let properties = kept(delivery, epitaph(group, &reason, attempt));
            let shown = without_secret.as_deref().map_or(&*delivery.data, str::as_bytes);
            put_aside(link, topology.dead(), topology.queue(group), properties, shown).await
        }
    }
}

/// Moves an event on, as soon as the broker takes something. The group's member waits with it in hand: to return it
/// would count as a delivery.
async fn put_aside(
    link: &Link,
    exchange: ShortString,
    key: ShortString,
    properties: BasicProperties,
    bytes: &[u8],
) -> Result<(), Unconfirmed> {
    loop {
        link.publisher.unblocked().await;
        match pass_on(&link.publisher, exchange.clone(), key.clone(), properties.clone(), bytes).await {
            // What was sent of it may arrive as well; the inbox knows what it has handled.
            Err(Unconfirmed::Blocked) => {}
            done => return done,
        }
    }
}

/// Resolves when it has been time to stop for long enough to answer for what was in hand.
async fn overdue(stop: &CancellationToken) {
    stop.cancelled().await;
    sleep(CLOSING).await;
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

/// Tells the next one who handles the event how often it has failed.
pub(super) fn with_attempt(attempt: i64) -> FieldTable {
    let mut headers = FieldTable::default();
    headers.insert(ATTEMPT.into(), AMQPValue::LongLongInt(attempt));
    headers
}

fn epitaph(group: &str, reason: &str, attempt: i64) -> FieldTable {
    let reason = &reason[..reason.floor_char_boundary(REASON)];
    let mut headers = with_attempt(attempt);
    headers.insert("consumer".into(), AMQPValue::LongString(LongString::from(group)));
    headers.insert("reason".into(), AMQPValue::LongString(LongString::from(reason)));
    headers
}
