//! Changing what an account is trusted with.

use chatty_access::{Caller, Role, Scope};
use chatty_events::auth::{RevocationReason, UserRoleChanged};
use chatty_graphql::{Problem, Problems, Refusal, Text};
use chatty_store::Tx;
use chatty_types::UserId;

use super::{
    mail,
    revocation::{Target, revoke},
};
use crate::{
    app::App,
    store::{
        account::{self, AccountRow, AccountState, RoleText},
        role,
    },
};

const REASON: Text = Text { field: "reason", length: 1..=1_000, multiline: true };

/// What an administrator wants, not checked yet.
pub(crate) struct RoleChange {
    pub(crate) user_id: String,
    pub(crate) role: Role,
    /// Why, for those who ask later.
    pub(crate) reason: String,
    /// Only to see what it would do.
    pub(crate) dry_run: bool,
}

/// Gives an account another role, and ends the tokens that carry the old one. The account then; the same if it has the
/// role already.
pub(crate) async fn change(app: &App, caller: &Caller, wanted: RoleChange) -> Result<AccountRow, Refusal> {
    caller.require(Scope::AdminWrite)?;
    let RoleChange { role, dry_run, .. } = wanted;
    let (user, reason) = wanted.check()?;
    let mut tx = app.db.begin().await?;
    let (before, is_last_admin) = lock_with_admins(&mut tx, user).await?;
    let before = before.filter(|account| account.state != AccountState::Deleted);
    let before = before.ok_or_else(|| Problem::not_found("userId", user))?;
    if before.role.0 == role {
        return Ok(before);
    }
    if is_last_admin {
        return Err(Problem::last_admin("userId").into());
    }
    let after = AccountRow { role: RoleText(role), version: before.version + 1, ..before.clone() };
    if dry_run {
        return Ok(after);
    }
    role::update_role(&mut tx, &after).await?;
    role::lock_sessions(&mut tx, user).await?;
    revoke(app, caller, &mut tx, Target::User(user, app.clock.now()), RevocationReason::RoleChanged).await?;
    let event = UserRoleChanged {
        user_id: user,
        before: before.role.0.as_str().to_owned(),
        after: role.as_str().to_owned(),
        scopes: role.scopes().words(),
        reason,
        version: after.version,
    };
    mail::tell(app, caller, &mut tx, &event).await?;
    tx.commit().await?;
    Ok(after)
}

impl RoleChange {
    fn check(self) -> Result<(UserId, String), Refusal> {
        let mut problems = Problems::default();
        let user = problems.check(self.user_id.parse().map_err(|error| Problem::bad_id("userId", &error)));
        let reason = problems.check(REASON.check(&self.reason));
        problems.refuse_any()?;
        Ok(user.zip(reason).expect("what failed its check is a problem"))
    }
}

/// The account, and whether it is the only administrator in use. Until the transaction ends neither it nor any
/// administrator changes: of two who remove each other, the second sees what the first did.
pub(super) async fn lock_with_admins(tx: &mut Tx, user: UserId) -> Result<(Option<AccountRow>, bool), Refusal> {
    let mut ids = role::list_admins(tx).await?;
    ids.push(user);
    // In one order for everybody, so that nobody waits for somebody who waits for them.
    ids.sort_unstable();
    ids.dedup();
    let (mut found, mut admins) = (None, Vec::new());
    for id in ids {
        let Some(account) = account::lock_account(tx, id).await? else { continue };
        if account.role.0 == Role::Admin && account.state == AccountState::Active {
            admins.push(id);
        }
        if id == user {
            found = Some(account);
        }
    }
    Ok((found, admins == [user]))
}
