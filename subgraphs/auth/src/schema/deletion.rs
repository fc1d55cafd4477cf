//! Erasing accounts, and taking that back.

use std::sync::Arc;

use async_graphql::{Context, ID, InputObject, Object, SimpleObject};
use chatty_access::Scope;
use chatty_graphql::{DateTime, Problem, Refusal, Request, UserError, answer};
use chatty_kit::Fault;
use chatty_types::UserId;

use super::entities::User;
use crate::{app::App, domain::deletion};

/// Proof that the account is yours.
#[derive(InputObject)]
pub(crate) struct DeleteAccountInput {
    /// Your present password.
    password: String,
}

/// Whose deletion to take back.
#[derive(InputObject)]
pub(crate) struct CancelAccountDeletionInput {
    /// The account; your own when missing. Another's needs the scope `admin:write`. Example: `"usr_01jd3x…"`.
    user_id: Option<ID>,
}

/// Whose account to erase, and why.
#[derive(InputObject)]
pub(crate) struct AdminDeleteUserInput {
    /// The account, such as `"usr_01jd3x…"`.
    user_id: ID,
    /// Why, for the record: 1 to 1,000 characters. Example: `"asked for by letter"`.
    reason: String,
    /// Only says what would happen. Example: `true`.
    #[graphql(default)]
    dry_run: bool,
}

/// Whether the account will be erased.
#[derive(SimpleObject)]
pub(crate) struct DeleteAccountPayload {
    /// When. Until then, sign in and call `cancelAccountDeletion` to stay. Null if there are errors.
    deletion_due_at: Option<DateTime>,
    /// What is wrong with the input.
    errors: Vec<UserError>,
}

/// Whether the account stays.
#[derive(SimpleObject)]
pub(crate) struct CancelAccountDeletionPayload {
    /// The account. Null if there are errors.
    user: Option<User>,
    /// What is wrong with the input.
    errors: Vec<UserError>,
}

/// Whether the account will be erased.
#[derive(SimpleObject)]
pub(crate) struct AdminDeleteUserPayload {
    /// The account, as it is until then. Null if there are errors.
    user: Option<User>,
    /// When it will be erased. Null if there are errors.
    deletion_due_at: Option<DateTime>,
    /// What is wrong with the input.
    errors: Vec<UserError>,
}

#[derive(Default)]
pub(crate) struct DeletionMutation;

#[Object]
impl DeletionMutation {
    /// Has your account erased in 14 days, and ends all your sessions. Signing in again until then lets you take it back.
    /// After that nothing of you remains but a nameless author. Example:
    /// `mutation { deleteAccount(input: {password: "…"}) { deletionDueAt errors { code } } }`
    async fn delete_account(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Your password.")] input: DeleteAccountInput,
    ) -> Result<DeleteAccountPayload, Fault> {
        let caller = ctx.caller();
        // A suspended person may leave, too.
        let viewer = caller.require(Scope::SelfWrite).or_else(|_| caller.require(Scope::AccountDelete))?;
        let (due, errors) = answer(deletion::request_own(app(ctx), caller, viewer, &input.password.into()).await)?;
        Ok(DeleteAccountPayload { deletion_due_at: due.map(Into::into), errors })
    }

    /// Takes a deletion back. All sessions end, so that you sign in afresh. Only an administrator takes back what an
    /// administrator began. Example:
    /// `mutation { cancelAccountDeletion(input: {}) { user { accountState } errors { code } } }`
    async fn cancel_account_deletion(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Whose.")] input: CancelAccountDeletionInput,
    ) -> Result<CancelAccountDeletionPayload, Fault> {
        let caller = ctx.caller();
        let viewer = caller.require(Scope::SelfWrite).or_else(|_| caller.require(Scope::AccountDelete))?;
        let cancelled = match input.user_id.map(|id| user_id(&id)).transpose() {
            Ok(user) => deletion::cancel(app(ctx), caller, viewer, user).await,
            Err(refusal) => Err(refusal),
        };
        let (account, errors) = answer(cancelled)?;
        Ok(CancelAccountDeletionPayload { user: account.map(User::new), errors })
    }

    /// Has an account erased in 14 days, and ends all its sessions. Needs the scope `admin:write`. The last administrator
    /// stays. Example:
    /// `mutation { adminDeleteUser(input: {userId: "usr_01jd3x…", reason: "asked for by letter"}) { deletionDueAt errors { code } } }`
    async fn admin_delete_user(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Whose account, and why.")] input: AdminDeleteUserInput,
    ) -> Result<AdminDeleteUserPayload, Fault> {
        let caller = ctx.caller();
        caller.require(Scope::AdminWrite)?;
        let AdminDeleteUserInput { user_id: id, reason, dry_run } = input;
        let requested = match user_id(&id) {
            Ok(user) => deletion::request_as_admin(app(ctx), caller, user, &reason, dry_run).await,
            Err(refusal) => Err(refusal),
        };
        let (requested, errors) = answer(requested)?;
        let (account, due) = requested.unzip();
        Ok(AdminDeleteUserPayload { user: account.map(User::new), deletion_due_at: due.map(Into::into), errors })
    }
}

fn user_id(id: &ID) -> Result<UserId, Refusal> {
    Ok(id.parse().map_err(|error| Problem::bad_id("userId", &error))?)
}

fn app<'a>(ctx: &Context<'a>) -> &'a App {
    ctx.data_unchecked::<Arc<App>>()
}
