//! What this service adds to `User`.

use async_graphql::{Context, ID, Object, SimpleObject};
use chatty_graphql::{Cursor, Request};
use chatty_kit::Fault;
use chatty_types::UserId;

use super::{
    follow::{FollowConnection, Side},
    loaders::Loaders,
};

/// An account.
#[derive(Debug, Clone, Copy)]
pub(crate) struct User(pub(crate) UserId);

/// How you and another user stand to each other. For yourself, everything is false.
#[derive(Debug, Clone, Copy, SimpleObject)]
pub(crate) struct Relationship {
    /// Whether you follow them.
    is_following: bool,
    /// Whether they follow you.
    is_followed_by: bool,
}

/// An account.
#[Object]
impl User {
    /// Names the account, such as `usr_01hzy3v7kq8m9n0p1r2s3t4v5w`.
    async fn id(&self) -> ID {
        self.0.to_string().into()
    }

    /// Who follows this user, latest first: `followers(first: 20) { nodes { username } totalCount }`.
    async fn followers(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many: 1 to 100, 20 when missing.")] first: Option<i32>,
        #[graphql(desc = "Read on behind this cursor of the same list.")] after: Option<Cursor>,
    ) -> Result<FollowConnection, Fault> {
        FollowConnection::load(ctx, Side::Followers, self.0, first, after).await
    }

    /// Whom this user follows, latest first: `following(first: 20) { nodes { username } totalCount }`.
    async fn following(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many: 1 to 100, 20 when missing.")] first: Option<i32>,
        #[graphql(desc = "Read on behind this cursor of the same list.")] after: Option<Cursor>,
    ) -> Result<FollowConnection, Fault> {
        FollowConnection::load(ctx, Side::Following, self.0, first, after).await
    }

    /// How many users follow this one.
    async fn follower_count(&self, ctx: &Context<'_>) -> Result<i32, Fault> {
        Side::Followers.count(ctx, self.0).await
    }

    /// How many users this one follows.
    async fn following_count(&self, ctx: &Context<'_>) -> Result<i32, Fault> {
        Side::Following.count(ctx, self.0).await
    }

    /// How you and this user stand to each other; null when nobody is signed in.
    #[graphql(tag = "viewer")]
    async fn viewer_relationship(&self, ctx: &Context<'_>) -> Result<Option<Relationship>, Fault> {
        let Some(viewer) = ctx.caller().user() else { return Ok(None) };
        let between = Loaders::of(ctx).relationships.one((viewer, self.0)).await?;
        Ok(between
            .map(|between| Relationship { is_following: between.is_following, is_followed_by: between.is_followed_by }))
    }
}
