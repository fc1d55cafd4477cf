//! Following and unfollowing: both idempotent, counters and event only with a real change.

use chatty_access::{Caller, Scope};
use chatty_bus::{outbox, replica};
use chatty_events::{
    Envelope, Event,
    subscriptions::{FollowCreated, FollowRemoved},
};
use chatty_graphql::{Problem, Refusal};
use chatty_kit::Fault;
use chatty_store::{Error, Tx};
use chatty_types::UserId;

use crate::{app::App, store};

/// Makes the caller follow `followee`. Whether they did already makes no difference.
pub(crate) async fn follow(app: &App, caller: &Caller, followee: &str) -> Result<UserId, Refusal> {
    let (follower, followee) = pair(app, caller, followee).await?;
    let mut tx = app.db.begin().await?;
    if !store::replica::upsert_users(&mut tx, follower.min(followee), follower.max(followee)).await? {
        // One of the two was erased just now.
        store::replica::find_user(&mut tx, followee).await?.ok_or_else(|| Problem::not_found("userId", followee))?;
        return Err(Fault::Unauthenticated.into());
    }
    if let Some(version) = store::follow::insert_follow(&mut tx, follower, followee, app.clock.now()).await? {
        for (user, followers, following) in counted(follower, followee) {
            store::follow::insert_counts(&mut tx, user, followers, following).await?;
        }
        tell(app, &mut tx, caller, &FollowCreated { follower_id: follower, followee_id: followee, version }).await?;
    }
    tx.commit().await?;
    Ok(followee)
}

/// Makes the caller no longer follow `followee`. Whether they did makes no difference.
pub(crate) async fn unfollow(app: &App, caller: &Caller, followee: &str) -> Result<UserId, Refusal> {
    let (follower, followee) = pair(app, caller, followee).await?;
    let mut tx = app.db.begin().await?;
    if let Some(version) = store::follow::update_ended(&mut tx, follower, followee).await? {
        for (user, followers, following) in counted(follower, followee) {
            store::follow::update_counts(&mut tx, user, followers, following).await?;
        }
        tell(app, &mut tx, caller, &FollowRemoved { follower_id: follower, followee_id: followee, version }).await?;
    }
    tx.commit().await?;
    Ok(followee)
}

/// Who acts on whom: the signed-in caller, and somebody else who exists.
async fn pair(app: &App, caller: &Caller, followee: &str) -> Result<(UserId, UserId), Refusal> {
    let follower = caller.require(Scope::SelfWrite)?.user;
    let followee: UserId = followee.parse().map_err(|error| Problem::bad_id("userId", &error))?;
    if followee == follower {
        return Err(Problem::self_action("userId").into());
    }
    let db = app.db.clone();
    let known = replica::wait_for(&app.db, async move || store::replica::find_user(&db, followee).await).await?;
    known.ok_or_else(|| Problem::not_found("userId", followee))?;
    Ok((follower, followee))
}

/// What changes in the counters of both, as (user, followers, following). In the order of the ids, so that two who
/// follow each other at once do not wait for each other.
fn counted(follower: UserId, followee: UserId) -> [(UserId, i64, i64); 2] {
    let mut counted = [(follower, 0, 1), (followee, 1, 0)];
    counted.sort_unstable();
    counted
}

async fn tell(app: &App, tx: &mut Tx, caller: &Caller, event: &impl Event) -> Result<(), Error> {
    let envelope = Envelope::new(&app.clock, event).caused_by(caller.user(), Some(caller.trace_id.clone()));
    outbox::append(tx, &envelope).await
}
