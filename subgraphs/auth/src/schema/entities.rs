//! `User` and `Viewer`.

use async_graphql::{Context, ID, Object, SimpleObject};
use chatty_access::Scope;
use chatty_graphql::{AccountState, DateTime, EmailAddress, EmailStatus, Request, Role};

use crate::store::account::{self, AccountRow};

/// Somebody with an account.
pub(crate) struct User(pub(crate) AccountRow);

impl User {
    /// Addresses and states are for their owner and for administrators.
    fn is_open_to(&self, ctx: &Context<'_>) -> bool {
        let caller = ctx.caller();
        caller.user() == Some(self.0.id) || caller.require(Scope::AdminRead).is_ok()
    }
}

/// Somebody with an account. Every subgraph adds what it knows of them.
#[Object]
impl User {
    /// The global id, such as `usr_01jd3x…`.
    async fn id(&self) -> ID {
        self.0.id.to_string().into()
    }

    /// The unique name, in lower case, such as `ana`.
    async fn username(&self) -> &str {
        &self.0.username
    }

    /// When they registered.
    async fn created_at(&self) -> DateTime {
        self.0.created_at.into()
    }

    /// What they are trusted with.
    async fn role(&self) -> Role {
        self.0.role.0.into()
    }

    /// Whether the account was erased. What they wrote may remain under the name `deleted`.
    async fn is_deleted(&self) -> bool {
        self.0.state == account::AccountState::Deleted
    }

    /// The mail address, such as `ana@example.com`. Null unless you are this user or may read as an administrator.
    #[graphql(tag = "viewer")]
    async fn email(&self, ctx: &Context<'_>) -> Option<EmailAddress> {
        self.is_open_to(ctx).then(|| EmailAddress(self.0.email.clone()))
    }

    /// Whether the address is confirmed. Null unless you are this user or may read as an administrator.
    #[graphql(tag = "viewer")]
    async fn email_status(&self, ctx: &Context<'_>) -> Option<EmailStatus> {
        self.is_open_to(ctx).then(|| self.0.email_status.into())
    }

    /// Where the account stands. Null unless you are this user or may read as an administrator.
    #[graphql(tag = "viewer")]
    async fn account_state(&self, ctx: &Context<'_>) -> Option<AccountState> {
        self.is_open_to(ctx).then(|| self.0.state.into())
    }

    /// Counts the changes of the account, from 1. Pass it as `expectedVersion` to change only what you have seen.
    async fn version(&self) -> i32 {
        // Edits are made by hand: nobody makes two thousand million.
        i32::try_from(self.0.version).unwrap_or(i32::MAX)
    }
}

/// You: the account that is signed in, and what this session may do.
#[derive(SimpleObject)]
pub(crate) struct Viewer {
    /// Your account.
    pub(crate) user: User,
    /// What this session may do, such as `["self"]` or `["self", "mod:read"]`.
    pub(crate) scopes: Vec<&'static str>,
}

impl From<account::AccountState> for AccountState {
    fn from(state: account::AccountState) -> Self {
        match state {
            account::AccountState::Active => Self::Active,
            account::AccountState::Suspended => Self::Suspended,
            account::AccountState::Deactivated => Self::Deactivated,
            account::AccountState::DeletionPending => Self::DeletionPending,
            account::AccountState::Deleted => Self::Deleted,
        }
    }
}

impl From<account::EmailStatus> for EmailStatus {
    fn from(status: account::EmailStatus) -> Self {
        match status {
            account::EmailStatus::Pending => Self::Pending,
            account::EmailStatus::Verified => Self::Verified,
            account::EmailStatus::Bounced => Self::Bounced,
        }
    }
}
