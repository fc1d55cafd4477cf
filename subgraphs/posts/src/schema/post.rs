//! `Post` and its lists.

use async_graphql::{Context, ID, Object};
use chatty_graphql::{Cursor, DateTime, Locale, PageRequest, Request, Visibility, connection};
use chatty_kit::Fault;
use chatty_types::{List, Page, Position};

use super::{
    app,
    comment::{Comment, CommentConnection},
    count, loaders,
    loaders::ThreadPage,
    types::{CommentOrder, PostState},
    user::User,
};
use crate::store::post::{PostRow, State};

/// Something that a user published, such as `{ post(id: "pst_…") { body author { username } likeCount } }`.
#[derive(Debug, Clone)]
pub(crate) struct Post(PostRow);

impl From<PostRow> for Post {
    fn from(row: PostRow) -> Self {
        Self(row)
    }
}

/// Something that a user published, such as `{ post(id: "pst_…") { body author { username } likeCount } }`.
#[Object]
impl Post {
    /// Its id, such as `pst_06d9qm3r5vf7k8a2b4c6d8e0fg`.
    async fn id(&self) -> ID {
        self.0.id.to_string().into()
    }

    /// Who wrote it; null when the account is not there for you.
    async fn author(&self) -> Option<User> {
        Some(User::new(self.0.author_id))
    }

    /// A headline, if the author gave one.
    async fn title(&self) -> Option<&str> {
        self.0.title.as_deref()
    }

    /// The text, as written: plain, with line breaks.
    async fn body(&self) -> &str {
        &self.0.body
    }

    /// The language that the author named, such as `pt-BR`.
    async fn language(&self) -> Option<Locale> {
        self.0.language.clone().map(Locale)
    }

    /// Who may see it.
    async fn visibility(&self) -> Visibility {
        chatty_events::posts::Visibility::from(self.0.visibility).into()
    }

    /// What to warn readers of before they see the text, such as `Spoilers`.
    async fn content_warning(&self) -> Option<&str> {
        self.0.content_warning.as_deref()
    }

    /// Where it stands. Only its author and moderators ever see another state than `PUBLISHED`.
    async fn state(&self) -> PostState {
        self.0.state.into()
    }

    /// When it was published.
    async fn created_at(&self) -> DateTime {
        self.0.created_at.into()
    }

    /// When it was last edited; null if never.
    async fn edited_at(&self) -> Option<DateTime> {
        self.0.edited_at.map(Into::into)
    }

    /// Counts edits from 1: pass it as `expectedVersion` to change only what you have read.
    async fn version(&self) -> i32 {
        count(self.0.version)
    }

    /// How many users like it.
    async fn like_count(&self) -> i32 {
        count(self.0.like_count)
    }

    /// How many comments can be read, replies included.
    async fn comment_count(&self) -> i32 {
        count(self.0.comment_count)
    }

    /// All comments of the thread, replies included, in one list: `parent` and `depth` tell the tree. A deleted comment
    /// stays as an empty one while it has replies; `totalCount` includes it.
    async fn comments(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which comments come first.", default_with = "Some(CommentOrder::Old)")] order_by: Option<
            CommentOrder,
        >,
        #[graphql(desc = "How many, 1 to 100; 20 when missing.")] first: Option<i32>,
        #[graphql(desc = "The cursor to read on behind, such as `endCursor` of the page before.")] after: Option<
            Cursor,
        >,
    ) -> Result<CommentConnection, Fault> {
        let order_by = order_by.unwrap_or(CommentOrder::Old);
        let list = List::new("Post.comments").with("post", self.0.id).with("order", format_args!("{order_by:?}"));
        let request = PageRequest::new(&app(ctx).cursors, list, first, after)?;
        let key = ThreadPage::new(self.0.id, order_by, &request.args);
        let page = Page::from_rows(loaders(ctx).threads.one(key).await?.unwrap_or_default(), &request.args);
        let total = count(self.0.comment_count + self.0.tombstone_count);
        let position = |row: &crate::store::comment::CommentRow| Position { sort: 0, id: row.id.uuid() };
        Ok(CommentConnection::new(&request, page, position, Comment::from, total))
    }

    /// Whether you like it.
    #[graphql(tag = "viewer")]
    async fn viewer_has_liked(&self, ctx: &Context<'_>) -> Result<bool, Fault> {
        if ctx.caller().viewer.is_none() {
            return Ok(false);
        }
        Ok(loaders(ctx).liked.one(self.0.id).await?.is_some())
    }

    /// Whether you may edit it.
    #[graphql(tag = "viewer")]
    async fn viewer_can_edit(&self, ctx: &Context<'_>) -> bool {
        self.is_changeable(ctx)
    }

    /// Whether you may delete it.
    #[graphql(tag = "viewer")]
    async fn viewer_can_delete(&self, ctx: &Context<'_>) -> bool {
        self.is_changeable(ctx)
    }
}

impl Post {
    fn is_changeable(&self, ctx: &Context<'_>) -> bool {
        let viewer = ctx.require(chatty_access::Scope::SelfWrite);
        self.0.state == State::Published && viewer.is_ok_and(|viewer| viewer.user == self.0.author_id)
    }
}

connection! {
    /// Posts, newest first.
    pub PostConnection, PostEdge { node: Post }
}

/// Lists of posts page by id.
pub(crate) fn position(row: &PostRow) -> Position {
    Position { sort: 0, id: row.id.uuid() }
}
