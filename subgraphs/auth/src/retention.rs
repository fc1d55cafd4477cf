//! Forgets what nobody can use any more: sessions long over, spent tokens past their end, revocations that
//! outlived their tokens, signing keys whose last token has ended, names held long enough, links of old mails, attempts
//! that nobody counts any more, old idempotency keys.

use std::{sync::Arc, time::Duration};

use chatty_graphql::idempotency;
use chatty_kit::Tasks;
use chrono::TimeDelta;

use crate::{
    app::App,
    domain::{held_username, key_rotation, revocation},
    store,
};

const EVERY: Duration = Duration::from_hours(1);

/// Sessions are kept for a while, so that their owners can look back.
pub(crate) const SESSIONS_KEPT: TimeDelta = TimeDelta::days(30);

/// Links are kept for a while after their end, so that whoever uses one learns why it does not work.
const LINKS_KEPT: TimeDelta = TimeDelta::days(7);

/// Decisions that were taken back are remembered for longer than any event takes to arrive.
const DECISIONS_KEPT: TimeDelta = TimeDelta::days(30);

/// Cleans up every hour, until the system stops.
pub(crate) fn start(tasks: &Tasks, app: &Arc<App>) {
    let app = Arc::clone(app);
    tasks.repeat("cleaning up sessions", EVERY, move || {
        let app = Arc::clone(&app);
        async move { clean_up(&app).await }
    });
}

pub(crate) async fn clean_up(app: &App) -> Result<(), chatty_store::Error> {
    let now = app.clock.now();
    // What others lock in an order of their own has a transaction of its own, so that nobody waits crosswise.
    let mut tx = app.db.begin().await?;
    store::session::delete_spent_before(&mut tx, now).await?;
    store::session::delete_over_before(&mut tx, now - SESSIONS_KEPT).await?;
    tx.commit().await?;
    let mut tx = app.db.begin().await?;
    store::attempt::delete_attempts_before(&mut tx, now).await?;
    tx.commit().await?;
    let mut tx = app.db.begin().await?;
    held_username::forget(app, &mut tx).await?;
    tx.commit().await?;
    let mut tx = app.db.begin().await?;
    revocation::forget(app, &mut tx).await?;
    key_rotation::forget(app, &mut tx).await?;
    store::ending::delete_revoked_moderations_before(&mut tx, now - DECISIONS_KEPT).await?;
    store::mail_link::delete_mail_links_before(&mut tx, now - LINKS_KEPT).await?;
    idempotency::prune(&mut tx, now).await?;
    tx.commit().await
}
