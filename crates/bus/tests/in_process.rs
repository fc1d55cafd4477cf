//! What is the in-process bus's own: its tables, its ladder by the clock, and its refusal to carry for a group that is
//! not there. What every bus does is told in `conformance`.

#![expect(clippy::unwrap_used, reason = "in what tests share, too, an unwrap is an assertion")]

use std::{
    path::Path,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

use chatty_bus::{
    Bus, Consumer, Group, Handled, Handler, Heard, InProcess, MIGRATIONS, PublishError, Rejection, outbox,
    relay::{self, Turn},
    replica, settled,
};
use chatty_events::{Envelope, posts::PostDeleted};
use chatty_store::{Db, Migration, Tx, query};
use chatty_types::{Clock, PostId, UserId};
use chrono::TimeDelta;
use futures_util::{FutureExt, future::BoxFuture};
use tempfile::TempDir;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

const NOTES: Migration = Migration {
    version: 1_001,
    name: "note",
    sql: "CREATE TABLE note (event_id UUID NOT NULL, subject TEXT NOT NULL)",
};

const GROUP: Group = Group { name: "notes", keys: &["posts.post.deleted"] };

/// Writes down each event; fails as `fail` says first.
struct Notes {
    fail: Fail,
    calls: AtomicUsize,
}

enum Fail {
    Never,
    /// The first calls answer Retry.
    Times(usize),
}

impl Handler for Notes {
    fn handle<'a>(&'a self, tx: &'a mut Tx, event: &'a Envelope) -> BoxFuture<'a, Result<Handled, Rejection>> {
        async move {
            let call = self.calls.fetch_add(1, Ordering::SeqCst);
            let Some(post) = event.decode::<PostDeleted>()? else { return Ok(Handled::default()) };
            query!("INSERT INTO note (event_id, subject) VALUES ($1, $2)")
                .bind(event.id)
                .bind(post.post_id.to_string())
                .execute(tx)
                .await?;
            match &self.fail {
                Fail::Times(times) if call < *times => Err(Rejection::Retry("not yet".into())),
                _ => Ok(Handled::default()),
            }
        }
        .boxed()
    }
}

/// One service that publishes and one that consumes, sharing a bus until `stop`.
struct World {
    folder: TempDir,
    clock: Clock,
    bus: Arc<InProcess>,
    writer: Db,
    reader: Db,
    tasks: JoinSet<()>,
    stop: CancellationToken,
}

async fn open(folder: &Path, name: &str) -> Db {
    let migrations: Vec<_> = MIGRATIONS.iter().chain([&NOTES]).copied().collect();
    Db::open_sqlite(&folder.join(name), &migrations).await.unwrap()
}

impl World {
    async fn new() -> Self {
        Self::on(tempfile::tempdir().unwrap(), Clock::system()).await
    }

    async fn on(folder: TempDir, clock: Clock) -> Self {
        Self {
            writer: open(folder.path(), "writer.sqlite").await,
            reader: open(folder.path(), "reader.sqlite").await,
            bus: Arc::new(InProcess::new(clock.clone(), &[GROUP])),
            folder,
            clock,
            tasks: JoinSet::new(),
            stop: CancellationToken::new(),
        }
    }

    fn consume(&mut self, fail: Fail) -> Arc<Notes> {
        let handler = Arc::new(Notes { fail, calls: AtomicUsize::new(0) });
        let consumer = Consumer { group: GROUP, db: self.reader.clone(), handler: handler.clone() };
        self.tasks.spawn(self.bus.consume(consumer, self.stop.clone()));
        handler
    }

    fn relay(&mut self) {
        let (db, bus, clock) = (self.writer.clone(), self.bus.clone(), self.clock.clone());
        self.tasks.spawn(relay::run("writer", db, bus, clock, Turn::Alone, self.stop.clone()));
    }

    fn event(&self) -> Envelope {
        let event = PostDeleted { post_id: PostId::new(&self.clock), author_id: UserId::new(&self.clock), version: 1 };
        Envelope::new(&self.clock, &event)
    }

    async fn write(&self, event: &Envelope) {
        let mut tx = self.writer.begin().await.unwrap();
        outbox::append(&mut tx, event).await.unwrap();
        tx.commit().await.unwrap();
    }

    /// Waits until nothing is on its way, woken by commits.
    async fn settle(&self) {
        let (mut written, mut read) = (self.writer.commits(), self.reader.commits());
        let (producers, consumers) = ([self.writer.clone()], [(GROUP, self.reader.clone())]);
        loop {
            written.mark_unchanged();
            read.mark_unchanged();
            if settled(&producers, &consumers, &self.clock).await.unwrap() {
                return;
            }
            tokio::select! {
                changed = written.changed() => changed.unwrap(),
                changed = read.changed() => changed.unwrap(),
            }
        }
    }

    async fn notes(&self) -> Vec<String> {
        let rows = query!("SELECT subject FROM note ORDER BY subject").fetch_all::<(String,)>(&self.reader).await;
        rows.unwrap().into_iter().map(|(subject,)| subject).collect()
    }

