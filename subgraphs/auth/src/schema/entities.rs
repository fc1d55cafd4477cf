//! `User` and `Viewer`.

use std::sync::Arc;

use async_graphql::{ComplexObject, Context, Enum, ID, Object, SimpleObject};
use chatty_access::Scope;
use chatty_graphql::{
    AccountState, Cursor, DateTime, EmailAddress, EmailStatus, Locale, PageRequest, Request, Role, TimeZone,
};
use chatty_kit::Fault;
use chatty_types::List;

use super::session::{self, Session, SessionConnection};
use crate::{
    app::App,
    store::{
        account::{self, AccountRow},
        session::list_open_sessions,
    },
};

/// Somebody with an account.
pub(crate) struct User(pub(crate) AccountRow);

impl User {
    /// Addresses and states are for their owner and for administrators.
    fn is_open_to(&self, ctx: &Context<'_>) -> bool {
        let caller = ctx.caller();
        caller.user() == Some(self.0.id) || caller.require(Scope::AdminRead).is_ok()
    }

    fn is_erased(&self) -> bool {
        self.0.state == account::AccountState::Deleted
    }
}

impl std::fmt::Debug for User {
    /// Without the address, which does not belong into logs.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("User").field(&self.0.id).finish()
    }
}

/// Somebody with an account. Every subgraph adds what it knows of them.
#[Object]
impl User {
    /// The global id, such as `usr_01jd3x…`.
    async fn id(&self) -> ID {
        self.0.id.to_string().into()
    }

    /// The unique name, in lower case, such as `ana`; `deleted` when the account was erased.
    async fn username(&self) -> &str {
        if self.is_erased() { "deleted" } else { &self.0.username }
    }

    /// The name that they show, such as `Ana María`: one line of at most 64 characters.
    async fn display_name(&self) -> Option<&str> {
        self.0.display_name.as_deref().filter(|_| !self.is_erased())
    }

    /// What they say of themselves, in at most 500 characters, such as `I bake.`
    async fn bio(&self) -> Option<&str> {
        self.0.bio.as_deref().filter(|_| !self.is_erased())
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
        self.is_erased()
    }

    /// Whether they decide who follows them. Nobody does yet.
    async fn is_locked(&self) -> bool {
        false
    }

    /// The language that they are written to in, such as `ru`. Mails are in Russian and English; whoever has another
    /// language gets English. Null unless you are this user or may read as an administrator.
    #[graphql(tag = "viewer")]
    async fn locale(&self, ctx: &Context<'_>) -> Option<Locale> {
        self.is_open_to(ctx).then(|| Locale(self.0.locale.clone()))
    }

    /// Their time zone, such as `Europe/Moscow`. Null unless you are this user or may read as an administrator.
    #[graphql(tag = "viewer")]
    async fn time_zone(&self, ctx: &Context<'_>) -> Option<TimeZone> {
        self.is_open_to(ctx).then(|| TimeZone(self.0.time_zone.clone()))
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

/// Something that you may not do for a time, such as `{ me { restrictions { kind until } } }` tells.
#[derive(Debug, SimpleObject)]
pub(crate) struct Restriction {
    /// What you may not do.
    kind: RestrictionKind,
    /// When it ends; null if it ends only when a moderator says so.
    until: Option<DateTime>,
}

/// What may be forbidden to an account that may still sign in.
#[expect(clippy::enum_variant_names, reason = "the names are the API's")]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
pub(crate) enum RestrictionKind {
    /// Publishing posts.
    NoPost,
    /// Commenting.
    NoComment,
    /// Uploading images.
    NoMedia,
    /// Following others.
    NoFollow,
}

/// You: the account that is signed in, and what this session may do.
#[derive(SimpleObject)]
#[graphql(complex)]
pub(crate) struct Viewer {
    /// Your account.
    pub(crate) user: User,
    /// What this session may do, such as `["self"]` or `["self", "mod:read"]`.
    pub(crate) scopes: Vec<&'static str>,
}

#[ComplexObject]
impl Viewer {
    /// What moderators have forbidden you, such as `{ me { restrictions { kind until } } }`. Empty: they cannot yet.
    async fn restrictions(&self) -> Vec<Restriction> {
        Vec::new()
    }

    /// Where you are signed in, the newest sign-in first. Example: `sessions(first: 10) { nodes { id device isCurrent } }`.
    async fn sessions(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many, 1 to 100; 20 when missing.")] first: Option<i32>,
        #[graphql(desc = "The `endCursor` of the page before.")] after: Option<Cursor>,
    ) -> Result<SessionConnection, Fault> {
        let (app, user) = (ctx.data_unchecked::<Arc<App>>(), self.user.0.id);
        let request = PageRequest::new(&app.cursors, List::new("Viewer.sessions").with("user", user), first, after)?;
        let page = list_open_sessions(&app.db, user, app.clock.now(), &request.args).await?;
        Ok(SessionConnection::new(&request, page, session::position, Session))
    }
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
