//! What this service knows of other services' objects: `user_ref` and `post_ref`.

use chatty_events::posts;
use chatty_store::{Conn, Result, Tx, query};
use chatty_types::{PostId, UserId};

chatty_store::text_enum! {
    /// Who may see a post.
    pub(crate) enum Visibility {
        /// Everyone.
        Public = "PUBLIC",
        /// The author and their followers.
        Followers = "FOLLOWERS",
        /// The author alone.
        Private = "PRIVATE",
    }
}

impl From<posts::Visibility> for Visibility {
    fn from(visibility: posts::Visibility) -> Self {
        match visibility {
            posts::Visibility::Public => Self::Public,
            posts::Visibility::Followers => Self::Followers,
            posts::Visibility::Private => Self::Private,
        }
    }
}

chatty_store::text_enum! {
    /// Whether a post is there.
    pub(crate) enum State {
        /// It is.
        Published = "PUBLISHED",
        /// It was.
        Deleted = "DELETED",
    }
}

/// A post as the feed sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct PostRef {
    /// The post.
    pub(crate) id: PostId,
    /// Its author.
    pub(crate) author: UserId,
    /// Who may see it.
    pub(crate) visibility: Visibility,
    /// Whether it is there.
    pub(crate) state: State,
    /// Grows with every change; 0 at creation.
    pub(crate) version: i64,
}

/// The user, if the service has heard of them and they are not erased.
pub(crate) async fn find_user(on: impl Into<Conn<'_>>, user: UserId) -> Result<Option<UserId>> {
    let found = query!("SELECT id FROM user_ref WHERE id = $1 AND erased = FALSE")
        .bind(user)
        .fetch_optional::<(UserId,)>(on)
        .await?;
    Ok(found.map(|(id,)| id))
}

/// Notes that the user exists.
pub(crate) async fn insert_user(tx: &mut Tx, user: UserId) -> Result<()> {
    query!("INSERT INTO user_ref (id) VALUES ($1) ON CONFLICT (id) DO NOTHING").bind(user).execute(tx).await?;
    Ok(())
}

/// Notes that both users exist, and holds an erasure of either off until `tx` ends. Whether neither was erased.
pub(crate) async fn upsert_users(tx: &mut Tx, lower: UserId, higher: UserId) -> Result<bool> {
    let noted = query!(
        "INSERT INTO user_ref (id) VALUES ($1), ($2)
         ON CONFLICT (id) DO UPDATE SET erased = FALSE WHERE user_ref.erased = FALSE"
    )
    .bind(lower)
    .bind(higher)
    .execute(tx)
    .await?;
    Ok(noted == 2)
}

/// Notes that the user was erased. Waits for whoever follows in their name, and nobody does afterwards: see
/// [`upsert_users`].
pub(crate) async fn upsert_erased_user(tx: &mut Tx, user: UserId) -> Result<u64> {
    query!("INSERT INTO user_ref (id, erased) VALUES ($1, TRUE) ON CONFLICT (id) DO UPDATE SET erased = TRUE")
        .bind(user)
        .execute(tx)
        .await
}

/// Whether the user was erased.
pub(crate) async fn is_erased(tx: &mut Tx, user: UserId) -> Result<bool> {
    let found = query!("SELECT id FROM user_ref WHERE id = $1 AND erased = TRUE")
        .bind(user)
        .fetch_optional::<(UserId,)>(tx)
        .await?;
    Ok(found.is_some())
}

impl PostRef {
    /// Whether the post belongs into followers' feeds: published, and for them to see. [`find_feedable`] says the same.
    pub(crate) fn is_feedable(&self) -> bool {
        self.state == State::Published && self.visibility != Visibility::Private
    }
}

/// Notes the post unless something as new is known of it; whether it was news.
pub(crate) async fn insert_post(tx: &mut Tx, post: &PostRef) -> Result<bool> {
    let noted = query!(
        "INSERT INTO post_ref (post_id, author_id, visibility, state, version) VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (post_id) DO UPDATE
         SET visibility = excluded.visibility, state = excluded.state, version = excluded.version
         WHERE post_ref.version < excluded.version"
    )
    .bind(post.id)
    .bind(post.author)
    .bind(post.visibility)
    .bind(post.state)
    .bind(post.version)
    .execute(tx)
    .await?;
    Ok(noted == 1)
}

/// Whether what is known of the post puts it into followers' feeds.
pub(crate) async fn find_feedable(on: impl Into<Conn<'_>>, post: PostId) -> Result<bool> {
    let found = query!(
        "SELECT post_id FROM post_ref
         WHERE post_id = $1 AND state = 'PUBLISHED' AND visibility IN ('PUBLIC', 'FOLLOWERS')"
    )
    .bind(post)
    .fetch_optional::<(PostId,)>(on)
    .await?;
    Ok(found.is_some())
}
