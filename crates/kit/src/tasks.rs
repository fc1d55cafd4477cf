//! Background tasks that shutdown waits for.

use std::time::Duration;

use tokio_util::{sync::CancellationToken, task::TaskTracker};

/// The tasks of one running system and the signal that ends them. Clones share both.
#[derive(Clone, Debug, Default)]
pub struct Tasks {
    tracker: TaskTracker,
    stop: CancellationToken,
}

impl Tasks {
    /// Runs `task` until it ends by itself, which it should do when [`Tasks::stopping`] is cancelled.
    pub fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        self.tracker.spawn(task);
    }

    /// Runs `work` every `period` until the tasks stop, for the first time after one. A failure is logged as `what` and
    /// the next time tries again.
    pub fn repeat<W, E>(&self, what: &'static str, period: Duration, mut work: impl FnMut() -> W + Send + 'static)
    where
        W: Future<Output = Result<(), E>> + Send,
        E: std::error::Error + Send + 'static,
    {
        let stopping = self.stopping();
        self.spawn(async move {
            while stopping.run_until_cancelled(tokio::time::sleep(period)).await.is_some() {
                if let Err(error) = work().await {
                    tracing::warn!(what, error = &error as &dyn std::error::Error, "periodic work failed");
                }
            }
        });
    }

    /// The tracker itself, for tasks that a library spawns, such as sockets.
    pub fn tracker(&self) -> TaskTracker {
        self.tracker.clone()
    }

    /// Cancelled when the system begins to stop.
    pub fn stopping(&self) -> CancellationToken {
        self.stop.clone()
    }

    /// Tells every task to stop.
    pub fn stop(&self) {
        self.stop.cancel();
    }

    /// Stops and waits for all tasks, at most `deadline`; says whether all ended in time.
    pub async fn finish(&self, deadline: Duration) -> bool {
        self.stop.cancel();
        self.tracker.close();
        tokio::time::timeout(deadline, self.tracker.wait()).await.is_ok()
    }
}
