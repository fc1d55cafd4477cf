//! What the service does with events, in any order: a request may overtake its recipient, and an erasure both.

use chatty_bus::{Handled, Handler, Rejection, outbox};
use chatty_events::{
    Counts, Envelope,
    auth::UserDeleted,
    email::{ErasureCompleted, MessageRequested, RecipientChanged},
};
use chatty_store::{Error, Tx};
use futures_util::{FutureExt, future::BoxFuture};

use crate::{
    app::App,
    letter,
    store::{addressee, message, recipient},
};

/// Routing keys of the events that are handled here.
pub(crate) const KEYS: &[&str] = &["email.recipient.changed", "email.message.requested", "auth.user.deleted"];

/// A request that no attempt will make a mail of.
#[derive(Debug, thiserror::Error)]
#[error("the mail has a link, and the request no token that a link can hold")]
struct NoToken;

impl Handler for App {
    fn handle<'a>(&'a self, tx: &'a mut Tx, event: &'a Envelope) -> BoxFuture<'a, Result<Handled, Rejection>> {
        async move {
            if let Some(changed) = event.decode::<RecipientChanged>()? {
                recipient_changed(tx, &changed).await?;
            } else if let Some(requested) = event.decode::<MessageRequested>()? {
                // Such as one that was replayed from the dead letters, which show no secrets.
                if !letter::has_token(requested.template, requested.secret.as_deref()) {
                    return Err(Rejection::Poison(NoToken.into()));
                }
                self.message_requested(tx, requested).await?;
            } else if let Some(deleted) = event.decode::<UserDeleted>()? {
                self.user_deleted(tx, event, &deleted).await?;
            }
            Ok(Handled::default())
        }
        .boxed()
    }
}

/// The newest version wins, whenever it arrives.
async fn recipient_changed(tx: &mut Tx, changed: &RecipientChanged) -> Result<(), Error> {
    if addressee::admit(tx, changed.user_id).await? {
        recipient::upsert(tx, changed).await?;
    }
    Ok(())
}

impl App {
    /// The sender does the rest: the commit wakes it.
    async fn message_requested(&self, tx: &mut Tx, requested: MessageRequested) -> Result<(), Error> {
        if addressee::admit(tx, requested.to_user_id).await? {
            message::insert(tx, requested, self.clock.now()).await?;
        }
        Ok(())
    }

    /// Erases everything but the fact, and says so.
    async fn user_deleted(&self, tx: &mut Tx, event: &Envelope, deleted: &UserDeleted) -> Result<(), Error> {
        let now = self.clock.now();
        addressee::close(tx, deleted.user_id, now).await?;
        let recipients = recipient::delete(tx, deleted.user_id).await?;
        let messages = message::delete_to(tx, deleted.user_id).await?;
        let count = |name: &str, rows: u64| (name.to_owned(), i64::try_from(rows).unwrap_or(i64::MAX));
        let completed = ErasureCompleted {
            erasure_id: deleted.erasure_id,
            user_id: deleted.user_id,
            counts: Counts::from([count("recipients", recipients), count("messages", messages)]),
            finished_at: now,
        };
        outbox::append(tx, &Envelope::new(&self.clock, &completed).following(event)).await
    }
}