    async fn dead(&self) -> Vec<(String, String)> {
        query!("SELECT consumer, reason FROM dead_letter ORDER BY consumer, event_id")
            .fetch_all(&self.reader)
            .await
            .unwrap()
    }

    /// Ends every task where it stands and starts again on the same files.
    async fn crash(mut self) -> Self {
        self.tasks.shutdown().await;
        self.writer.close().await;
        self.reader.close().await;
        Self::on(self.folder, self.clock).await
    }
}

#[tokio::test]
async fn a_bus_without_all_its_groups_refuses_to_carry() {
    let mut world = World::new().await;
    let event = world.event();
    let published = world.bus.publish(std::slice::from_ref(&event)).await;
    assert!(
        matches!(published, Err(PublishError::NotBound("notes"))),
        "a relay must not mark events as sent that a group would miss"
    );
    world.consume(Fail::Never);
    world.bus.publish(std::slice::from_ref(&event)).await.unwrap();
    world.settle().await;
    assert_eq!(world.notes().await, [event.subject]);
}

#[tokio::test]
async fn a_failed_handler_leaves_nothing_behind_and_is_tried_again_later() {
    let mut world = World::new().await;
    let handler = world.consume(Fail::Times(2));
    world.relay();
    let event = world.event();
    world.write(&event).await;
    for (calls, wait) in [(1, TimeDelta::seconds(5)), (2, TimeDelta::seconds(30))] {
        // Settled means that nothing is due, not that nothing is left.
        world.settle().await;
        assert_eq!((handler.calls.load(Ordering::SeqCst), world.notes().await.len()), (calls, 0));
        world.clock.advance(wait);
    }
    world.settle().await;
    assert_eq!(world.notes().await, [event.subject]);
    assert!(world.dead().await.is_empty());
}

#[tokio::test]
async fn an_event_that_never_works_ends_in_the_dead_letters() {
    let mut world = World::new().await;
    let handler = world.consume(Fail::Times(usize::MAX));
    world.relay();
    world.write(&world.event()).await;
    world.settle().await;
    // As after 19 attempts; walking the whole ladder would only cost time.
    let mut tx = world.reader.begin().await.unwrap();
    query!("UPDATE delivery SET attempt = 19").execute(&mut tx).await.unwrap();
    tx.commit().await.unwrap();
    world.clock.advance(TimeDelta::minutes(5));
    world.settle().await;
    assert_eq!(handler.calls.load(Ordering::SeqCst), 2);
    assert_eq!(world.dead().await, [("notes".to_owned(), "not yet".to_owned())]);
    assert!(world.notes().await.is_empty());
}

#[tokio::test]
async fn nothing_accepted_is_lost_when_the_process_ends_at_any_step() {
    let mut world = World::new().await;
    // Written, never relayed.
    let first = world.event();
    world.write(&first).await;
    world = world.crash().await;
    // Relayed and stored for a group that never ran.
    drop(world.bus.consume(
        Consumer {
            group: GROUP,
            db: world.reader.clone(),
            handler: Arc::new(Notes { fail: Fail::Never, calls: AtomicUsize::new(0) }),
        },
        world.stop.clone(),
    ));
    let second = world.event();
    world.bus.publish(std::slice::from_ref(&second)).await.unwrap();
    world = world.crash().await;
    // In the middle of many.
    world.consume(Fail::Never);
    world.relay();
    let mut expected = vec![first.subject, second.subject];
    for _ in 0..50 {
        let event = world.event();
        world.write(&event).await;
        expected.push(event.subject);
    }
    world = world.crash().await;
    world.consume(Fail::Never);
    world.relay();
    world.settle().await;
    expected.sort();
    assert_eq!(world.notes().await, expected);
}

#[tokio::test]
async fn listeners_hear_their_keys_and_are_told_when_they_missed_some() {
    let mut world = World::new().await;
    world.consume(Fail::Never);
    let mut ear = world.bus.listen(&["posts.post.deleted"]);
    let mut deaf = world.bus.listen(&["posts.post.created"]);
    let event = world.event();
    world.bus.publish(std::slice::from_ref(&event)).await.unwrap();
    assert!(matches!(ear.hear().await, Heard::Event(heard) if heard.id == event.id));
    for _ in 0..2_000 {
        world.bus.broadcast(event.clone());
    }
    assert!(matches!(ear.hear().await, Heard::Missed));
    assert!(matches!(deaf.hear().now_or_never(), None | Some(Heard::Missed)));
}

#[tokio::test]
async fn waiting_for_a_replica_ends_with_the_commit_that_brings_it_or_with_none() {
    let mut world = World::new().await;
    world.consume(Fail::Never);
    world.relay();
    let looked = Mutex::new(0);
    let look = async || {
        *looked.lock().unwrap() += 1;
        query!("SELECT subject FROM note").fetch_optional::<(String,)>(&world.reader).await
    };
    let event = world.event();
    let (found, ()) = tokio::join!(replica::wait_for(&world.reader, look), world.write(&event));
    assert_eq!(found.unwrap(), Some((event.subject,)));
    let missing = replica::wait_for(&world.reader, async || Ok(None::<()>)).await;
    assert_eq!(missing.unwrap(), None);
}
