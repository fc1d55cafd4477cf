//! A transaction is all or nothing, whatever happens to it.

use chatty_store::{Conn, Db, Error, Result, Tx, query};
use chatty_types::{Clock, PostId, UserId};
use futures_util::FutureExt;
use tokio::{sync::oneshot, task::JoinSet};

use crate::fixture::{MIGRATIONS, author_of, count_users, homes, insert_user, is_sqlite, on_each};

#[tokio::test]
async fn dropping_rolls_back() {
    on_each(async |db, clock| {
        let mut tx = db.begin().await.unwrap();
        assert_eq!(insert_user(&mut tx, UserId::new(&clock), "ada").await.unwrap(), 1);
        drop(tx);
        assert_eq!(count_users(&db).await, 0);
        db.begin().await.unwrap().commit().await.unwrap();
        assert_eq!(count_users(&db).await, 0);
    })
    .await;
}

#[tokio::test]
async fn aborting_the_task_rolls_back() {
    on_each(async |db, clock| {
        let (inserted, wait) = oneshot::channel();
        let (mut tasks, writer) = (JoinSet::new(), (db.clone(), UserId::new(&clock)));
        tasks.spawn(async move {
            let mut tx = writer.0.begin().await.unwrap();
            insert_user(&mut tx, writer.1, "ada").await.unwrap();
            inserted.send(()).unwrap();
            std::future::pending::<()>().await;
            tx.commit().await.unwrap();
        });
        wait.await.unwrap();
        tasks.shutdown().await;
        db.begin().await.unwrap().commit().await.unwrap();
        assert_eq!(count_users(&db).await, 0);
    })
    .await;
}

#[tokio::test]
async fn a_failed_statement_poisons_the_transaction() {
    on_each(async |db, clock| {
        let (id, mut tx) = (UserId::new(&clock), db.begin().await.unwrap());
        insert_user(&mut tx, id, "ada").await.unwrap();
        assert!(insert_user(&mut tx, id, "ada").await.unwrap_err().is_unique_violation());
        assert!(matches!(insert_user(&mut tx, UserId::new(&clock), "bob").await, Err(Error::Aborted)));
        let read = query!("SELECT handle FROM users").fetch_all::<(String,)>(&mut tx).await;
        assert!(matches!(read, Err(Error::Aborted)), "{read:?}");
        assert!(matches!(tx.commit().await, Err(Error::Aborted)));
        assert_eq!(count_users(&db).await, 0);
    })
    .await;
}

#[tokio::test]
async fn a_wrong_binding_and_a_row_that_does_not_fit_poison_too() {
    on_each(async |db, clock| {
        let mut tx = db.begin().await.unwrap();
        insert_user(&mut tx, UserId::new(&clock), "ada").await.unwrap();
        assert!(query!("DELETE FROM users WHERE id = $1").execute(&mut tx).await.is_err());
        assert!(matches!(tx.commit().await, Err(Error::Aborted)));

        let mut tx = db.begin().await.unwrap();
        insert_user(&mut tx, UserId::new(&clock), "ada").await.unwrap();
        assert!(query!("SELECT handle FROM users").fetch_all::<(i64,)>(&mut tx).await.is_err());
        assert!(matches!(tx.commit().await, Err(Error::Aborted)));
        assert_eq!(count_users(&db).await, 0);
    })
    .await;
}

