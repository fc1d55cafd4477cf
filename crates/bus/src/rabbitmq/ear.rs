//! The lossy half: one queue a process, which dies with its connection, for all its listeners.
//!
//! Broadcasts go through the same exchange as events, under keys of their own, which no group's queue is bound by.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use futures_util::StreamExt;
use lapin::{
    Channel, Consumer,
    options::{BasicConsumeOptions, QueueBindOptions, QueueDeclareOptions},
    types::{FieldTable, ShortString},
};
use tokio::time::{Instant, interval_at};

use super::RabbitMq;
use crate::Heard;

/// How often all keys are bound again. Nobody tells an ear that its exchange was deleted, and others may have declared
/// that again without its keys; while it is gone, binding fails, and everything is made anew.
const BIND_EVERY: Duration = Duration::from_mins(1);

pub(super) struct Ear {
    channel: Channel,
    queue: ShortString,
    heard: Consumer,
    /// By which keys the queue is bound.
    bound: BTreeSet<&'static str>,
}

/// The key of a broadcast, which no group's queue is bound by.
pub(super) fn broadcast_key(key: &str) -> String {
    format!("broadcast.{key}")
}

impl Ear {
    pub(super) async fn open(bus: &RabbitMq, channel: Channel) -> lapin::Result<Self> {
        let options = QueueDeclareOptions { exclusive: true, auto_delete: true, ..Default::default() };
        let queue = channel.queue_declare("".into(), options, FieldTable::default()).await?.name().clone();
        let options = BasicConsumeOptions { no_ack: true, exclusive: true, ..Default::default() };
        let heard = channel.basic_consume(queue.clone(), "".into(), options, FieldTable::default()).await?;
        let mut ear = Self { channel, queue, heard, bound: BTreeSet::new() };
        ear.bind(bus).await?;
        Ok(ear)
    }

    /// Passes on what is heard, until the connection is lost.
    pub(super) async fn hear(mut self, bus: &RabbitMq) {
        let mut keys = bus.0.keys.subscribe();
        // Keys may have come between opening and now.
        keys.mark_changed();
        let mut again = interval_at(Instant::now() + BIND_EVERY, BIND_EVERY);
        loop {
            let done = tokio::select! {
                _ = again.tick() => { self.bound.clear(); self.bind(bus).await.map(drop) },
                Ok(()) = keys.changed() => match self.bind(bus).await {
                    Ok(false) => Ok(()),
                    // What was said before the key was bound is gone.
                    Ok(true) => { bus.tell(Heard::Missed); Ok(()) }
                    Err(error) => Err(error),
                },
                heard = self.heard.next() => match heard {
                    Some(Ok(delivery)) => { tell(bus, &delivery.data); Ok(()) }
                    Some(Err(error)) => Err(error),
                    None => return,
                },
            };
            if let Err(error) = done {
                tracing::debug!(error = &error as &dyn std::error::Error, "the ear of the bus is lost");
                return;
            }
        }
    }

    /// Binds the queue by the keys that are new; says whether there were any.
    async fn bind(&mut self, bus: &RabbitMq) -> lapin::Result<bool> {
        let wanted = bus.0.keys.borrow().clone();
        let new: Vec<_> = wanted.difference(&self.bound).copied().collect();
        for key in &new {
            for key in [(*key).to_owned(), broadcast_key(key)] {
                let (queue, exchange) = (self.queue.clone(), bus.0.topology.events());
                let options = QueueBindOptions::default();
                self.channel.queue_bind(queue, exchange, key.into(), options, FieldTable::default()).await?;
            }
        }
        self.bound = wanted;
        Ok(!new.is_empty())
    }
}

fn tell(bus: &RabbitMq, bytes: &[u8]) {
    if let Ok(event) = serde_json::from_slice(bytes) {
        bus.tell(Heard::Event(Arc::new(event)));
    } else {
        tracing::debug!("something that is no event was heard");
    }
}
