//! Keeping feeds what they are defined to be.
//!
//! The definition is the *pull query*: the feed of a user holds the posts that are published, PUBLIC or FOLLOWERS, and
//! whose author the user actively follows. Nothing else decides. The functions here therefore do not apply what an
//! event says happened; they look at what is true now of one post, or of one pair of users, and make the feeds agree.
//! That is why events may come twice, late or in any order.
//!
//! Each function says whose feeds changed, in groups for one broadcast each.

use chatty_store::{Error, Tx};
use chatty_types::{PostId, UserId};
use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::store::{
    feed, follow,
    replica::{self, PostRef, State},
};

/// Feeds changed at once: the rows of one statement, and the users of one broadcast.
const CHUNK: i64 = 1_000;

/// How many of an author's posts a new follow brings at most.
const BACKFILL: i64 = 100;

/// Notes what an event says of a post, unless something newer is known. If that puts the post into its author's
/// followers' feeds or out of them, does so.
///
/// An edit that does neither costs nothing for each follower. None can lack the post meanwhile: since it came into the
/// feeds, whoever followed anew was brought what the backfill gives them.
pub(crate) async fn settle_post(tx: &mut Tx, post: &PostRef, now: DateTime<Utc>) -> Result<Vec<Vec<UserId>>, Error> {
    let erased = feed::lock_author(tx, post.author).await?;
    // What posts still has to tell of somebody who was erased comes to this.
    let post = &PostRef { state: if erased { State::Deleted } else { post.state }, ..*post };
    let was_feedable = replica::find_feedable(&mut *tx, post.id).await?;
    if !replica::insert_post(tx, post).await? {
        return Ok(Vec::new());
    }
    match (was_feedable, post.is_feedable()) {
        (false, true) => fan_out(tx, post.author, post.id, now).await,
        (true, false) => take_back(tx, post.author, post.id).await,
        (false, false) | (true, true) => Ok(Vec::new()),
    }
}

async fn fan_out(tx: &mut Tx, author: UserId, post: PostId, now: DateTime<Utc>) -> Result<Vec<Vec<UserId>>, Error> {
    let mut chunks = Chunks::default();
    while let Some(after) = chunks.next {
        let users = chunks.push(feed::insert_heads_lacking(tx, author, post, after, CHUNK).await?);
        feed::insert_post(tx, post, users, now).await?;
    }
    Ok(chunks.done)
}

async fn take_back(tx: &mut Tx, author: UserId, post: PostId) -> Result<Vec<Vec<UserId>>, Error> {
    let mut chunks = Chunks::default();
    while let Some(after) = chunks.next {
        let users = chunks.push(feed::insert_heads_holding(tx, author, post, after, CHUNK).await?);
        feed::update_post_removed(tx, post, users).await?;
    }
    Ok(chunks.done)
}

/// Brings the author's newest posts into the follower's feed, or takes all of them out, as the follow is or is not in
/// force now.
pub(crate) async fn settle_follow(
    tx: &mut Tx,
    follower: UserId,
    author: UserId,
    now: DateTime<Utc>,
) -> Result<Vec<Vec<UserId>>, Error> {
    let erased = feed::lock_author(tx, author).await?;
    let changed = if !erased && follow::find_active(&mut *tx, follower, author).await? {
        let lacking = feed::list_lacking(tx, follower, author, BACKFILL).await?;
        let posts: Vec<_> = lacking.into_iter().map(|(post,)| post).collect();
        let count = i64::try_from(posts.len()).expect("at most a backfill's length");
        if count > 0 {
            let behind = feed::insert_head(tx, follower, count).await? - count;
            feed::insert_posts(tx, follower, &posts, behind, now).await?;
        }
        count > 0
    } else {
        let count = feed::count_holding(tx, follower, author).await?;
        if count > 0 && replica::is_erased(tx, follower).await? {
            // Their feed was deleted meanwhile, and is not to come back.
            feed::delete_author(tx, follower, author).await?;
        } else if count > 0 {
            let behind = feed::insert_head(tx, follower, count).await? - count;
            feed::update_author_removed(tx, follower, author, behind).await?;
        }
        count > 0
    };
    Ok(if changed { vec![vec![follower]] } else { Vec::new() })
}

/// A walk over an author's followers in the order of their ids.
struct Chunks {
    /// Which id the next chunk lies behind; `None` at the end.
    next: Option<Uuid>,
    done: Vec<Vec<UserId>>,
}

impl Default for Chunks {
    fn default() -> Self {
        Self { next: Some(Uuid::nil()), done: Vec::new() }
    }
}

impl Chunks {
    /// Takes a chunk, which ends the walk if it is not full, and shows its users.
    fn push(&mut self, users: Vec<(UserId,)>) -> &[UserId] {
        let users: Vec<_> = users.into_iter().map(|(user,)| user).collect();
        let full = i64::try_from(users.len()) == Ok(CHUNK);
        self.next = users.iter().max().filter(|_| full).map(|last| last.uuid());
        if users.is_empty() {
            return &[];
        }
        self.done.push(users);
        self.done.last().map_or(&[], Vec::as_slice)
    }
}
