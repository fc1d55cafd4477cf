//! Forgets mail seven days after its request, whatever became of it: what is in the mailbox, and what still waits for a
//! recipient who may never come. With it goes what a request that comes again is known by: its id and its key.

use std::{sync::Arc, time::Duration};

use chatty_kit::Tasks;
use chatty_store::Error;
use chrono::TimeDelta;

use crate::{app::App, store::message};

const EVERY: Duration = Duration::from_hours(1);

/// How long after its request a message is kept. Inboxes remember as long.
const KEPT: TimeDelta = TimeDelta::days(7);

/// Cleans up every hour, until the system stops.
pub(crate) fn start(tasks: &Tasks, app: &Arc<App>) {
    let app = Arc::clone(app);
    tasks.repeat("cleaning up mail", EVERY, move || {
        let app = Arc::clone(&app);
        async move { clean_up(&app).await }
    });
}

pub(crate) async fn clean_up(app: &App) -> Result<(), Error> {
    let mut tx = app.db.begin().await?;
    message::delete_before(&mut tx, app.clock.now() - KEPT).await?;
    tx.commit().await
}
