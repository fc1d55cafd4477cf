//! What exists on the broker: its names, its settings, and declaring it.
//!
//! ```text
//! chatty.events (topic) ──key──> q.<group> ──given up──> chatty.dead (fanout) ──> q.dead-letters
//!                                   ^   └─Retry─> q.<group>.retry.{5s,30s,5m} ─┐
//!                                   └──────────────when the time is over───────┘
//! ```
//! Every process declares everything at every connect, for all groups: an event that is published before the members of
//! a group have ever run waits for them. Only settings that RabbitMQ 3.10 and 4 both accept are used.

use lapin::{
    Channel, Connection, ErrorKind, ExchangeKind,
    options::{ExchangeDeclareOptions, QueueBindOptions, QueueDeclareOptions},
    types::{AMQPValue, FieldTable, LongString, ShortString},
};

use crate::{
    Group,
    consumer::{LADDER, Rung},
};

/// Deliveries that ended without an answer, as in a crash, before the broker itself gives an event up.
const DELIVERY_LIMIT: i64 = 20;
/// Dead letters are kept whatever happens to their reader. RabbitMQ 4 would drop them after 20 deliveries, and 3.10
/// knows no "never".
const NO_DELIVERY_LIMIT: i64 = 1_000_000_000;
/// The broker's code for a declaration that contradicts what exists.
const PRECONDITION_FAILED: u16 = 406;

/// The names of one installation.
pub(super) struct Topology {
    pub(super) prefix: String,
    pub(super) groups: &'static [Group],
}

/// Something could not be declared.
#[derive(Debug, thiserror::Error)]
pub(super) enum DeclareError {
    #[error(
        "`{name}` exists with other settings: delete it once it is empty, or give this installation a prefix of its own"
    )]
    Differs { name: String, source: lapin::Error },
    #[error("`{name}` cannot be declared")]
    Refused { name: String, source: lapin::Error },
    #[error(transparent)]
    Broker(#[from] lapin::Error),
}

impl Topology {
    /// The topic exchange that all events go through.
    pub(super) fn events(&self) -> ShortString {
        self.name("chatty.events").into()
    }

    /// The exchange of events that were given up.
    pub(super) fn dead(&self) -> ShortString {
        self.name("chatty.dead").into()
    }

    pub(super) fn queue(&self, group: &str) -> ShortString {
        self.name(&format!("q.{group}")).into()
    }

    /// Where an event of the group waits before it is tried again.
    pub(super) fn retry_queue(&self, group: &str, rung: &Rung) -> ShortString {
        self.name(&format!("q.{group}.retry.{}", rung.name)).into()
    }

    fn name(&self, name: &str) -> String {
        format!("{}{name}", self.prefix)
    }

    /// Whether a queue must take an event with this key.
    pub(super) fn is_wanted(&self, key: &str) -> bool {
        self.groups.iter().any(|group| group.keys.contains(&key))
    }

    /// Declares everything that is missing.
    pub(super) async fn declare(&self, connection: &Connection) -> Result<(), DeclareError> {
        let channel = connection.create_channel().await?;
        declare_exchange(&channel, self.events(), ExchangeKind::Topic).await?;
        declare_exchange(&channel, self.dead(), ExchangeKind::Fanout).await?;
        let letters: ShortString = self.name("q.dead-letters").into();
        declare_queue(&channel, letters.clone(), &[("x-delivery-limit", NO_DELIVERY_LIMIT.into())]).await?;
        bind(&channel, letters, self.dead(), "").await?;
        for group in self.groups {
            self.declare_group(&channel, group).await?;
        }
        // Nothing waits on it any more, so how it closes does not matter.
        drop(channel.close(200, "declared".into()).await);
        Ok(())
    }

    async fn declare_group(&self, channel: &Channel, group: &Group) -> Result<(), DeclareError> {
        let queue = self.queue(group.name);
        let mut settings = dead_lettering(self.dead().as_str(), None);
        settings.push(("x-delivery-limit", DELIVERY_LIMIT.into()));
        declare_queue(channel, queue.clone(), &settings).await?;
        for rung in &LADDER {
            // Back by the default exchange, which finds a queue by its name.
            let mut settings = dead_lettering("", Some(queue.as_str()));
            settings.push(("x-message-ttl", rung.wait.num_milliseconds().into()));
            declare_queue(channel, self.retry_queue(group.name, rung), &settings).await?;
        }
        for key in group.keys {
            bind(channel, queue.clone(), self.events(), key).await?;
        }
        Ok(())
    }
}

type Setting = (&'static str, AMQPValue);

/// Where events go that leave a queue unhandled. At least once: they leave when the next queue has confirmed them, which
/// the broker allows only for queues that refuse, rather than drop, what is too much.
fn dead_lettering(exchange: &str, key: Option<&str>) -> Vec<Setting> {
    let mut settings = vec![
        ("x-dead-letter-exchange", text(exchange)),
        ("x-dead-letter-strategy", text("at-least-once")),
        ("x-overflow", text("reject-publish")),
    ];
    settings.extend(key.map(|key| ("x-dead-letter-routing-key", text(key))));
    settings
}

fn text(text: &str) -> AMQPValue {
    AMQPValue::LongString(LongString::from(text))
}

async fn declare_exchange(channel: &Channel, name: ShortString, kind: ExchangeKind) -> Result<(), DeclareError> {
    let options = ExchangeDeclareOptions { durable: true, ..Default::default() };
    let declared = channel.exchange_declare(name.clone(), kind, options, FieldTable::default()).await;
    declared.map_err(|error| undeclared(&name, error))
}

async fn declare_queue(channel: &Channel, name: ShortString, settings: &[Setting]) -> Result<(), DeclareError> {
    let mut arguments = FieldTable::default();
    arguments.insert("x-queue-type".into(), text("quorum"));
    for (setting, value) in settings {
        arguments.insert((*setting).into(), value.clone());
    }
    let options = QueueDeclareOptions { durable: true, ..Default::default() };
    let declared = channel.queue_declare(name.clone(), options, arguments).await;
    declared.map(drop).map_err(|error| undeclared(&name, error))
}

async fn bind(channel: &Channel, queue: ShortString, exchange: ShortString, key: &str) -> Result<(), DeclareError> {
    let bound = channel
        .queue_bind(queue.clone(), exchange, key.into(), QueueBindOptions::default(), FieldTable::default())
        .await;
    bound.map_err(|error| undeclared(&queue, error))
}

fn undeclared(name: &ShortString, source: lapin::Error) -> DeclareError {
    let name = name.to_string();
    match source.kind() {
        ErrorKind::ProtocolError(error) if error.get_id() == PRECONDITION_FAILED => {
            DeclareError::Differs { name, source }
        }
        ErrorKind::ProtocolError(_) => DeclareError::Refused { name, source },
        _ => DeclareError::Broker(source),
    }
}
