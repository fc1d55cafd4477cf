//! Reading: the root fields, and the entities that other subgraphs refer to.

use async_graphql::{Context, ID, InputObject, Object};
use chatty_graphql::{Cursor, PageRequest, Request};
use chatty_kit::Fault;
use chatty_types::{CommentId, List, Page, PostId, UserId};
use uuid::Uuid;

use super::{
    app,
    comment::Comment,
    loaders,
    post::{self, Post, PostConnection},
    types::PostOrder,
    user::User,
};
use crate::{domain::visibility::Reader, store};

/// Which posts a list holds.
#[derive(Debug, Default, InputObject)]
pub(crate) struct PostFilter {
    /// Only posts of these users, at most 100; none when empty.
    author_ids: Option<Vec<ID>>,
}

const MOST_AUTHORS: usize = 100;

impl PostFilter {
    /// The authors, each once and in order, so that the same filter in another order is the same list.
    fn authors(&self) -> Result<Option<Vec<UserId>>, Fault> {
        let Some(ids) = &self.author_ids else { return Ok(None) };
        if ids.len() > MOST_AUTHORS {
            return Err(Fault::BadInput("`authorIds` must name at most 100 users"));
        }
        let mut authors = ids.iter().map(|id| id.parse()).collect::<Result<Vec<UserId>, _>>()?;
        authors.sort_unstable();
        authors.dedup();
        Ok(Some(authors))
    }
}

pub(crate) struct Query;

/// The root of everything that can be read.
#[Object]
impl Query {
    /// The post with this id; null when there is none, or not for you.
    #[graphql(tag = "viewer")]
    async fn post(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Such as `pst_06d9qm3r5vf7k8a2b4c6d8e0fg`.")] id: ID,
    ) -> Result<Option<Post>, Fault> {
        Ok(loaders(ctx).posts.one(id.parse()?).await?.map(Post::from))
    }

    /// The published posts that you may see.
    #[graphql(tag = "viewer")]
    async fn posts(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which posts; all when missing.")] filter: Option<PostFilter>,
        #[graphql(desc = "Which posts come first.", default_with = "Some(PostOrder::New)")] order_by: Option<PostOrder>,
        #[graphql(desc = "How many, 1 to 100; 20 when missing.")] first: Option<i32>,
        #[graphql(desc = "The cursor to read on behind, such as `endCursor` of the page before.")] after: Option<
            Cursor,
        >,
    ) -> Result<PostConnection, Fault> {
        let authors = filter.unwrap_or_default().authors()?;
        let list = List::new("posts").with("authors", format_args!("{authors:?}"));
        let PostOrder::New = order_by.unwrap_or(PostOrder::New);
        let app = app(ctx);
        let request = PageRequest::new(&app.cursors, list, first, after)?;
        let (reader, before) =
            (Reader::of(ctx.caller()), request.args.after.map_or(Uuid::max(), |position| position.id));
        let rows = match &authors {
            None => store::post::list_newest(&app.db, reader, before, request.args.limit()).await?,
            Some(authors) => {
                store::post::list_newest_of(&app.db, reader, authors, before, request.args.limit()).await?
            }
        };
        Ok(PostConnection::new(&request, Page::from_rows(rows, &request.args), post::position, Post::from))
    }

    /// The comment with this id; null when there is none, or not for you.
    #[graphql(tag = "viewer")]
    async fn comment(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Such as `cmt_06d9qm3r5vf7k8a2b4c6d8e0fg`.")] id: ID,
    ) -> Result<Option<Comment>, Fault> {
        Ok(loaders(ctx).comments.one(id.parse()?).await?.map(Comment::from))
    }

    #[graphql(entity)]
    async fn find_post(&self, ctx: &Context<'_>, id: ID) -> Result<Option<Post>, Fault> {
        let Ok(id) = id.parse::<PostId>() else { return Ok(None) };
        Ok(loaders(ctx).posts.one(id).await?.map(Post::from))
    }

    #[graphql(entity)]
    async fn find_comment(&self, ctx: &Context<'_>, id: ID) -> Result<Option<Comment>, Fault> {
        let Ok(id) = id.parse::<CommentId>() else { return Ok(None) };
        Ok(loaders(ctx).comments.one(id).await?.map(Comment::from))
    }

    /// Whether the account exists is auth's to say; here it has posts or none.
    #[graphql(entity)]
    async fn find_user(&self, id: ID) -> Option<User> {
        id.parse().ok().map(User::new)
    }
}
