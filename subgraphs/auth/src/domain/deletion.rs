//! Erasing accounts: asked for, undone for two weeks, then done by every service.

use chatty_access::{Caller, Scope, Viewer};
use chatty_events::{
    Counts,
    auth::{RevocationReason, UserDeleted, UserDeletionCancelled, UserDeletionRequested},
    email::Template,
};
use chatty_graphql::{Problem, Refusal, Text};
use chatty_store::Tx;
use chatty_types::UserId;
use chrono::{DateTime, TimeDelta, Utc};
use secrecy::SecretString;

use super::{
    credentials, held_username,
    mail::{self, Mail},
    revocation::{Target, revoke},
    role::lock_with_admins,
    state::{self, Change, Why},
};
use crate::{
    app::App,
    store::{
        account::{self, AccountRow, AccountState},
        ending::{self, DeletionRow},
        mail_link::delete_mail_links_of,
        session,
    },
};

/// How long the owner may come back.
const UNDO: TimeDelta = TimeDelta::days(14);
const REASON: Text = Text { field: "reason", length: 1..=1_000, multiline: true };
/// How many accounts are erased at a time.
const AT_A_TIME: i64 = 20;

/// The viewer wants their account erased. All sessions end; signing in again allows to take it back until the time that
/// this gives.
pub(crate) async fn request_own(
    app: &App,
    caller: &Caller,
    viewer: &Viewer,
    password: &SecretString,
) -> Result<DateTime<Utc>, Refusal> {
    let confirmed = credentials::confirm(app, caller, viewer, ("password", password)).await?;
    let mut tx = app.db.begin().await?;
    if lock_with_admins(&mut tx, viewer.user).await?.1 {
        return Err(Problem::last_admin("password").into());
    }
    let account = confirmed.lock(&mut tx).await?;
    let (_, due_at) = request(app, caller, &mut tx, &account, viewer.user).await?;
    tx.commit().await?;
    tracing::info!(user = %viewer.user, %due_at, "an account is going to be erased");
    Ok(due_at)
}

/// An administrator wants an account erased. Its owner may not take that back.
pub(crate) async fn request_as_admin(
    app: &App,
    caller: &Caller,
    user: UserId,
    reason: &str,
    dry_run: bool,
) -> Result<(AccountRow, DateTime<Utc>), Refusal> {
    let admin = caller.require(Scope::AdminWrite)?;
    let reason = REASON.check(reason)?;
    let mut tx = app.db.begin().await?;
    let (account, is_last_admin) = lock_with_admins(&mut tx, user).await?;
    let account = account.filter(|account| account.state != AccountState::Deleted);
    let account = account.ok_or_else(|| Problem::not_found("userId", user))?;
    if is_last_admin {
        return Err(Problem::last_admin("userId").into());
    }
    let requested = request(app, caller, &mut tx, &account, admin.user).await?;
    if !dry_run {
        tx.commit().await?;
        tracing::info!(by = %admin.user, %user, reason, "an administrator asked for an account to be erased");
    }
    Ok(requested)
}

async fn request(
    app: &App,
    caller: &Caller,
    tx: &mut Tx,
    account: &AccountRow,
    requested_by: UserId,
) -> Result<(AccountRow, DateTime<Utc>), Refusal> {
    let now = app.clock.now();
    let due_at = now + UNDO;
    let why = Why { until: Some(due_at), action: None };
    let Some(changed) = state::change(app, caller, tx, account, Change::RequestDeletion, why).await? else {
        // It is asked for already: the first word counts, and its end.
        let known = ending::find_deletion(&mut *tx, account.id).await?;
        let known = known.ok_or_else(|| Problem::state_conflict("userId", "cannot be deleted in its state"))?;
        if requested_by != account.id {
            // It is an administrator's from now on, and not the owner's to take back.
            ending::update_deletion_requested_by(tx, account.id, requested_by).await?;
        }
        return Ok((account.clone(), known.due_at));
    };
    let row = DeletionRow { user_id: account.id, erasure_id: app.clock.uuid(), requested_by, due_at };
    ending::insert_deletion(tx, &row).await?;
    let ended = session::update_all_ended(tx, account.id, None, now).await?;
    revoke(app, caller, tx, Target::Sessions(&ended), RevocationReason::Deleted).await?;
    mail::tell(app, caller, tx, &UserDeletionRequested { user_id: account.id, due_at }).await?;
    let mut mail = Mail::new(Template::DeletionRequested, &changed).with_time("dueAt", due_at);
    if requested_by != account.id {
        mail = mail.with("byAdministrator", "true");
    }
    mail.request(app, caller, tx, &changed).await?;
    Ok((changed, due_at))
}

