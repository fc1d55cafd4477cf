//! Auth through its GraphQL schema, each test on a database of its own.

mod admins;
mod fixture;
mod hashes;
mod keys;
mod login;
mod logout;
mod passwords;
mod refresh;
mod registration;
mod retention;
mod revocation;
mod secrets;
mod usernames;
mod users;
