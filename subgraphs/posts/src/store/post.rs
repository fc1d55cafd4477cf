//! Posts and their counters.

use chatty_events::posts::Visibility;
use chatty_store::{Conn, Db, FromRow, Result, Tx, query, text_enum};
use chatty_types::{PostId, UserId};
use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::domain::{content::Content, visibility::Reader};

text_enum! {
    /// Where a post or a comment stands.
    pub(crate) enum State {
        /// It can be read.
        Published = "PUBLISHED",
        /// Its author deleted it.
        Deleted = "DELETED",
        /// A moderator took it down.
        Removed = "REMOVED",
    }
}

text_enum! {
    /// How a row holds [`Visibility`].
    pub(crate) enum Audience {
        Public = "PUBLIC",
        Followers = "FOLLOWERS",
        Private = "PRIVATE",
    }
}

impl From<Visibility> for Audience {
    fn from(visibility: Visibility) -> Self {
        match visibility {
            Visibility::Public => Self::Public,
            Visibility::Followers => Self::Followers,
            Visibility::Private => Self::Private,
        }
    }
}

impl From<Audience> for Visibility {
    fn from(audience: Audience) -> Self {
        match audience {
            Audience::Public => Self::Public,
            Audience::Followers => Self::Followers,
            Audience::Private => Self::Private,
        }
    }
}

/// A post as stored.
#[derive(Debug, Clone, FromRow)]
pub(crate) struct PostRow {
    pub(crate) id: PostId,
    pub(crate) author_id: UserId,
    pub(crate) title: Option<String>,
    pub(crate) body: String,
    pub(crate) language: Option<String>,
    pub(crate) content_warning: Option<String>,
    pub(crate) visibility: Audience,
    pub(crate) state: State,
    pub(crate) created_at: DateTime<Utc>,
    pub(crate) edited_at: Option<DateTime<Utc>>,
    pub(crate) version: i64,
    pub(crate) like_count: i64,
    pub(crate) comment_count: i64,
    pub(crate) tombstone_count: i64,
}

/// The columns of [`PostRow`].
macro_rules! columns {
    () => {
        "id, author_id, title, body, language, content_warning, visibility, state, created_at, edited_at, version,
         like_count, comment_count, tombstone_count"
    };
}

/// The post, if `reader` may see it.
pub(crate) async fn find_visible(on: impl Into<Conn<'_>>, reader: Reader, id: PostId) -> Result<Option<PostRow>> {
    query!(concat!("SELECT ", columns!(), " FROM post p WHERE p.id = $3 AND ", visible!()))
        .bind(reader.user)
        .bind(reader.moderates)
        .bind(id)
        .fetch_optional(on)
        .await
}

/// The number of the thread's newest event, if the post is published and `reader` may see it: even its author does not
/// follow a deleted one.
pub(crate) async fn find_event_seq(db: &Db, reader: Reader, id: PostId) -> Result<Option<i64>> {
    let row =
        query!(concat!("SELECT p.event_seq FROM post p WHERE p.id = $3 AND p.state = 'PUBLISHED' AND ", visible!()))
            .bind(reader.user)
            .bind(reader.moderates)
            .bind(id)
            .fetch_optional::<(i64,)>(db)
            .await?;
    Ok(row.map(|(seq,)| seq))
}

/// Those of the posts that `reader` may see.
pub(crate) async fn visible_by_ids(db: &Db, reader: Reader, ids: &[PostId]) -> Result<Vec<PostRow>> {
    query!(concat!("SELECT ", columns!(), " FROM post p WHERE p.id IN ($ids) AND ", visible!()))
        .bind(reader.user)
        .bind(reader.moderates)
        .bind_list("ids", ids.iter().copied())
        .fetch_all(db)
        .await
}

/// The newest posts below `before`.
pub(crate) async fn list_newest(db: &Db, reader: Reader, before: Uuid, limit: i64) -> Result<Vec<PostRow>> {
    query!(concat!(
        "SELECT ",
        columns!(),
        " FROM post p WHERE p.id < $3 AND p.state = 'PUBLISHED' AND ",
        visible!(),
        " ORDER BY p.id DESC LIMIT $4"
    ))
    .bind(reader.user)
    .bind(reader.moderates)
    .bind(before)
    .bind(limit)
    .fetch_all(db)
    .await
}

/// The newest posts of any of the authors below `before`.
pub(crate) async fn list_newest_of(
    db: &Db,
    reader: Reader,
    authors: &[UserId],
    before: Uuid,
    limit: i64,
) -> Result<Vec<PostRow>> {
    if authors.is_empty() {
        return Ok(Vec::new());
    }
    query!(concat!(
        "SELECT ",
        columns!(),
        " FROM post p WHERE p.author_id IN ($authors) AND p.id < $3 AND p.state = 'PUBLISHED' AND ",
        visible!(),
        " ORDER BY p.id DESC LIMIT $4"
    ))
    .bind(reader.user)
    .bind(reader.moderates)
    .bind(before)
    .bind(limit)
    .bind_list("authors", authors.iter().copied())
    .fetch_all(db)
    .await
}

