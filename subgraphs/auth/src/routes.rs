//! Plain HTTP: the public keys, for whoever verifies access tokens elsewhere; and for other processes of the installation
//! which of these tokens are no longer good.

use std::sync::Arc;

use axum::{
    Json, Router,
    http::{
        StatusCode,
        header::{CACHE_CONTROL, HeaderName},
    },
    routing::get,
};
use chatty_access::Snapshot;
use jsonwebtoken::jwk::JwkSet;

use crate::{
    app::App,
    domain::{key_rotation, revocation},
};

/// Where everybody finds the public keys, a JWK set; below one of [`PREFIXES`](crate::PREFIXES).
pub const KEYS_PATH: &str = "/.well-known/jwks.json";

/// Where other processes of the installation find a [`Snapshot`] of what is revoked.
pub const REVOCATIONS_PATH: &str = "/internal/revocations";

pub(crate) fn routes(app: &Arc<App>) -> Router {
    let app = Arc::clone(app);
    Router::new().route(KEYS_PATH, get(async move || keys(&app).await))
}

/// Never an old reading: whoever takes it replaces what they know by it.
async fn keys(app: &App) -> Result<([(HeaderName, String); 1], Json<JwkSet>), StatusCode> {
    let known = app.signer.catch_up().await.map_err(|error| {
        tracing::error!(error = &error as &dyn std::error::Error, "the signing keys cannot be read");
        StatusCode::SERVICE_UNAVAILABLE
    })?;
    let cached = format!("public, max-age={}", key_rotation::MAX_AGE.as_secs());
    Ok(([(CACHE_CONTROL, cached)], Json(known.jwks().clone())))
}

pub(crate) fn internal(app: &Arc<App>) -> Router {
    let app = Arc::clone(app);
    Router::new().route(REVOCATIONS_PATH, get(async move || revocations(&app).await))
}

async fn revocations(app: &App) -> Result<Json<Snapshot>, StatusCode> {
    revocation::snapshot(app).await.map(Json).map_err(|error| {
        tracing::error!(error = &error as &dyn std::error::Error, "what is revoked cannot be read");
        StatusCode::INTERNAL_SERVER_ERROR
    })
}
