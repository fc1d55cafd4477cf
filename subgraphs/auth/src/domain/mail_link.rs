//! Links in mails: a token that only its mail holds, good once, for a while, and only the newest of its purpose.

use chatty_access::Caller;
use chatty_events::email::Template;
use chatty_graphql::{Problem, Refusal};
use chatty_store::Tx;
use chrono::TimeDelta;
use secrecy::SecretString;

use super::{
    brake,
    email::Email,
    mail::Mail,
    refresh_token::{RefreshToken, TokenHash},
};
use crate::{
    app::App,
    store::{
        account::{self, AccountRow, AccountState, EmailStatus},
        mail_link::{self, MailLinkRow, MailWishRow, Purpose},
    },
};

/// How long a link to a new password is good.
const RESET: TimeDelta = TimeDelta::minutes(30);
/// How long one that confirms an address is good.
const CONFIRMATION: TimeDelta = TimeDelta::hours(1);

/// How many wishes are read at a time.
const AT_A_TIME: i64 = 100;

/// A link that was found by its token and is still good.
pub(crate) struct Found {
    pub(crate) hash: TokenHash,
    pub(crate) link: MailLinkRow,
}

/// Makes a link for the account, whose row the transaction has locked, and asks for the mail with it. Earlier links of
/// the purpose are void.
pub(crate) async fn send(
    app: &App,
    caller: &Caller,
    tx: &mut Tx,
    account: &AccountRow,
    purpose: Purpose,
    address: &Email,
) -> Result<(), Refusal> {
    let (token, now) = (RefreshToken::generate()?, app.clock.now());
    let (template, lifetime) = match purpose {
        Purpose::VerifyEmail => (Template::VerifyEmail, CONFIRMATION),
        Purpose::ChangeEmail => (Template::ConfirmNewEmail, CONFIRMATION),
        Purpose::ResetPassword => (Template::ResetPassword, RESET),
    };
    let expires_at = now + lifetime;
    mail_link::upsert_mail_link(tx, token.hash(), (account.id, purpose), address, (now, expires_at)).await?;
    let mail = Mail::new(template, account).with_time("expiresAt", expires_at).to(address.as_written());
    mail.with_link(token.into_secret()).request(app, caller, tx, account).await?;
    Ok(())
}

/// Notes that somebody wants a link mailed to an address. Whether it is anybody's is looked up later, by [`grant`], so the
/// answer and its time are the same for all.
pub(crate) async fn wish(app: &App, caller: &Caller, address: &str, purpose: Purpose) -> Result<(), Refusal> {
    // What cannot be an address is nobody's, whoever asks: that tells nothing.
    let email = Email::parse(address)?;
    let rules = [brake::MAIL_ADDRESS.on(counted(purpose, email.key())), brake::MAIL_NETWORK.on_network(caller.network)];
    let _counted = brake::attempt(app, rules).await?;
    let wish = MailWishRow {
        id: app.clock.uuid(),
        purpose,
        address_key: email.key().to_owned(),
        trace_id: caller.trace_id.clone(),
    };
    let mut tx = app.db.begin().await?;
    mail_link::insert_mail_wish(&mut tx, &wish).await?;
    tx.commit().await?;
    app.wishes.notify_one();
    Ok(())
}

/// Sends the links that were wished for, where there is somebody to send them to. Every process of the service does so; who
/// deletes a wish grants it.
pub(crate) async fn grant(app: &App) -> Result<(), chatty_store::Error> {
    loop {
        let wishes = mail_link::list_mail_wishes(&app.db, AT_A_TIME).await?;
        if wishes.is_empty() {
            return Ok(());
        }
        for wish in wishes {
            grant_one(app, &wish).await?;
        }
    }
}

async fn grant_one(app: &App, wish: &MailWishRow) -> Result<(), chatty_store::Error> {
    let caller = Caller { trace_id: wish.trace_id.clone(), ..Caller::anonymous() };
    let known = account::find_id_by_email(&app.db, &wish.address_key).await?;
    let mut tx = app.db.begin().await?;
    let account = match known {
        Some(id) => account::lock_account(&mut tx, id).await?,
        None => None,
    };
    if !mail_link::delete_mail_wish(&mut tx, wish.id).await? {
        return Ok(());
    }
    if let Some(account) = account.filter(|account| may_have(account, wish.purpose)) {
        let email = Email::of_account(&account.email);
        if let Err(refusal) = send(app, &caller, &mut tx, &account, wish.purpose, &email).await {
            tracing::error!(user = %account.id, ?refusal, "a link cannot be mailed");
            return Ok(());
        }
    }
    tx.commit().await
}

/// Whether a link of the purpose is of any use to the account.
fn may_have(account: &AccountRow, purpose: Purpose) -> bool {
    let is_open = !matches!(account.state, AccountState::Deleted | AccountState::Deactivated);
    is_open && (purpose != Purpose::VerifyEmail || account.email_status != EmailStatus::Verified)
}

/// What the brake counts mails of a purpose by.
pub(crate) fn counted(purpose: Purpose, whom: impl std::fmt::Display) -> String {
    format!("{} {whom}", purpose.as_str())
}

/// The link of a token, if it is good and for one of these purposes. It is not used by this: see [`take`].
pub(crate) async fn find(app: &App, token: &SecretString, purposes: &[Purpose]) -> Result<Found, Refusal> {
    let hash = TokenHash::of_presented(token).ok_or_else(invalid)?;
    let link = mail_link::find_mail_link(&app.db, &hash).await?;
    let link = link.filter(|link| purposes.contains(&link.purpose)).ok_or_else(invalid)?;
    if link.expires_at <= app.clock.now() {
        return Err(Problem::token_expired("token").into());
    }
    Ok(Found { hash, link })
}

/// Uses the link up, unless somebody has done so meanwhile. If the transaction does not commit, it stays good.
pub(crate) async fn take(tx: &mut Tx, found: &Found) -> Result<(), Refusal> {
    if mail_link::delete_mail_link(tx, &found.hash).await? { Ok(()) } else { Err(invalid().into()) }
}

/// The answer to a token that was used, replaced, or never was.
pub(crate) fn invalid() -> Problem {
    Problem::token_invalid("token")
}
