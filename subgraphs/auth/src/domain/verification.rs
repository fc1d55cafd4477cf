//! Confirming mail addresses: a new account's, and another one for an old account.

use chatty_access::{Caller, Viewer};
use chatty_events::{auth::UserEmailVerified, email::Template};
use chatty_graphql::{Problem, Refusal};
use secrecy::SecretString;

use super::{
    brake, credentials,
    email::Email,
    mail::{self, Mail},
    mail_link,
};
use crate::{
    app::App,
    store::{
        account::{self, AccountRow, AccountState, EmailStatus},
        mail_link::{MailLinkRow, Purpose, delete_mail_link_for, delete_mail_links_of},
    },
};

/// Confirms the address that the link was sent to. The account's own, or the one that becomes its own by this.
pub(crate) async fn verify(app: &App, caller: &Caller, token: &SecretString) -> Result<AccountRow, Refusal> {
    let found = mail_link::find(app, token, &[Purpose::VerifyEmail, Purpose::ChangeEmail]).await?;
    let mut tx = app.db.begin().await?;
    let account = account::lock_account(&mut tx, found.link.user_id).await?.ok_or_else(mail_link::invalid)?;
    mail_link::take(&mut tx, &found).await?;
    let MailLinkRow { ref address, address_key: ref key, .. } = found.link;
    if account.state == AccountState::Deleted {
        return Err(mail_link::invalid().into());
    }
    // Whoever holds the new address may have taken it for another account since the mail was sent.
    let verified = account::update_email(&mut tx, account.id, (address, key), EmailStatus::Verified).await?;
    let verified = verified.ok_or_else(|| Problem::taken("token"))?;
    if found.link.purpose == Purpose::ChangeEmail {
        // Those that were sent to the former address, a reset among them.
        delete_mail_links_of(&mut tx, verified.id).await?;
    }
    mail::tell(app, caller, &mut tx, &UserEmailVerified { user_id: verified.id }).await?;
    mail::tell_recipient(app, caller, &mut tx, &verified).await?;
    tx.commit().await?;
    tracing::info!(user = %verified.id, "a mail address was confirmed");
    Ok(verified)
}

/// Mails the link to an address again, if it is one that is to be confirmed; the link before is void.
pub(crate) async fn resend(app: &App, caller: &Caller, address: &str) -> Result<(), Refusal> {
    mail_link::wish(app, caller, address, Purpose::VerifyEmail).await
}

/// Asks the new address to confirm that it belongs to the viewer, and tells the present one. Until it has confirmed,
/// nothing changes. Whether somebody else has the address does not show.
pub(crate) async fn request_change(
    app: &App,
    caller: &Caller,
    viewer: &Viewer,
    new_email: &str,
    password: &SecretString,
) -> Result<(), Refusal> {
    let email = Email::parse(new_email).map_err(|problem| problem.at("newEmail"))?;
    let confirmed = credentials::confirm(app, caller, viewer, ("password", password)).await?;
    if Email::of_account(&confirmed.account().email).key() == email.key() {
        return Err(Problem::not_allowed("newEmail", "is your address already").into());
    }
    let rules = [
        brake::MAIL_ADDRESS.on(mail_link::counted(Purpose::ChangeEmail, viewer.user.to_string())),
        brake::MAIL_ADDRESS.on(mail_link::counted(Purpose::ChangeEmail, email.key())),
    ];
    let _counted = brake::attempt(app, rules).await?;
    let mut tx = app.db.begin().await?;
    let account = confirmed.lock(&mut tx).await?;
    if account::find_id_by_email(&mut tx, email.key()).await?.is_none() {
        mail_link::send(app, caller, &mut tx, &account, Purpose::ChangeEmail, &email).await?;
    } else {
        // Void all the same, or it would tell that this address is somebody's.
        delete_mail_link_for(&mut tx, account.id, Purpose::ChangeEmail).await?;
    }
    let notice = Mail::new(Template::EmailChangeRequested, &account).with("newAddress", email.as_written());
    notice.request(app, caller, &mut tx, &account).await?;
    tx.commit().await?;
    tracing::info!(user = %viewer.user, "a change of address was requested");
    Ok(())
}
