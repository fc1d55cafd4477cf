//! What the way of an event costs: outbox to broker, broker to handler, and from commit to handled.
//!
//! Wants `CHATTY_TEST_DATABASE_URL` (PostgreSQL) and `CHATTY_TEST_BROKER_URL` (RabbitMQ). The floor is a bare client that
//! publishes the same bytes to the same kind of queue in the same windows.
#![expect(clippy::print_stdout, reason = "a benchmark prints its figures")]

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use chatty_bus::{
    Bus, Consumer, Group, Handled, Handler, MIGRATIONS, RabbitMq, Rejection, outbox,
    rabbitmq::Config,
    relay::{self, Turn},
};
use chatty_events::{
    Envelope,
    posts::{PostCreated, Visibility},
};
use chatty_scratch::{Broker, Scratch};
use chatty_store::{Db, Tx, query};
use chatty_types::{Clock, PostId, UserId};
use futures_util::{FutureExt, future::BoxFuture};
use lapin::{
    BasicProperties, Connection, ConnectionProperties,
    options::{
        BasicPublishOptions, ConfirmSelectOptions, ExchangeDeleteOptions, QueueDeleteOptions, QueuePurgeOptions,
    },
};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

const GROUP: Group = Group { name: "bench", keys: &["posts.post.created"] };
const EVENTS: usize = 50_000;
const WINDOW: usize = 500;
const RATE: u32 = 500;
const PACED: u32 = 20 * RATE;

type Times = Arc<Mutex<HashMap<Uuid, Instant>>>;

/// Handles at once, and tells which.
struct Touch(tokio::sync::mpsc::UnboundedSender<Uuid>);

impl Handler for Touch {
    fn handle<'a>(&'a self, _: &'a mut Tx, event: &'a Envelope) -> BoxFuture<'a, Result<Handled, Rejection>> {
        let _no_longer_wanted = self.0.send(event.id);
        std::future::ready(Ok(Handled::default())).boxed()
    }
}

/// A service in one process of two.
struct Process {
    bus: Arc<RabbitMq>,
    db: Db,
    clock: Clock,
    tasks: JoinSet<()>,
    stop: CancellationToken,
}

impl Process {
    async fn start(url: &str, broker: &Broker, clock: &Clock) -> Self {
        let config = Config { url: broker.url.clone(), prefix: broker.prefix.clone() };
        let bus = Arc::new(RabbitMq::new(config, &[GROUP], clock.clone()).expect("the URL is a broker's"));
        let (mut tasks, stop) = (JoinSet::new(), CancellationToken::new());
        tasks.spawn(bus.run(stop.clone()));
        bus.connected().wait_for(|connected| *connected).await.expect("the bus lives");
        let db = Db::open_postgres(url, "bench", MIGRATIONS).await.expect("the database opens");
        Self { bus, db, clock: clock.clone(), tasks, stop }
    }

    fn relay(&mut self) {
        let (bus, clock) = (Arc::clone(&self.bus) as Arc<dyn Bus>, self.clock.clone());
        self.tasks.spawn(relay::run("bench", self.db.clone(), bus, clock, Turn::Shared, self.stop.clone()));
    }

    async fn append(&self, events: &[Envelope]) {
        let mut tx = self.db.begin().await.expect("a transaction begins");
        for event in events {
            outbox::append(&mut tx, event).await.expect("an event is appended");
        }
        tx.commit().await.expect("a transaction commits");
    }

    async fn unsent(&self) -> i64 {
        let count = query!("SELECT COUNT(1) FROM outbox WHERE sent_at IS NULL").fetch_one::<(i64,)>(&self.db).await;
        count.expect("a count").0
    }
}

fn event(clock: &Clock) -> Envelope {
    let (post_id, author_id) = (PostId::new(clock), UserId::new(clock));
    Envelope::new(clock, &PostCreated { post_id, author_id, visibility: Visibility::Public, created_at: clock.now() })
}

fn rate(what: &str, count: usize, took: Duration) {
    #[expect(clippy::cast_precision_loss, reason = "a figure to read")]
    let rate = count as f64 / took.as_secs_f64();
    println!("{what}: {rate:.0} events/s ({count} in {:.2} s)", took.as_secs_f64());
}

/// The same bytes by a bare client.
async fn floor(broker: &Broker, events: &[Envelope]) {
    let connection = Connection::connect(&broker.url, ConnectionProperties::default()).await.expect("a connection");
    let channel = connection.create_channel().await.expect("a channel");
    channel.confirm_select(ConfirmSelectOptions::default()).await.expect("confirms");
    let bytes: Vec<_> =
        events.iter().map(|event| serde_json::to_vec(event).expect("events have a JSON form")).collect();
    let started = Instant::now();
    for window in bytes.chunks(WINDOW) {
        let mut confirms = Vec::with_capacity(WINDOW);
        for bytes in window {
            let exchange = format!("{}chatty.events", broker.prefix).into();
            let properties = BasicProperties::default().with_delivery_mode(2);
            let options = BasicPublishOptions { mandatory: true, ..Default::default() };
            let sent = channel.basic_publish(exchange, "posts.post.created".into(), options, bytes, properties).await;
            confirms.push(sent.expect("it is sent"));
        }
        for confirm in confirms {
            assert!(confirm.await.expect("it is confirmed").is_ack());
        }
    }
    rate("floor, a bare client in windows of 500", bytes.len(), started.elapsed());
    let queue = format!("{}q.bench", broker.prefix);
    channel.queue_purge(queue.into(), QueuePurgeOptions::default()).await.expect("the queue is emptied");
    connection.close(200, "done".into()).await.expect("the connection closes");
}

