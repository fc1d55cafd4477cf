//! Mutations, their inputs and payloads.

use async_graphql::{Context, ID, InputObject, Object, SimpleObject};
use chatty_graphql::{Refusal, Request, UserError, answer};
use chatty_kit::Fault;
use chatty_types::UserId;

use super::{app, user::User};
use crate::domain::follow;

/// What can be changed.
pub(crate) struct Mutation;

#[Object]
impl Mutation {
    /// Follow a user: their newest posts come into your home feed. Following twice changes nothing.
    ///
    /// `followUser(input: {userId: "usr_…"}) { user { followerCount } errors { code message } }`
    ///
    /// Problems: `BAD_ID`, `NOT_FOUND`, `SELF_ACTION`.
    #[graphql(tag = "viewer")]
    async fn follow_user(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Whom.")] input: FollowUserInput,
    ) -> Result<FollowUserPayload, Fault> {
        let (user, errors) = payload(follow::follow(app(ctx), ctx.caller(), &input.user_id).await)?;
        Ok(FollowUserPayload { user, errors })
    }

    /// Stop following a user: their posts leave your home feed. Whether you did follow makes no difference.
    ///
    /// `unfollowUser(input: {userId: "usr_…"}) { user { followerCount } errors { code message } }`
    ///
    /// Problems: `BAD_ID`, `NOT_FOUND`, `SELF_ACTION`.
    #[graphql(tag = "viewer")]
    async fn unfollow_user(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Whom.")] input: UnfollowUserInput,
    ) -> Result<UnfollowUserPayload, Fault> {
        let (user, errors) = payload(follow::unfollow(app(ctx), ctx.caller(), &input.user_id).await)?;
        Ok(UnfollowUserPayload { user, errors })
    }
}

fn payload(result: Result<UserId, Refusal>) -> Result<(Option<User>, Vec<UserError>), Fault> {
    answer(result.map(User))
}

/// Whom to follow.
#[derive(Debug, InputObject)]
pub(crate) struct FollowUserInput {
    /// The user, such as `usr_01hzy3v7kq8m9n0p1r2s3t4v5w`.
    user_id: ID,
}

/// Whom to follow no longer.
#[derive(Debug, InputObject)]
pub(crate) struct UnfollowUserInput {
    /// The user, such as `usr_01hzy3v7kq8m9n0p1r2s3t4v5w`.
    user_id: ID,
}

/// What became of `followUser`.
#[derive(Debug, SimpleObject)]
pub(crate) struct FollowUserPayload {
    /// The user whom you follow now; null if there are errors.
    user: Option<User>,
    /// Why it did not happen; empty if it did.
    errors: Vec<UserError>,
}

/// What became of `unfollowUser`.
#[derive(Debug, SimpleObject)]
pub(crate) struct UnfollowUserPayload {
    /// The user whom you follow no longer; null if there are errors.
    user: Option<User>,
    /// Why it did not happen; empty if it did.
    errors: Vec<UserError>,
}
