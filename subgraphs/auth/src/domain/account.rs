//! Registering accounts.

use chatty_access::{Caller, Role};
use chatty_events::auth::UserRegistered;
use chatty_graphql::{
    Problem, Problems, Refusal,
    idempotency::{self, Call, Claim},
    language_tag,
};
use chatty_store::Tx;
use chatty_types::UserId;
use secrecy::SecretString;
use uuid::Uuid;

use super::{
    email::Email, guessable::Context, held_username, mail, mail_link, password::Password, profile::time_zone,
    username::Username,
};
use crate::{
    app::App,
    store::{
        account::{self, AccountRow, AccountState, EmailStatus, RoleText},
        mail_link::Purpose,
    },
};

/// What somebody who registers says, not checked yet.
pub(crate) struct Registration {
    pub(crate) username: String,
    pub(crate) email: String,
    pub(crate) password: SecretString,
    /// English, if not told.
    pub(crate) locale: Option<String>,
    /// UTC, if not told.
    pub(crate) time_zone: Option<String>,
    pub(crate) idempotency_key: Option<Uuid>,
}

/// The same, checked.
pub(super) struct Checked {
    pub(super) username: Username,
    pub(super) email: Email,
    pub(super) password: Password,
    locale: Option<String>,
    time_zone: Option<String>,
    key: Option<Uuid>,
}

/// What came of a registration.
pub(crate) struct Registered {
    pub(crate) account: Result<AccountRow, Refusal>,
    /// How hard the password is to guess, 0 to 4; also where something else was refused.
    pub(crate) password_score: Option<u8>,
}

/// Creates an account with the role `USER`, which may sign in at once.
pub(crate) async fn register(app: &App, caller: &Caller, registration: Registration) -> Registered {
    let password = registration.choose_password();
    let password_score = password.as_ref().ok().and_then(Password::score);
    let account = match registration.check(Username::choose, password) {
        Ok(checked) => store(app, caller, checked).await,
        Err(refusal) => Err(refusal),
    };
    Registered { account, password_score }
}

async fn store(app: &App, caller: &Caller, checked: Checked) -> Result<AccountRow, Refusal> {
    let Checked { username, email, password, locale, time_zone, key } = checked;
    // Before the transaction, which nobody may hold for as long as a hash takes.
    let hash = app.hashing.hash(password.clone()).await?;
    let mut account = new_account(app, &username, &email, Role::User);
    account.locale = locale.unwrap_or(account.locale);
    account.time_zone = time_zone.unwrap_or(account.time_zone);
    let mut tx = app.db.begin().await?;
    if let Some(key) = key
        && let Claim::Replay(earlier) = claim(app, &mut tx, key, &account, &email).await?
    {
        drop(tx);
        return replay(app, UserId::from_uuid(earlier), password).await;
    }
    create(app, caller, &mut tx, &account, &email, &hash).await?;
    mail_link::send(app, caller, &mut tx, &account, Purpose::VerifyEmail, &email).await?;
    tx.commit().await?;
    Ok(account)
}

impl Registration {
    pub(super) fn choose_password(&self) -> Result<Password, Problem> {
        Password::choose(&self.password, &Context::new(&self.username, &self.email, None))
    }

    /// `name` says which names are good.
    pub(super) fn check(
        self,
        name: impl Fn(&str) -> Result<Username, Problem>,
        password: Result<Password, Problem>,
    ) -> Result<Checked, Refusal> {
        let mut problems = Problems::default();
        let username = problems.check(name(&self.username));
        let email = problems.check(Email::parse(&self.email));
        let password = problems.check(password);
        let locale = problems.check(self.locale.map(|text| language_tag("locale", &text)).transpose());
        let time_zone = problems.check(self.time_zone.map(time_zone).transpose());
        problems.refuse_any()?;
        let checked = username.zip(email).zip(password);
        let ((username, email), password) = checked.expect("what failed its check is a problem");
        let (locale, time_zone) = (locale.flatten(), time_zone.flatten());
        Ok(Checked { username, email, password, locale, time_zone, key: self.idempotency_key })
    }
}

/// An account that exists once [`create`] has stored it.
pub(super) fn new_account(app: &App, username: &Username, email: &Email, role: Role) -> AccountRow {
    AccountRow {
        id: UserId::new(&app.clock),
        username: username.as_str().to_owned(),
        email: email.as_written().to_owned(),
        email_status: EmailStatus::Pending,
        role: RoleText(role),
        state: AccountState::Active,
        display_name: None,
        bio: None,
        locale: "en".to_owned(),
        time_zone: "UTC".to_owned(),
        version: 1,
        created_at: app.clock.now(),
    }
}

/// Stores the account and tells the other services, or says which of its names are in use.
pub(super) async fn create(
    app: &App,
    caller: &Caller,
    tx: &mut Tx,
    account: &AccountRow,
    email: &Email,
    password_hash: &str,
) -> Result<(), Refusal> {
    let free = held_username::reserve(app, tx, account.id, &account.username).await?;
    if !free || !account::insert_account(tx, account, email.key(), password_hash).await? {
        return Err(taken(tx, email, free).await?);
    }
    let AccountRow { id: user_id, ref username, ref locale, created_at, .. } = *account;
    let event = UserRegistered { user_id, username: username.clone(), locale: locale.clone(), created_at };
    Ok(mail::tell(app, caller, tx, &event).await?)
}

async fn taken(tx: &mut Tx, email: &Email, is_name_free: bool) -> Result<Refusal, Refusal> {
    let mut problems = Vec::new();
    if !is_name_free {
        problems.push(Problem::taken("username"));
    }
    // With a free name it was the address; whoever was in the way may have gone since.
    if is_name_free || account::find_id_by_email(&mut *tx, email.key()).await?.is_some() {
        problems.push(Problem::taken("email"));
    }
    Ok(Refusal::Problems(problems))
}

/// The password is no part of the stored hash, which is quick to compute and so quick to guess from.
async fn claim(app: &App, tx: &mut Tx, key: Uuid, account: &AccountRow, email: &Email) -> Result<Claim, Refusal> {
    let scope = idempotency::anonymous_scope(email.key());
    let input_hash = idempotency::input_hash([Some(account.username.as_str()), Some(email.as_written())]);
    let call = Call { scope: &scope, mutation: "register", key, input_hash };
    idempotency::claim(tx, &call, account.id.uuid(), app.clock.now()).await
}

/// Answers with the account of the first call, if this one gave the same password.
async fn replay(app: &App, id: UserId, password: Password) -> Result<AccountRow, Refusal> {
    let earlier = account::find_credentials_by_id(&app.db, id).await?;
    let earlier = earlier.ok_or_else(|| chatty_kit::Fault::internal("a registered account is gone"))?;
    if app.hashing.verify(password, Some(earlier.password_hash)).await?.holds() {
        Ok(earlier.account)
    } else {
        Err(Problem::idempotency_key_reused(earlier.account.created_at).into())
    }
}
