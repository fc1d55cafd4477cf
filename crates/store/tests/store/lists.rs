//! `IN ($name)`: any length, few texts, and empty lists that mean what they say.

use chatty_store::{Db, Error, Query, counted, query};
use chatty_types::{PostId, UserId};

use crate::fixture::{author_of, on_each};

async fn posts_by_ids(db: &Db, ids: &[PostId]) -> Vec<PostId> {
    let rows = query!("SELECT id FROM posts WHERE id IN ($ids) ORDER BY id")
        .bind_list("ids", ids.iter().copied())
        .fetch_all::<(PostId,)>(db)
        .await;
    rows.unwrap().into_iter().map(|(id,)| id).collect()
}

#[tokio::test]
async fn a_list_of_any_length_finds_its_rows() {
    on_each(async |db, clock| {
        let (_, posts) = author_of(&db, &clock, 6).await;
        for length in [0, 1, 2, 3, 5, 6] {
            let (found, statements) = counted(posts_by_ids(&db, &posts[..length])).await;
            assert_eq!(found, posts[..length]);
            assert_eq!(statements, u64::from(length > 0));
        }
    })
    .await;
}

#[tokio::test]
async fn lists_and_values_mix_and_a_list_may_be_named_twice() {
    on_each(async |db, clock| {
        let (author, posts) = author_of(&db, &clock, 3).await;
        let found: Vec<(PostId,)> = query!(
            "SELECT id FROM posts WHERE author_id IN ($authors) AND id IN ($ids) AND likes >= $1 AND body = $2
             AND EXISTS (SELECT 1 FROM users WHERE id IN ($authors)) ORDER BY id LIMIT $3"
        )
        .bind_list("ids", [posts[0], posts[1], posts[2]])
        .bind(0)
        .bind_list("authors", vec![author])
        .bind("hello")
        .bind(2)
        .fetch_all(&db)
        .await
        .unwrap();
        assert_eq!(found, [(posts[0],), (posts[1],)]);
    })
    .await;
}

#[tokio::test]
async fn an_empty_list_writes_nothing() {
    on_each(async |db, clock| {
        author_of(&db, &clock, 2).await;
        let mut tx = db.begin().await.unwrap();
        let delete = query!("DELETE FROM posts WHERE id IN ($ids)").bind_list("ids", None::<PostId>);
        let (touched, statements) = counted(delete.execute(&mut tx)).await;
        assert_eq!((touched.unwrap(), statements), (0, 0));
        tx.commit().await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn an_empty_list_beside_an_alternative_leaves_the_alternative() {
    on_each(async |db, clock| {
        let (author, posts) = author_of(&db, &clock, 2).await;
        let none: [UserId; 0] = [];
        let own_or_listed = query!("SELECT id FROM posts WHERE author_id = $1 OR author_id IN ($others) ORDER BY id");
        let found: Vec<(PostId,)> = own_or_listed.bind(author).bind_list("others", none).fetch_all(&db).await.unwrap();
        assert_eq!(found, [(posts[0],), (posts[1],)]);

        let listed = query!("SELECT id IN ($ids) FROM posts");
        let rows: Vec<(bool,)> = listed.bind_list("ids", None::<PostId>).fetch_all(&db).await.unwrap();
        assert_eq!(rows, [(false,), (false,)]);

        let count = query!("SELECT COUNT(*) FROM posts WHERE author_id IN ($authors)");
        let (count,): (i64,) = count.bind_list("authors", none).fetch_one(&db).await.unwrap();
        assert_eq!(count, 0);
    })
    .await;
}

#[tokio::test]
async fn a_list_that_is_missing_unknown_twice_or_too_long_is_refused() {
    on_each(async |db, clock| {
        let id = PostId::new(&clock);
        let by_ids = || query!("SELECT id FROM posts WHERE id IN ($ids)");
        let rows = by_ids().fetch_all::<(PostId,)>(&db).await;
        assert!(matches!(rows, Err(Error::UnboundList { list: "ids", .. })), "{rows:?}");
        let rows = by_ids().bind_list("ids", [id]).bind_list("posts", [id]).fetch_all::<(PostId,)>(&db).await;
        assert!(matches!(rows, Err(Error::UnknownList { list: "posts", .. })), "{rows:?}");
        let rows = by_ids().bind_list("ids", [id]).bind_list("ids", [id]).fetch_all::<(PostId,)>(&db).await;
        assert!(matches!(rows, Err(Error::UnknownList { list: "ids", .. })), "{rows:?}");
        let rows = query!("SELECT id FROM posts").bind_list("ids", [id]).fetch_all::<(PostId,)>(&db).await;
        assert!(matches!(rows, Err(Error::UnknownList { list: "ids", .. })), "{rows:?}");

        let longest = by_ids().bind_list("ids", vec![id; Query::LONGEST_LIST]).fetch_all::<(PostId,)>(&db).await;
        assert_eq!(longest.unwrap(), []);
        let rows = by_ids().bind_list("ids", vec![id; Query::LONGEST_LIST + 1]).fetch_all::<(PostId,)>(&db).await;
        assert!(matches!(rows, Err(Error::ListTooLong { len: 1_025, .. })), "{rows:?}");
    })
    .await;
}
