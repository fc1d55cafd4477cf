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

use crate::{app::App, domain::revocation};

/// Where everybody finds the public keys, a JWK set; below one of [`PREFIXES`](crate::PREFIXES).
pub const KEYS_PATH: &str = "/.well-known/jwks.json";

/// Where other processes of the installation find a [`Snapshot`] of what is revoked.
pub const REVOCATIONS_PATH: &str = "/internal/revocations";

/// A key that is to sign must be published for longer than this before it does.
const CACHED: [(HeaderName, &str); 1] = [(CACHE_CONTROL, "public, max-age=300")];

pub(crate) fn routes(keys: &JwkSet) -> Router {
    let keys = keys.clone();
    Router::new().route(KEYS_PATH, get(async move || (CACHED, Json(keys.clone()))))
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
