//! Live streams.

use async_graphql::{Context, ID, SimpleObject, Subscription, Union};
use chatty_graphql::{Cursor, Request, ResyncReason, ResyncRequired, StreamTag};
use chatty_kit::Fault;
use chatty_types::{Cursors, List, Position, PostId};
use futures_util::{Stream, StreamExt, TryStreamExt, stream};
use uuid::Uuid;

use super::{app, comment::Comment};
use crate::{
    app::App,
    domain::{
        thread::{self, Happening},
        visibility::Reader,
    },
};

pub(crate) struct Subscription;

/// The root of everything that can be watched.
#[Subscription]
impl Subscription {
    /// What happens in a post's thread, such as
    /// `commentEvents(postId: "pst_…") { ... on CommentAdded { cursor comment { body } } }`. Events may come twice:
    /// tell them apart by `cursor`. When the post is not there or not for you, or goes away, the stream says
    /// `ResyncRequired` with `GONE` and ends.
    #[graphql(directive = StreamTag::apply(StreamTag::SHARED))]
    async fn comment_events(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Whose thread.")] post_id: ID,
        #[graphql(
            desc = "The `cursor` of the last event that you got, to miss none; null for events from now on. When the events behind it are no longer kept, usually after 24 hours, the stream says `ResyncRequired` with `CURSOR_TOO_OLD` and ends."
        )]
        after: Option<Cursor>,
    ) -> impl Stream<Item = Result<CommentEvent, async_graphql::Error>> {
        let opened = open(app(ctx).clone(), Reader::of(ctx.caller()), post_id, after);
        // What the opening fails with is told as an event, where the error policy knows the request's trace.
        stream::once(opened).try_flatten().map_err(async_graphql::Error::from)
    }
}

async fn open(
    app: App,
    reader: Reader,
    post_id: ID,
    after: Option<Cursor>,
) -> Result<impl Stream<Item = Result<CommentEvent, Fault>>, Fault> {
    let post: PostId = post_id.parse()?;
    let list = List::new("commentEvents").with("post", post);
    let after = after.map(|Cursor(text)| app.cursors.decode(&list, &text)).transpose()?;
    let cursors = app.cursors.clone();
    let happenings = thread::follow(app, reader, post, after.map(|position| position.sort)).await?;
    Ok(happenings.map_ok(move |happening| CommentEvent::new(&cursors, &list, happening)).fuse())
}

/// Something that happened in a thread.
#[derive(Debug, Union)]
pub(crate) enum CommentEvent {
    /// A comment was written.
    Added(CommentAdded),
    /// A comment was deleted.
    Removed(CommentRemoved),
    /// The stream cannot go on.
    Resync(ResyncRequired),
}

/// Somebody commented.
#[derive(Debug, SimpleObject)]
pub(crate) struct CommentAdded {
    /// Pass it as `after` to go on behind this event.
    cursor: Cursor,
    /// The comment, as it is now.
    comment: Comment,
}

/// A comment was deleted. If it has replies, it stays in the thread as an empty comment.
#[derive(Debug, SimpleObject)]
pub(crate) struct CommentRemoved {
    /// Pass it as `after` to go on behind this event.
    cursor: Cursor,
    /// Which comment.
    comment_id: ID,
}

impl CommentEvent {
    fn new(cursors: &Cursors, list: &List, happening: Happening) -> Self {
        let cursor = |seq| Cursor(cursors.encode(list, Position { sort: seq, id: Uuid::nil() }));
        match happening {
            Happening::Added { seq, comment } => {
                Self::Added(CommentAdded { cursor: cursor(seq), comment: comment.into() })
            }
            Happening::Removed { seq, comment } => {
                Self::Removed(CommentRemoved { cursor: cursor(seq), comment_id: comment.to_string().into() })
            }
            Happening::TooOld => Self::Resync(ResyncRequired { reason: ResyncReason::CursorTooOld }),
            Happening::Gone => Self::Resync(ResyncRequired { reason: ResyncReason::Gone }),
        }
    }
}
