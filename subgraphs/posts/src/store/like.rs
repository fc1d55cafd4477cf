//! Who likes what.

use chatty_store::{Db, Result, Tx, query};
use chatty_types::{PostId, UserId};
use chrono::{DateTime, Utc};

/// Adds the like; whether it was missing.
pub(crate) async fn insert(tx: &mut Tx, post: PostId, user: UserId, now: DateTime<Utc>) -> Result<bool> {
    let inserted = query!(
        "INSERT INTO post_like (post_id, user_id, liked_at) VALUES ($1, $2, $3)
         ON CONFLICT (post_id, user_id) DO NOTHING"
    )
    .bind(post)
    .bind(user)
    .bind(now)
    .execute(tx)
    .await?;
    Ok(inserted > 0)
}

/// Removes the like; whether it was there.
pub(crate) async fn delete(tx: &mut Tx, post: PostId, user: UserId) -> Result<bool> {
    let deleted =
        query!("DELETE FROM post_like WHERE post_id = $1 AND user_id = $2").bind(post).bind(user).execute(tx).await?;
    Ok(deleted > 0)
}

/// Those of the posts that the user likes.
pub(crate) async fn liked_by_ids(db: &Db, user: UserId, posts: &[PostId]) -> Result<Vec<PostId>> {
    let rows = query!("SELECT post_id FROM post_like WHERE post_id IN ($posts) AND user_id = $1")
        .bind(user)
        .bind_list("posts", posts.iter().copied())
        .fetch_all::<(PostId,)>(db)
        .await?;
    Ok(rows.into_iter().map(|(post,)| post).collect())
}
