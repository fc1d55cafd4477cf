//! Erasing what is kept of an account.
//!
//! Follows in both directions end as if each follower had ended theirs, and the events about that take the author's
//! posts out of the feeds; so do the events about the posts themselves. The account's own feed is deleted, not emptied.
//! Ended follows and deleted posts keep their row, as always: it is what outranks events that come late.
//!
//! An account may have any number of followers, and whoever handles an event holds SQLite's only writer. So the event
//! about the deletion only closes the account here; then each event `subscriptions.erasure.continued` erases one chunk,
//! and the chunk that finds nothing more answers. What there is to do is read from the tables, so that an event may
//! come twice.

use chatty_bus::outbox;
use chatty_events::{
    Envelope, Event,
    auth::UserDeleted,
    subscriptions::{ErasureCompleted, ErasureContinued, FollowRemoved},
};
use chatty_store::{Error, Tx};
use chatty_types::UserId;

use crate::{
    app::App,
    store::{
        erasure::{self, ErasureRow},
        feed, follow, replica,
    },
};

/// How many follows one transaction ends: two statements each.
const FOLLOWS: i64 = 200;

/// How many rows of the account's own feed one statement deletes.
const FEED_ITEMS: i64 = 2_000;

/// Closes the account: from now on it neither follows nor is followed, and its posts come into no feed.
pub(crate) async fn begin(app: &App, tx: &mut Tx, cause: &Envelope, event: &UserDeleted) -> Result<(), Error> {
    replica::upsert_erased_user(tx, event.user_id).await?;
    feed::close_author(tx, event.user_id).await?;
    if erasure::insert(tx, event.user_id, event.erasure_id).await? {
        tell(app, tx, cause, &ErasureContinued { user_id: event.user_id }).await?;
    }
    Ok(())
}

/// Erases the next chunk, or answers that there is nothing left.
pub(crate) async fn go_on(app: &App, tx: &mut Tx, cause: &Envelope, user: UserId) -> Result<(), Error> {
    let Some(mut row) = erasure::find_locked(tx, user).await? else { return Ok(()) };
    // The feed each time first: while a follow is in force, posts still come.
    let is_left = delete_feed(tx, user, &mut row).await?
        || end_following(app, tx, cause, user, &mut row).await?
        || end_followers(app, tx, cause, user, &mut row).await?;
    if is_left {
        erasure::update_counts(tx, user, &row).await?;
        return tell(app, tx, cause, &ErasureContinued { user_id: user }).await;
    }
    follow::delete_counts(tx, user).await?;
    feed::delete_head(tx, user).await?;
    let finished_at = app.clock.now();
    erasure::update_finished(tx, user, finished_at).await?;
    let counts = [("following", row.following), ("followers", row.followers), ("feedItems", row.feed_items)];
    let counts = counts.into_iter().map(|(what, count)| (what.to_owned(), count)).collect();
    let answer = ErasureCompleted { erasure_id: row.erasure_id, user_id: user, counts, finished_at };
    tell(app, tx, cause, &answer).await
}

/// Ends some of the user's follows; whether there were any.
async fn end_following(
    app: &App,
    tx: &mut Tx,
    cause: &Envelope,
    user: UserId,
    row: &mut ErasureRow,
) -> Result<bool, Error> {
    let ended = follow::update_following_ended(tx, user, FOLLOWS).await?;
    row.following +=
        take_from_counts(tx, ended.iter().map(|(followee, _)| (*followee, 1, 0)), |n| (user, 0, n)).await?;
    for (followee_id, version) in &ended {
        let event = FollowRemoved { follower_id: user, followee_id: *followee_id, version: *version };
        tell(app, tx, cause, &event).await?;
    }
    Ok(!ended.is_empty())
}

/// Ends some of the follows of the user; whether there were any.
async fn end_followers(
    app: &App,
    tx: &mut Tx,
    cause: &Envelope,
    user: UserId,
    row: &mut ErasureRow,
) -> Result<bool, Error> {
    let ended = follow::update_followers_ended(tx, user, FOLLOWS).await?;
    row.followers +=
        take_from_counts(tx, ended.iter().map(|(follower, _)| (*follower, 0, 1)), |n| (user, n, 0)).await?;
    for (follower_id, version) in &ended {
        let event = FollowRemoved { follower_id: *follower_id, followee_id: user, version: *version };
        tell(app, tx, cause, &event).await?;
    }
    Ok(!ended.is_empty())
}

/// Takes from the counters of the other ends, each as (user, followers, following), and from the one `own` gives for as
/// many. In the order of the ids, as everybody who changes more than one.
async fn take_from_counts(
    tx: &mut Tx,
    others: impl Iterator<Item = (UserId, i64, i64)>,
    own: impl FnOnce(i64) -> (UserId, i64, i64),
) -> Result<i64, Error> {
    let mut changes: Vec<_> = others.collect();
    let count = i64::try_from(changes.len()).expect("at most a chunk");
    changes.push(own(count));
    changes.sort_unstable();
    for (user, followers, following) in changes {
        follow::update_counts(tx, user, followers, following).await?;
    }
    Ok(count)
}

/// Deletes some of the user's feed; whether there was any.
async fn delete_feed(tx: &mut Tx, user: UserId, row: &mut ErasureRow) -> Result<bool, Error> {
    feed::lock_head(tx, user).await?;
    let deleted = feed::delete_some(tx, user, FEED_ITEMS).await?;
    row.feed_items += i64::try_from(deleted).expect("at most a chunk");
    Ok(deleted > 0)
}

async fn tell(app: &App, tx: &mut Tx, cause: &Envelope, event: &impl Event) -> Result<(), Error> {
    outbox::append(tx, &Envelope::new(&app.clock, event).following(cause)).await
}
