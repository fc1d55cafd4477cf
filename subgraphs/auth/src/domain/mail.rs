//! What auth asks the email consumer for, by events in the transaction of the change itself.

use std::collections::BTreeMap;

use chatty_access::Caller;
use chatty_bus::outbox;
use chatty_events::{
    Envelope, Event,
    email::{MessageRequested, RecipientChanged, Template},
};
use chatty_store::{Result, Tx};
use chrono::{DateTime, SecondsFormat, Utc};
use secrecy::{ExposeSecret, SecretString};

use crate::{
    app::App,
    store::account::{AccountRow, EmailStatus},
};

/// A mail to be written to the owner of an account.
pub(crate) struct Mail {
    template: Template,
    params: BTreeMap<String, String>,
    to_address: Option<String>,
    secret: Option<SecretString>,
}

impl Mail {
    /// To the account's address.
    pub(crate) fn new(template: Template, account: &AccountRow) -> Self {
        let params = BTreeMap::from([("username".to_owned(), account.username.clone())]);
        Self { template, params, to_address: None, secret: None }
    }

    /// Tells something.
    pub(crate) fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        self.params.insert(name.to_owned(), value.into());
        self
    }

    /// Tells a time.
    pub(crate) fn with_time(self, name: &str, time: DateTime<Utc>) -> Self {
        self.with(name, time.to_rfc3339_opts(SecondsFormat::Millis, true))
    }

    /// Sends it to an address that is not the account's.
    pub(crate) fn to(self, address: &str) -> Self {
        Self { to_address: Some(address.to_owned()), ..self }
    }

    /// Has a link with this token.
    pub(crate) fn with_link(self, token: SecretString) -> Self {
        Self { secret: Some(token), ..self }
    }

    /// Asks for it, if the transaction commits.
    pub(crate) async fn request(self, app: &App, caller: &Caller, tx: &mut Tx, to: &AccountRow) -> Result<()> {
        let Self { template, params, to_address, secret } = self;
        // With each mail, so that none waits for what was told before there was an email consumer.
        tell_recipient(app, caller, tx, to).await?;
        let event = MessageRequested {
            message_id: app.clock.uuid(),
            template,
            to_user_id: to.id,
            // Where it is now, whenever it is written: a mail must not follow an account to another address.
            to_address: to_address.or_else(|| Some(to.email.clone())),
            params,
            secret: secret.map(|token| token.expose_secret().to_owned()),
            dedupe_key: None,
        };
        tell(app, caller, tx, &event).await
    }
}

/// Tells where mail reaches the owner of the account now. Call it when that has changed, and the version risen.
pub(crate) async fn tell_recipient(app: &App, caller: &Caller, tx: &mut Tx, account: &AccountRow) -> Result<()> {
    let event = RecipientChanged {
        user_id: account.id,
        address: account.email.clone(),
        locale: account.locale.clone(),
        time_zone: account.time_zone.clone(),
        verified: account.email_status == EmailStatus::Verified,
        version: account.version,
    };
    tell(app, caller, tx, &event).await
}

/// Tells of something that the caller did.
pub(crate) async fn tell(app: &App, caller: &Caller, tx: &mut Tx, event: &impl Event) -> Result<()> {
    let envelope = Envelope::new(&app.clock, event).caused_by(caller.user(), Some(caller.trace_id.clone()));
    outbox::append(tx, &envelope).await
}
