//! The rules and use-cases of auth, one file a noun. Nothing here knows GraphQL or HTTP.

pub(crate) mod account;
pub(crate) mod admin;
pub(crate) mod brake;
mod credentials;
pub(crate) mod deletion;
pub(crate) mod email;
pub(crate) mod guessable;
pub(crate) mod hashing;
pub(crate) mod held_username;
pub(crate) mod key_rotation;
pub(crate) mod mail;
pub(crate) mod mail_link;
pub(crate) mod name_search;
pub(crate) mod password;
pub(crate) mod profile;
mod random;
pub(crate) mod refresh_token;
pub(crate) mod reset;
pub(crate) mod revocation;
pub(crate) mod role;
pub(crate) mod session;
pub(crate) mod signing;
pub(crate) mod state;
pub(crate) mod suspension;
pub(crate) mod token_info;
pub(crate) mod username;
pub(crate) mod verification;
