//! Background tasks that shutdown waits for.

use std::time::Duration;

use tokio_util::{sync::CancellationToken, task::TaskTracker};

/// How long a process may take to stop, draining included.
pub const STOP_WITHIN: Duration = Duration::from_secs(30);

/// The tasks of one running system and the signals that end them. Clones share all.
///
/// A system ends in two steps. While it *drains* it does all its work and says on every answer and on `/readyz` that
/// further requests should go elsewhere. When it *stops*, it takes no new work and ends what is open: streams and sockets
/// too, whose clients then find only processes that stay.
#[derive(Clone, Debug, Default)]
pub struct Tasks {
    tracker: TaskTracker,
    drain: CancellationToken,
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

    /// Cancelled when traffic should go elsewhere: by [`Tasks::drain`], or at the latest when the system stops.
    pub fn draining(&self) -> CancellationToken {
        self.drain.clone()
    }

    /// Tells every task to stop.
    pub fn stop(&self) {
        self.drain.cancel();
        self.stop.cancel();
    }

    /// Says that traffic should go elsewhere, and gives balancers and routers `delay` to notice. Zero returns at once.
    ///
    /// The delay comes out of [`STOP_WITHIN`], of which requests in hand get [`LAST_REQUEST`](crate::http::LAST_REQUEST).
    pub async fn drain(&self, delay: Duration) {
        self.drain.cancel();
        if !delay.is_zero() {
            // Whoever asks again, such as by a second signal, need not wait.
            self.stop.run_until_cancelled(tokio::time::sleep(delay)).await;
        }
    }

    /// Stops and waits for all tasks, at most `deadline`; says whether all ended in time.
    pub async fn finish(&self, deadline: Duration) -> bool {
        self.stop();
        self.tracker.close();
        tokio::time::timeout(deadline, self.tracker.wait()).await.is_ok()
    }
}
