//! What a statement may not do, refused alike by both databases.

use std::collections::BTreeMap;

use chatty_store::{Error, Json, query};
use chatty_types::{PostId, UserId};

use crate::fixture::{author_of, count_posts, insert_post, insert_user, on_each};

#[tokio::test]
async fn too_few_and_too_many_values_are_refused_before_they_are_sent() {
    on_each(async |db, _| {
        let rows =
            query!("SELECT id FROM posts WHERE id = $1 AND likes = $2").bind(1).fetch_all::<(PostId,)>(&db).await;
        assert!(matches!(rows, Err(Error::Arity { expected: 2, bound: 1, .. })), "{rows:?}");
        let rows = query!("SELECT id FROM posts WHERE likes = $1").bind(1).bind(2).fetch_all::<(PostId,)>(&db).await;
        assert!(matches!(rows, Err(Error::Arity { expected: 1, bound: 2, .. })), "{rows:?}");
    })
    .await;
}

#[tokio::test]
async fn a_write_through_a_reader_fails() {
    on_each(async |db, clock| {
        let (_, posts) = author_of(&db, &clock, 1).await;
        let deleted = query!("DELETE FROM posts WHERE id = $1 RETURNING id")
            .bind(posts[0])
            .fetch_optional::<(PostId,)>(&db)
            .await;
        assert!(matches!(deleted, Err(Error::Statement { .. })), "{deleted:?}");
        assert_eq!(count_posts(&db).await, 1);
    })
    .await;
}

#[tokio::test]
async fn violations_are_told_apart() {
    on_each(async |db, clock| {
        let (author, posts) = author_of(&db, &clock, 1).await;

        let mut tx = db.begin().await.unwrap();
        let error = insert_post(&mut tx, author, posts[0], clock.now()).await.unwrap_err();
        assert!(error.is_unique_violation() && !error.is_foreign_key_violation(), "{error:?}");
        drop(tx);

        let mut tx = db.begin().await.unwrap();
        let error = insert_post(&mut tx, UserId::new(&clock), PostId::new(&clock), clock.now()).await.unwrap_err();
        assert!(error.is_foreign_key_violation() && !error.is_check_violation(), "{error:?}");
        drop(tx);

        let mut tx = db.begin().await.unwrap();
        let error = query!("UPDATE users SET followers = $1").bind(-1).execute(&mut tx).await.unwrap_err();
        assert!(error.is_check_violation() && !error.is_unique_violation(), "{error:?}");
    })
    .await;
}

#[tokio::test]
async fn a_missing_row_is_an_error_only_where_one_was_promised() {
    on_each(async |db, clock| {
        let id = PostId::new(&clock);
        let find = || query!("SELECT id FROM posts WHERE id = $1").bind(id);
        assert_eq!(find().fetch_optional::<(PostId,)>(&db).await.unwrap(), None);
        assert!(find().fetch_one::<(PostId,)>(&db).await.unwrap_err().is_row_not_found());
    })
    .await;
}

#[tokio::test]
async fn json_that_cannot_be_written_fails_its_statement() {
    on_each(async |db, clock| {
        let (_, posts) = author_of(&db, &clock, 1).await;
        let mut tx = db.begin().await.unwrap();
        let keys_are_no_strings = Json(BTreeMap::from([((1, 2), 3)]));
        let update = query!("UPDATE posts SET data = $1 WHERE id = $2").bind(keys_are_no_strings).bind(posts[0]);
        assert!(matches!(update.execute(&mut tx).await, Err(Error::Encode { .. })));
        assert!(matches!(tx.commit().await, Err(Error::Aborted)));
    })
    .await;
}

#[tokio::test]
async fn an_error_names_its_statement() {
    on_each(async |db, clock| {
        let mut tx = db.begin().await.unwrap();
        let id = UserId::new(&clock);
        insert_user(&mut tx, id, "ada").await.unwrap();
        let error = insert_user(&mut tx, id, "ada").await.unwrap_err();
        assert!(error.to_string().starts_with("store::fixture:"), "{error}");
    })
    .await;
}
