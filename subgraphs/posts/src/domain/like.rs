//! Likes: one a user and post, counted in the transaction that adds or removes it.

use chatty_access::{Caller, Scope};
use chatty_events::posts::{PostLiked, PostUnliked};
use chatty_graphql::{Problem, Refusal};

use super::{parse_id, visibility, writer};
use crate::{
    app::App,
    store::{
        like,
        post::{self, PostRow, State},
    },
};

/// Makes the caller like the post. Liking again changes nothing.
pub(crate) async fn like(app: &App, caller: &Caller, post_id: &str) -> Result<PostRow, Refusal> {
    let user_id = caller.require(Scope::SelfWrite)?.user;
    let id = parse_id("postId", post_id)?;
    let mut tx = app.db.begin().await?;
    let row = visibility::lock(&mut tx, caller, "postId", id).await?;
    if row.state != State::Published {
        return Err(Problem::state_conflict("postId", "is deleted").into());
    }
    writer(&mut tx, user_id, 0).await?;
    if !like::insert(&mut tx, id, user_id, app.clock.now()).await? {
        return Ok(row);
    }
    let row = post::update_like_count(&mut tx, id, 1).await?;
    app.tell(&mut tx, caller, &PostLiked { post_id: id, author_id: row.author_id, user_id }).await?;
    tx.commit().await?;
    Ok(row)
}

/// Takes the caller's like back. Without one nothing changes.
pub(crate) async fn unlike(app: &App, caller: &Caller, post_id: &str) -> Result<PostRow, Refusal> {
    let user_id = caller.require(Scope::SelfWrite)?.user;
    let id = parse_id("postId", post_id)?;
    let mut tx = app.db.begin().await?;
    let row = visibility::lock(&mut tx, caller, "postId", id).await?;
    if !like::delete(&mut tx, id, user_id).await? {
        return Ok(row);
    }
    let row = post::update_like_count(&mut tx, id, -1).await?;
    app.tell(&mut tx, caller, &PostUnliked { post_id: id, author_id: row.author_id, user_id }).await?;
    tx.commit().await?;
    Ok(row)
}
