//! A new password: by a link in a mail for whoever forgot the old one, and by the old one.

use chatty_access::{Caller, Viewer};
use chatty_graphql::{Problem, Refusal};
use chatty_kit::Fault;
use secrecy::SecretString;

use super::{
    brake,
    credentials::{confirm, replace_password},
    guessable::Context,
    mail_link,
    password::Password,
};
use crate::{
    app::App,
    store::{
        account::{self, AccountRow, AccountState},
        mail_link::{Purpose, delete_mail_links_but},
    },
};

/// Mails a link to a new password, if the address is somebody's.
pub(crate) async fn request(app: &App, caller: &Caller, address: &str) -> Result<(), Refusal> {
    mail_link::wish(app, caller, address, Purpose::ResetPassword).await
}

/// Replaces the password by the link's right, ends all sessions and lets whoever was braked try again. Says how hard the
/// new one is to guess, 0 to 4.
pub(crate) async fn reset(
    app: &App,
    caller: &Caller,
    token: &SecretString,
    new_password: &SecretString,
) -> Result<Option<u8>, Refusal> {
    let found = mail_link::find(app, token, &[Purpose::ResetPassword]).await?;
    let account = account::find_account(&app.db, found.link.user_id).await?.ok_or_else(mail_link::invalid)?;
    // A password that is refused does not use the link up.
    let password = choose(new_password, &account)?;
    let (score, hash) = (password.score(), app.hashing.hash(password).await?);
    let mut tx = app.db.begin().await?;
    let account = account::lock_account(&mut tx, found.link.user_id).await?;
    let account = account.filter(may_reset).ok_or_else(mail_link::invalid)?;
    mail_link::take(&mut tx, &found).await?;
    // Also a change of address that somebody else may have asked for in the owner's session.
    delete_mail_links_but(&mut tx, account.id, Purpose::VerifyEmail).await?;
    replace_password(app, caller, &mut tx, &account, &hash, None).await?;
    brake::release(&mut tx, brake::LOGIN_ACCOUNT.on(account.id.to_string())).await?;
    tx.commit().await?;
    Ok(score)
}

/// Replaces the viewer's password and ends all other sessions. Says how hard the new one is to guess, 0 to 4.
pub(crate) async fn change(
    app: &App,
    caller: &Caller,
    viewer: &Viewer,
    current: &SecretString,
    new_password: &SecretString,
) -> Result<Option<u8>, Refusal> {
    let account = account::find_account(&app.db, viewer.user).await?.ok_or(Fault::Unauthenticated)?;
    let password = choose(new_password, &account)?;
    let confirmed = confirm(app, caller, viewer, ("currentPassword", current)).await?;
    let (score, hash) = (password.score(), app.hashing.hash(password).await?);
    let mut tx = app.db.begin().await?;
    let account = confirmed.lock(&mut tx).await?;
    delete_mail_links_but(&mut tx, account.id, Purpose::VerifyEmail).await?;
    replace_password(app, caller, &mut tx, &account, &hash, Some(viewer.session)).await?;
    tx.commit().await?;
    Ok(score)
}

fn choose(password: &SecretString, account: &AccountRow) -> Result<Password, Problem> {
    let context = Context::new(&account.username, &account.email, account.display_name.as_deref());
    Password::choose(password, &context.in_field("newPassword"))
}

fn may_reset(account: &AccountRow) -> bool {
    account.state != AccountState::Deleted && account.state != AccountState::Deactivated
}
