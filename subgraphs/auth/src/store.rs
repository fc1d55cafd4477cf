//! The SQL of auth, one function a statement.

/// The columns of [`account::AccountRow`], from the table alone or, as `account_columns!("a.")`, from `account a`.
macro_rules! account_columns {
    ($($of:literal)?) => {
        concat!(
            $($of,)? "id, ", $($of,)? "username, ", $($of,)? "email, ", $($of,)? "email_status, ", $($of,)? "role, ",
            $($of,)? "state, ", $($of,)? "display_name, ", $($of,)? "bio, ", $($of,)? "locale, ", $($of,)? "time_zone, ",
            $($of,)? "version, ", $($of,)? "created_at"
        )
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
