//! A test's part of a RabbitMQ: a way to it that can be cut, a look at its queues, and their end.

use std::sync::{Arc, Mutex};

use chatty_bus::{Group, rabbitmq};
use chatty_scratch::Broker;
use lapin::{
    BasicProperties, Channel, Connection, ConnectionProperties,
    options::{
        BasicAckOptions, BasicGetOptions, BasicPublishOptions, ExchangeDeleteOptions, QueueDeclareOptions,
        QueueDeleteOptions,
    },
    types::{AMQPValue, FieldTable},
    uri::AMQPUri,
};
use tokio::{
    io::copy,
    net::{TcpListener, TcpStream},
    task::JoinSet,
};
use tokio_util::sync::CancellationToken;

use crate::world::DeadLetter;

/// Lies between the processes of a test and the broker.
pub(crate) struct Way {
    broker: Broker,
    groups: &'static [Group],
    port: u16,
    open: Arc<Mutex<JoinSet<()>>>,
    /// What makes a connection stuck, for each that was ever made.
    taken: Arc<Mutex<Vec<CancellationToken>>>,
    _tasks: JoinSet<()>,
}

impl Way {
    pub(crate) async fn to(broker: Broker, groups: &'static [Group]) -> Self {
        let uri: AMQPUri = broker.url.parse().expect("CHATTY_TEST_BROKER_URL is an amqp:// URL");
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let open = Arc::new(Mutex::new(JoinSet::new()));
        let mut tasks = JoinSet::new();
        let taken: Arc<Mutex<Vec<CancellationToken>>> = Arc::default();
        let (opened, counted) = (Arc::clone(&open), Arc::clone(&taken));
        tasks.spawn(async move {
            while let Ok((near, _)) = listener.accept().await {
                let stuck = CancellationToken::new();
                counted.lock().unwrap().push(stuck.clone());
                let authority = uri.authority.clone();
                opened.lock().unwrap().spawn(async move {
                    if let Ok(far) = TcpStream::connect((authority.host, authority.port)).await {
                        carry(near, far, stuck).await;
                    }
                });
            }
        });
        Self { broker, groups, port, open, taken, _tasks: tasks }
    }

    /// How a process of the test is told of the broker.
    pub(crate) fn config(&self) -> rabbitmq::Config {
        let mut uri: AMQPUri = self.broker.url.parse().unwrap();
        "127.0.0.1".clone_into(&mut uri.authority.host);
        uri.authority.port = self.port;
        rabbitmq::Config { url: uri.to_string(), prefix: self.broker.prefix.clone() }
    }

    /// How many connections have been made on it.
    pub(crate) fn taken(&self) -> usize {
        self.taken.lock().unwrap().len()
    }

    /// From now on nothing that a process says on its connection of this number reaches the broker.
    pub(crate) fn stick(&self, number: usize) {
        self.taken.lock().unwrap()[number].cancel();
    }

    /// Cuts every connection. New ones are let through.
    pub(crate) fn cut(&self) {
        self.open.lock().unwrap().abort_all();
    }

    pub(crate) fn name(&self, name: &str) -> String {
        format!("{}{name}", self.broker.prefix)
    }

    /// A connection of the test's own.
    pub(crate) async fn connect(&self) -> (Connection, Channel) {
        let connection = Connection::connect(&self.broker.url, ConnectionProperties::default()).await.unwrap();
        let channel = connection.create_channel().await.unwrap();
        (connection, channel)
    }

    /// Puts bytes into the queue of a group, as a stranger may.
    pub(crate) async fn inject(&self, group: &str, bytes: &[u8]) {
        let (connection, channel) = self.connect().await;
        let (queue, options) = (self.name(&format!("q.{group}")), BasicPublishOptions::default());
        let sent = channel.basic_publish("".into(), queue.into(), options, bytes, BasicProperties::default()).await;
        sent.unwrap().await.unwrap();
        connection.close(200, "done".into()).await.unwrap();
    }

    /// Takes what lies in the dead letters.
    pub(crate) async fn take_dead_letters(&self) -> Vec<DeadLetter> {
        let (connection, channel) = self.connect().await;
        let mut letters = Vec::new();
        let queue = self.name("q.dead-letters");
        while let Some(letter) = channel.basic_get(queue.as_str().into(), BasicGetOptions::default()).await.unwrap() {
            letter.ack(BasicAckOptions::default()).await.unwrap();
            let headers = letter.properties.headers().clone().unwrap_or_default();
            let header = |name: &str| match headers.inner().get(name) {
                Some(AMQPValue::LongString(text)) => text.to_string(),
                Some(AMQPValue::LongLongInt(number)) => number.to_string(),
                other => panic!("`{name}` is {other:?}"),
            };
            letters.push(DeadLetter {
                consumer: header("consumer"),
                reason: header("reason"),
                attempt: header("x-attempt").parse().unwrap(),
                text: String::from_utf8_lossy(&letter.data).into_owned(),
            });
        }
        connection.close(200, "done".into()).await.unwrap();
        letters
    }

    /// Each queue of the groups with its waiting messages and its consumers.
    pub(crate) async fn queues(&self) -> Vec<(String, u32, u32)> {
        let (_connection, channel) = self.connect().await;
        let mut queues = Vec::new();
        for group in self.groups {
            for name in ["", ".retry.5s", ".retry.30s", ".retry.5m"].map(|end| format!("q.{}{end}", group.name)) {
                let passive = QueueDeclareOptions { passive: true, durable: true, ..Default::default() };
                let queue =
                    channel.queue_declare(self.name(&name).into(), passive, FieldTable::default()).await.unwrap();
                queues.push((name, queue.message_count(), queue.consumer_count()));
            }
        }
        queues
    }

    async fn delete(&self) {
        let (connection, channel) = self.connect().await;
        let mut queues = vec![self.name("q.dead-letters")];
        for group in self.groups {
            let queue = self.name(&format!("q.{}", group.name));
            queues.extend(["5s", "30s", "5m"].map(|rung| format!("{queue}.retry.{rung}")));
            queues.push(queue);
        }
        for queue in queues {
            drop(channel.queue_delete(queue.into(), QueueDeleteOptions::default()).await);
        }
        for exchange in ["chatty.events", "chatty.dead"] {
            drop(channel.exchange_delete(self.name(exchange).into(), ExchangeDeleteOptions::default()).await);
        }
        drop(connection.close(200, "done".into()).await);
    }
}

/// Carries both directions until one ends.
async fn carry(near: TcpStream, far: TcpStream, stuck: CancellationToken) {
    let ((mut from_near, mut to_near), (mut from_far, mut to_far)) = (near.into_split(), far.into_split());
    let said = async {
        tokio::select! {
            said = copy(&mut from_near, &mut to_far) => drop(said),
            () = stuck.cancelled() => std::future::pending().await,
        }
    };
    tokio::select! {
        () = said => {}
        heard = copy(&mut from_far, &mut to_near) => drop(heard),
    }
}

impl Drop for Way {
    fn drop(&mut self) {
        let way = &*self;
        // A thread, because this one is inside a runtime. What cannot be deleted goes with the broker.
        std::thread::scope(|scope| {
            let deleting = scope.spawn(|| {
                let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
                runtime.block_on(way.delete());
            });
            drop(deleting.join());
        });
    }
}