#[tokio::test]
async fn a_cancelled_statement_poisons_the_transaction() {
    on_each(async |db, clock| {
        let mut tx = db.begin().await.unwrap();
        insert_user(&mut tx, UserId::new(&clock), "ada").await.unwrap();
        let long = query!(
            "WITH RECURSIVE n (i) AS (SELECT CAST(1 AS BIGINT) UNION ALL SELECT i + 1 FROM n WHERE i < $1)
             SELECT COUNT(*) FROM n"
        );
        let counted = long.bind(200_000).fetch_one::<(i64,)>(&mut tx).now_or_never();
        assert!(counted.is_none(), "the statement ended before it could be cancelled");
        assert!(matches!(tx.commit().await, Err(Error::Aborted)));
        assert_eq!(count_users(&db).await, 0);
        db.begin().await.unwrap().commit().await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_second_transaction_sees_what_the_first_stored() {
    on_each(async |db, clock| {
        let (author, _) = author_of(&db, &clock, 0).await;
        let mut first = db.begin().await.unwrap();
        assert_eq!(follow(&mut first, author).await.unwrap(), 1);
        let (mut tasks, second) = (JoinSet::new(), db.clone());
        tasks.spawn(async move {
            let mut tx = second.begin().await.unwrap();
            let followers = follow(&mut tx, author).await.unwrap();
            tx.commit().await.unwrap();
            followers
        });
        // The second one cannot pass the first, however often it is polled.
        for _ in 0..100 {
            tokio::task::yield_now().await;
            assert!(tasks.try_join_next().is_none());
        }
        first.commit().await.unwrap();
        assert_eq!(tasks.join_all().await, [2]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_processes_that_read_and_then_write_lose_no_update() {
    for home in homes().await {
        let processes = [home.open(MIGRATIONS).await.unwrap(), home.open(MIGRATIONS).await.unwrap()];
        let (author, _) = author_of(&processes[0], &home.clock, 0).await;
        let mut tasks = JoinSet::new();
        for n in 0..40 {
            let db = processes[n % 2].clone();
            tasks.spawn(async move {
                let mut tx = db.begin().await.unwrap();
                followers(&mut tx, author).await.unwrap();
                follow(&mut tx, author).await.unwrap();
                tx.commit().await.unwrap();
            });
        }
        tasks.join_all().await;
        for db in processes {
            assert_eq!(followers(&db, author).await.unwrap(), 40);
            db.close().await;
        }
    }
}

#[tokio::test]
async fn one_function_reads_from_either_place_and_sees_what_the_transaction_wrote() {
    on_each(async |db, clock| {
        let (author, _) = author_of(&db, &clock, 0).await;
        let mut tx = db.begin().await.unwrap();
        follow(&mut tx, author).await.unwrap();
        assert_eq!(followers(&mut tx, author).await.unwrap(), 1);
        assert_eq!(followers(&db, author).await.unwrap(), 0);
        tx.commit().await.unwrap();
        assert_eq!(followers_twice(&db, author).await.unwrap(), [1, 1]);
        let mut tx = db.begin().await.unwrap();
        assert_eq!(followers_twice(&mut tx, author).await.unwrap(), [1, 1]);
    })
    .await;
}

#[tokio::test]
async fn every_commit_is_announced_and_nothing_else() {
    on_each(async |db, clock| {
        let mut commits = db.commits();
        let mut tx = db.begin().await.unwrap();
        insert_user(&mut tx, UserId::new(&clock), "ada").await.unwrap();
        drop(tx);
        assert!(!commits.has_changed().unwrap());
        let mut tx = db.begin().await.unwrap();
        insert_user(&mut tx, UserId::new(&clock), "ada").await.unwrap();
        assert!(!commits.has_changed().unwrap());
        tx.commit().await.unwrap();
        commits.changed().await.unwrap();
        assert_eq!(*commits.borrow_and_update(), 1);
    })
    .await;
}

#[tokio::test]
async fn rows_are_claimed_once() {
    on_each(async |db, clock| {
        let (_, posts) = author_of(&db, &clock, 5).await;
        let mut first = db.begin().await.unwrap();
        assert_eq!(claim(&mut first, &clock, 2).await.unwrap(), posts[..2]);
        // PostgreSQL hands the next rows to a second worker at once; SQLite makes it wait.
        let mut second = if is_sqlite(&db) {
            first.commit().await.unwrap();
            db.begin().await.unwrap()
        } else {
            let mut second = db.begin().await.unwrap();
            assert_eq!(claim(&mut second, &clock, 1).await.unwrap(), posts[2..3]);
            first.commit().await.unwrap();
            second
        };
        let rest = if is_sqlite(&db) { &posts[2..] } else { &posts[3..] };
        assert_eq!(claim(&mut second, &clock, 9).await.unwrap(), rest);
        second.commit().await.unwrap();
    })
    .await;
}

/// Leases up to `limit` posts, oldest first.
async fn claim(tx: &mut Tx, clock: &Clock, limit: i64) -> Result<Vec<PostId>> {
    let rows: Vec<(PostId,)> = query!(
        "UPDATE posts SET leased_until = $1
         WHERE id IN (SELECT id FROM posts WHERE leased_until IS NULL ORDER BY id LIMIT $2 FOR UPDATE SKIP LOCKED)
         RETURNING id"
    )
    .bind(clock.now())
    .bind(limit)
    .fetch_all(tx)
    .await?;
    let mut ids: Vec<_> = rows.into_iter().map(|(id,)| id).collect();
    ids.sort();
    Ok(ids)
}

async fn follow(tx: &mut Tx, author: UserId) -> Result<i64> {
    let follow = query!("UPDATE users SET followers = followers + 1 WHERE id = $1 RETURNING followers");
    Ok(follow.bind(author).fetch_one::<(i64,)>(tx).await?.0)
}

async fn followers(on: impl Into<Conn<'_>>, author: UserId) -> Result<i64> {
    let followers = query!("SELECT followers FROM users WHERE id = $1");
    Ok(followers.bind(author).fetch_one::<(i64,)>(on).await?.0)
}

async fn followers_twice(on: impl Into<Conn<'_>>, author: UserId) -> Result<[i64; 2]> {
    let mut on = on.into();
    Ok([followers(on.reborrow(), author).await?, followers(on, author).await?])
}

#[tokio::test]
async fn a_closed_database_answers_with_an_error() {
    on_each(async |db: Db, clock| {
        author_of(&db, &clock, 1).await;
        db.close().await;
        assert!(matches!(db.begin().await, Err(Error::Database(_))));
        assert!(query!("SELECT id FROM posts").fetch_all::<(PostId,)>(&db).await.is_err());
    })
    .await;
}
