//! `Comment` and its list.

use async_graphql::{Context, ID, Object};
use chatty_graphql::{DateTime, Request, connection};
use chatty_kit::Fault;

use super::{count, loaders, post::Post, types::PostState, user::User};
use crate::store::{comment::CommentRow, post::State};

/// What somebody said about a post, or in reply to another comment.
#[derive(Debug, Clone)]
pub(crate) struct Comment(CommentRow);

impl From<CommentRow> for Comment {
    fn from(row: CommentRow) -> Self {
        Self(row)
    }
}

/// What somebody said about a post, or in reply to another comment.
#[Object]
impl Comment {
    /// Its id, such as `cmt_06d9qm3r5vf7k8a2b4c6d8e0fg`.
    async fn id(&self) -> ID {
        self.0.id.to_string().into()
    }

    /// The post that it belongs to; null if that went away while you were reading.
    #[graphql(tag = "viewer")]
    async fn post(&self, ctx: &Context<'_>) -> Result<Option<Post>, Fault> {
        Ok(loaders(ctx).posts.one(self.0.post_id).await?.map(Post::from))
    }

    /// The comment that it answers; null for a comment on the post itself.
    #[graphql(tag = "viewer")]
    async fn parent(&self, ctx: &Context<'_>) -> Result<Option<Comment>, Fault> {
        let Some(parent) = self.0.parent_id else { return Ok(None) };
        Ok(loaders(ctx).comments.one(parent).await?.map(Self::from))
    }

    /// How many comments lie between it and the post: 0 for a comment on the post itself.
    async fn depth(&self) -> i32 {
        count(self.0.depth)
    }

    /// Who wrote it; null when the account is not there for you.
    async fn author(&self) -> Option<User> {
        Some(User::new(self.0.author_id))
    }

    /// The text, as written; empty when it was deleted.
    async fn body(&self) -> &str {
        &self.0.body
    }

    /// Where it stands. A deleted comment stays in its thread while it has replies.
    async fn state(&self) -> PostState {
        self.0.state.into()
    }

    /// When it was written.
    async fn created_at(&self) -> DateTime {
        self.0.created_at.into()
    }

    /// Counts changes from 1.
    async fn version(&self) -> i32 {
        count(self.0.version)
    }

    /// How many direct replies the thread shows.
    async fn reply_count(&self) -> i32 {
        count(self.0.reply_count)
    }

    /// Whether you may delete it.
    #[graphql(tag = "viewer")]
    async fn viewer_can_delete(&self, ctx: &Context<'_>) -> bool {
        let viewer = ctx.require(chatty_access::Scope::SelfWrite);
        self.0.state == State::Published && viewer.is_ok_and(|viewer| viewer.user == self.0.author_id)
    }
}

connection! {
    /// The comments of a thread.
    pub CommentConnection, CommentEdge { node: Comment, total_count }
}
