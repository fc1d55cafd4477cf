//! The in-process bus, the relay and consumers together, on SQLite files in a temporary folder.

#![expect(clippy::unwrap_used, reason = "in what tests share, too, an unwrap is an assertion")]

use std::{
    path::Path,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

use chatty_bus::{
    Bus, Consumer, Handled, Handler, Heard, InProcess, MIGRATIONS, PublishError, Rejection, outbox, relay, replica,
    settled,
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

/// Writes down each event; fails as `fail` says first.
struct Notes {
    fail: Fail,
    calls: AtomicUsize,
}

enum Fail {
    Never,
    /// The first calls answer Retry.
    Times(usize),
    /// Events with this subject panic.
    PanicOn(String),
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
                Fail::PanicOn(subject) if *subject == event.subject => panic!("cannot bear {subject}"),
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
            bus: Arc::new(InProcess::new(clock.clone())),
            folder,
            clock,
            tasks: JoinSet::new(),
            stop: CancellationToken::new(),
        }
    }

    fn consume(&mut self, group: &'static str, fail: Fail) -> Arc<Notes> {
        let handler = Arc::new(Notes { fail, calls: AtomicUsize::new(0) });
        let consumer =
            Consumer { group, keys: &["posts.post.deleted"], db: self.reader.clone(), handler: handler.clone() };
        self.tasks.spawn(self.bus.consume(consumer, self.stop.clone()));
        handler
    }

    fn relay(&mut self) {
        self.bus.open();
        self.tasks.spawn(relay::run("writer", self.writer.clone(), self.bus.clone(), self.stop.clone()));
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
        loop {
            written.mark_unchanged();
            read.mark_unchanged();
            if settled(&self.writer, &self.clock).await.unwrap() && settled(&self.reader, &self.clock).await.unwrap() {
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
async fn an_event_reaches_every_group_once_however_often_it_is_published() {
    let mut world = World::new().await;
    world.consume("first", Fail::Never);
    world.consume("second", Fail::Never);
    let event = world.event();
    // As a relay does that dies between publishing and deleting.
    world.bus.open();
    world.bus.publish(std::slice::from_ref(&event)).await.unwrap();
    world.settle().await;
    world.write(&event).await;
    world.relay();
    world.settle().await;
    assert_eq!(world.notes().await, [event.subject.clone(), event.subject]);
}

#[tokio::test]
async fn a_group_that_is_bound_late_misses_nothing() {
    let mut world = World::new().await;
    let event = world.event();
    world.write(&event).await;
    let published = world.bus.publish(std::slice::from_ref(&event)).await;
    assert!(
        matches!(published, Err(PublishError::NotOpen)),
        "a relay must not clear its outbox before groups are bound"
    );
    world.consume("late", Fail::Never);
    world.relay();
    world.settle().await;
    assert_eq!(world.notes().await, [event.subject]);
}

#[tokio::test]
async fn what_was_not_committed_is_not_published() {
    let mut world = World::new().await;
    world.consume("notes", Fail::Never);
    world.relay();
    let (lost, kept) = (world.event(), world.event());
    let mut tx = world.writer.begin().await.unwrap();
    outbox::append(&mut tx, &lost).await.unwrap();
    drop(tx);
    world.write(&kept).await;
    world.settle().await;
    assert_eq!(world.notes().await, [kept.subject]);
}

#[tokio::test]
async fn a_failed_handler_leaves_nothing_behind_and_is_tried_again_later() {
    let mut world = World::new().await;
    let handler = world.consume("notes", Fail::Times(2));
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
    let handler = world.consume("notes", Fail::Times(usize::MAX));
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
async fn poison_and_panics_go_to_the_dead_letters_and_the_others_go_on() {
    let mut world = World::new().await;
    let (panics, mut undecodable, fine) = (world.event(), world.event(), world.event());
    undecodable.data = serde_json::value::RawValue::from_string("{}".into()).unwrap();
    world.consume("notes", Fail::PanicOn(panics.subject.clone()));
    world.relay();
    for event in [&panics, &undecodable, &fine] {
        world.write(event).await;
    }
    world.settle().await;
    assert_eq!(world.notes().await, [fine.subject]);
    let reasons: Vec<_> = world.dead().await.into_iter().map(|(_, reason)| reason).collect();
    assert_eq!(reasons, [format!("the handler panicked: cannot bear {}", panics.subject), undecodable_reason()]);
}

fn undecodable_reason() -> String {
    "undecodable payload of `posts.post.deleted.v1`".to_owned()
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
            group: "notes",
            keys: &["posts.post.deleted"],
            db: world.reader.clone(),
            handler: Arc::new(Notes { fail: Fail::Never, calls: AtomicUsize::new(0) }),
        },
        world.stop.clone(),
    ));
    let second = world.event();
    world.bus.open();
    world.bus.publish(std::slice::from_ref(&second)).await.unwrap();
    world = world.crash().await;
    // In the middle of many.
    world.consume("notes", Fail::Never);
    world.relay();
    let mut expected = vec![first.subject, second.subject];
    for _ in 0..50 {
        let event = world.event();
        world.write(&event).await;
        expected.push(event.subject);
    }
    world = world.crash().await;
    world.consume("notes", Fail::Never);
    world.relay();
    world.settle().await;
    expected.sort();
    assert_eq!(world.notes().await, expected);
}

#[tokio::test]
async fn listeners_hear_their_keys_and_are_told_when_they_missed_some() {
    let world = World::new().await;
    let mut ear = world.bus.listen(&["posts.post.deleted"]);
    let mut deaf = world.bus.listen(&["posts.post.created"]);
    world.bus.open();
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
    world.consume("notes", Fail::Never);
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
