//! Lists of followers and of followed users.

use async_graphql::{Context, Object, SimpleObject};
use chatty_graphql::{Cursor, DateTime, PageInfo, PageRequest};
use chatty_kit::Fault;
use chatty_types::{List, Page, UserId};

use super::{app, loaders::Loaders, user::User};
use crate::store::follow::Part;

/// Which end of their follows a user is at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Side {
    /// The list holds who follows the user.
    Followers,
    /// The list holds whom the user follows.
    Following,
}

impl Side {
    /// How many the list holds.
    pub(crate) async fn count(self, ctx: &Context<'_>, user: UserId) -> Result<i32, Fault> {
        let Some(counts) = Loaders::of(ctx).counts.one(user).await? else { return Ok(0) };
        let count = if self == Self::Followers { counts.followers } else { counts.following };
        Ok(i32::try_from(count).unwrap_or(i32::MAX))
    }

    fn list(self, user: UserId) -> List {
        let name = if self == Self::Followers { "User.followers" } else { "User.following" };
        List::new(name).with("user", user)
    }
}

/// Users at the other end of a user's follows, latest first.
#[derive(Debug)]
pub(crate) struct FollowConnection {
    side: Side,
    user: UserId,
    edges: Vec<FollowEdge>,
    page_info: PageInfo,
}

/// One follow, with its position in the list.
#[derive(Debug, Clone, SimpleObject)]
pub(crate) struct FollowEdge {
    /// Pass it as `after` to read on behind this follow.
    cursor: Cursor,
    /// The user at the other end; null when there is no such account any more.
    node: Option<User>,
    /// Since when.
    followed_at: DateTime,
}

impl FollowConnection {
    /// A page of the user's list.
    pub(crate) async fn load(
        ctx: &Context<'_>,
        side: Side,
        user: UserId,
        first: Option<i32>,
        after: Option<Cursor>,
    ) -> Result<Self, Fault> {
        let app = app(ctx);
        let request = PageRequest::new(&app.cursors, side.list(user), first, after)?;
        let part = Part::from(&request.args);
        let rows = Loaders::of(ctx).lists.one((side, part, user)).await?.unwrap_or_default();
        let Page { items, has_next } = Page::from_rows(rows, &request.args).map(|row| FollowEdge {
            cursor: request.cursor(row.position()),
            node: Some(User(row.user_id)),
            followed_at: row.created_at.into(),
        });
        let ends = (items.first().map(|edge| &edge.cursor), items.last().map(|edge| &edge.cursor));
        let page_info = PageInfo::new(&request, has_next, ends.0, ends.1);
        Ok(Self { side, user, edges: items, page_info })
    }
}

/// Users at the other end of a user's follows, latest first.
#[Object]
impl FollowConnection {
    /// The follows with their cursors.
    async fn edges(&self) -> &[FollowEdge] {
        &self.edges
    }

    /// The users alone.
    async fn nodes(&self) -> Vec<Option<User>> {
        self.edges.iter().map(|edge| edge.node).collect()
    }

    /// Where this page lies in the list.
    async fn page_info(&self) -> &PageInfo {
        &self.page_info
    }

    /// How many the whole list holds.
    async fn total_count(&self, ctx: &Context<'_>) -> Result<i32, Fault> {
        self.side.count(ctx, self.user).await
    }
}