/// The newest posts of each of the authors, at most `limit` each. Reads only these rows: where an author's list ends is
/// looked up in the index, because numbering the rows would read all posts of each. Every author has a row in `user_ref`.
pub(crate) async fn list_newest_of_each(
    db: &Db,
    reader: Reader,
    authors: &[UserId],
    limit: i64,
) -> Result<Vec<PostRow>> {
    query!(concat!(
        "SELECT ",
        columns!(),
        " FROM post WHERE id IN (
            SELECT p.id FROM user_ref u JOIN post p ON p.author_id = u.id AND p.id > COALESCE((
                SELECT p.id FROM post p WHERE p.author_id = u.id AND p.state = 'PUBLISHED' AND ",
        visible!(),
        " ORDER BY p.id DESC LIMIT 1 OFFSET $3), $4)
            WHERE u.id IN ($authors) AND p.state = 'PUBLISHED' AND ",
        visible!(),
        ") ORDER BY id DESC"
    ))
    .bind(reader.user)
    .bind(reader.moderates)
    .bind(limit)
    .bind(Uuid::nil())
    .bind_list("authors", authors.iter().copied())
    .fetch_all(db)
    .await
}

/// The post, with its row locked until `tx` ends: whoever changes a post, its likes or its thread begins here.
pub(crate) async fn find_locked(tx: &mut Tx, id: PostId) -> Result<Option<PostRow>> {
    query!(concat!("UPDATE post SET version = version WHERE id = $1 RETURNING ", columns!()))
        .bind(id)
        .fetch_optional(tx)
        .await
}

/// Stores a new post.
pub(crate) async fn insert(
    tx: &mut Tx,
    id: PostId,
    author: UserId,
    content: &Content,
    now: DateTime<Utc>,
) -> Result<PostRow> {
    query!(concat!(
        "INSERT INTO post (id, author_id, title, body, language, content_warning, visibility, created_at, state,
                           version, like_count, comment_count, tombstone_count, event_seq)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 'PUBLISHED', 1, 0, 0, 0, 0) RETURNING ",
        columns!()
    ))
    .bind(id)
    .bind(author)
    .bind(content.title.as_deref())
    .bind(&content.body)
    .bind(content.language.as_deref())
    .bind(content.content_warning.as_deref())
    .bind(Audience::from(content.visibility))
    .bind(now)
    .fetch_one(tx)
    .await
}

/// Replaces what an author may change, as a new version.
pub(crate) async fn update_content(tx: &mut Tx, id: PostId, content: &Content, now: DateTime<Utc>) -> Result<PostRow> {
    query!(concat!(
        "UPDATE post SET title = $2, body = $3, language = $4, content_warning = $5, visibility = $6, edited_at = $7,
                         version = version + 1
         WHERE id = $1 RETURNING ",
        columns!()
    ))
    .bind(id)
    .bind(content.title.as_deref())
    .bind(&content.body)
    .bind(content.language.as_deref())
    .bind(content.content_warning.as_deref())
    .bind(Audience::from(content.visibility))
    .bind(now)
    .fetch_one(tx)
    .await
}

/// Moves the post to another state, as a new version.
pub(crate) async fn update_state(tx: &mut Tx, id: PostId, state: State) -> Result<PostRow> {
    query!(concat!("UPDATE post SET state = $2, version = version + 1 WHERE id = $1 RETURNING ", columns!()))
        .bind(id)
        .bind(state)
        .fetch_one(tx)
        .await
}

/// Leaves nothing of the post but that it was there, as a new version.
pub(crate) async fn update_erased(tx: &mut Tx, id: PostId) -> Result<PostRow> {
    query!(concat!(
        "UPDATE post SET state = CASE WHEN state = 'PUBLISHED' THEN 'DELETED' ELSE state END, title = NULL, body = '',
                         language = NULL, content_warning = NULL, version = version + 1
         WHERE id = $1 RETURNING ",
        columns!()
    ))
    .bind(id)
    .fetch_one(tx)
    .await
}

/// Adds `change` to the likes.
pub(crate) async fn update_like_count(tx: &mut Tx, id: PostId, change: i64) -> Result<PostRow> {
    query!(concat!("UPDATE post SET like_count = like_count + $2 WHERE id = $1 RETURNING ", columns!()))
        .bind(id)
        .bind(change)
        .fetch_one(tx)
        .await
}

/// Adds to the counts of readable comments and of tombstones, and takes the thread's next event number.
pub(crate) async fn update_thread(tx: &mut Tx, id: PostId, comments: i64, tombstones: i64) -> Result<i64> {
    let (seq,) = query!(
        "UPDATE post SET comment_count = comment_count + $2, tombstone_count = tombstone_count + $3,
                         event_seq = event_seq + 1
         WHERE id = $1 RETURNING event_seq"
    )
    .bind(id)
    .bind(comments)
    .bind(tombstones)
    .fetch_one::<(i64,)>(tx)
    .await?;
    Ok(seq)
}
