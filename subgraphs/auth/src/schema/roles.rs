//! Changing what accounts are trusted with.

use std::sync::Arc;

use async_graphql::{Context, ID, InputObject, Object, SimpleObject};
use chatty_graphql::{Refusal, Request, Role, UserError, answer};
use chatty_kit::Fault;

use super::entities::User;
use crate::{
    app::App,
    domain::role::{self, RoleChange},
    store::account::AccountRow,
};

#[derive(Default)]
pub(crate) struct RoleMutation;

#[Object]
impl RoleMutation {
    /// Gives an account another role. Access tokens with the old role end at once; refreshing gives one with the new.
    /// The last administrator in use cannot get another role. Needs the scope `admin:write`. Example:
    /// `mutation { setUserRole(input: {userId: "usr_…", role: MODERATOR, reason: "joins the team", dryRun: false}) { user { id role } errors { code message } } }`
    async fn set_user_role(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Whose role, which, and why.")] input: SetUserRoleInput,
    ) -> Result<SetUserRolePayload, Fault> {
        let app = ctx.data_unchecked::<Arc<App>>();
        SetUserRolePayload::new(role::change(app, ctx.caller(), input.into()).await)
    }
}

/// Whom to trust with what.
#[derive(InputObject)]
pub(crate) struct SetUserRoleInput {
    /// The account; it may be your own. Example: `"usr_01jd3x…"`.
    user_id: ID,
    /// The role that it is to have. Example: `MODERATOR`.
    role: Role,
    /// Why, in 1 to 1,000 characters, for those who ask later. Example: `"joins the team"`.
    reason: String,
    /// Whether to check everything and change nothing; the answer shows what would be. Example: `true`.
    #[graphql(default)]
    dry_run: bool,
}

impl From<SetUserRoleInput> for RoleChange {
    fn from(input: SetUserRoleInput) -> Self {
        let SetUserRoleInput { user_id, role, reason, dry_run } = input;
        Self { user_id: user_id.0, role: role.into(), reason, dry_run }
    }
}

/// What became of the account.
#[derive(SimpleObject)]
pub(crate) struct SetUserRolePayload {
    /// The account with its role, or as it would be. Null if there are errors.
    user: Option<User>,
    /// What is wrong with the input, or with what it asks.
    errors: Vec<UserError>,
}

impl SetUserRolePayload {
    fn new(result: Result<AccountRow, Refusal>) -> Result<Self, Fault> {
        let (account, errors) = answer(result)?;
        Ok(Self { user: account.map(User::new), errors })
    }
}
