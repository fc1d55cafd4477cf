//! What happens to accounts at its time: suspensions end, deletions are carried out, links that were wished for are sent.
//!
//! Looked for every second in rows, so nothing is forgotten over a restart. Every process of the service looks; who locks
//! an account first does the work.

use std::{sync::Arc, time::Duration};

use chatty_kit::Tasks;

use crate::{
    app::App,
    domain::{deletion, mail_link, suspension},
};

const EVERY: Duration = Duration::from_secs(1);

/// Looks until the system stops.
pub(crate) fn start(tasks: &Tasks, app: &Arc<App>) {
    let (granting, stopping) = (Arc::clone(app), tasks.stopping());
    tasks.spawn(async move {
        let granting = async {
            loop {
                if let Err(error) = mail_link::grant(&granting).await {
                    tracing::warn!(error = &error as &dyn std::error::Error, "links that were wished for wait");
                }
                // What another process has noted before it died is found by looking.
                let _looked = tokio::time::timeout(EVERY, granting.wishes.notified()).await;
            }
        };
        let _stopped = stopping.run_until_cancelled(granting).await;
    });
    let app = Arc::clone(app);
    tasks.repeat("ending suspensions and erasing accounts", EVERY, move || {
        let app = Arc::clone(&app);
        async move {
            suspension::end_due(&app).await?;
            deletion::erase_due(&app).await
        }
    });
}
