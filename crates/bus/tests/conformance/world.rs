//! Two services, one that publishes and one that consumes, and the processes that run them.

use std::{
    sync::{Arc, atomic::AtomicUsize},
    time::Duration,
};

use chatty_bus::{
    Bus, Consumer, Group, InProcess, MIGRATIONS, RabbitMq, outbox,
    relay::{self, Turn},
    settled,
};
use chatty_events::{Envelope, posts::PostDeleted};
use chatty_scratch::Scratch;
use chatty_store::{Db, query};
use chatty_types::{Clock, PostId, UserId};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::{
    broker::Way,
    notes::{self, Fail, Notes},
};

pub(crate) const KEYS: &[&str] = &["posts.post.deleted"];
pub(crate) const NOTES: Group = Group { name: "notes", keys: KEYS };

/// Where the processes live. Its bus and its databases are of the kind that the environment names.
pub(crate) struct World {
    pub(crate) clock: Clock,
    pub(crate) groups: &'static [Group],
    pub(crate) writer: Db,
    pub(crate) reader: Db,
    in_process: Arc<InProcess>,
    pub(crate) way: Option<Way>,
    scratch: Scratch,
}

/// A process: its own way to the bus and to the databases, and its tasks.
pub(crate) struct Process {
    pub(crate) bus: Arc<dyn Bus>,
    pub(crate) writer: Db,
    pub(crate) reader: Db,
    clock: Clock,
    pub(crate) tasks: JoinSet<()>,
    pub(crate) stop: CancellationToken,
}

#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct DeadLetter {
    pub(crate) consumer: String,
    pub(crate) reason: String,
    pub(crate) attempt: i64,
    pub(crate) text: String,
}

impl World {
    pub(crate) async fn new(groups: &'static [Group]) -> Self {
        let scratch = Scratch::new().await;
        let way = match scratch.broker() {
            Some(broker) => Some(Way::to(broker.clone(), groups).await),
            None => None,
        };
        Self::on(scratch, way, groups).await
    }

    /// One with the bus of one process, whatever the environment names.
    pub(crate) async fn in_process(groups: &'static [Group]) -> Self {
        Self::on(Scratch::new().await, None, groups).await
    }

    async fn on(scratch: Scratch, way: Option<Way>, groups: &'static [Group]) -> Self {
        let clock = Clock::system();
        let [writer, reader] = databases(&scratch).await;
        let in_process = Arc::new(InProcess::new(clock.clone(), groups));
        Self { clock, groups, writer, reader, in_process, way, scratch }
    }

    /// Starts a process that does nothing yet.
    pub(crate) async fn process(&self) -> Process {
        let (mut tasks, stop) = (JoinSet::new(), CancellationToken::new());
        let bus: Arc<dyn Bus> = match &self.way {
            // All share the one bus: within a process there are no others.
            None => Arc::clone(&self.in_process) as _,
            Some(way) => {
                let bus = RabbitMq::new(way.config(), self.groups, self.clock.clone()).unwrap();
                tasks.spawn(bus.run(stop.clone()));
                bus.connected().wait_for(|connected| *connected).await.unwrap();
                Arc::new(bus)
            }
        };
        let [writer, reader] = databases(&self.scratch).await;
        Process { bus, writer, reader, clock: self.clock.clone(), tasks, stop }
    }

    /// Ends all processes where they stand; the next one finds what they have stored.
    pub(crate) async fn crash(&mut self, processes: impl IntoIterator<Item = Process>) {
        for mut process in processes {
            process.tasks.shutdown().await;
            // A dead process has no connections. Inside this one the client library may keep them open for a while, and
            // with them the events in hand.
            self.cut();
        }
        self.in_process = Arc::new(InProcess::new(self.clock.clone(), self.groups));
    }

    /// Cuts the ways to the bus, if there are any to cut.
    pub(crate) fn cut(&self) {
        if let Some(way) = &self.way {
            way.cut();
        }
    }

    pub(crate) fn event(&self) -> Envelope {
        self.event_about(PostId::new(&self.clock), 1)
    }

    pub(crate) fn event_about(&self, post_id: PostId, version: i64) -> Envelope {
        let author_id = UserId::new(&self.clock);
        Envelope::new(&self.clock, &PostDeleted { post_id, author_id, version })
    }

