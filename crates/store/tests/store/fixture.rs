//! A fresh database a test, on every database there is.

use chatty_scratch::Scratch;
use chatty_store::{Db, Migration, Result, Tx, query};
use chatty_types::{Clock, PostId, UserId};
use chrono::{DateTime, Utc};

/// Tables in the types that both databases share.
pub(crate) const MIGRATIONS: &[Migration] = &[Migration {
    version: 1,
    name: "posts",
    sql: "
        CREATE TABLE users (
            id UUID NOT NULL PRIMARY KEY,
            handle TEXT NOT NULL UNIQUE,
            followers BIGINT NOT NULL DEFAULT 0 CHECK (followers >= 0)
        );
        CREATE TABLE posts (
            id UUID NOT NULL PRIMARY KEY,
            author_id UUID NOT NULL REFERENCES users (id) ON DELETE CASCADE,
            body TEXT NOT NULL,
            audience TEXT NOT NULL DEFAULT 'public',
            score DOUBLE PRECISION,
            thumbnail BYTEA,
            data JSONB NOT NULL DEFAULT '{}',
            pinned BOOLEAN NOT NULL DEFAULT FALSE,
            likes BIGINT NOT NULL DEFAULT 0,
            created_at TIMESTAMPTZ NOT NULL,
            deleted_at TIMESTAMPTZ,
            leased_until TIMESTAMPTZ
        );
        CREATE INDEX posts_by_author ON posts (author_id, created_at DESC, id DESC) WHERE deleted_at IS NULL;
    ",
}];

/// One database and what keeps it alive.
pub(crate) struct Home {
    kind: Kind,
    pub(crate) clock: Clock,
    scratch: Scratch,
}

enum Kind {
    Sqlite,
    Postgres,
}

impl Home {
    pub(crate) async fn open(&self, migrations: &[Migration]) -> Result<Db> {
        match self.kind {
            Kind::Sqlite => Db::open_sqlite(&self.scratch.folder().join("test.db"), migrations).await,
            Kind::Postgres => Db::open_postgres(self.scratch.database_url().unwrap(), "test", migrations).await,
        }
    }
}

/// An empty home on each database: SQLite always, PostgreSQL if the environment names one.
pub(crate) async fn homes() -> Vec<Home> {
    let home = |kind, scratch| Home { kind, clock: Clock::system(), scratch };
    let mut homes = vec![home(Kind::Sqlite, Scratch::new().await)];
    let scratch = Scratch::new().await;
    if scratch.database_url().is_some() {
        homes.push(home(Kind::Postgres, scratch));
    }
    homes
}

/// Runs the story on a fresh database of each kind, with the tables of [`MIGRATIONS`].
pub(crate) async fn on_each(story: impl AsyncFn(Db, Clock)) {
    for home in homes().await {
        let db = home.open(MIGRATIONS).await.unwrap();
        story(db.clone(), home.clock.clone()).await;
        db.close().await;
    }
}

/// Whether this is the SQLite run; for what the two word differently.
pub(crate) fn is_sqlite(db: &Db) -> bool {
    format!("{db:?}").contains("sqlite")
}

pub(crate) async fn insert_user(tx: &mut Tx, id: UserId, handle: &str) -> Result<u64> {
    query!("INSERT INTO users (id, handle) VALUES ($1, $2)").bind(id).bind(handle).execute(tx).await
}

pub(crate) async fn insert_post(tx: &mut Tx, author: UserId, id: PostId, at: DateTime<Utc>) -> Result<u64> {
    query!("INSERT INTO posts (id, author_id, body, created_at) VALUES ($1, $2, $3, $4)")
        .bind(id)
        .bind(author)
        .bind("hello")
        .bind(at)
        .execute(tx)
        .await
}

/// A stored user with `posts` posts of the same millisecond, in the order of their ids.
pub(crate) async fn author_of(db: &Db, clock: &Clock, posts: usize) -> (UserId, Vec<PostId>) {
    let (author, now) = (UserId::new(clock), clock.now());
    let ids: Vec<_> = (0..posts).map(|_| PostId::new(clock)).collect();
    let mut tx = db.begin().await.unwrap();
    insert_user(&mut tx, author, &author.to_string()).await.unwrap();
    for &id in &ids {
        insert_post(&mut tx, author, id, now).await.unwrap();
    }
    tx.commit().await.unwrap();
    (author, ids)
}

pub(crate) async fn count_posts(db: &Db) -> i64 {
    query!("SELECT COUNT(*) FROM posts").fetch_one::<(i64,)>(db).await.unwrap().0
}

pub(crate) async fn count_users(db: &Db) -> i64 {
    query!("SELECT COUNT(*) FROM users").fetch_one::<(i64,)>(db).await.unwrap().0
}
