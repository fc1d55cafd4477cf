//! The connections: opening them, keeping them, and opening them again. Knows no event.

use std::{ops::ControlFlow, sync::Arc, time::Duration};

use chatty_events::Envelope;
use lapin::{Channel, Connection, ConnectionProperties, ErrorKind, types::LongString, uri::AMQPUri};
use tokio::{
    sync::mpsc,
    time::{Instant, sleep, timeout},
};
use tokio_util::sync::CancellationToken;

use super::{RabbitMq, ear::Ear, publisher::Publisher, topology::DeclareError};
use crate::Heard;

const FIRST_WAIT: Duration = Duration::from_millis(200);
const LONGEST_WAIT: Duration = Duration::from_secs(5);
/// Connections that lasted so long were good ones: the waits for the next begin anew.
const STABLE: Duration = Duration::from_secs(10);
/// For TCP, TLS and the handshake together.
const SHAKING_HANDS: Duration = Duration::from_secs(10);
/// For all declarations; the first time they take long.
const DECLARING: Duration = Duration::from_mins(1);
/// How often it is looked whether a connection is still one.
const LOOK_EVERY: Duration = Duration::from_millis(200);
/// For what is said at the end of a connection or channel. Who does not hear it finds out by itself.
pub(super) const CLOSING: Duration = Duration::from_secs(2);
/// Seconds. A peer that is silent for twice as long is gone.
const HEARTBEAT: u16 = 10;
/// Milliseconds, for TCP and TLS.
const CONNECTING: u64 = 5_000;
/// Broadcasts that may wait for their connection to take them.
const HINTS: usize = 1_024;

/// Two connections and what everybody shares of them. They are given up together. Clones are the same connections.
#[derive(Clone)]
pub(super) struct Link {
    /// Consumes and acknowledges, and never publishes.
    consuming: Arc<Connection>,
    pub(super) publisher: Publisher,
    hints: mpsc::Sender<Envelope>,
    broken: CancellationToken,
}

impl Link {
    /// A channel to consume on.
    pub(super) async fn channel(&self) -> lapin::Result<Channel> {
        self.consuming.create_channel().await
    }

    /// Says that something is wrong with a connection or with what was declared; all is made anew.
    pub(super) fn give_up(&self) {
        self.broken.cancel();
    }

    pub(super) fn is_given_up(&self) -> bool {
        self.broken.is_cancelled()
    }

    /// Resolves when the connections are no more. Whatever waits for an answer on it gives up then: the client library
    /// does not end every wait when a connection dies.
    pub(super) async fn given_up(&self) {
        self.broken.cancelled().await;
    }

    /// Broadcasts, unless there is no connection or too much to say.
    pub(super) fn hint(&self, event: Envelope) {
        drop(self.hints.try_send(event));
    }
}

