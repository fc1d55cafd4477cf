//! Auth through its GraphQL schema, each test on a database of its own.

mod admins;
mod fixture;
mod keys;
mod login;
mod logout;
mod profiles;
mod refresh;
mod registration;
mod retention;
mod revocation;
mod secrets;
mod users;
