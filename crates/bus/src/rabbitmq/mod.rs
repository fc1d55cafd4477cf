//! The bus of several processes, on RabbitMQ (3.10 or newer).
//!
//! `topology` is what exists on the broker. `link` keeps two connections alive, one that consumes and one that
//! publishes (`publisher`); everything else takes what it needs from the connections of the moment and says so when they
//! fail. `publish` waits for confirms, `member` handles a group's events, `ear` is the lossy half, `stored` is what
//! was left by the in-process bus.

mod ear;
mod link;
mod member;
mod publish;
mod publisher;
mod stored;
mod topology;

use std::{collections::BTreeSet, sync::Arc};

use chatty_events::Envelope;
use chatty_types::Clock;
use futures_util::{FutureExt, future::BoxFuture};
use lapin::uri::AMQPUri;
use tokio::sync::{broadcast, watch};
use tokio_util::sync::CancellationToken;

use self::{link::Link, topology::Topology};
use crate::{Bus, Consumer, Group, Heard, Listener, PublishError};

/// Where the broker is.
#[derive(Clone)]
pub struct Config {
    /// `amqp://user:password@host:5672/virtual-host`, or `amqps://…`. The virtual host may be left out.
    pub url: String,
    /// What the names of all exchanges and queues begin with; empty unless installations share a virtual host. At most
    /// 64 of letters, digits, `.`, `-` and `_`.
    pub prefix: String,
}

impl std::fmt::Debug for Config {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Config").field("prefix", &self.prefix).finish_non_exhaustive()
    }
}

/// The configuration cannot be used. The texts do not repeat the URL, which holds a password.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// The URL is none of a broker.
    #[error("the broker's URL is not of the form `amqp://user:password@host:5672/virtual-host`")]
    Url,
    /// The prefix is too long or has foreign characters.
    #[error("a prefix of the broker's names has at most 64 of letters, digits, `.`, `-` and `_`")]
    Prefix,
}

/// The bus on a broker. Does nothing until [`RabbitMq::run`] runs. Clones share everything.
#[derive(Clone)]
pub struct RabbitMq(Arc<Inner>);

struct Inner {
    uri: AMQPUri,
    topology: Topology,
    clock: Clock,
    /// The connections of the moment.
    link: watch::Sender<Option<Link>>,
    connected: watch::Sender<bool>,
    listeners: broadcast::Sender<Heard>,
    /// What listeners listen for; grows only.
    keys: watch::Sender<BTreeSet<&'static str>>,
}

impl RabbitMq {
    /// A bus between the members of `groups`, which each process of the installation names alike. Connects nowhere yet.
    pub fn new(config: Config, groups: &'static [Group], clock: Clock) -> Result<Self, ConfigError> {
        let Config { url, prefix } = config;
        let uri = link::uri(&url).ok_or(ConfigError::Url)?;
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b".-_".contains(&byte);
        if prefix.len() > 64 || !prefix.bytes().all(is_plain) {
            return Err(ConfigError::Prefix);
        }
        Ok(Self(Arc::new(Inner {
            uri,
            topology: Topology { prefix, groups },
            clock,
            link: watch::Sender::new(None),
            connected: watch::Sender::new(false),
            listeners: broadcast::Sender::new(Listener::LAG),
            keys: watch::Sender::default(),
        })))
    }

    /// Connects, declares what is missing, and connects again whenever the connection is lost, until `stop`. What is in
    /// hand then is still published and acknowledged; the connection closes when the last consumer has stopped.
    pub fn run(&self, stop: CancellationToken) -> impl Future<Output = ()> + Send + 'static {
        link::run(self.clone(), stop)
    }

    /// Whether there is a connection.
    pub fn connected(&self) -> watch::Receiver<bool> {
        self.0.connected.subscribe()
    }

    /// Tells this process's listeners.
    fn tell(&self, heard: Heard) {
        // No listener is no error.
        drop(self.0.listeners.send(heard));
    }
}

impl std::fmt::Debug for RabbitMq {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RabbitMq").field("prefix", &self.0.topology.prefix).finish_non_exhaustive()
    }
}

impl Bus for RabbitMq {
    fn publish<'a>(&'a self, events: &'a [Envelope]) -> BoxFuture<'a, Result<(), PublishError>> {
        async move {
            // Held to the end, so that a stopping process closes its connection later.
            let links = self.0.link.subscribe();
            let link = links.borrow().clone().ok_or(PublishError::NotConnected)?;
            let published = publish::publish(&link, &self.0.topology, events).await;
            published.map_err(|error| PublishError::NotConfirmed(error.into()))
        }
        .boxed()
    }

    fn broadcast(&self, event: Envelope) {
        if let Some(link) = &*self.0.link.borrow() {
            link.hint(event);
        }
    }

    fn listen(&self, keys: &'static [&'static str]) -> Listener {
        let heard = self.0.listeners.subscribe();
        self.0.keys.send_if_modified(|known| {
            let before = known.len();
            known.extend(keys);
            known.len() > before
        });
        Listener { keys, heard }
    }

    fn consume(&self, consumer: Consumer, stop: CancellationToken) -> BoxFuture<'static, ()> {
        member::run(self.clone(), consumer, stop).boxed()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(url: &str, prefix: &str) -> Config {
        Config { url: url.to_owned(), prefix: prefix.to_owned() }
    }

    #[test]
    fn a_configuration_that_cannot_work_is_refused_without_its_password() {
        for url in ["", "localhost", "http://u:hunter2@host", "amqp:hunter2", "amqp://u:hunter2@host:port"] {
            let error = RabbitMq::new(config(url, ""), &[], Clock::system()).unwrap_err();
            assert_eq!(error, ConfigError::Url, "{url}");
            assert!(!format!("{error} {error:?}").contains("hunter2"));
        }
        for prefix in ["a b", "*", &"a".repeat(65)] {
            let error = RabbitMq::new(config("amqp://host", prefix), &[], Clock::system()).unwrap_err();
            assert_eq!(error, ConfigError::Prefix, "{prefix}");
        }
    }

    #[test]
    fn nothing_shows_the_password() {
        let config = config("amqp://u:hunter2@host/%2f", "x.");
        let shown = format!("{config:?}");
        let bus = RabbitMq::new(config, &[], Clock::system()).unwrap();
        assert!(!format!("{shown} {bus:?}").contains("hunter2"));
    }

    #[tokio::test]
    async fn publishing_without_a_connection_is_an_error_and_broadcasting_is_none() {
        let bus = RabbitMq::new(config("amqp://host", ""), &[], Clock::system()).unwrap();
        assert!(matches!(bus.publish(&[]).await, Err(PublishError::NotConnected)));
        let event = chatty_events::system::OutboxAppended { service: "posts".to_owned() };
        bus.broadcast(Envelope::new(&Clock::system(), &event));
        assert!(!*bus.connected().borrow());
    }
}
