//! One text brings both databases up to date, while they hold rows and while others start.

use std::sync::Arc;

use chatty_store::{Error, Migration, query};
use chatty_types::{PostId, UserId};
use tokio::task::JoinSet;

use crate::fixture::{MIGRATIONS, author_of, count_posts, homes};

const GROWTH: Migration = Migration {
    version: 2,
    name: "growth",
    sql: "
        -- now() may be said in a comment.
        CREATE TABLE topics (id UUID NOT NULL PRIMARY KEY, name TEXT NOT NULL);
        ALTER TABLE posts ADD COLUMN topic_id UUID REFERENCES topics (id) ON DELETE SET NULL;
        ALTER TABLE posts ADD COLUMN edits BIGINT NOT NULL DEFAULT 0 CHECK (edits >= 0);
        ALTER TABLE posts ADD COLUMN slug TEXT;
        CREATE UNIQUE INDEX posts_slug ON posts (slug) WHERE slug IS NOT NULL;
        ALTER TABLE posts RENAME COLUMN body TO content;
        ALTER TABLE posts DROP COLUMN thumbnail;
        ALTER TABLE users RENAME TO accounts;
        CREATE INDEX accounts_by_name ON accounts (lower(handle));
        CREATE VIEW pinned_posts AS SELECT id, content FROM posts WHERE pinned = TRUE;
        UPDATE posts SET pinned = TRUE;
    ",
};

#[tokio::test]
async fn tables_with_rows_are_altered() {
    for home in homes().await {
        let db = home.open(MIGRATIONS).await.unwrap();
        let (author, posts) = author_of(&db, &home.clock, 3).await;
        db.close().await;

        let db = home.open(&[GROWTH, MIGRATIONS[0]]).await.unwrap();
        let rows: Vec<(PostId, UserId, String, i64, Option<String>)> =
            query!("SELECT id, author_id, content, edits, slug FROM posts ORDER BY id").fetch_all(&db).await.unwrap();
        let expected: Vec<_> = posts.iter().map(|&id| (id, author, "hello".to_owned(), 0, None)).collect();
        assert_eq!(rows, expected);
        let pinned: Vec<(PostId,)> = query!("SELECT id FROM pinned_posts ORDER BY id").fetch_all(&db).await.unwrap();
        assert_eq!(pinned.len(), 3);

        let mut tx = db.begin().await.unwrap();
        let error = query!("UPDATE posts SET edits = $1").bind(-1).execute(&mut tx).await.unwrap_err();
        assert!(error.is_check_violation(), "{error:?}");
        drop(tx);
        let mut tx = db.begin().await.unwrap();
        let error = query!("UPDATE posts SET slug = $1").bind("same").execute(&mut tx).await.unwrap_err();
        assert!(error.is_unique_violation(), "{error:?}");
        drop(tx);
        db.close().await;
    }
}

#[tokio::test]
async fn a_new_column_does_not_disturb_statements_that_are_already_prepared() {
    const COLUMN: Migration =
        Migration { version: 2, name: "column", sql: "ALTER TABLE posts ADD COLUMN edits BIGINT NOT NULL DEFAULT 0" };
    for home in homes().await {
        let db = home.open(MIGRATIONS).await.unwrap();
        author_of(&db, &home.clock, 2).await;
        let bodies =
            || async { query!("SELECT id, body FROM posts").fetch_all::<(PostId, String)>(&db).await.unwrap().len() };
        assert_eq!(bodies().await, 2);
        let newer = home.open(&[MIGRATIONS[0], COLUMN]).await.unwrap();
        // More often than there are readers, so that each has met the change.
        for _ in 0..100 {
            assert_eq!(bodies().await, 2);
        }
        newer.close().await;
        db.close().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn processes_that_start_together_migrate_once() {
    const BOTH: [Migration; 2] = [MIGRATIONS[0], GROWTH];
    for home in homes().await.into_iter().map(Arc::new) {
        let mut processes = JoinSet::new();
        for _ in 0..16 {
            let home = Arc::clone(&home);
            processes.spawn(async move { home.open(&BOTH).await });
        }
        for db in processes.join_all().await {
            let db = db.unwrap();
            assert_eq!(count_posts(&db).await, 0);
            db.close().await;
        }
    }
}

#[tokio::test]
async fn a_failing_migration_leaves_nothing_and_can_be_mended() {
    const HALF: &str = "CREATE TABLE topics (id UUID NOT NULL PRIMARY KEY);";
    const BROKEN: Migration = Migration {
        version: 2,
        name: "topics",
        sql: "CREATE TABLE topics (id UUID NOT NULL PRIMARY KEY); INSERT INTO nowhere VALUES (1);",
    };
    for home in homes().await {
        let db = home.open(MIGRATIONS).await.unwrap();
        author_of(&db, &home.clock, 1).await;
        db.close().await;
        assert!(matches!(home.open(&[MIGRATIONS[0], BROKEN]).await, Err(Error::Migration(_))));
        let mended = Migration { sql: HALF, ..BROKEN };
        let db = home.open(&[MIGRATIONS[0], mended]).await.unwrap();
        assert_eq!(count_posts(&db).await, 1);
        db.close().await;
    }
}

#[tokio::test]
async fn a_migration_that_ran_must_neither_change_nor_vanish() {
    for home in homes().await {
        home.open(&[MIGRATIONS[0], GROWTH]).await.unwrap().close().await;
        let changed = Migration { sql: "DROP VIEW pinned_posts", ..GROWTH };
        assert!(matches!(home.open(&[MIGRATIONS[0], changed]).await, Err(Error::Migration(_))));
        assert!(matches!(home.open(MIGRATIONS).await, Err(Error::NewerDatabase(2))));
        home.open(&[MIGRATIONS[0], GROWTH]).await.unwrap().close().await;
    }
}

#[tokio::test]
async fn a_migration_for_one_database_alone_is_refused() {
    for home in homes().await {
        for (sql, expected) in [
            ("CREATE TABLE t (tags TEXT[])", "["),
            ("CREATE TABLE t (at TIMESTAMPTZ DEFAULT now())", "now()"),
            ("CREATE TABLE t (at TIMESTAMPTZ DEFAULT CURRENT_TIMESTAMP)", "CURRENT_TIMESTAMP"),
            ("CREATE INDEX i ON t USING btree (a)", "USING"),
        ] {
            let opened = home.open(&[Migration { version: 1, name: "one", sql }]).await;
            assert!(
                matches!(opened, Err(Error::UnportableMigration { version: 1, phrase }) if phrase == expected),
                "{opened:?}"
            );
        }
    }
}

#[tokio::test]
async fn a_schema_is_named_by_a_plain_word() {
    for schema in ["", "1posts", "posts; drop schema auth", "Posts"] {
        let opened = chatty_store::Db::open_postgres("postgres://chatty@127.0.0.1:1/chatty", schema, &[]).await;
        assert!(matches!(opened, Err(Error::SchemaName(_))), "{opened:?}");
    }
}
