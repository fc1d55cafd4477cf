//! A handler that writes down what it gets, and its table.

use std::sync::atomic::{AtomicUsize, Ordering};

use chatty_bus::{Handled, Handler, Rejection};
use chatty_events::{Envelope, posts::PostDeleted};
use chatty_store::{Db, Migration, Tx, query};
use futures_util::{FutureExt, future::BoxFuture};

pub(crate) const TABLE: Migration = Migration {
    version: 1_001,
    name: "note",
    sql: "CREATE TABLE note (event_id UUID NOT NULL, subject TEXT NOT NULL, version BIGINT NOT NULL, place BIGINT NOT NULL)",
};

/// Writes down each event, and then fails as `fail` says.
pub(crate) struct Notes {
    pub(crate) fail: Fail,
    pub(crate) calls: AtomicUsize,
}

pub(crate) enum Fail {
    Never,
    /// The first calls answer Retry.
    Times(usize),
    /// Events about this panic.
    PanicOn(String),
    /// The call of this number never ends; the first has number 0.
    Hang(usize),
}

impl Handler for Notes {
    fn handle<'a>(&'a self, tx: &'a mut Tx, event: &'a Envelope) -> BoxFuture<'a, Result<Handled, Rejection>> {
        async move {
            let call = self.calls.fetch_add(1, Ordering::SeqCst);
            let Some(post) = event.decode::<PostDeleted>()? else { return Ok(Handled::default()) };
            query!("INSERT INTO note (event_id, subject, version, place) SELECT $1, $2, $3, COUNT(1) FROM note")
                .bind(event.id)
                .bind(event.subject.as_str())
                .bind(post.version)
                .execute(tx)
                .await?;
            match &self.fail {
                Fail::Times(times) if call < *times => Err(Rejection::Retry("not yet".into())),
                Fail::PanicOn(subject) if *subject == event.subject => panic!("cannot bear {subject}"),
                Fail::Hang(number) if call == *number => std::future::pending().await,
                _ => Ok(Handled::default()),
            }
        }
        .boxed()
    }
}

impl Notes {
    pub(crate) fn calls(&self) -> usize {
        self.calls.load(Ordering::SeqCst)
    }
}

/// What the events were about, sorted.
pub(crate) async fn subjects(db: &Db) -> Vec<String> {
    let rows = query!("SELECT subject FROM note ORDER BY subject").fetch_all::<(String,)>(db).await;
    rows.unwrap().into_iter().map(|(subject,)| subject).collect()
}

/// The versions of one subject, in the order of their handling.
pub(crate) async fn versions(db: &Db, subject: &str) -> Vec<i64> {
    let rows = query!("SELECT version FROM note WHERE subject = $1 ORDER BY place").bind(subject);
    rows.fetch_all::<(i64,)>(db).await.unwrap().into_iter().map(|(version,)| version).collect()
}