/// Why there is no connection.
#[derive(Debug, thiserror::Error)]
enum OpenError {
    #[error("the broker cannot be reached")]
    Unreachable(#[source] lapin::Error),
    #[error("the broker does not answer in time")]
    Silent,
    #[error("the connection ended before it was of use")]
    Lost,
    #[error("the broker refuses the user or the password")]
    Credentials,
    #[error("the broker has no such virtual host, or not for this user")]
    VirtualHost,
    #[error(transparent)]
    Declare(DeclareError),
    #[error("the broker failed")]
    Broker(#[source] lapin::Error),
}

impl From<lapin::Error> for OpenError {
    fn from(error: lapin::Error) -> Self {
        match error.kind() {
            ErrorKind::IOError(_) => Self::Unreachable(error),
            ErrorKind::ProtocolError(refusal) if refusal.get_id() == 403 => Self::Credentials,
            ErrorKind::ProtocolError(refusal) if refusal.get_id() == 530 => Self::VirtualHost,
            _ => Self::Broker(error),
        }
    }
}

impl From<DeclareError> for OpenError {
    fn from(error: DeclareError) -> Self {
        match error {
            DeclareError::Broker(error) => error.into(),
            error => Self::Declare(error),
        }
    }
}

/// Reads the broker's address. `None` if it is none.
pub(super) fn uri(url: &str) -> Option<AMQPUri> {
    let mut uri: AMQPUri = url.parse().ok()?;
    // What people mean by `amqp://host/`: no virtual host has an empty name.
    if uri.vhost.is_empty() {
        "/".clone_into(&mut uri.vhost);
    }
    uri.query.heartbeat.get_or_insert(HEARTBEAT);
    uri.query.connection_timeout.get_or_insert(CONNECTING);
    Some(uri)
}

/// Keeps `bus` connected until `stop`.
pub(super) async fn run(bus: RabbitMq, stop: CancellationToken) {
    let mut log = Log { bus: bus.clone(), last: None };
    let mut wait = FIRST_WAIT;
    let mut kept = None;
    loop {
        let opened = tokio::select! {
            () = stop.cancelled() => return,
            opened = open(&bus, kept.as_ref()) => opened,
        };
        match opened {
            Ok(opened) => {
                log.connected();
                let since = Instant::now();
                let publisher = opened.link.publisher.clone();
                if serve(&bus, opened, &stop).await.is_break() {
                    return;
                }
                log.lost();
                // A blocked connection cannot be closed. Leaving it for another, again and again, would pile them up.
                kept = Some(publisher).filter(Publisher::is_blocked);
                if since.elapsed() >= STABLE {
                    wait = FIRST_WAIT;
                }
            }
            Err(error) => log.failed(&error),
        }
        tokio::select! {
            () = stop.cancelled() => return,
            () = sleep(wait) => wait = (wait * 2).min(LONGEST_WAIT),
        }
    }
}

/// A link and what only its keeper needs of it.
struct Opened {
    link: Link,
    ear: Ear,
    to_hint: mpsc::Receiver<Envelope>,
}

/// Opens both connections, or one for the publisher that was kept.
async fn open(bus: &RabbitMq, kept: Option<&Publisher>) -> Result<Opened, OpenError> {
    let consuming = connect(bus, "chatty consumes").await?;
    let ear = settled(&consuming, async {
        bus.0.topology.declare(&consuming).await?;
        Ok(Ear::open(bus, consuming.create_channel().await?).await?)
    })
    .await?;
    let publisher = match kept {
        Some(publisher) if publisher.is_usable() => publisher.clone(),
        _ => {
            let connection = Arc::new(connect(bus, "chatty publishes").await?);
            let opening = async { Ok(Publisher::open(Arc::clone(&connection)).await?) };
            settled(&connection, opening).await?
        }
    };
    let (hints, to_hint) = mpsc::channel(HINTS);
    let link = Link { consuming: Arc::new(consuming), publisher, hints, broken: CancellationToken::new() };
    Ok(Opened { link, ear, to_hint })
}

async fn connect(bus: &RabbitMq, name: &str) -> Result<Connection, OpenError> {
    let properties = ConnectionProperties::default().with_connection_name(LongString::from(name));
    let connecting = Connection::connect_uri(bus.0.uri.clone(), properties);
    Ok(timeout(SHAKING_HANDS, connecting).await.map_err(|_| OpenError::Silent)??)
}

/// Waits for the first things that are done on a connection.
async fn settled<T>(
    connection: &Connection,
    settling_in: impl Future<Output = Result<T, OpenError>>,
) -> Result<T, OpenError> {
    tokio::select! {
        settled = timeout(DECLARING, settling_in) => settled.map_err(|_| OpenError::Silent)?,
        () = lost(connection) => Err(OpenError::Lost),
    }
}

/// Resolves when the connection is not one any more.
async fn lost(connection: &Connection) {
    while connection.status().connected() {
        sleep(LOOK_EVERY).await;
    }
}

/// Uses the connections until one breaks, or until `stop` and nobody needs them any more.
async fn serve(bus: &RabbitMq, opened: Opened, stop: &CancellationToken) -> ControlFlow<()> {
    let Opened { link, ear, to_hint } = opened;
    bus.0.link.send_replace(Some(link.clone()));
    bus.0.connected.send_replace(true);
    // What was said while nobody listened is gone.
    bus.tell(Heard::Missed);
    let stopped = async {
        stop.cancelled().await;
        // Who has an event in hand also holds a receiver of the link.
        bus.0.link.closed().await;
    };
    let publisher = &link.publisher;
    let next = tokio::select! {
        () = stopped => ControlFlow::Break(()),
        () = link.broken.cancelled() => ControlFlow::Continue(()),
        () = ear.hear(bus) => ControlFlow::Continue(()),
        () = publisher.hint(bus, to_hint) => ControlFlow::Continue(()),
        () = lost(&link.consuming) => ControlFlow::Continue(()),
        () = lost(&publisher.connection) => ControlFlow::Continue(()),
        () = publisher.watch() => ControlFlow::Continue(()),
    };
    bus.0.connected.send_replace(false);
    bus.0.link.send_replace(None);
    link.give_up();
    tokio::join!(close(&link.consuming), async {
        if !publisher.is_blocked() {
            close(&publisher.connection).await;
        }
    });
    next
}

/// Only one side may know that the connection is broken; events in its hands go to others once it is closed.
async fn close(connection: &Connection) {
    drop(timeout(CLOSING, connection.close(200, "closing".into())).await);
}

/// Tells each change of state once. Never tells the password.
struct Log {
    bus: RabbitMq,
    last: Option<std::mem::Discriminant<OpenError>>,
}

impl Log {
    fn broker(&self) -> String {
        let AMQPUri { authority, vhost, .. } = &self.bus.0.uri;
        format!("{}:{} {vhost}", authority.host, authority.port)
    }

    fn connected(&mut self) {
        self.last = None;
        tracing::info!(broker = self.broker(), "connected to the broker");
    }

    fn lost(&self) {
        tracing::warn!(broker = self.broker(), "the connection to the broker is lost; events wait in their outboxes");
    }

    fn failed(&mut self, error: &OpenError) {
        let kind = std::mem::discriminant(error);
        if self.last.replace(kind) != Some(kind) {
            tracing::error!(
                broker = self.broker(),
                error = error as &dyn std::error::Error,
                "no connection to the broker"
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bus(url: &str, prefix: &str) -> RabbitMq {
        let config = crate::rabbitmq::Config { url: url.to_owned(), prefix: prefix.to_owned() };
        RabbitMq::new(config, &[], chatty_types::Clock::system()).unwrap()
    }

    async fn refusal(url: &str) -> OpenError {
        open(&bus(url, ""), None).await.err().expect("there is no connection")
    }

    #[tokio::test]
    async fn nobody_there_is_unreachable() {
        assert!(matches!(refusal("amqp://127.0.0.1:1").await, OpenError::Unreachable(_)));
    }

    #[tokio::test]
    #[ignore = "needs CHATTY_TEST_BROKER_URL"]
    async fn what_keeps_a_process_from_connecting_is_told_apart() {
        let scratch = chatty_scratch::Scratch::new().await;
        let broker = scratch.broker().expect("CHATTY_TEST_BROKER_URL");
        let at = |change: fn(&mut AMQPUri)| {
            let mut uri = uri(&broker.url).unwrap();
            change(&mut uri);
            uri.to_string()
        };
        let wrong = refusal(&at(|uri| "hunter2".clone_into(&mut uri.authority.userinfo.password))).await;
        assert!(matches!(wrong, OpenError::Credentials), "{wrong:?}");
        assert!(!format!("{wrong:?}").contains("hunter2"));
        let nowhere = refusal(&at(|uri| "nowhere".clone_into(&mut uri.vhost))).await;
        assert!(matches!(nowhere, OpenError::VirtualHost), "{nowhere:?}");
    }

    #[test]
    fn the_virtual_host_may_be_left_out() {
        for (url, vhost) in
            [("amqp://h", "/"), ("amqp://h/", "/"), ("amqp://h/%2f", "/"), ("amqp://h/chatty", "chatty")]
        {
            assert_eq!(uri(url).unwrap().vhost, vhost, "{url}");
        }
        assert_eq!(uri("amqp://127.0.0.1:5673").unwrap().authority.port, 5673);
    }
}
