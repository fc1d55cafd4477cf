//! What auth does with events: decisions of moderators, and the receipts of erasure. None of it needs order.

use std::sync::Arc;

use chatty_access::Caller;
use chatty_bus::{Group, Handled, Handler, Rejection};
use chatty_events::{
    Counts, Envelope,
    admin::{ModerationApplied, ModerationRevoked},
    email, posts, subscriptions,
};
use chatty_store::Tx;
use chrono::{DateTime, Utc};
use futures_util::{FutureExt, future::BoxFuture};
use uuid::Uuid;

use crate::{app::App, domain::suspension, store::ending::insert_receipt};

/// The service's durable group.
pub const GROUP: Group = Group {
    name: crate::NAME,
    keys: &[
        "admin.moderation.applied",
        "admin.moderation.revoked",
        "posts.erasure.completed",
        "subscriptions.erasure.completed",
        "email.erasure.completed",
    ],
};

/// Applies what others tell.
pub(crate) struct Events(pub(crate) Arc<App>);

impl Handler for Events {
    fn handle<'a>(&'a self, tx: &'a mut Tx, event: &'a Envelope) -> BoxFuture<'a, Result<Handled, Rejection>> {
        async move {
            let (app, caller) = (&self.0, Caller::anonymous());
            if let Some(decision) = event.decode::<ModerationApplied>()? {
                suspension::apply(app, &caller, tx, &decision).await?;
            } else if let Some(decision) = event.decode::<ModerationRevoked>()? {
                suspension::take_back(app, &caller, tx, &decision).await?;
            } else if let Some((erasure, counts, at)) = receipt(event)? {
                // A map of text to numbers can always be written.
                let counts = serde_json::to_string(&counts).map_err(|error| Rejection::Poison(error.into()))?;
                insert_receipt(tx, erasure, &event.source, &counts, at).await?;
            }
            Ok(Handled::default())
        }
        .boxed()
    }
}

/// What a service says it erased, whichever it is.
fn receipt(event: &Envelope) -> Result<Option<(Uuid, Counts, DateTime<Utc>)>, Rejection> {
    if let Some(posts::ErasureCompleted { erasure_id, counts, finished_at, .. }) = event.decode()? {
        return Ok(Some((erasure_id, counts, finished_at)));
    }
    if let Some(subscriptions::ErasureCompleted { erasure_id, counts, finished_at, .. }) = event.decode()? {
        return Ok(Some((erasure_id, counts, finished_at)));
    }
    let email = event.decode::<email::ErasureCompleted>()?;
    Ok(email.map(|email| (email.erasure_id, email.counts, email.finished_at)))
}
