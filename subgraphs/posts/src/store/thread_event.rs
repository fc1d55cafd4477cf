//! What happened in a thread, numbered without gaps, for live streams to replay.

use chatty_store::{Db, FromRow, Result, Tx, query, text_enum};
use chatty_types::{CommentId, PostId};
use chrono::{DateTime, Utc};

text_enum! {
    /// What happened.
    pub(crate) enum Kind {
        Added = "COMMENT_ADDED",
        Removed = "COMMENT_REMOVED",
    }
}

/// One thing that happened.
#[derive(Debug, Clone, Copy, FromRow)]
pub(crate) struct EventRow {
    pub(crate) seq: i64,
    pub(crate) kind: Kind,
    pub(crate) comment_id: CommentId,
}

/// Stores an event whose number [`crate::store::post::update_thread`] gave in the same transaction.
pub(crate) async fn insert(tx: &mut Tx, post: PostId, event: EventRow, now: DateTime<Utc>) -> Result<u64> {
    query!("INSERT INTO post_event (post_id, seq, kind, comment_id, at) VALUES ($1, $2, $3, $4, $5)")
        .bind(post)
        .bind(event.seq)
        .bind(event.kind)
        .bind(event.comment_id)
        .bind(now)
        .execute(tx)
        .await
}

/// The post's events behind a number, in order.
pub(crate) async fn list_behind(db: &Db, post: PostId, seq: i64, limit: i64) -> Result<Vec<EventRow>> {
    query!("SELECT seq, kind, comment_id FROM post_event WHERE post_id = $1 AND seq > $2 ORDER BY seq LIMIT $3")
        .bind(post)
        .bind(seq)
        .bind(limit)
        .fetch_all(db)
        .await
}

/// Forgets what happened before a time.
pub(crate) async fn delete_before(tx: &mut Tx, time: DateTime<Utc>) -> Result<u64> {
    query!("DELETE FROM post_event WHERE at < $1").bind(time).execute(tx).await
}
