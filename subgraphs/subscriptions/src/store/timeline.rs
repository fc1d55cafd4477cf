//! Reading home feeds: a page, a feed's head, and what changed behind a number.

use chatty_store::{Db, FromRow, Result, query};
use chatty_types::{PageArgs, Position, PostId, UserId};
use chrono::{DateTime, Utc};
use uuid::Uuid;

/// A post in a feed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, FromRow)]
pub(crate) struct FeedRow {
    /// The post.
    pub(crate) post_id: PostId,
    /// Who wrote it.
    pub(crate) author_id: UserId,
    /// The number of the change that brought it, or its latest reason.
    pub(crate) seq: i64,
    /// Why it is there: a bit set, see `super::feed`.
    pub(crate) reasons: i64,
    /// When it came.
    pub(crate) inserted_at: DateTime<Utc>,
}

impl FeedRow {
    /// Its place in the pages of a feed.
    pub(crate) fn position(&self) -> Position {
        Position { sort: 0, id: self.post_id.uuid() }
    }
}

/// A page of the user's feed, newest post first.
pub(crate) async fn list_feed(db: &Db, user: UserId, args: &PageArgs) -> Result<Vec<FeedRow>> {
    query!(
        "SELECT r.post_id, p.author_id, r.seq, r.reasons, r.inserted_at
         FROM feed r JOIN post_ref p ON p.post_id = r.post_id
         WHERE r.user_id = $1 AND r.post_id < $2 AND r.removed = FALSE
         ORDER BY r.post_id DESC LIMIT $3"
    )
    .bind(user)
    // Every post id is less than the greatest UUID, so the first page needs no text of its own.
    .bind(args.after.map_or(Uuid::max(), |position| position.id))
    .bind(args.limit())
    .fetch_all(db)
    .await
}

/// How far a user's feed has come.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, FromRow)]
pub(crate) struct Head {
    /// The number of its last change; 0 for a feed that never had one.
    pub(crate) seq: i64,
    /// Replay is complete only behind this number or a later one.
    pub(crate) trimmed_to: i64,
}

/// The head of the user's feed.
pub(crate) async fn find_head(db: &Db, user: UserId) -> Result<Option<Head>> {
    query!("SELECT seq, trimmed_to FROM feed_head WHERE user_id = $1").bind(user).fetch_optional(db).await
}

/// What changed in a feed behind a number.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Changes {
    /// As [`Head::trimmed_to`], at the moment of reading.
    pub(crate) trimmed_to: i64,
    /// At most as many as were asked for, in the order of their numbers.
    pub(crate) rows: Vec<ChangeRow>,
}

/// The latest change of one post in a feed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ChangeRow {
    /// The row as it is now.
    pub(crate) row: FeedRow,
    /// Whether the post was taken out; otherwise it was added.
    pub(crate) removed: bool,
}

#[derive(FromRow)]
struct HeadAndChange {
    trimmed_to: i64,
    post_id: Option<PostId>,
    author_id: Option<UserId>,
    seq: Option<i64>,
    reasons: Option<i64>,
    inserted_at: Option<DateTime<Utc>>,
    removed: Option<bool>,
}

/// The changes of the user's feed behind `seq`. One statement and so one snapshot: what it lacks was trimmed by then.
pub(crate) async fn list_changes(db: &Db, user: UserId, seq: i64, limit: i64) -> Result<Changes> {
    let found = query!(
        "SELECT h.trimmed_to, r.post_id, p.author_id, r.seq, r.reasons, r.inserted_at, r.removed
         FROM feed_head h
         LEFT JOIN feed r ON r.user_id = h.user_id AND r.seq > $2
         LEFT JOIN post_ref p ON p.post_id = r.post_id
         WHERE h.user_id = $1 ORDER BY r.seq LIMIT $3"
    )
    .bind(user)
    .bind(seq)
    .bind(limit)
    .fetch_all::<HeadAndChange>(db)
    .await?;
    let trimmed_to = found.first().map_or(0, |row| row.trimmed_to);
    Ok(Changes { trimmed_to, rows: found.into_iter().filter_map(HeadAndChange::change).collect() })
}

impl HeadAndChange {
    /// `None` where the head has nothing behind the number.
    fn change(self) -> Option<ChangeRow> {
        let row = FeedRow {
            post_id: self.post_id?,
            author_id: self.author_id?,
            seq: self.seq?,
            reasons: self.reasons?,
            inserted_at: self.inserted_at?,
        };
        Some(ChangeRow { row, removed: self.removed? })
    }
}
