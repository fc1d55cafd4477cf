//! Writing and deleting comments.
//!
//! Every change of a thread first locks the post's row, so that counters, tombstones and event numbers of one thread
//! never race. A deleted comment stays as an empty tombstone while it holds replies, and leaves with the last of them.

use chatty_access::{Caller, Scope};
use chatty_events::posts::{CommentCreated, CommentDeleted};
use chatty_graphql::{Problem, Problems, Refusal, idempotency};
use chatty_store::{Error, Tx};
use chatty_types::{CommentId, PostId};
use uuid::Uuid;

use super::{claim, content, parse_id, visibility, writer};
use crate::{
    app::App,
    domain::visibility::Reader,
    store::{
        comment::{self, CommentRow, NewComment},
        post::{self, State},
        thread_event::{self, EventRow, Kind},
    },
};

/// How many comments may lie between a comment and its post.
const DEEPEST: i64 = 8;

/// A comment that somebody wants to write.
#[derive(Debug)]
pub(crate) struct Draft {
    pub(crate) post_id: String,
    pub(crate) parent_id: Option<String>,
    pub(crate) body: String,
    pub(crate) idempotency_key: Option<Uuid>,
}

/// Adds a comment of the caller to a thread.
pub(crate) async fn write(app: &App, caller: &Caller, draft: Draft) -> Result<CommentRow, Refusal> {
    let author = caller.require(Scope::SelfWrite)?.user;
    let mut problems = Problems::default();
    let post = problems.check(parse_id("postId", &draft.post_id));
    let parent = draft.parent_id.as_deref().map(|id| parse_id("parentId", id)).transpose();
    let parent: Option<CommentId> = problems.check(parent).flatten();
    let body = problems.check(content::comment_body(&draft.body)).unwrap_or_default();
    let key = draft.idempotency_key;
    problems.refuse_any()?;
    let post: PostId = post.expect("an id that does not parse is a problem");

    let id = CommentId::new(&app.clock);
    let hash = idempotency::input_hash([Some(draft.post_id.as_str()), draft.parent_id.as_deref(), Some(body.as_str())]);
    let mut tx = app.db.begin().await?;
    if let Some(made) = claim(app, &mut tx, ("createComment", author), (key, hash), id).await? {
        let row = comment::visible_by_ids(&mut tx, Reader::of(caller), &[made]).await?.pop();
        return row.ok_or_else(|| Problem::not_found("postId", post).into());
    }
    let thread = visibility::lock(&mut tx, caller, "postId", post).await?;
    if thread.state != State::Published {
        return Err(Problem::state_conflict("postId", "is deleted").into());
    }
    writer(&mut tx, author, 0).await?;
    let depth = match parent {
        Some(parent) => attach(&mut tx, post, parent).await?,
        None => 0,
    };
    let new = NewComment { id, post, parent, depth, author, body: &body };
    let row = comment::insert(&mut tx, &new, app.clock.now()).await?;
    note(app, &mut tx, post, (1, 0), (Kind::Added, id)).await?;
    let event = CommentCreated { comment_id: id, post_id: post, parent_id: parent, author_id: author, depth };
    app.tell(&mut tx, caller, &event).await?;
    tx.commit().await?;
    Ok(row)
}

/// Counts a reply to `parent` and gives its depth. A reply below the deepest level is refused rather than moved up,
/// because it would then seem to answer somebody else.
async fn attach(tx: &mut Tx, post: PostId, parent: CommentId) -> Result<i64, Refusal> {
    let missing = || Problem::not_found("parentId", parent);
    let row = comment::find(&mut *tx, parent).await?.filter(|row| row.post_id == post).ok_or_else(missing)?;
    match row.state {
        State::Published => {}
        _ if is_listed(&row) => return Err(Problem::state_conflict("parentId", "is deleted").into()),
        _ => return Err(missing().into()),
    }
    if row.depth >= DEEPEST {
        return Err(Problem::state_conflict("parentId", "is as deep as a thread may get").into());
    }
    comment::update_reply_count(tx, parent, 1).await?;
    Ok(row.depth + 1)
}

/// Deletes a comment of the caller, also where its post is no longer for them: it shows their words to others. Deleting
/// again changes nothing.
pub(crate) async fn delete(app: &App, caller: &Caller, comment_id: &str) -> Result<CommentRow, Refusal> {
    let user = caller.require(Scope::SelfWrite)?.user;
    let id: CommentId = parse_id("commentId", comment_id)?;
    let missing = || Problem::not_found("commentId", id);
    let reader = Reader::of(caller);
    let mut tx = app.db.begin().await?;
    let Some(own) = comment::find(&mut tx, id).await?.filter(|row| row.author_id == user) else {
        let visible = comment::visible_by_ids(&mut tx, reader, &[id]).await?.pop();
        return Err(visible.map_or_else(missing, |_| Problem::forbidden("commentId")).into());
    };
    // Only now is the thread locked; what was seen before may have changed.
    post::find_locked(&mut tx, own.post_id).await?;
    let row = comment::find(&mut tx, id).await?.ok_or_else(missing)?;
    match row.state {
        State::Published => {}
        State::Deleted => return Ok(row),
        State::Removed => return Err(Problem::state_conflict("commentId", "was taken down by a moderator").into()),
    }
    let row = remove(app, &mut tx, id).await?;
    let event = CommentDeleted { comment_id: id, post_id: row.post_id, author_id: user };
    app.tell(&mut tx, caller, &event).await?;
    tx.commit().await?;
    Ok(row)
}

/// Takes a published comment, whose post is locked, out of its thread.
pub(super) async fn remove(app: &App, tx: &mut Tx, id: CommentId) -> Result<CommentRow, Error> {
    let row = comment::update_deleted(tx, id).await?;
    let tombstones = if is_listed(&row) { 1 } else { -release(tx, row.parent_id).await? };
    note(app, tx, row.post_id, (-1, tombstones), (Kind::Removed, id)).await?;
    Ok(row)
}

/// Takes a vanished reply off its parent, and off the tombstones above that held nothing else; says how many of those
/// vanished with it.
async fn release(tx: &mut Tx, parent: Option<CommentId>) -> Result<i64, Error> {
    let mut vanished = 0;
    let mut next = parent;
    while let Some(parent) = next {
        let row = comment::update_reply_count(tx, parent, -1).await?;
        if is_listed(&row) {
            break;
        }
        vanished += 1;
        next = row.parent_id;
    }
    Ok(vanished)
}

/// Whether the thread shows the comment, if only as a tombstone. The SQL twin is in [`crate::store::comment`].
pub(crate) fn is_listed(row: &CommentRow) -> bool {
    row.state == State::Published || row.reply_count > 0
}

/// Counts what changed and stores it for live streams.
async fn note(
    app: &App,
    tx: &mut Tx,
    post: PostId,
    (comments, tombstones): (i64, i64),
    (kind, comment_id): (Kind, CommentId),
) -> Result<(), Error> {
    let seq = post::update_thread(tx, post, comments, tombstones).await?;
    thread_event::insert(tx, post, EventRow { seq, kind, comment_id }, app.clock.now()).await?;
    Ok(())
}
