//! Auth through its GraphQL schema, each test on a database of its own.

mod admins;
mod fixture;
mod key_rotation;
mod keys;
mod login;
mod logout;
mod refresh;
mod registration;
mod retention;
mod revocation;
mod secrets;
mod token_info;
mod users;
