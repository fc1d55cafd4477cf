//! Closing accounts for a time or for good, as moderators decide elsewhere.

use chatty_access::Caller;
use chatty_events::{
    admin::{ModerationApplied, ModerationKind, ModerationRevoked},
    auth::RevocationReason,
    email::Template,
};
use chatty_store::{Result, Tx};
use chatty_types::UserId;

use super::{
    mail::Mail,
    revocation::{Target, revoke},
    state::{self, Change, Why},
};
use crate::{
    app::App,
    store::{
        account,
        ending::{self, SuspensionRow},
        session,
    },
};

/// How many suspensions are ended at a time.
const AT_A_TIME: i64 = 100;

/// A moderator has decided. Sessions end; whoever signs in again may only read why. Of several decisions the latest counts.
pub(crate) async fn apply(app: &App, caller: &Caller, tx: &mut Tx, decision: &ModerationApplied) -> Result<()> {
    let ModerationApplied { action_id, target, ref reason, expires_at, at, .. } = *decision;
    let now = app.clock.now();
    if decision.kind != ModerationKind::Suspend || expires_at.is_some_and(|end| end <= now) {
        return Ok(());
    }
    let Some(account) = account::lock_account(tx, target).await? else { return Ok(()) };
    // Behind the lock: whoever takes the decision back at the same time is either seen here or finds what is stored.
    if account.state == account::AccountState::Deleted || ending::is_moderation_revoked(tx, action_id).await? {
        return Ok(());
    }
    let row = SuspensionRow { user_id: target, action_id, reason: reason.clone(), ends_at: expires_at, decided_at: at };
    if !ending::upsert_suspension(tx, &row).await? {
        return Ok(());
    }
    let why = Why { until: expires_at, action: Some(action_id) };
    state::change(app, caller, tx, &account, Change::Suspend, why).await?;
    tracing::info!(user = %target, action = %action_id, "an account is being suspended");
    let ended = session::update_all_ended(tx, target, None, now).await?;
    revoke(app, caller, tx, Target::Sessions(&ended), RevocationReason::Suspended).await?;
    let mut mail = Mail::new(Template::AccountSuspended, &account).with("reason", reason);
    if let Some(until) = expires_at {
        mail = mail.with_time("until", until);
    }
    mail.request(app, caller, tx, &account).await
}

/// A decision was taken back, perhaps before it arrived here.
pub(crate) async fn take_back(app: &App, caller: &Caller, tx: &mut Tx, decision: &ModerationRevoked) -> Result<()> {
    ending::insert_revoked_moderation(tx, decision.action_id, decision.at).await?;
    let why = Why { until: None, action: Some(decision.action_id) };
    restore(app, caller, tx, decision.target, why).await
}

/// Opens the account again if this decision closed it.
async fn restore(app: &App, caller: &Caller, tx: &mut Tx, user: UserId, why: Why) -> Result<()> {
    let (Some(account), Some(action)) = (account::lock_account(tx, user).await?, why.action) else { return Ok(()) };
    if ending::delete_suspension(tx, user, action).await? {
        state::change(app, caller, tx, &account, Change::Restore, why).await?;
        tracing::info!(%user, %action, "a suspension is being ended");
    }
    Ok(())
}

/// Opens accounts whose suspension is over. Every process of the service looks for them: whoever locks an account first
/// opens it, and the others then find nothing to do.
pub(crate) async fn end_due(app: &App) -> Result<()> {
    for row in ending::list_suspensions_over(&app.db, app.clock.now(), AT_A_TIME).await? {
        let why = Why { until: None, action: Some(row.action_id) };
        if let Err(error) = end(app, row.user_id, why).await {
            tracing::error!(user = %row.user_id, error = &error as &dyn std::error::Error, "a suspension cannot be ended");
        }
    }
    Ok(())
}

async fn end(app: &App, user: UserId, why: Why) -> Result<()> {
    let mut tx = app.db.begin().await?;
    restore(app, &Caller::anonymous(), &mut tx, user, why).await?;
    tx.commit().await
}