async fn throughput(process: &mut Process, events: &[Envelope]) {
    for events in events.chunks(1_000) {
        process.append(events).await;
    }
    let started = Instant::now();
    process.relay();
    while process.unsent().await > 0 {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    rate("outbox to broker", events.len(), started.elapsed());
}

/// Commits at a steady rate in `process` and reports how long each event took to be handled.
async fn latency(what: &str, process: &Process, handled: &mut tokio::sync::mpsc::UnboundedReceiver<(Uuid, Instant)>) {
    let committed = Times::default();
    let writing = async {
        let mut beat = tokio::time::interval(Duration::from_secs(1) / RATE);
        let mut open = Vec::new();
        for _ in 0..PACED {
            beat.tick().await;
            open.push(async {
                let event = event(&process.clock);
                process.append(std::slice::from_ref(&event)).await;
                committed.lock().expect("nobody panics").insert(event.id, Instant::now());
            });
            // A few commits at a time, as from several requests.
            if open.len() == 4 {
                futures_util::future::join_all(open.drain(..)).await;
            }
        }
    };
    let hearing = async {
        let mut seen = Vec::with_capacity(PACED as usize);
        while seen.len() < PACED as usize {
            seen.push(handled.recv().await.expect("the consumer lives"));
        }
        seen
    };
    let ((), seen) = tokio::join!(writing, hearing);
    let committed = committed.lock().expect("nobody panics");
    let mut waits: Vec<_> = seen.iter().map(|(id, at)| at.saturating_duration_since(committed[id])).collect();
    waits.sort();
    let at = |percent: usize| waits[(waits.len() * percent / 100).min(waits.len() - 1)].as_secs_f64() * 1e3;
    println!("{what}: p50 {:.1} ms, p99 {:.1} ms, longest {:.1} ms", at(50), at(99), at(100));
}

/// Handles what the queue holds; says of each event when its transaction was committed.
fn consume(process: &mut Process, reader: &Db) -> tokio::sync::mpsc::UnboundedReceiver<(Uuid, Instant)> {
    let (begun, mut in_hand) = tokio::sync::mpsc::unbounded_channel();
    let (done, handled) = tokio::sync::mpsc::unbounded_channel();
    let consumer = Consumer { group: GROUP, db: reader.clone(), handler: Arc::new(Touch(begun)) };
    let mut commits = reader.commits();
    process.tasks.spawn(process.bus.consume(consumer, process.stop.clone()));
    process.tasks.spawn(async move {
        while commits.changed().await.is_ok() {
            while let Ok(id) = in_hand.try_recv() {
                let _no_longer_wanted = done.send((id, Instant::now()));
            }
        }
    });
    handled
}

async fn run(url: &str, broker: &Broker) {
    let clock = Clock::system();
    let mut publishing = Process::start(url, broker, &clock).await;
    let mut standing_by = Process::start(url, broker, &clock).await;
    let reader = Db::open_postgres(url, "reader", MIGRATIONS).await.expect("the database opens");
    let events: Vec<_> = (0..EVENTS).map(|_| event(&clock)).collect();

    floor(broker, &events).await;
    throughput(&mut publishing, &events).await;
    let started = Instant::now();
    let mut handled = consume(&mut publishing, &reader);
    for _ in 0..EVENTS {
        handled.recv().await.expect("the consumer lives");
    }
    rate("broker to one handler, an inbox row each", EVENTS, started.elapsed());

    latency("commit to handled at 500/s, where the relay publishes", &publishing, &mut handled).await;
    standing_by.relay();
    latency("commit to handled at 500/s, where the relay stands by", &standing_by, &mut handled).await;

    for mut process in [publishing, standing_by] {
        process.tasks.shutdown().await;
    }
    clear(broker).await;
}

async fn clear(broker: &Broker) {
    let connection = Connection::connect(&broker.url, ConnectionProperties::default()).await.expect("a connection");
    let channel = connection.create_channel().await.expect("a channel");
    for name in ["q.bench", "q.bench.retry.5s", "q.bench.retry.30s", "q.bench.retry.5m", "q.dead-letters"] {
        let queue = format!("{}{name}", broker.prefix);
        drop(channel.queue_delete(queue.into(), QueueDeleteOptions::default()).await);
    }
    for name in ["chatty.events", "chatty.dead"] {
        let exchange = format!("{}{name}", broker.prefix);
        drop(channel.exchange_delete(exchange.into(), ExchangeDeleteOptions::default()).await);
    }
    drop(connection.close(200, "done".into()).await);
}

fn main() {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime starts");
    runtime.block_on(async {
        let scratch = Scratch::new().await;
        match (scratch.database_url(), scratch.broker()) {
            (Some(url), Some(broker)) => run(url, broker).await,
            _ => println!("set CHATTY_TEST_DATABASE_URL and CHATTY_TEST_BROKER_URL"),
        }
    });
}
