//! Live streams.

use async_graphql::{Context, Error, ID, SimpleObject, Subscription, Union};
use chatty_graphql::{Cursor, Request, ResyncReason, ResyncRequired, StreamTag};
use chatty_kit::Fault;
use chatty_types::{Cursors, List, Position, UserId};
use futures_util::{Stream, StreamExt};
use uuid::Uuid;

use super::{app, feed::FeedEdge};
use crate::domain::live::{Change, follow_feed};

/// What can be followed live.
pub(crate) struct Subscription;

#[Subscription]
impl Subscription {
    /// Changes of your home feed, in their order, without a gap. Needs login.
    ///
    /// `homeFeedEvents(after: null) { ... on FeedItemAdded { cursor edge { node { body } } } ... on ResyncRequired { reason } }`
    ///
    /// Keep the `cursor` of the last event, whichever it was, and pass it as `after` to go on after a break: what
    /// changed meanwhile is replayed, each post once and as it is now, then `FeedCaughtUp` comes, then live events.
    /// With `after: null` the stream starts now, with `FeedCaughtUp` as its first event: fetch `homeFeed` once it has
    /// come. After `ResyncRequired` the stream ends: start again in this way. An event may come twice.
    #[graphql(directive = StreamTag::apply(StreamTag::VIEWER))]
    async fn home_feed_events(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The `cursor` of an event of this stream, not one of `homeFeed`; null starts now.")]
        after: Option<Cursor>,
    ) -> Result<impl Stream<Item = Result<FeedEvent, Error>> + use<>, Fault> {
        let viewer = ctx.caller().user().ok_or(Fault::Unauthenticated)?;
        let app = app(ctx);
        let after = after.map(|cursor| app.cursors.decode(&events(viewer), &cursor.0)).transpose()?;
        let changes = follow_feed(app, viewer, after.map(|position| position.sort)).await?;
        let cursors = app.cursors.clone();
        Ok(changes.map(move |change| Ok(FeedEvent::new(&cursors, viewer, change.map_err(Fault::from)?))))
    }
}

/// The list whose cursors are numbers of the viewer's feed.
fn events(viewer: UserId) -> List {
    List::new("Subscription.homeFeedEvents").with("user", viewer)
}

/// A change of your home feed, or a word about the stream itself. More kinds may be added: ignore what you do not know.
#[derive(Debug, Union)]
pub(crate) enum FeedEvent {
    /// A post came.
    Added(FeedItemAdded),
    /// A post left.
    Removed(FeedItemRemoved),
    /// The replay is over.
    CaughtUp(FeedCaughtUp),
    /// The stream cannot go on.
    Resync(ResyncRequired),
}

/// A post is in your feed, at the place that its id gives it: it may be older than others that you have.
#[derive(Debug, SimpleObject)]
pub(crate) struct FeedItemAdded {
    /// Pass it as `after` to `homeFeedEvents` to go on behind this event.
    cursor: Cursor,
    /// The post, as `homeFeed` lists it. Its `cursor` is one of `homeFeed`.
    edge: FeedEdge,
}

/// A post is no longer in your feed: it was deleted or hidden, or you stopped following its author.
#[derive(Debug, SimpleObject)]
pub(crate) struct FeedItemRemoved {
    /// Pass it as `after` to `homeFeedEvents` to go on behind this event.
    cursor: Cursor,
    /// Which post. You may never have had it.
    post_id: ID,
}

/// Everything that changed before the stream began has been told; what follows is live. Comes once.
#[derive(Debug, SimpleObject)]
pub(crate) struct FeedCaughtUp {
    /// Pass it as `after` to `homeFeedEvents` to go on behind this event.
    cursor: Cursor,
    /// How many events were replayed.
    replayed: i32,
}

impl FeedEvent {
    fn new(cursors: &Cursors, viewer: UserId, change: Change) -> Self {
        let cursor = |seq| Cursor(cursors.encode(&events(viewer), Position { sort: seq, id: Uuid::nil() }));
        match change {
            Change::Added(row) => {
                Self::Added(FeedItemAdded { cursor: cursor(row.seq), edge: FeedEdge::new(cursors, viewer, &row) })
            }
            Change::Removed { post, seq } => {
                Self::Removed(FeedItemRemoved { cursor: cursor(seq), post_id: post.to_string().into() })
            }
            Change::CaughtUp { seq, replayed } => Self::CaughtUp(FeedCaughtUp { cursor: cursor(seq), replayed }),
            Change::Lost => Self::Resync(ResyncRequired { reason: ResyncReason::CursorTooOld }),
        }
    }
}
