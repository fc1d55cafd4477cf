//! Root queries, and the entities that the router asks for.

use async_graphql::{Context, ID, Object};
use chatty_graphql::{Cursor, Request};
use chatty_kit::Fault;

use super::{feed::FeedConnection, user::User};

/// What can be read.
pub(crate) struct Query;

#[Object]
impl Query {
    /// Posts of the users you follow, newest first. Needs login.
    ///
    /// `homeFeed(first: 20) { edges { cursor seq node { body author { username } } } pageInfo { hasNextPage endCursor } }`
    ///
    /// To go on live without a gap, subscribe to `homeFeedEvents(after: null)` first, wait for its `FeedCaughtUp`, then
    /// fetch this list: what changes from then on comes as events, of which some may be in the list already (compare
    /// `seq`).
    #[graphql(tag = "viewer")]
    async fn home_feed(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many: 1 to 100, 20 when missing.")] first: Option<i32>,
        #[graphql(desc = "Read on behind this cursor of an edge or of `pageInfo`.")] after: Option<Cursor>,
    ) -> Result<FeedConnection, Fault> {
        let viewer = ctx.caller().user().ok_or(Fault::Unauthenticated)?;
        FeedConnection::load(ctx, viewer, first, after).await
    }

    /// A user, for what this service adds to one. Whether the account exists is for auth to say.
    #[graphql(entity)]
    async fn find_user(&self, #[graphql(desc = "Names the account.")] id: ID) -> Option<User> {
        id.parse().ok().map(User)
    }
}
