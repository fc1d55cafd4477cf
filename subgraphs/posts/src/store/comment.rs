//! Comments. A thread lists those that can be read, and deleted ones that hold replies.

use chatty_store::{Conn, Db, FromRow, Result, Tx, query};
use chatty_types::{CommentId, PostId, UserId};
use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::post::State;
use crate::domain::visibility::Reader;

/// A comment as stored.
#[derive(Debug, Clone, FromRow)]
pub(crate) struct CommentRow {
    pub(crate) id: CommentId,
    pub(crate) post_id: PostId,
    pub(crate) parent_id: Option<CommentId>,
    pub(crate) depth: i64,
    pub(crate) author_id: UserId,
    pub(crate) body: String,
    pub(crate) state: State,
    pub(crate) created_at: DateTime<Utc>,
    pub(crate) version: i64,
    pub(crate) reply_count: i64,
}

/// What a new comment consists of.
#[derive(Debug)]
pub(crate) struct NewComment<'a> {
    pub(crate) id: CommentId,
    pub(crate) post: PostId,
    pub(crate) parent: Option<CommentId>,
    pub(crate) depth: i64,
    pub(crate) author: UserId,
    pub(crate) body: &'a str,
}

/// The columns of [`CommentRow`].
macro_rules! columns {
    () => {
        "id, post_id, parent_id, depth, author_id, body, state, created_at, version, reply_count"
    };
}

/// [`columns`] of the comment `c`.
macro_rules! columns_of_c {
    () => {
        "c.id, c.post_id, c.parent_id, c.depth, c.author_id, c.body, c.state, c.created_at, c.version, c.reply_count"
    };
}

/// Whether the thread lists the comment `c`.
macro_rules! listed {
    () => {
        "(c.state = 'PUBLISHED' OR c.reply_count > 0)"
    };
}

/// Those of the comments that `reader` may see: on a post that they may see, and listed, their own or moderated.
pub(crate) async fn visible_by_ids(
    on: impl Into<Conn<'_>>,
    reader: Reader,
    ids: &[CommentId],
) -> Result<Vec<CommentRow>> {
    query!(concat!(
        "SELECT ",
        columns_of_c!(),
        " FROM post_comment c JOIN post p ON p.id = c.post_id WHERE c.id IN ($ids) AND ",
        visible!(),
        " AND ($2 OR c.author_id = $1 OR ",
        listed!(),
        ")"
    ))
    .bind(reader.user)
    .bind(reader.moderates)
    .bind_list("ids", ids.iter().copied())
    .fetch_all(on)
    .await
}

/// The thread's comments above `after`, oldest first. Whether the post may be seen is for the caller to know.
pub(crate) async fn list_oldest(db: &Db, post: PostId, after: Uuid, limit: i64) -> Result<Vec<CommentRow>> {
    query!(concat!(
        "SELECT ",
        columns_of_c!(),
        " FROM post_comment c WHERE c.post_id = $1 AND c.id > $2 AND ",
        listed!(),
        " ORDER BY c.id LIMIT $3"
    ))
    .bind(post)
    .bind(after)
    .bind(limit)
    .fetch_all(db)
    .await
}

/// The thread's comments below `before`, newest first.
pub(crate) async fn list_newest(db: &Db, post: PostId, before: Uuid, limit: i64) -> Result<Vec<CommentRow>> {
    query!(concat!(
        "SELECT ",
        columns_of_c!(),
        " FROM post_comment c WHERE c.post_id = $1 AND c.id < $2 AND ",
        listed!(),
        " ORDER BY c.id DESC LIMIT $3"
    ))
    .bind(post)
    .bind(before)
    .bind(limit)
    .fetch_all(db)
    .await
}

/// The oldest comments of each thread, at most `limit` each. Reads only these rows: where a page ends is looked up in the
/// index, because numbering the rows would read whole threads.
pub(crate) async fn list_oldest_of_each(db: &Db, posts: &[PostId], limit: i64) -> Result<Vec<CommentRow>> {
    query!(concat!(
        "SELECT ",
        columns!(),
        " FROM post_comment WHERE id IN (
            SELECT c.id FROM post p JOIN post_comment c ON c.post_id = p.id AND c.id < COALESCE((
                SELECT c.id FROM post_comment c WHERE c.post_id = p.id AND ",
        listed!(),
        " ORDER BY c.id LIMIT 1 OFFSET $1), $2)
            WHERE p.id IN ($posts) AND ",
        listed!(),
        ") ORDER BY id"
    ))
    .bind(limit)
    .bind(Uuid::max())
    .bind_list("posts", posts.iter().copied())
    .fetch_all(db)
    .await
}

/// The newest comments of each thread, at most `limit` each. Reads only these rows: where a page ends is looked up in the
/// index, because numbering the rows would read whole threads.
pub(crate) async fn list_newest_of_each(db: &Db, posts: &[PostId], limit: i64) -> Result<Vec<CommentRow>> {
    query!(concat!(
        "SELECT ",
        columns!(),
        " FROM post_comment WHERE id IN (
            SELECT c.id FROM post p JOIN post_comment c ON c.post_id = p.id AND c.id > COALESCE((
                SELECT c.id FROM post_comment c WHERE c.post_id = p.id AND ",
        listed!(),
        " ORDER BY c.id DESC LIMIT 1 OFFSET $1), $2)
            WHERE p.id IN ($posts) AND ",
        listed!(),
        ") ORDER BY id DESC"
    ))
    .bind(limit)
    .bind(Uuid::nil())
    .bind_list("posts", posts.iter().copied())
    .fetch_all(db)
    .await
}

/// The comment, whoever may see it.
pub(crate) async fn find(on: impl Into<Conn<'_>>, id: CommentId) -> Result<Option<CommentRow>> {
    query!(concat!("SELECT ", columns!(), " FROM post_comment WHERE id = $1")).bind(id).fetch_optional(on).await
}

/// Stores a new comment.
pub(crate) async fn insert(tx: &mut Tx, new: &NewComment<'_>, now: DateTime<Utc>) -> Result<CommentRow> {
    query!(concat!(
        "INSERT INTO post_comment (id, post_id, parent_id, depth, author_id, body, created_at, state, version,
                                   reply_count)
         VALUES ($1, $2, $3, $4, $5, $6, $7, 'PUBLISHED', 1, 0) RETURNING ",
        columns!()
    ))
    .bind(new.id)
    .bind(new.post)
    .bind(new.parent)
    .bind(new.depth)
    .bind(new.author)
    .bind(new.body)
    .bind(now)
    .fetch_one(tx)
    .await
}

/// Empties the comment and marks it deleted.
pub(crate) async fn update_deleted(tx: &mut Tx, id: CommentId) -> Result<CommentRow> {
    query!(concat!(
        "UPDATE post_comment SET state = 'DELETED', body = '', version = version + 1 WHERE id = $1 RETURNING ",
        columns!()
    ))
    .bind(id)
    .fetch_one(tx)
    .await
}

/// Empties a comment that its thread shows no more.
pub(crate) async fn update_emptied(tx: &mut Tx, id: CommentId) -> Result<u64> {
    query!("UPDATE post_comment SET body = '', version = version + 1 WHERE id = $1").bind(id).execute(tx).await
}

/// Adds `change` to the comment's listed replies.
pub(crate) async fn update_reply_count(tx: &mut Tx, id: CommentId, change: i64) -> Result<CommentRow> {
    query!(concat!("UPDATE post_comment SET reply_count = reply_count + $2 WHERE id = $1 RETURNING ", columns!()))
        .bind(id)
        .bind(change)
        .fetch_one(tx)
        .await
}
