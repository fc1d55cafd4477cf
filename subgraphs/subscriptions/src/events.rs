//! What the service does with events. None of it needs order: see `domain/feed.rs`.

use chatty_bus::{Handled, Handler, Rejection};
use chatty_events::{
    Envelope,
    auth::{UserDeleted, UserRegistered},
    posts::{PostCreated, PostDeleted, PostUpdated},
    subscriptions::{ErasureContinued, FeedAppended, FollowCreated, FollowRemoved},
};
use chatty_store::Tx;
use chatty_types::UserId;
use futures_util::{FutureExt, future::BoxFuture};

use crate::{
    app::App,
    domain::{erasure, feed},
    store::replica::{self, PostRef, State, Visibility},
};

/// What the service's durable group wants.
pub(crate) const KEYS: &[&str] = &[
    "auth.user.registered",
    "auth.user.deleted",
    "posts.post.created",
    "posts.post.updated",
    "posts.post.deleted",
    "subscriptions.follow.created",
    "subscriptions.follow.removed",
    "subscriptions.erasure.continued",
];

impl Handler for App {
    fn handle<'a>(&'a self, tx: &'a mut Tx, event: &'a Envelope) -> BoxFuture<'a, Result<Handled, Rejection>> {
        async move {
            if let Some(event) = event.decode::<UserRegistered>()? {
                replica::insert_user(tx, event.user_id).await?;
                return Ok(Handled::default());
            }
            if let Some(deleted) = event.decode::<UserDeleted>()? {
                erasure::begin(self, tx, event, &deleted).await?;
                return Ok(Handled::default());
            }
            if let Some(ErasureContinued { user_id }) = event.decode()? {
                erasure::go_on(self, tx, event, user_id).await?;
                return Ok(Handled::default());
            }
            let changed = if let Some(post) = post_ref(event)? {
                feed::settle_post(tx, &post, self.clock.now()).await?
            } else if let Some((follower, author)) = pair(event)? {
                feed::settle_follow(tx, follower, author, self.clock.now()).await?
            } else {
                return Ok(Handled::default());
            };
            Ok(Handled { broadcasts: changed.into_iter().map(|users| self.appended(event, users)).collect() })
        }
        .boxed()
    }
}

/// What an event about a post says of it. A creation has no version, and every edit and deletion is newer.
fn post_ref(event: &Envelope) -> Result<Option<PostRef>, Rejection> {
    if let Some(PostCreated { post_id, author_id, visibility, .. }) = event.decode()? {
        let visibility = visibility.into();
        return Ok(Some(PostRef { id: post_id, author: author_id, visibility, state: State::Published, version: 0 }));
    }
    if let Some(PostUpdated { post_id, author_id, version, visibility }) = event.decode()? {
        let visibility = visibility.into();
        return Ok(Some(PostRef { id: post_id, author: author_id, visibility, state: State::Published, version }));
    }
    let deleted = event.decode::<PostDeleted>()?;
    Ok(deleted.map(|PostDeleted { post_id, author_id, version }| PostRef {
        id: post_id,
        author: author_id,
        visibility: Visibility::Private,
        state: State::Deleted,
        version,
    }))
}

/// The two whom an event about a follow is about: the follower, and whom they follow or followed.
fn pair(event: &Envelope) -> Result<Option<(UserId, UserId)>, Rejection> {
    if let Some(FollowCreated { follower_id, followee_id, .. }) = event.decode()? {
        return Ok(Some((follower_id, followee_id)));
    }
    let removed = event.decode::<FollowRemoved>()?;
    Ok(removed.map(|FollowRemoved { follower_id, followee_id, .. }| (follower_id, followee_id)))
}

impl App {
    fn appended(&self, cause: &Envelope, users: Vec<UserId>) -> Envelope {
        let event = FeedAppended { source: cause.subject.clone(), user_ids: users };
        Envelope::new(&self.clock, &event).following(cause)
    }
}
