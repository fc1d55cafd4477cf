//! The SQL of auth, one function a statement.

pub(crate) mod account;
pub(crate) mod attempt;
pub(crate) mod ending;
pub(crate) mod mail_link;
pub(crate) mod revocation;
pub(crate) mod session;
pub(crate) mod signing_key;
