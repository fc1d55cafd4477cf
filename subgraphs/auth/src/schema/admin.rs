//! What administrators read of accounts.

use std::sync::Arc;

use async_graphql::{Context, Enum, InputObject, Object};
use chatty_access::Scope;
use chatty_graphql::{AccountState, Cursor, DateTime, EmailStatus, PageRequest, Request, Role};
use chatty_kit::Fault;
use chatty_types::{List, Page};

use super::{
    entities::User,
    users::{UserConnection, position, wanted},
};
use crate::{
    app::App,
    domain::name_search::Prefix,
    store::{
        account,
        account_list::{self, Filter, Order},
    },
};

#[derive(Default)]
pub(crate) struct AdminQuery;

#[Object]
impl AdminQuery {
    /// Accounts in every state. Needs the scope `admin:read`. Example:
    /// `{ adminUsers(filter: {state: ACTIVE, role: ADMIN}, first: 20) { nodes { id username email emailStatus accountState role } pageInfo { endCursor } } }`
    #[graphql(tag = "viewer")]
    async fn admin_users(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which accounts; all when missing.")] filter: Option<AdminUserFilter>,
        #[graphql(desc = "Which first; `NEWEST` when missing.")] order_by: Option<AdminUserOrder>,
        #[graphql(desc = "How many, 1 to 100; 20 when missing.")] first: Option<i32>,
        #[graphql(desc = "The `endCursor` of the page before.")] after: Option<Cursor>,
    ) -> Result<UserConnection, Fault> {
        ctx.require(Scope::AdminRead)?;
        let app = ctx.data_unchecked::<Arc<App>>();
        let filter = filter.unwrap_or_default();
        let order = order_by.map_or(Order::Newest, Into::into);
        let request = PageRequest::new(&app.cursors, filter.list(order), first, after)?;
        let page = match filter.checked() {
            Some(filter) => account_list::list_filtered(&app.db, &filter, order, &request.args).await?,
            None => Page { items: Vec::new(), has_next: false },
        };
        Ok(UserConnection::new(&request, page, position, User::new))
    }
}

/// What the accounts have in common. Of several conditions all must hold.
#[derive(Default, InputObject)]
pub(crate) struct AdminUserFilter {
    /// Where they stand. Example: `SUSPENDED`.
    state: Option<AccountState>,
    /// What they are trusted with. Example: `ADMIN`.
    role: Option<Role>,
    /// What is known of their addresses. Example: `BOUNCED`.
    email_status: Option<EmailStatus>,
    /// How the username, the address or the shown name begins, in any case. Example: `"ana@"`.
    search: Option<String>,
    /// Registered at this time or later. Example: `"2026-11-01T00:00:00.000Z"`.
    created_after: Option<DateTime>,
    /// Registered before this time. Example: `"2026-12-01T00:00:00.000Z"`.
    created_before: Option<DateTime>,
}

impl AdminUserFilter {
    /// What the cursors of these accounts belong to.
    fn list(&self, order: Order) -> List {
        let Self { state, role, email_status, created_after, created_before, .. } = self;
        let search = wanted(self.search.as_deref());
        let conditions = format!("{state:?} {role:?} {email_status:?} {created_after:?} {created_before:?} {search:?}");
        List::new("adminUsers").with("order", format!("{order:?}")).with("filter", conditions)
    }

    /// `None` if no account can be so.
    fn checked(&self) -> Option<Filter> {
        let search = match wanted(self.search.as_deref()).map(Prefix::of) {
            Some(None) => return None,
            search => search.flatten(),
        };
        Some(Filter {
            state: self.state.map(Into::into),
            role: self.role.map(Into::into),
            email_status: self.email_status.map(Into::into),
            created_after: self.created_after.map(|DateTime(time)| time),
            created_before: self.created_before.map(|DateTime(time)| time),
            search,
        })
    }
}

/// How a list of accounts is ordered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "Order")]
pub(crate) enum AdminUserOrder {
    /// The latest to register first.
    Newest,
    /// The first to register first.
    Oldest,
    /// By username, from `0` to `z`.
    Username,
}

impl From<AccountState> for account::AccountState {
    fn from(state: AccountState) -> Self {
        match state {
            AccountState::Active => Self::Active,
            AccountState::Suspended => Self::Suspended,
            AccountState::Deactivated => Self::Deactivated,
            AccountState::DeletionPending => Self::DeletionPending,
            AccountState::Deleted => Self::Deleted,
        }
    }
}

impl From<EmailStatus> for account::EmailStatus {
    fn from(status: EmailStatus) -> Self {
        match status {
            EmailStatus::Pending => Self::Pending,
            EmailStatus::Verified => Self::Verified,
            EmailStatus::Bounced => Self::Bounced,
        }
    }
}
