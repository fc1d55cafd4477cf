//! Erasing what is kept of an account.
//!
//! Posts and comments go as if their author had deleted them, only that no word of them is left; likes are taken back.
//! An account may have any number of them, and whoever handles an event holds SQLite's only writer. So the event about
//! the deletion only closes the account here; then each event `posts.erasure.continued` erases one chunk, and the chunk
//! that finds nothing more answers. What there is to do is read from the tables, so that an event may come twice.
//!
//! A chunk locks posts in the order of their ids, and its user's row after them, as everybody does.

use chatty_events::{
    Envelope, Event,
    auth::UserDeleted,
    posts::{CommentDeleted, ErasureCompleted, ErasureContinued, PostDeleted, PostUnliked},
};
use chatty_graphql::idempotency;
use chatty_store::{Error, Tx};
use chatty_types::UserId;

use super::{comment::remove, post::is_counted};
use crate::{
    app::App,
    store::{
        comment,
        erasure::{self, ErasureRow},
        like,
        post::{self, State},
        replica,
    },
};

/// How many posts, comments or likes one transaction erases: some five statements each.
const CHUNK: i64 = 200;

/// Closes the account: from now on its user writes nothing here, whatever their access token is good for elsewhere.
pub(crate) async fn begin(app: &App, tx: &mut Tx, cause: &Envelope, event: &UserDeleted) -> Result<(), Error> {
    replica::upsert_erased_user(tx, event.user_id).await?;
    if erasure::insert(tx, event.user_id, event.erasure_id).await? {
        app.tell_after(tx, cause, &ErasureContinued { user_id: event.user_id }).await?;
    }
    Ok(())
}

/// Erases the next chunk, or answers that there is nothing left.
pub(crate) async fn go_on(app: &App, tx: &mut Tx, cause: &Envelope, user: UserId) -> Result<(), Error> {
    let Some(mut row) = erasure::find_locked(tx, user).await? else { return Ok(()) };
    let chunk = Chunk { app, cause, user };
    if chunk.erase(tx, &mut row).await? {
        erasure::update_counts(tx, user, &row).await?;
        return chunk.tell(tx, &ErasureContinued { user_id: user }).await;
    }
    idempotency::forget(tx, &user.to_string()).await?;
    let finished_at = app.clock.now();
    erasure::update_finished(tx, user, finished_at).await?;
    let counts = [("posts", row.posts), ("comments", row.comments), ("likes", row.likes)];
    let counts = counts.into_iter().map(|(what, count)| (what.to_owned(), count)).collect();
    chunk.tell(tx, &ErasureCompleted { erasure_id: row.erasure_id, user_id: user, counts, finished_at }).await
}

struct Chunk<'a> {
    app: &'a App,
    cause: &'a Envelope,
    user: UserId,
}

/// Each part erases some of what is left of it and says whether anything was.
impl Chunk<'_> {
    async fn erase(&self, tx: &mut Tx, row: &mut ErasureRow) -> Result<bool, Error> {
        Ok(self.posts(tx, row).await?
            || self.comments(tx, row).await?
            || self.likes(tx, row).await?
            || erasure::delete_follows(tx, self.user, CHUNK).await? > 0)
    }

    async fn posts(&self, tx: &mut Tx, row: &mut ErasureRow) -> Result<bool, Error> {
        let left = erasure::list_posts(tx, self.user, CHUNK).await?;
        let mut public = 0;
        for (id,) in &left {
            let Some(old) = post::find_locked(tx, *id).await? else { continue };
            let new = post::update_erased(tx, *id).await?;
            row.posts += 1;
            public += i64::from(is_counted(&old));
            if old.state == State::Published {
                let event = PostDeleted { post_id: *id, author_id: self.user, version: new.version };
                self.tell(tx, &event).await?;
            }
        }
        if public > 0 {
            replica::decrement_post_count(tx, self.user, public).await?;
        }
        Ok(!left.is_empty())
    }

    async fn comments(&self, tx: &mut Tx, row: &mut ErasureRow) -> Result<bool, Error> {
        let left = erasure::list_comments(tx, self.user, CHUNK).await?;
        for (post_id, id) in &left {
            post::find_locked(tx, *post_id).await?;
            // What was seen before the post was locked may have changed.
            let Some(old) = comment::find(&mut *tx, *id).await?.filter(|old| !old.body.is_empty()) else { continue };
            row.comments += 1;
            if old.state == State::Published {
                remove(self.app, tx, *id).await?;
                let event = CommentDeleted { comment_id: *id, post_id: *post_id, author_id: self.user };
                self.tell(tx, &event).await?;
            } else {
                comment::update_emptied(tx, *id).await?;
            }
        }
        Ok(!left.is_empty())
    }

    async fn likes(&self, tx: &mut Tx, row: &mut ErasureRow) -> Result<bool, Error> {
        let left = erasure::list_liked(tx, self.user, CHUNK).await?;
        for (id,) in &left {
            post::find_locked(tx, *id).await?;
            if like::delete(tx, *id, self.user).await? {
                let post = post::update_like_count(tx, *id, -1).await?;
                row.likes += 1;
                let event = PostUnliked { post_id: *id, author_id: post.author_id, user_id: self.user };
                self.tell(tx, &event).await?;
            }
        }
        Ok(!left.is_empty())
    }

    async fn tell(&self, tx: &mut Tx, event: &impl Event) -> Result<(), Error> {
        self.app.tell_after(tx, self.cause, event).await
    }
}
