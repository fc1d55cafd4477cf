//! Lists of accounts, a page each.
//!
//! Names are compared byte by byte, so the database has C collation. A page that is ordered by name goes on behind the
//! name that its last account has now; accounts stay, if only as tombstones.

use chatty_access::Role;
use chatty_store::{Db, Result, query};
use chatty_types::{Page, PageArgs};
use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::account::{AccountRow, AccountState, EmailStatus};
use crate::domain::name_search::Prefix;

/// How a list of accounts is ordered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Order {
    Newest,
    Oldest,
    Username,
}

impl Order {
    /// What the first page goes on behind.
    fn start(self) -> Uuid {
        if self == Self::Newest { Uuid::max() } else { Uuid::nil() }
    }
}

/// What the accounts of a list have in common; `None` is no condition.
#[derive(Debug)]
pub(crate) struct Filter {
    pub(crate) state: Option<AccountState>,
    pub(crate) role: Option<Role>,
    pub(crate) email_status: Option<EmailStatus>,
    /// Not before this.
    pub(crate) created_after: Option<DateTime<Utc>>,
    /// Before this.
    pub(crate) created_before: Option<DateTime<Utc>>,
    /// Username, address or shown name begin so.
    pub(crate) search: Option<Prefix>,
}

/// A list in one order. `$1` is the account behind which it goes on, `$2` how many rows are wanted.
macro_rules! text {
    ($behind:literal, $by:literal, $($condition:tt)+) => {
        concat!(
            "SELECT ",
            account_columns!("a."),
            " FROM account a WHERE ",
            $behind,
            " AND ",
            $($condition)+,
            " ORDER BY ",
            $by,
            " LIMIT $2"
        )
    };
}

/// A list in each of its orders, with the values of `$1` and `$2`.
macro_rules! ordered {
    ($order:expr, $args:expr, $($condition:tt)+) => {
        match $order {
            Order::Newest => query!(text!("a.id < $1", "a.id DESC", $($condition)+)),
            Order::Oldest => query!(text!("a.id > $1", "a.id", $($condition)+)),
            Order::Username => query!(text!(
                "a.username > COALESCE((SELECT b.username FROM account b WHERE b.id = $1), '')",
                "a.username",
                $($condition)+
            )),
        }
        .bind($args.after.map_or($order.start(), |after| after.id))
        .bind($args.limit())
    };
}

/// What [`Filter`] says, but for the search.
macro_rules! filtered {
    () => {
        "($3 IS NULL OR a.state = $3) AND ($4 IS NULL OR a.role = $4) AND ($5 IS NULL OR a.email_status = $5)
             AND ($6 IS NULL OR a.created_at >= $6) AND ($7 IS NULL OR a.created_at < $7)"
    };
}

/// Accounts that everybody may find: those in use. The prefix is of the username or of the shown name.
pub(crate) async fn list_active(
    db: &Db,
    search: Option<&Prefix>,
    order: Order,
    args: &PageArgs,
) -> Result<Page<AccountRow>> {
    let query = if let Some(Prefix { start, end }) = search {
        ordered!(
            order,
            args,
            "a.state = 'ACTIVE'
             AND (a.username >= $3 AND a.username < $4 OR a.display_key >= $3 AND a.display_key < $4)"
        )
        .bind(start)
        .bind(end)
    } else {
        ordered!(order, args, "a.state = 'ACTIVE'")
    };
    Ok(Page::from_rows(query.fetch_all(db).await?, args))
}

/// Accounts as administrators filter them.
pub(crate) async fn list_filtered(db: &Db, filter: &Filter, order: Order, args: &PageArgs) -> Result<Page<AccountRow>> {
    let query = if filter.search.is_some() {
        ordered!(
            order,
            args,
            "(a.username >= $8 AND a.username < $9 OR a.email_key >= $8 AND a.email_key < $9
                 OR a.display_key >= $8 AND a.display_key < $9)
             AND ",
            filtered!()
        )
    // The literals name the partial indexes, which hold the few accounts that such a list is about.
    } else if filter.role.is_some_and(|role| role != Role::User) {
        ordered!(order, args, "a.role <> 'USER' AND a.role = $4 AND ", filtered!())
    } else if filter.state.is_some_and(|state| state != AccountState::Active) {
        ordered!(order, args, "a.state <> 'ACTIVE' AND a.state = $3 AND ", filtered!())
    } else {
        ordered!(order, args, filtered!())
    };
    let query = query
        .bind(filter.state)
        .bind(filter.role.map(Role::as_str))
        .bind(filter.email_status)
        .bind(filter.created_after)
        .bind(filter.created_before);
    let query = match &filter.search {
        Some(Prefix { start, end }) => query.bind(start).bind(end),
        None => query,
    };
    Ok(Page::from_rows(query.fetch_all(db).await?, args))
}
