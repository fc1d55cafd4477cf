//! The public listener: health, draining, and the routes of services and router.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use axum::{Router, http::StatusCode, routing::get};
use tokio::net::TcpListener;

use crate::Tasks;

/// Whether the system takes traffic: `/readyz`.
#[derive(Debug, Clone, Default)]
pub struct Readiness(Arc<AtomicBool>);

impl Readiness {
    /// Says that everything has started.
    pub fn set_ready(&self) {
        self.0.store(true, Ordering::Release);
    }
}

/// `GET /healthz` answers 200 while the process lives; `GET /readyz` 200 while it wants traffic and 503 before it has
/// started and while it drains.
pub fn health(readiness: Readiness, tasks: &Tasks) -> Router {
    let stopping = tasks.stopping();
    let ready = move || {
        let ready = readiness.0.load(Ordering::Acquire) && !stopping.is_cancelled();
        async move { if ready { (StatusCode::OK, "ready\n") } else { (StatusCode::SERVICE_UNAVAILABLE, "not ready\n") } }
    };
    Router::new().route("/healthz", get(|| async { "alive\n" })).route("/readyz", get(ready))
}

/// Serves `routes` until the tasks stop; then takes no new connections and ends once the open ones have.
pub async fn serve(listener: TcpListener, routes: Router, tasks: Tasks) {
    let stopping = tasks.stopping();
    let service = routes.into_make_service_with_connect_info::<SocketAddr>();
    let served = axum::serve(listener, service).with_graceful_shutdown(stopping.cancelled_owned()).await;
    if let Err(error) = served {
        tracing::error!(error = &error as &dyn std::error::Error, "the public listener failed");
    }
}
