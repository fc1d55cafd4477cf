//! The SQL of auth, one function a statement.

pub(crate) mod account;
pub(crate) mod holder;
pub(crate) mod revocation;
pub(crate) mod session;
pub(crate) mod signing_key;
