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
        ending::{find_deletion, find_suspension},
        session::list_open_sessions,
    },
};

/// Somebody with an account.
pub(crate) struct User {
    account: AccountRow,
    /// Whether the request itself has proved that it comes from the owner, by a password or a link.
    is_own: bool,
}

impl User {
    /// As whoever asks may see it.
    pub(crate) fn new(account: AccountRow) -> Self {
        Self { account, is_own: false }
    }

    /// As its owner sees it, whether signed in or not.
    pub(crate) fn own(account: AccountRow) -> Self {
        Self { account, is_own: true }
    }

    /// Addresses and states are for their owner and for administrators.
    fn is_open_to(&self, ctx: &Context<'_>) -> bool {
        let caller = ctx.caller();
        self.is_own || caller.user() == Some(self.account.id) || caller.require(Scope::AdminRead).is_ok()
    }

    fn is_erased(&self) -> bool {
        self.account.state == account::AccountState::Deleted
    }
}

impl std::fmt::Debug for User {
    /// Without the address, which does not belong into logs.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("User").field(&self.account.id).finish()
    }
}

/// Somebody with an account. Every subgraph adds what it knows of them.
#[Object]
impl User {
    /// The global id, such as `usr_01jd3x…`.
    async fn id(&self) -> ID {
        self.account.id.to_string().into()
    }

    /// The unique name, in lower case, such as `ana`; `deleted` when the account was erased.
    async fn username(&self) -> &str {
        if self.is_erased() { "deleted" } else { &self.account.username }
    }

    /// The name that they show, such as `Ana María`: one line of at most 64 characters.
    async fn display_name(&self) -> Option<&str> {
        self.account.display_name.as_deref().filter(|_| !self.is_erased())
    }

    /// What they say of themselves, in at most 500 characters, such as `I bake.`
    async fn bio(&self) -> Option<&str> {
        self.account.bio.as_deref().filter(|_| !self.is_erased())
    }

    /// When they registered.
    async fn created_at(&self) -> DateTime {
        self.account.created_at.into()
    }

    /// What they are trusted with.
    async fn role(&self) -> Role {
        self.account.role.0.into()
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
        self.is_open_to(ctx).then(|| Locale(self.account.locale.clone()))
    }

    /// Their time zone, such as `Europe/Moscow`. Null unless you are this user or may read as an administrator.
    #[graphql(tag = "viewer")]
    async fn time_zone(&self, ctx: &Context<'_>) -> Option<TimeZone> {
        self.is_open_to(ctx).then(|| TimeZone(self.account.time_zone.clone()))
    }

    /// The mail address, such as `ana@example.com`. Null unless you are this user or may read as an administrator.
    #[graphql(tag = "viewer")]
    async fn email(&self, ctx: &Context<'_>) -> Option<EmailAddress> {
        (self.is_open_to(ctx) && !self.is_erased()).then(|| EmailAddress(self.account.email.clone()))
    }

    /// Whether the address is confirmed. Null unless you are this user or may read as an administrator.
    #[graphql(tag = "viewer")]
    async fn email_status(&self, ctx: &Context<'_>) -> Option<EmailStatus> {
        self.is_open_to(ctx).then(|| self.account.email_status.into())
    }

    /// Where the account stands. Null unless you are this user or may read as an administrator.
    #[graphql(tag = "viewer")]
    async fn account_state(&self, ctx: &Context<'_>) -> Option<AccountState> {
        self.is_open_to(ctx).then(|| self.account.state.into())
    }

    /// Counts the changes of the account, from 1. Pass it as `expectedVersion` to change only what you have seen.
    async fn version(&self) -> i32 {
        // Edits are made by hand: nobody makes two thousand million.
        i32::try_from(self.account.version).unwrap_or(i32::MAX)
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

/// Why an account is closed.
#[derive(SimpleObject)]
pub(crate) struct Suspension {
    /// What the moderator said, such as `"spam"`.
    reason: String,
    /// When it ends by itself. Null: not before a moderator ends it.
    until: Option<DateTime>,
}

#[ComplexObject]
impl Viewer {
    /// Why your account is closed and until when; null when it is open. Example: `suspension { reason until }`.
    async fn suspension(&self, ctx: &Context<'_>) -> Result<Option<Suspension>, Fault> {
        let found = find_suspension(&ctx.data_unchecked::<Arc<App>>().db, self.user.account.id).await?;
        Ok(found.map(|row| Suspension { reason: row.reason, until: row.ends_at.map(Into::into) }))
    }

    /// When your account will be erased; null when it stays. Example: `2026-12-04T07:15:00.000Z`.
    async fn deletion_due_at(&self, ctx: &Context<'_>) -> Result<Option<DateTime>, Fault> {
        let found = find_deletion(&ctx.data_unchecked::<Arc<App>>().db, self.user.account.id).await?;
        Ok(found.map(|row| row.due_at.into()))
    }

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
        let (app, user) = (ctx.data_unchecked::<Arc<App>>(), self.user.account.id);
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
