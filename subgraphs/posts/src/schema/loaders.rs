//! What a request loads in batches: each of these asks the database once for all objects of a level.

use std::collections::HashMap;

use chatty_graphql::{Load, Loader};
use chatty_kit::Fault;
use chatty_store::Db;
use chatty_types::{CommentId, PageArgs, PostId, UserId};
use uuid::Uuid;

use super::types::CommentOrder;
use crate::{
    app::App,
    domain::visibility::Reader,
    store::{
        comment::{self, CommentRow},
        like,
        post::{self, PostRow},
        replica,
    },
};

/// The loaders of one request, for its reader.
pub(crate) struct Loaders {
    /// Posts that the reader may see.
    pub(crate) posts: Loader<Posts>,
    /// Comments that the reader may see.
    pub(crate) comments: Loader<Comments>,
    /// Whether the reader likes a post; nothing for a no.
    pub(crate) liked: Loader<Liked>,
    /// How many public posts a user has.
    pub(crate) post_counts: Loader<PostCounts>,
    /// Pages of users' posts.
    pub(crate) posts_of: Loader<PostsOf>,
    /// Pages of threads.
    pub(crate) threads: Loader<Threads>,
}

impl Loaders {
    pub(crate) fn new(app: &App, reader: Reader) -> Self {
        let db = || app.db.clone();
        Self {
            posts: Loader::new(Posts(db(), reader)),
            comments: Loader::new(Comments(db(), reader)),
            liked: Loader::new(Liked(db(), reader)),
            post_counts: Loader::new(PostCounts(db())),
            posts_of: Loader::new(PostsOf(db(), reader)),
            threads: Loader::new(Threads(db())),
        }
    }
}

pub(crate) struct Posts(Db, Reader);

impl Load for Posts {
    type Key = PostId;
    type Value = PostRow;

    async fn load(&self, ids: &[PostId]) -> Result<HashMap<PostId, PostRow>, Fault> {
        let rows = post::visible_by_ids(&self.0, self.1, ids).await?;
        Ok(rows.into_iter().map(|row| (row.id, row)).collect())
    }
}

pub(crate) struct Comments(Db, Reader);

impl Load for Comments {
    type Key = CommentId;
    type Value = CommentRow;

    async fn load(&self, ids: &[CommentId]) -> Result<HashMap<CommentId, CommentRow>, Fault> {
        let rows = comment::visible_by_ids(&self.0, self.1, ids).await?;
        Ok(rows.into_iter().map(|row| (row.id, row)).collect())
    }
}

pub(crate) struct Liked(Db, Reader);

impl Load for Liked {
    type Key = PostId;
    type Value = ();

    async fn load(&self, posts: &[PostId]) -> Result<HashMap<PostId, ()>, Fault> {
        let Some(user) = self.1.user else { return Ok(HashMap::new()) };
        Ok(like::liked_by_ids(&self.0, user, posts).await?.into_iter().map(|post| (post, ())).collect())
    }
}

pub(crate) struct PostCounts(Db);

impl Load for PostCounts {
    type Key = UserId;
    type Value = i64;

    async fn load(&self, users: &[UserId]) -> Result<HashMap<UserId, i64>, Fault> {
        Ok(replica::post_counts_by_ids(&self.0, users).await?.into_iter().collect())
    }
}

/// A page of the posts of one user: the rows below `before`, or the first ones.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct AuthorPage {
    author: UserId,
    before: Option<Uuid>,
    limit: i64,
}

impl AuthorPage {
    pub(crate) fn new(author: UserId, args: &PageArgs) -> Self {
        Self { author, before: args.after.map(|position| position.id), limit: args.limit() }
    }
}

pub(crate) struct PostsOf(Db, Reader);

impl Load for PostsOf {
    type Key = AuthorPage;
    type Value = Vec<PostRow>;

    async fn load(&self, pages: &[AuthorPage]) -> Result<HashMap<AuthorPage, Vec<PostRow>>, Fault> {
        let mut loaded = HashMap::with_capacity(pages.len());
        let (behind, groups) = split(pages, |page| page.before, |page| page.limit);
        for (page, before) in behind {
            let rows = post::list_newest_of(&self.0, self.1, &[page.author], before, page.limit).await?;
            loaded.insert(page.clone(), rows);
        }
        for (limit, pages) in groups {
            let authors: Vec<_> = pages.iter().map(|page| page.author).collect();
            let rows = post::list_newest_of_each(&self.0, self.1, &authors, limit).await?;
            for row in rows {
                let page = AuthorPage { author: row.author_id, before: None, limit };
                loaded.entry(page).or_insert_with(Vec::new).push(row);
            }
        }
        Ok(loaded)
    }
}

/// A page of one thread: the rows behind `after` in this order, or the first ones.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct ThreadPage {
    post: PostId,
    order: CommentOrder,
    after: Option<Uuid>,
    limit: i64,
}

impl ThreadPage {
    pub(crate) fn new(post: PostId, order: CommentOrder, args: &PageArgs) -> Self {
        Self { post, order, after: args.after.map(|position| position.id), limit: args.limit() }
    }
}

pub(crate) struct Threads(Db);

impl Load for Threads {
    type Key = ThreadPage;
    type Value = Vec<CommentRow>;

    async fn load(&self, pages: &[ThreadPage]) -> Result<HashMap<ThreadPage, Vec<CommentRow>>, Fault> {
        let (db, mut loaded) = (&self.0, HashMap::with_capacity(pages.len()));
        let (behind, groups) = split(pages, |page| page.after, |page| (page.order, page.limit));
        for (page, after) in behind {
            let rows = match page.order {
                CommentOrder::Old => comment::list_oldest(db, page.post, after, page.limit).await?,
                CommentOrder::New => comment::list_newest(db, page.post, after, page.limit).await?,
            };
            loaded.insert(page.clone(), rows);
        }
        for ((order, limit), pages) in groups {
            let posts: Vec<_> = pages.iter().map(|page| page.post).collect();
            let rows = match order {
                CommentOrder::Old => comment::list_oldest_of_each(db, &posts, limit).await?,
                CommentOrder::New => comment::list_newest_of_each(db, &posts, limit).await?,
            };
            for row in rows {
                let page = ThreadPage { post: row.post_id, order, after: None, limit };
                loaded.entry(page).or_insert_with(Vec::new).push(row);
            }
        }
        Ok(loaded)
    }
}

/// First pages, by what one statement needs to have in common.
type Groups<'a, G, P> = HashMap<G, Vec<&'a P>>;

/// Splits pages into those behind a cursor, each of which needs a statement of its own, and groups of first pages that
/// one statement reads. A cursor belongs to one list, so a request holds few of them; first pages come by the hundred.
fn split<P, G: Eq + std::hash::Hash>(
    pages: &[P],
    position: impl Fn(&P) -> Option<Uuid>,
    group: impl Fn(&P) -> G,
) -> (Vec<(&P, Uuid)>, Groups<'_, G, P>) {
    let mut behind = Vec::new();
    let mut groups: Groups<'_, G, P> = HashMap::new();
    for page in pages {
        match position(page) {
            Some(position) => behind.push((page, position)),
            None => groups.entry(group(page)).or_default().push(page),
        }
    }
    (behind, groups)
}
