//! Writing. Each mutation hands its input to the domain, which authorises, stores and publishes.

use async_graphql::{Context, Object};
use chatty_graphql::Request;
use chatty_kit::Fault;

use super::{
    app,
    input::{
        CreateCommentInput, CreatePostInput, DeleteCommentInput, DeletePostInput, LikePostInput, UnlikePostInput,
        UpdatePostInput,
    },
    payload::{
        CreateCommentPayload, CreatePostPayload, DeleteCommentPayload, DeletePostPayload, LikePostPayload,
        UnlikePostPayload, UpdatePostPayload,
    },
};
use crate::domain::{comment, like, post};

pub(crate) struct Mutation;

/// The root of everything that can be changed.
#[Object]
impl Mutation {
    /// Publishes a post, such as `createPost(input: {body: "Hello", visibility: PUBLIC}) { post { id } errors { code } }`.
    async fn create_post(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The post.")] input: CreatePostInput,
    ) -> Result<CreatePostPayload, Fault> {
        CreatePostPayload::new(post::publish(app(ctx), ctx.caller(), input.into()).await)
    }

    /// Changes a post of yours.
    async fn update_post(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The post and what changes.")] input: UpdatePostInput,
    ) -> Result<UpdatePostPayload, Fault> {
        UpdatePostPayload::new(post::edit(app(ctx), ctx.caller(), input.into()).await)
    }

    /// Deletes a post of yours. It is gone for everyone but you and moderators; deleting again changes nothing.
    async fn delete_post(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which post.")] input: DeletePostInput,
    ) -> Result<DeletePostPayload, Fault> {
        DeletePostPayload::new(post::delete(app(ctx), ctx.caller(), &input.post_id).await)
    }

    /// Likes a post. Liking again changes nothing.
    async fn like_post(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which post.")] input: LikePostInput,
    ) -> Result<LikePostPayload, Fault> {
        LikePostPayload::new(like::like(app(ctx), ctx.caller(), &input.post_id).await)
    }

    /// Takes your like back. Without one nothing changes.
    async fn unlike_post(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which post.")] input: UnlikePostInput,
    ) -> Result<UnlikePostPayload, Fault> {
        UnlikePostPayload::new(like::unlike(app(ctx), ctx.caller(), &input.post_id).await)
    }

    /// Comments on a post, or answers a comment of it.
    async fn create_comment(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The comment.")] input: CreateCommentInput,
    ) -> Result<CreateCommentPayload, Fault> {
        CreateCommentPayload::new(comment::write(app(ctx), ctx.caller(), input.into()).await)
    }

    /// Deletes a comment of yours. With replies it stays as an empty comment; deleting again changes nothing.
    async fn delete_comment(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which comment.")] input: DeleteCommentInput,
    ) -> Result<DeleteCommentPayload, Fault> {
        DeleteCommentPayload::new(comment::delete(app(ctx), ctx.caller(), &input.comment_id).await)
    }
}
