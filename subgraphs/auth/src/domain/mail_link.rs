//! Links in mails: a token that only its mail holds, good once, for a while, and only the newest of its purpose.

use chatty_access::Caller;
use chatty_events::email::Template;
use chatty_graphql::{Problem, Refusal};
use chatty_store::Tx;
use chatty_types::UserId;
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
        account::{self, AccountRow},
        mail_link::{self, MailLinkRow, Purpose},
    },
};

/// How long a link to a new password is good.
const RESET: TimeDelta = TimeDelta::minutes(30);
/// How long one that confirms an address is good.
const CONFIRMATION: TimeDelta = TimeDelta::hours(1);

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

/// Mails a link to an address, if it is the one of an account that `may` have it. The answer is the same if not, and so
/// are the statements.
pub(crate) async fn send_to_address(
    app: &App,
    caller: &Caller,
    address: &str,
    purpose: Purpose,
    may: impl Fn(&AccountRow) -> bool,
) -> Result<(), Refusal> {
    // What cannot be an address is nobody's, whoever asks: that tells nothing.
    let email = Email::parse(address)?;
    let rules = [brake::MAIL_ADDRESS.on(counted(purpose, email.key())), brake::MAIL_NETWORK.on_network(caller.network)];
    let _counted = brake::attempt(app, rules).await?;
    let known = account::find_id_by_email(&app.db, email.key()).await?;
    let mut tx = app.db.begin().await?;
    let locked = account::lock_account(&mut tx, known.unwrap_or_else(|| UserId::new(&app.clock))).await?;
    match locked.filter(may) {
        Some(account) => {
            // As its owner wrote it, not as whoever asks.
            let address = Email::of_account(&account.email);
            send(app, caller, &mut tx, &account, purpose, &address).await?;
        }
        None => send_nothing(app, &mut tx).await?,
    }
    Ok(tx.commit().await?)
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

/// The statements of [`send`] without their effect, for whoever gets no mail, so that an answer takes about as long.
async fn send_nothing(app: &App, tx: &mut Tx) -> Result<(), Refusal> {
    let token = RefreshToken::generate()?;
    for _ in 0..2 {
        mail_link::delete_mail_link(tx, token.hash()).await?;
    }
    mail_link::delete_mail_links_of(tx, UserId::new(&app.clock)).await?;
    Ok(())
}
