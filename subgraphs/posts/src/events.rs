//! What other services tell, applied to the replicas; whom to erase. Order does not matter: see each function.

use chatty_bus::{Handled, Handler, Rejection};
use chatty_events::{
    Envelope,
    auth::{UserDeleted, UserRegistered},
    posts::ErasureContinued,
    subscriptions::{FollowCreated, FollowRemoved},
};
use chatty_store::{Result, Tx};
use futures_util::{FutureExt, future::BoxFuture};

use crate::{app::App, domain::erasure, store::replica};

/// Routing keys of the events that are handled here.
pub(crate) const KEYS: &[&str] = &[
    "auth.user.registered",
    "auth.user.deleted",
    "posts.erasure.continued",
    "subscriptions.follow.created",
    "subscriptions.follow.removed",
];

impl Handler for App {
    fn handle<'a>(&'a self, tx: &'a mut Tx, event: &'a Envelope) -> BoxFuture<'a, Result<Handled, Rejection>> {
        async move {
            if let Some(event) = event.decode::<UserRegistered>()? {
                user_registered(tx, &event).await?;
            } else if let Some(event) = event.decode::<FollowCreated>()? {
                follow_created(tx, &event).await?;
            } else if let Some(event) = event.decode::<FollowRemoved>()? {
                follow_removed(tx, &event).await?;
            } else if let Some(deleted) = event.decode::<UserDeleted>()? {
                erasure::begin(self, tx, event, &deleted).await?;
            } else if let Some(ErasureContinued { user_id }) = event.decode()? {
                erasure::go_on(self, tx, event, user_id).await?;
            }
            Ok(Handled::default())
        }
        .boxed()
    }
}

/// The account may have published already, or been erased; its row then stays as it is.
async fn user_registered(tx: &mut Tx, event: &UserRegistered) -> Result<()> {
    replica::insert_user(tx, event.user_id).await?;
    Ok(())
}

/// The newest version of a pair wins, whenever it arrives.
async fn follow_created(tx: &mut Tx, event: &FollowCreated) -> Result<()> {
    replica::upsert_follow(tx, event.follower_id, event.followee_id, event.version, true).await?;
    Ok(())
}

/// See [`follow_created`]: a removal that overtakes its creation leaves a row that outranks it.
async fn follow_removed(tx: &mut Tx, event: &FollowRemoved) -> Result<()> {
    replica::upsert_follow(tx, event.follower_id, event.followee_id, event.version, false).await?;
    Ok(())
}
