//! Values survive the way into a column and back, from one text and one struct.

use std::collections::BTreeMap;

use chatty_store::{FromRow, Json, query, text_enum};
use chatty_types::{PostId, UserId};
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::value::RawValue;
use uuid::Uuid;

use crate::fixture::{author_of, insert_user, on_each};

text_enum! {
    /// Who may see a post.
    enum Audience {
        Public = "public",
        Followers = "followers",
    }
}

type Data = BTreeMap<String, Vec<i64>>;

#[derive(Debug, PartialEq, FromRow)]
struct PostRow {
    id: PostId,
    author_id: UserId,
    body: String,
    audience: Audience,
    score: Option<f64>,
    thumbnail: Option<Vec<u8>>,
    data: Json<Data>,
    pinned: bool,
    likes: i64,
    created_at: DateTime<Utc>,
    deleted_at: Option<DateTime<Utc>>,
}

#[tokio::test]
async fn a_row_of_every_type_comes_back_as_it_went_in() {
    on_each(async |db, clock| {
        let (author, _) = author_of(&db, &clock, 0).await;
        let full = PostRow {
            id: PostId::new(&clock),
            author_id: author,
            body: "🦀 «привет»".to_owned(),
            audience: Audience::Followers,
            score: Some(-0.125),
            thumbnail: Some(vec![0, 255, 7]),
            data: Json(Data::from([("tags".to_owned(), vec![1, i64::MAX])])),
            pinned: true,
            likes: i64::MIN,
            created_at: clock.now(),
            deleted_at: Some(clock.now() + TimeDelta::milliseconds(1)),
        };
        let bare = PostRow {
            id: PostId::from_uuid(Uuid::max()),
            author_id: author,
            body: String::new(),
            audience: Audience::Public,
            score: None,
            thumbnail: None,
            data: Json(Data::new()),
            pinned: false,
            likes: 0,
            created_at: DateTime::UNIX_EPOCH,
            deleted_at: None,
        };

        let mut tx = db.begin().await.unwrap();
        for row in [&full, &bare] {
            let returned: PostRow = query!(
                "INSERT INTO posts (id, author_id, body, audience, score, thumbnail, data, pinned, likes, created_at, \
                 deleted_at)
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
                 RETURNING id, author_id, body, audience, score, thumbnail, data, pinned, likes, created_at, deleted_at"
            )
            .bind(row.id)
            .bind(row.author_id)
            .bind(&row.body)
            .bind(row.audience)
            .bind(row.score)
            .bind(row.thumbnail.as_deref())
            .bind(Json(&*row.data))
            .bind(row.pinned)
            .bind(row.likes)
            .bind(row.created_at)
            .bind(row.deleted_at)
            .fetch_one(&mut tx)
            .await
            .unwrap();
            assert_eq!(&returned, row);
        }
        tx.commit().await.unwrap();

        let rows: Vec<PostRow> = query!(
            "SELECT id, author_id, body, audience, score, thumbnail, data, pinned, likes, created_at, deleted_at
             FROM posts ORDER BY id"
        )
        .fetch_all(&db)
        .await
        .unwrap();
        assert_eq!(rows, [full, bare]);
    })
    .await;
}

#[tokio::test]
async fn null_of_every_type_can_be_bound_and_read() {
    type Nulls = (
        Option<bool>,
        Option<i64>,
        Option<f64>,
        Option<String>,
        Option<Vec<u8>>,
        Option<Uuid>,
        Option<DateTime<Utc>>,
        Option<Json<Data>>,
    );
    on_each(async |db, _| {
        let nulls: Nulls = query!(
            "SELECT CAST($1 AS BOOLEAN), CAST($2 AS BIGINT), CAST($3 AS DOUBLE PRECISION), CAST($4 AS TEXT),
                    CAST($5 AS BYTEA), CAST($6 AS UUID), CAST($7 AS TIMESTAMPTZ), CAST($8 AS JSONB)"
        )
        .bind(None::<bool>)
        .bind(None::<i64>)
        .bind(None::<f64>)
        .bind(None::<Audience>)
        .bind(None::<Vec<u8>>)
        .bind(None::<UserId>)
        .bind(None::<DateTime<Utc>>)
        .bind(None::<Json<Data>>)
        .fetch_one(&db)
        .await
        .unwrap();
        assert_eq!(nulls, Nulls::default());
    })
    .await;
}

