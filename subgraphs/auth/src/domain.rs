//! The rules and use-cases of auth, one file a noun. Nothing here knows GraphQL or HTTP.

pub(crate) mod account;
pub(crate) mod admin;
pub(crate) mod email;
pub(crate) mod hashing;
pub(crate) mod key_rotation;
pub(crate) mod password;
mod random;
pub(crate) mod refresh_token;
pub(crate) mod revocation;
pub(crate) mod session;
pub(crate) mod signing;
pub(crate) mod token_info;
pub(crate) mod username;
