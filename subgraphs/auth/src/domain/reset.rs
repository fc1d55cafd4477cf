//! A new password: by a link in a mail for whoever forgot the old one, and by the old one.

use chatty_access::{Caller, Viewer};
use chatty_graphql::Refusal;
use secrecy::SecretString;

use super::{
    brake,
    credentials::{confirm, replace_password},
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
    mail_link::send_to_address(app, caller, address, Purpose::ResetPassword, may_reset).await
}

/// Replaces the password by the link's right, ends all sessions and lets whoever was braked try again.
pub(crate) async fn reset(
    app: &App,
    caller: &Caller,
    token: &SecretString,
    new_password: &SecretString,
) -> Result<(), Refusal> {
    let found = mail_link::find(app, token, &[Purpose::ResetPassword]).await?;
    // A password that is refused does not use the link up.
    let password = Password::choose(new_password).map_err(|problem| problem.at("newPassword"))?;
    let hash = app.hashing.hash(password).await?;
    let mut tx = app.db.begin().await?;
    let account = account::lock_account(&mut tx, found.link.user_id).await?;
    let account = account.filter(may_reset).ok_or_else(mail_link::invalid)?;
    mail_link::take(&mut tx, &found).await?;
    // Also a change of address that somebody else may have asked for in the owner's session.
    delete_mail_links_but(&mut tx, account.id, Purpose::VerifyEmail).await?;
    replace_password(app, caller, &mut tx, &account, &hash, None).await?;
    brake::release(&mut tx, brake::LOGIN_ACCOUNT.on(account.id.to_string())).await?;
    Ok(tx.commit().await?)
}

/// Replaces the viewer's password and ends all other sessions.
pub(crate) async fn change(
    app: &App,
    caller: &Caller,
    viewer: &Viewer,
    current: &SecretString,
    new_password: &SecretString,
) -> Result<(), Refusal> {
    let password = Password::choose(new_password).map_err(|problem| problem.at("newPassword"))?;
    let confirmed = confirm(app, caller, viewer, ("currentPassword", current)).await?;
    let hash = app.hashing.hash(password).await?;
    let mut tx = app.db.begin().await?;
    let account = confirmed.lock(&mut tx).await?;
    delete_mail_links_but(&mut tx, account.id, Purpose::VerifyEmail).await?;
    replace_password(app, caller, &mut tx, &account, &hash, Some(viewer.session)).await?;
    Ok(tx.commit().await?)
}

fn may_reset(account: &AccountRow) -> bool {
    account.state != AccountState::Deleted && account.state != AccountState::Deactivated
}