/// Takes a deletion back: the viewer's own, or as an administrator anybody's.
pub(crate) async fn cancel(
    app: &App,
    caller: &Caller,
    viewer: &Viewer,
    user: Option<UserId>,
) -> Result<AccountRow, Refusal> {
    let user = user.unwrap_or(viewer.user);
    if user != viewer.user {
        caller.require(Scope::AdminWrite)?;
    }
    let nothing = || Problem::state_conflict("userId", "is not about to be deleted");
    let mut tx = app.db.begin().await?;
    let account = account::lock_account(&mut tx, user).await?.ok_or_else(nothing)?;
    let deletion = ending::find_deletion(&mut tx, user).await?.ok_or_else(nothing)?;
    if deletion.requested_by != user && caller.require(Scope::AdminWrite).is_err() {
        return Err(Problem::forbidden("userId").into());
    }
    let suspended = ending::find_suspension(&mut tx, user).await?.is_some();
    let change = Change::CancelDeletion { suspended };
    let changed = state::change(app, caller, &mut tx, &account, change, Why::default()).await?.ok_or_else(nothing)?;
    ending::delete_deletion(&mut tx, user).await?;
    // What signed in to do this may do little; the next token may do everything again.
    let ended = session::update_all_ended(&mut tx, user, None, app.clock.now()).await?;
    revoke(app, caller, &mut tx, Target::Sessions(&ended), RevocationReason::Deleted).await?;
    mail::tell(app, caller, &mut tx, &UserDeletionCancelled { user_id: user }).await?;
    Mail::new(Template::DeletionCancelled, &changed).request(app, caller, &mut tx, &changed).await?;
    tx.commit().await?;
    tracing::info!(%user, by = %viewer.user, "an account is not going to be erased");
    Ok(changed)
}

/// Erases the accounts whose time has come. Every process of the service looks for them: whoever locks an account first
/// erases it, and the others then find nothing to do.
pub(crate) async fn erase_due(app: &App) -> Result<(), chatty_store::Error> {
    for due in ending::list_deletions_due(&app.db, app.clock.now(), AT_A_TIME).await? {
        if let Err(refusal) = erase_one(app, &due).await {
            tracing::error!(user = %due.user_id, ?refusal, "an account cannot be erased");
        }
    }
    Ok(())
}

async fn erase_one(app: &App, due: &DeletionRow) -> Result<(), Refusal> {
    let mut tx = app.db.begin().await?;
    if erase(app, &mut tx, due).await? {
        tx.commit().await?;
        tracing::info!(user = %due.user_id, erasure = %due.erasure_id, "an account was erased");
    }
    Ok(())
}

/// Whether there was anything to erase.
async fn erase(app: &App, tx: &mut Tx, due: &DeletionRow) -> Result<bool, Refusal> {
    let (caller, now) = (Caller::anonymous(), app.clock.now());
    let Some(named) = account::find_account(&mut *tx, due.user_id).await? else { return Ok(false) };
    held_username::withhold(app, tx, named.id, &named.username).await?;
    let Some(account) = account::lock_account(tx, due.user_id).await? else { return Ok(false) };
    // It may have been taken back, or another process was faster.
    let still = ending::find_deletion(&mut *tx, due.user_id).await?;
    if still.is_none_or(|still| still.erasure_id != due.erasure_id) || account.username != named.username {
        return Ok(false);
    }
    if state::change(app, &caller, tx, &account, Change::Erase, Why::default()).await?.is_none() {
        return Ok(false);
    }
    let ended = session::update_all_ended(tx, account.id, None, now).await?;
    revoke(app, &caller, tx, Target::Sessions(&ended), RevocationReason::Deleted).await?;
    let sessions = session::delete_sessions_of(tx, account.id).await?;
    let links = delete_mail_links_of(tx, account.id).await?;
    if let Some(suspension) = ending::find_suspension(&mut *tx, account.id).await? {
        ending::delete_suspension(tx, account.id, suspension.action_id).await?;
    }
    // Longer than any name may be, so nobody can be called so.
    account::update_erased(tx, account.id, &format!("deleted_{}", account.id)).await?;
    ending::update_deletion_erased(tx, account.id, now).await?;
    let counts = Counts::from([("accounts", 1), ("sessions", sessions), ("mailLinks", links)].map(count));
    let counts = serde_json::to_string(&counts).map_err(chatty_kit::Fault::internal)?;
    ending::insert_receipt(tx, due.erasure_id, crate::NAME, &counts, now).await?;
    mail::tell(app, &caller, tx, &UserDeleted { user_id: account.id, erasure_id: due.erasure_id }).await?;
    Ok(true)
}

fn count((what, number): (&str, u64)) -> (String, i64) {
    (what.to_owned(), i64::try_from(number).unwrap_or(i64::MAX))
}
