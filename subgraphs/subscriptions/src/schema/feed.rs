//! Home feeds as the API shows them: pages, edges, reasons.

use async_graphql::{Context, ID, Object, SimpleObject, Union};
use chatty_graphql::{Cursor, DateTime, Long, PageInfo, PageRequest};
use chatty_kit::Fault;
use chatty_types::{Cursors, List, Page, PostId, UserId};

use super::{app, user::User};
use crate::store::{
    feed::FOLLOWED_AUTHOR,
    timeline::{self, FeedRow},
};

/// A post.
#[derive(Debug, Clone, SimpleObject)]
#[graphql(unresolvable = "id")]
pub(crate) struct Post {
    /// Names the post, such as `pst_01hzy3v7kq8m9n0p1r2s3t4v5w`.
    id: ID,
}

impl From<PostId> for Post {
    fn from(post: PostId) -> Self {
        Self { id: post.to_string().into() }
    }
}

/// Why a post is in your feed: `reasons { ... on FollowedAuthor { user { username } } }`. More reasons may be added.
#[derive(Debug, Clone, Union)]
pub(crate) enum FeedReason {
    /// You follow its author.
    FollowedAuthor(FollowedAuthor),
}

/// You follow the post's author.
#[derive(Debug, Clone, SimpleObject)]
pub(crate) struct FollowedAuthor {
    /// The author.
    user: Option<User>,
}

/// One post in your feed, with its position.
#[derive(Debug, Clone, SimpleObject)]
pub(crate) struct FeedEdge {
    /// Pass it as `after` to `homeFeed` to read on behind this post.
    cursor: Cursor,
    /// The number of the change that brought the post into your feed. It grows with every change of your feed, so of
    /// two states of one post the one with the higher number is the later.
    seq: Long,
    /// The post; null when it is gone, or not for you, since a moment ago.
    node: Option<Post>,
    /// When it came into your feed.
    inserted_at: DateTime,
    /// Why it is in your feed: at least one reason.
    reasons: Vec<FeedReason>,
}

impl FeedEdge {
    /// The row as an edge of the viewer's feed.
    pub(crate) fn new(cursors: &Cursors, viewer: UserId, row: &FeedRow) -> Self {
        let followed =
            (row.reasons & FOLLOWED_AUTHOR != 0).then_some(FollowedAuthor { user: Some(User(row.author_id)) });
        Self {
            cursor: Cursor(cursors.encode(&pages(viewer), row.position())),
            seq: Long(row.seq),
            node: Some(row.post_id.into()),
            inserted_at: row.inserted_at.into(),
            reasons: followed.into_iter().map(FeedReason::FollowedAuthor).collect(),
        }
    }
}

/// The list whose cursors page through the viewer's feed.
fn pages(viewer: UserId) -> List {
    List::new("Query.homeFeed").with("user", viewer)
}

/// Posts of the users you follow, newest first.
#[derive(Debug)]
pub(crate) struct FeedConnection {
    edges: Vec<FeedEdge>,
    page_info: PageInfo,
}

impl FeedConnection {
    /// A page of the viewer's feed.
    pub(crate) async fn load(
        ctx: &Context<'_>,
        viewer: UserId,
        first: Option<i32>,
        after: Option<Cursor>,
    ) -> Result<Self, Fault> {
        let app = app(ctx);
        let request = PageRequest::new(&app.cursors, pages(viewer), first, after)?;
        let rows = timeline::list_feed(&app.db, viewer, &request.args).await?;
        let Page { items, has_next } =
            Page::from_rows(rows, &request.args).map(|row| FeedEdge::new(&app.cursors, viewer, &row));
        let ends = (items.first().map(|edge| &edge.cursor), items.last().map(|edge| &edge.cursor));
        let page_info = PageInfo::new(&request, has_next, ends.0, ends.1);
        Ok(Self { edges: items, page_info })
    }
}

/// Posts of the users you follow, newest first.
#[Object]
impl FeedConnection {
    /// The posts with their cursors, numbers and reasons.
    async fn edges(&self) -> &[FeedEdge] {
        &self.edges
    }

    /// The posts alone.
    async fn nodes(&self) -> Vec<Option<&Post>> {
        self.edges.iter().map(|edge| edge.node.as_ref()).collect()
    }

    /// Where this page lies in the feed.
    async fn page_info(&self) -> &PageInfo {
        &self.page_info
    }
}
