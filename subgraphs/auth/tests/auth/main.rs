//! Auth through its GraphQL schema, each test on a database of its own.

mod admin_users;
mod admins;
mod brake;
mod endings;
mod fixture;
mod hashes;
mod key_rotation;
mod keys;
mod login;
mod logout;
mod mail_links;
mod passwords;
mod profiles;
mod refresh;
mod registration;
mod retention;
mod revocation;
mod roles;
mod secrets;
mod token_info;
mod user_search;
mod usernames;
mod users;
