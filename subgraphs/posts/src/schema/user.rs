//! What posts adds to `User`, whose owner is auth.

use async_graphql::{Context, ID, Object};
use chatty_graphql::{Cursor, PageRequest};
use chatty_kit::Fault;
use chatty_types::{List, Page, UserId};

use super::{
    app, count, loaders,
    loaders::AuthorPage,
    post::{self, Post, PostConnection},
};

/// An account.
#[derive(Debug, Clone, Copy)]
pub(crate) struct User(UserId);

impl User {
    pub(crate) fn new(id: UserId) -> Self {
        Self(id)
    }
}

/// An account.
#[Object]
impl User {
    /// Its id, such as `usr_06d9qm3r5vf7k8a2b4c6d8e0fg`.
    async fn id(&self) -> ID {
        self.0.to_string().into()
    }

    /// The published posts that you may see, newest first.
    #[graphql(tag = "viewer")]
    async fn posts(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many, 1 to 100; 20 when missing.")] first: Option<i32>,
        #[graphql(desc = "The cursor to read on behind, such as `endCursor` of the page before.")] after: Option<
            Cursor,
        >,
    ) -> Result<PostConnection, Fault> {
        let request = PageRequest::new(&app(ctx).cursors, List::new("User.posts").with("user", self.0), first, after)?;
        let key = AuthorPage::new(self.0, &request.args);
        let page = Page::from_rows(loaders(ctx).posts_of.one(key).await?.unwrap_or_default(), &request.args);
        Ok(PostConnection::new(&request, page, post::position, Post::from))
    }

    /// How many public posts the user has. The others are not counted, so that it tells nothing of them.
    async fn post_count(&self, ctx: &Context<'_>) -> Result<i32, Fault> {
        Ok(count(loaders(ctx).post_counts.one(self.0).await?.unwrap_or(0)))
    }
}
