//! Administrators that no other administrator made: the first of an installation, and those of the command line.

use chatty_access::{Caller, Role};
use chatty_graphql::{Problem, Refusal};
use chatty_kit::Fault;
use chatty_types::UserId;
use secrecy::SecretString;

use super::{
    account::{self, Registration},
    email::Email,
    password::Password,
    username::Username,
};
use crate::{app::App, store};

/// An administrator to be.
#[derive(Debug)]
pub struct NewAdmin {
    /// 3 to 30 of `[a-z0-9_]`.
    pub username: String,
    /// A mail address.
    pub email: String,
    /// At least 8 characters; a random one if `None`.
    pub password: Option<SecretString>,
}

/// An administrator that was created.
#[derive(Debug)]
pub struct Admin {
    /// The account.
    pub id: UserId,
    /// In lower case.
    pub username: String,
    /// The password, if it was made here. Show it once.
    pub generated_password: Option<SecretString>,
}

/// The administrator that a new installation starts with.
#[derive(Debug)]
pub struct FirstAdmin {
    /// Always `admin`.
    pub username: String,
    /// 26 random letters and digits. Show it once.
    pub password: SecretString,
}

/// Why there is no new administrator.
#[derive(Debug, thiserror::Error)]
pub enum AdminError {
    /// What is wrong with what was asked for.
    #[error("the administrator cannot be created: {}", Listed(.0))]
    Refused(Vec<Problem>),
    /// It was not tried, or failed.
    #[error("the administrator could not be created")]
    Fault(#[source] Fault),
}

impl From<Refusal> for AdminError {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Problems(problems) => Self::Refused(problems),
            Refusal::Fault(fault) => Self::Fault(fault),
        }
    }
}

impl From<Fault> for AdminError {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

impl From<chatty_store::Error> for AdminError {
    fn from(error: chatty_store::Error) -> Self {
        Self::Fault(error.into())
    }
}

struct Listed<'a>(&'a [Problem]);

impl std::fmt::Display for Listed<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (at, Problem { path, message, .. }) in self.0.iter().enumerate() {
            let (comma, field) = (if at == 0 { "" } else { ", " }, path.last().map_or("", String::as_str));
            write!(f, "{comma}{field} {message}")?;
        }
        Ok(())
    }
}

/// Creates an administrator under the rules of every account, but that reserved names are for administrators.
pub(crate) async fn create(app: &App, new: NewAdmin) -> Result<Admin, AdminError> {
    let NewAdmin { username, email, password } = new;
    let generated = if password.is_none() { Some(Password::generate()?.into_secret()) } else { None };
    let password = password.or_else(|| generated.clone()).expect("given or generated");
    let registration = Registration { username, email, password, locale: None, time_zone: None, idempotency_key: None };
    let password = registration.choose_password();
    let checked = registration.check(Username::parse, password)?;
    let hash = app.hashing.hash(checked.password).await?;
    let account = account::new_account(app, &checked.username, &checked.email, Role::Admin);
    let mut tx = app.db.begin().await?;
    account::create(app, &Caller::anonymous(), &mut tx, &account, &checked.email, &hash).await?;
    tx.commit().await?;
    Ok(Admin { id: account.id, username: account.username, generated_password: generated })
}

/// Creates the administrator `admin`, unless there is any administrator.
pub(crate) async fn create_first(app: &App) -> Result<Option<FirstAdmin>, AdminError> {
    if store::account::has_admin(&app.db).await? {
        return Ok(None);
    }
    let password = Password::generate()?;
    let hash = app.hashing.hash(password.clone()).await?;
    let (username, email) = (Username::of_first_admin(), Email::of_first_admin());
    let account = account::new_account(app, &username, &email, Role::Admin);
    let mut tx = app.db.begin().await?;
    if store::account::has_admin(&mut tx).await? {
        return Ok(None);
    }
    match account::create(app, &Caller::anonymous(), &mut tx, &account, &email, &hash).await {
        Ok(()) => {
            tx.commit().await?;
            Ok(Some(FirstAdmin { username: account.username, password: password.into_secret() }))
        }
        // Where transactions run side by side, another process may have made it in between.
        Err(Refusal::Problems(_)) if store::account::has_admin(&mut tx).await? => Ok(None),
        Err(Refusal::Problems(_)) => {
            tracing::warn!(
                "there is no administrator, and somebody else is called `admin`, or nearly so: create one by command"
            );
            Ok(None)
        }
        Err(Refusal::Fault(fault)) => Err(fault.into()),
    }
}
