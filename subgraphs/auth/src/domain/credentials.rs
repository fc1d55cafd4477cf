//! Proving again, inside a session, that one knows the password; and replacing it.

use chatty_access::{Caller, Viewer};
use chatty_events::{auth::RevocationReason, email::Template};
use chatty_graphql::{Problem, Refusal};
use chatty_kit::Fault;
use chatty_store::Tx;
use chatty_types::SessionId;
use secrecy::SecretString;

use super::{
    brake,
    mail::Mail,
    password::Password,
    revocation::{Target, revoke},
};
use crate::{
    app::App,
    store::{
        account::{self, AccountRow, AccountState, CredentialsRow},
        session,
    },
};

/// The owner of an account has just given its password.
pub(crate) struct Confirmed(CredentialsRow);

/// Checks the viewer's present password, which `input.<field>` holds.
pub(crate) async fn confirm(
    app: &App,
    caller: &Caller,
    viewer: &Viewer,
    (field, password): (&'static str, &SecretString),
) -> Result<Confirmed, Refusal> {
    let wrong = || Problem::bad_password(field);
    let password = Password::typed(password).ok_or_else(wrong)?;
    let rules = [
        brake::CONFIRMATION.on(viewer.user.to_string()),
        // Apart from sign-ins, too: whoever shares a network with guessers may go on.
        brake::CONFIRMATION_NETWORK.on_network(caller.network),
    ];
    let attempt = brake::attempt(app, rules).await?;
    let stored = account::find_credentials_by_id(&app.db, viewer.user).await?;
    let stored = stored.filter(|stored| stored.account.state != AccountState::Deleted).ok_or(Fault::Unauthenticated)?;
    let checked = app.hashing.verify(password, Some(stored.password_hash.clone())).await;
    let (attempt, verified) = attempt.unless_served(app, checked).await?;
    if !verified.holds() {
        tracing::warn!(user = %viewer.user, network = %caller.network, "a wrong password inside a session");
        return Err(wrong().into());
    }
    let mut tx = app.db.begin().await?;
    attempt.succeed(&mut tx).await?;
    tx.commit().await?;
    Ok(Confirmed(stored))
}

impl Confirmed {
    /// The account as it was when the password was checked.
    pub(crate) fn account(&self) -> &AccountRow {
        &self.0.account
    }

    /// The account, locked against every other change; not if its password was replaced since it was confirmed.
    pub(crate) async fn lock(self, tx: &mut Tx) -> Result<AccountRow, Refusal> {
        lock_unchanged(tx, &self.0).await?.ok_or_else(|| Fault::Unauthenticated.into())
    }
}

/// The account, locked, if its password is still the one of `known`.
pub(crate) async fn lock_unchanged(tx: &mut Tx, known: &CredentialsRow) -> Result<Option<AccountRow>, Refusal> {
    let now = account::lock_credentials(tx, known.account.id).await?;
    let same = now.filter(|now| now.password_number == known.password_number);
    Ok(same.map(|now| now.account).filter(|account| account.state != AccountState::Deleted))
}

/// Replaces the password of a locked account, ends its sessions but `kept`, and tells its owner by mail.
pub(crate) async fn replace_password(
    app: &App,
    caller: &Caller,
    tx: &mut Tx,
    account: &AccountRow,
    hash: &str,
    kept: Option<SessionId>,
) -> Result<(), Refusal> {
    let now = app.clock.now();
    account::update_password(tx, account.id, hash).await?;
    let ended = session::update_all_ended(tx, account.id, kept, now).await?;
    revoke(app, caller, tx, Target::Sessions(&ended), RevocationReason::PasswordChanged).await?;
    Mail::new(Template::PasswordChanged, account).with_time("at", now).request(app, caller, tx, account).await?;
    tracing::info!(user = %account.id, sessions_ended = ended.len(), "a password was replaced");
    Ok(())
}