#[tokio::test]
async fn json_can_be_passed_on_unread() {
    on_each(async |db, clock| {
        let (_, posts) = author_of(&db, &clock, 1).await;
        let mut tx = db.begin().await.unwrap();
        let (data,): (Json<Box<RawValue>>,) = query!("UPDATE posts SET data = $1 WHERE id = $2 RETURNING data")
            .bind(Json(RawValue::from_string(r#"{"n":[1]}"#.to_owned()).unwrap()))
            .bind(posts[0])
            .fetch_one(&mut tx)
            .await
            .unwrap();
        assert_eq!(data.get().replace(' ', ""), r#"{"n":[1]}"#);
    })
    .await;
}

#[tokio::test]
async fn time_is_cut_to_what_both_databases_keep() {
    on_each(async |db, clock| {
        let (_, posts) = author_of(&db, &clock, 1).await;
        let fine = DateTime::from_timestamp(1_700_000_000, 123_456_789).unwrap();
        let kept = DateTime::from_timestamp(1_700_000_000, 123_456_000).unwrap();
        let mut tx = db.begin().await.unwrap();
        let (stored,): (DateTime<Utc>,) = query!("UPDATE posts SET created_at = $1 WHERE id = $2 RETURNING created_at")
            .bind(fine)
            .bind(posts[0])
            .fetch_one(&mut tx)
            .await
            .unwrap();
        assert_eq!(stored, kept);
        let found: Option<(PostId,)> =
            query!("SELECT id FROM posts WHERE created_at = $1").bind(fine).fetch_optional(&mut tx).await.unwrap();
        assert_eq!(found, Some((posts[0],)));
    })
    .await;
}

#[tokio::test]
async fn a_text_that_the_enum_does_not_know_is_an_error() {
    on_each(async |db, _| {
        let audience = query!("SELECT CAST($1 AS TEXT)").bind("nobody").fetch_one::<(Audience,)>(&db).await;
        assert!(audience.is_err());
        let audience = query!("SELECT CAST($1 AS TEXT)").bind(Audience::Followers).fetch_one::<(Audience,)>(&db).await;
        assert_eq!(audience.unwrap().0, Audience::Followers);
    })
    .await;
}

#[tokio::test]
async fn a_taken_name_is_told_by_the_missing_row() {
    on_each(async |db, clock| {
        let mut tx = db.begin().await.unwrap();
        let mut taken = Vec::new();
        for _ in 0..2 {
            let row: Option<(UserId,)> =
                query!("INSERT INTO users (id, handle) VALUES ($1, $2) ON CONFLICT (handle) DO NOTHING RETURNING id")
                    .bind(UserId::new(&clock))
                    .bind("ada")
                    .fetch_optional(&mut tx)
                    .await
                    .unwrap();
            taken.push(row.is_none());
        }
        assert_eq!(taken, [false, true]);
        tx.commit().await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn an_upsert_adds_to_what_is_there() {
    on_each(async |db, clock| {
        let (id, mut tx) = (UserId::new(&clock), db.begin().await.unwrap());
        insert_user(&mut tx, id, "ada").await.unwrap();
        let (followers,): (i64,) = query!(
            "INSERT INTO users (id, handle, followers) VALUES ($1, $2, $3)
             ON CONFLICT (id) DO UPDATE SET followers = users.followers + excluded.followers RETURNING followers"
        )
        .bind(id)
        .bind("ada")
        .bind(5)
        .fetch_one(&mut tx)
        .await
        .unwrap();
        assert_eq!(followers, 5);
    })
    .await;
}

#[tokio::test]
async fn keyset_pages_walk_equal_times_without_gap_or_repeat() {
    on_each(async |db, clock| {
        let (author, mut posts) = author_of(&db, &clock, 7).await;
        posts.reverse();
        let (mut walked, mut after) = (Vec::new(), None::<(DateTime<Utc>, PostId)>);
        loop {
            let page: Vec<(DateTime<Utc>, PostId)> = query!(
                "SELECT created_at, id FROM posts
                 WHERE author_id = $1 AND deleted_at IS NULL AND ($2 IS NULL OR (created_at, id) < ($2, $3))
                 ORDER BY created_at DESC, id DESC LIMIT $4"
            )
            .bind(author)
            .bind(after.map(|(at, _)| at))
            .bind(after.map(|(_, id)| id))
            .bind(2)
            .fetch_all(&db)
            .await
            .unwrap();
            let Some(last) = page.last() else { break };
            after = Some(*last);
            walked.extend(page.iter().map(|(_, id)| *id));
        }
        assert_eq!(walked, posts);
    })
    .await;
}