    /// Waits until nothing is on its way.
    pub(crate) async fn settle(&self) {
        let producers = [self.writer.clone()];
        let consumers: Vec<_> = self.groups.iter().map(|group| (*group, self.reader.clone())).collect();
        let settling = until(async || settled(&producers, &consumers, &self.clock).await.unwrap());
        let settled = tokio::time::timeout(Duration::from_secs(50), settling).await;
        assert!(settled.is_ok(), "it does not settle: {}", self.state().await);
    }

    /// What is on its way, for whoever has to find out why.
    async fn state(&self) -> String {
        let unsent =
            query!("SELECT COUNT(1) FROM outbox WHERE sent_at IS NULL").fetch_one::<(i64,)>(&self.writer).await;
        let queues = match &self.way {
            Some(way) => way.queues().await,
            None => Vec::new(),
        };
        format!("{} unsent, {} noted, {queues:?}", unsent.unwrap().0, self.notes().await.len())
    }

    /// What the handlers wrote down, sorted.
    pub(crate) async fn notes(&self) -> Vec<String> {
        notes::subjects(&self.reader).await
    }

    /// Hands the group something that is no event.
    pub(crate) async fn inject(&self, group: &str, text: &str) {
        if let Some(way) = &self.way {
            return way.inject(group, text.as_bytes()).await;
        }
        let mut tx = self.reader.begin().await.unwrap();
        query!("INSERT INTO delivery (consumer, event_id, envelope, attempt, due_at) VALUES ($1, $2, $3, 0, $4)")
            .bind(group)
            .bind(self.clock.uuid())
            .bind(text)
            .bind(self.clock.now())
            .execute(&mut tx)
            .await
            .unwrap();
        tx.commit().await.unwrap();
    }

    /// Waits for so many dead letters and gives them sorted.
    pub(crate) async fn dead_letters(&self, count: usize) -> Vec<DeadLetter> {
        let mut letters = Vec::new();
        until(async || {
            match &self.way {
                Some(way) => letters.extend(way.take_dead_letters().await),
                None => letters = self.stored_dead_letters().await,
            }
            letters.len() >= count
        })
        .await;
        letters.sort();
        assert_eq!(letters.len(), count, "{letters:?}");
        letters
    }

    async fn stored_dead_letters(&self) -> Vec<DeadLetter> {
        let rows = query!("SELECT consumer, reason, attempt, envelope FROM dead_letter")
            .fetch_all::<(String, String, i64, String)>(&self.reader)
            .await
            .unwrap();
        let letter = |(consumer, reason, attempt, text)| DeadLetter { consumer, reason, attempt, text };
        rows.into_iter().map(letter).collect()
    }
}

impl Process {
    /// Joins a group with a handler that fails as `fail` says.
    pub(crate) fn consume(&mut self, group: Group, fail: Fail) -> Arc<Notes> {
        let handler = Arc::new(Notes { fail, calls: AtomicUsize::new(0) });
        let consumer = Consumer { group, db: self.reader.clone(), handler: handler.clone() };
        self.tasks.spawn(self.bus.consume(consumer, self.stop.clone()));
        handler
    }

    pub(crate) fn relay(&mut self, turn: Turn) {
        let (db, bus, clock) = (self.writer.clone(), Arc::clone(&self.bus), self.clock.clone());
        self.tasks.spawn(relay::run("writer", db, bus, clock, turn, self.stop.clone()));
    }

    /// Writes an event into the outbox, as a mutation in this process does.
    pub(crate) async fn write(&self, event: &Envelope) {
        let mut tx = self.writer.begin().await.unwrap();
        outbox::append(&mut tx, event).await.unwrap();
        tx.commit().await.unwrap();
    }

    /// Ends as a process does that was asked to.
    pub(crate) async fn stop(mut self) {
        self.stop.cancel();
        while let Some(ended) = self.tasks.join_next().await {
            ended.unwrap();
        }
    }
}

async fn databases(scratch: &Scratch) -> [Db; 2] {
    let migrations: Vec<_> = MIGRATIONS.iter().chain([&notes::TABLE]).copied().collect();
    let open = async |name: &'static str| match scratch.database_url() {
        Some(url) => Db::open_postgres(url, name, &migrations).await.unwrap(),
        None => Db::open_sqlite(&scratch.folder().join(name), &migrations).await.unwrap(),
    };
    [open("writer").await, open("reader").await]
}

/// Waits for a condition that nothing wakes for, because other processes bring it about.
pub(crate) async fn until(mut holds: impl AsyncFnMut() -> bool) {
    let waiting = async {
        while !holds().await {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_mins(1), waiting).await.expect("it comes about");
}
