//! The SQL of auth, one function a statement.

/// The columns of [`account::AccountRow`], from `account a`.
macro_rules! account_columns {
    () => {
        "a.id, a.username, a.email, a.email_status, a.role, a.state, a.display_name, a.bio, a.locale, a.time_zone,
             a.version, a.created_at"
    };
}

pub(crate) mod account;
pub(crate) mod account_list;
pub(crate) mod attempt;
pub(crate) mod ending;
pub(crate) mod held_username;
pub(crate) mod holder;
pub(crate) mod mail_link;
pub(crate) mod profile;
pub(crate) mod revocation;
pub(crate) mod role;
pub(crate) mod session;
pub(crate) mod signing_key;
