//! Forgets what nobody can use any more: sessions long over, spent tokens past their end, old idempotency keys.

use std::{sync::Arc, time::Duration};

use chatty_graphql::idempotency;
use chatty_kit::Tasks;
use chrono::TimeDelta;

use crate::{app::App, store};

const EVERY: Duration = Duration::from_hours(1);

/// Sessions are kept for a while, so that their owners can look back.
const SESSIONS_KEPT: TimeDelta = TimeDelta::days(30);

/// Cleans up now and every hour, until the system stops.
pub(crate) fn start(tasks: &Tasks, app: &Arc<App>) {
    let (app, stopping) = (Arc::clone(app), tasks.stopping());
    tasks.spawn(async move {
        loop {
            if let Err(error) = clean_up(&app).await {
                tracing::warn!(error = &error as &dyn std::error::Error, "cleaning up sessions failed");
            }
            tokio::select! {
                () = stopping.cancelled() => return,
                () = tokio::time::sleep(EVERY) => {}
            }
        }
    });
}

async fn clean_up(app: &App) -> Result<(), chatty_store::Error> {
    let now = app.clock.now();
    let mut tx = app.db.begin().await?;
    store::session::delete_spent_before(&mut tx, now).await?;
    store::session::delete_over_before(&mut tx, now - SESSIONS_KEPT).await?;
    idempotency::prune(&mut tx, now).await?;
    tx.commit().await
}
