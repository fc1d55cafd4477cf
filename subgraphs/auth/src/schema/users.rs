//! Finding people by name.

use std::sync::Arc;

use async_graphql::{Context, Enum, InputObject, Object};
use chatty_graphql::{Cursor, PageRequest, connection};
use chatty_kit::Fault;
use chatty_types::{List, Page, Position};

use super::entities::User;
use crate::{
    app::App,
    domain::name_search::Prefix,
    store::{
        account::AccountRow,
        account_list::{self, Order},
    },
};

#[derive(Default)]
pub(crate) struct UsersQuery;

#[Object]
impl UsersQuery {
    /// People by how their names begin, or all of them; only whose account is in use. Example:
    /// `{ users(filter: {search: "an"}, first: 10) { nodes { username displayName } pageInfo { endCursor } } }`
    async fn users(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Whom to look for; everybody when missing.")] filter: Option<UserFilter>,
        #[graphql(desc = "Whom to list first; `USERNAME` when missing.")] order_by: Option<UserOrder>,
        #[graphql(desc = "How many, 1 to 100; 20 when missing.")] first: Option<i32>,
        #[graphql(desc = "The `endCursor` of the page before.")] after: Option<Cursor>,
    ) -> Result<UserConnection, Fault> {
        let app = ctx.data_unchecked::<Arc<App>>();
        let search = filter.and_then(|filter| filter.search);
        let search = wanted(search.as_deref());
        let order = order_by.map_or(Order::Username, Into::into);
        let list = List::new("users").with("order", format!("{order:?}")).with("search", format!("{search:?}"));
        let request = PageRequest::new(&app.cursors, list, first, after)?;
        let page = match search.map(Prefix::of) {
            Some(None) => Page { items: Vec::new(), has_next: false },
            search => account_list::list_active(&app.db, search.flatten().as_ref(), order, &request.args).await?,
        };
        Ok(UserConnection::new(&request, page, position, User::new))
    }
}

/// Whom to look for.
#[derive(InputObject)]
pub(crate) struct UserFilter {
    /// How the username or the shown name begins, in any case. Example: `"an"`.
    search: Option<String>,
}

/// How a list of users is ordered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
pub(crate) enum UserOrder {
    /// By username, from `0` to `z`.
    Username,
    /// The latest to register first.
    Newest,
}

impl From<UserOrder> for Order {
    fn from(order: UserOrder) -> Self {
        match order {
            UserOrder::Username => Self::Username,
            UserOrder::Newest => Self::Newest,
        }
    }
}

/// The text to look for; one of white space alone is none.
pub(crate) fn wanted(search: Option<&str>) -> Option<&str> {
    search.map(str::trim).filter(|search| !search.is_empty())
}

connection! {
    /// Users, in the order that was asked for.
    pub UserConnection, UserEdge { node: User }
}

/// Lists of users go on behind an account, in whatever order.
pub(crate) fn position(row: &AccountRow) -> Position {
    Position { sort: 0, id: row.id.uuid() }
}
