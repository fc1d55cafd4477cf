//! Auth through its GraphQL schema, each test on a database of its own.

mod admin_users;
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
mod roles;
mod secrets;
mod user_search;
mod users;
