//! `GET /.well-known/jwks.json`: the public keys, for whoever verifies access tokens elsewhere.

use axum::{
    Json, Router,
    http::header::{CACHE_CONTROL, HeaderName},
    routing::get,
};
use jsonwebtoken::jwk::JwkSet;

/// A new key signs nothing before every cache has had the time to learn of it.
const CACHED: [(HeaderName, &str); 1] = [(CACHE_CONTROL, "public, max-age=300")];

pub(crate) fn routes(keys: &JwkSet) -> Router {
    let keys = keys.clone();
    Router::new().route("/.well-known/jwks.json", get(async move || (CACHED, Json(keys.clone()))))
}
