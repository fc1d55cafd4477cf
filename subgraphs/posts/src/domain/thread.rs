//! Following a thread live: replays stored events by their number, then waits for more.

use std::collections::HashMap;

use chatty_bus::live::{self, Batch};
use chatty_graphql::idempotency;
use chatty_kit::Fault;
use chatty_store::Error;
use chatty_types::{CommentId, PostId};
use futures_util::Stream;

use super::{comment::is_listed, visibility::Reader};
use crate::{
    app::App,
    store::{
        comment::{self, CommentRow},
        post,
        thread_event::{self, EventRow, Kind},
    },
};

/// What a follower of a thread is told.
#[derive(Debug)]
pub(crate) enum Happening {
    /// A comment was written.
    Added { seq: i64, comment: CommentRow },
    /// A comment was deleted.
    Removed { seq: i64, comment: CommentId },
    /// The events behind the start are no longer kept; the stream ends.
    TooOld,
    /// The post is not there, or not for the reader; the stream ends.
    Gone,
}

/// Events that may change what a follower sees. Their subject is the post.
const WAKES: &[&str] = &["posts.comment.created", "posts.comment.deleted", "posts.post.updated", "posts.post.deleted"];

/// Rows a look reads at once.
const BATCH: i64 = 100;

/// What happens in the thread behind the event `after`, or from now on. A post that is not there tells so and ends.
pub(crate) async fn follow(
    app: App,
    reader: Reader,
    post: PostId,
    after: Option<i64>,
) -> Result<impl Stream<Item = Result<Happening, Fault>> + Send, Fault> {
    // Before the position is read, so that nothing in between goes unheard.
    let listener = app.bus.listen(WAKES);
    let position = match after {
        Some(seq) => seq,
        // Of a post that cannot be followed the first look will tell.
        None => post::find_event_seq(&app.db, reader, post).await?.unwrap_or(0),
    };
    let subject = post.to_string();
    let read = move |position| {
        let app = app.clone();
        async move { Ok(read_behind(&app, reader, post, position).await?) }
    };
    Ok(live::follow(listener, move |event| event.subject == subject, position, read))
}

async fn read_behind(app: &App, reader: Reader, post: PostId, from: i64) -> Result<Batch<Happening>, Error> {
    let end = |last| Ok(Batch { items: vec![last], position: from, last: true });
    let Some(newest) = post::find_event_seq(&app.db, reader, post).await? else { return end(Happening::Gone) };
    if from > newest {
        // The database was set back behind what the client knows.
        return end(Happening::TooOld);
    }
    let mut position = from;
    while position < newest {
        let events = thread_event::list_behind(&app.db, post, position, BATCH).await?;
        // Numbers have no gap but the one that pruning leaves.
        let (Some(first), Some(last)) = (events.first(), events.last()) else { return end(Happening::TooOld) };
        if first.seq != position + 1 {
            return end(Happening::TooOld);
        }
        position = last.seq;
        let items = describe(app, reader, events).await?;
        // An empty batch means that there is no more; one whose comments all vanished meanwhile does not.
        if !items.is_empty() {
            return Ok(Batch { items, position, last: false });
        }
    }
    Ok(Batch { items: Vec::new(), position, last: false })
}

/// Loads the added comments. One that has vanished since is left out; its removal follows.
async fn describe(app: &App, reader: Reader, events: Vec<EventRow>) -> Result<Vec<Happening>, Error> {
    let added: Vec<_> = events.iter().filter(|event| event.kind == Kind::Added).map(|event| event.comment_id).collect();
    let mut comments = HashMap::new();
    if !added.is_empty() {
        let rows = comment::visible_by_ids(&app.db, reader, &added).await?;
        comments.extend(rows.into_iter().filter(is_listed).map(|row| (row.id, row)));
    }
    let tell = |EventRow { seq, kind, comment_id }| match kind {
        Kind::Added => comments.remove(&comment_id).map(|comment| Happening::Added { seq, comment }),
        Kind::Removed => Some(Happening::Removed { seq, comment: comment_id }),
    };
    Ok(events.into_iter().filter_map(tell).collect())
}

/// Forgets events and idempotency keys that are old enough.
pub(crate) async fn prune(app: &App) -> Result<(), Error> {
    let now = app.clock.now();
    let mut tx = app.db.begin().await?;
    thread_event::delete_before(&mut tx, now - app.config.events_kept()).await?;
    idempotency::prune(&mut tx, now).await?;
    tx.commit().await
}
