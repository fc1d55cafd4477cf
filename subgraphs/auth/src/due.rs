//! What happens to accounts at its time: suspensions end, deletions are carried out.
//!
//! Looked for every second in rows, so nothing is forgotten over a restart. Every process of the service looks; who locks
//! an account first does the work.

use std::{sync::Arc, time::Duration};

use chatty_kit::Tasks;

use crate::{
    app::App,
    domain::{deletion, suspension},
};

const EVERY: Duration = Duration::from_secs(1);

/// Looks until the system stops.
pub(crate) fn start(tasks: &Tasks, app: &Arc<App>) {
    let app = Arc::clone(app);
    tasks.repeat("ending suspensions and erasing accounts", EVERY, move || {
        let app = Arc::clone(&app);
        async move {
            suspension::end_due(&app).await?;
            deletion::erase_due(&app).await
        }
    });
}
