//! The brake on guessing: so many attempts of a kind on one subject in a window, then none until it ends.
//!
//! An attempt is counted before it is made, in a transaction of its own, so that parallel attempts, aliases and batches
//! count each. Who succeeds, or was not served, gives it back. Subjects are stored as hashes: neither addresses nor
//! networks lie in the database.

use std::net::IpAddr;

use chatty_graphql::Refusal;
use chatty_kit::Fault;
use chatty_store::{Result, Tx};
use chrono::TimeDelta;
use sha2::{Digest, Sha256};

use crate::{
    app::App,
    store::attempt::{self, Counted},
};

/// A rule: so many attempts in a window.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rule {
    name: &'static str,
    limit: i64,
    within: TimeDelta,
    /// Whether each attempt begins the window anew, so that no time of its length ever has more than `limit`. Otherwise a
    /// window begins with its first attempt, which is kinder to those who share a network.
    is_strict: bool,
}

/// Wrong passwords for one account, or for one name that nobody has.
pub(crate) const LOGIN_ACCOUNT: Rule =
    Rule { name: "login account", limit: 10, within: TimeDelta::minutes(5), is_strict: true };
/// Wrong passwords from one network, whatever the account. Those that are being checked count, so it is more than the
/// few that many people behind one address send at once.
pub(crate) const LOGIN_NETWORK: Rule =
    Rule { name: "login network", limit: 50, within: TimeDelta::minutes(5), is_strict: false };
/// Wrong present passwords inside somebody's session. Apart from logins, so that a stranger who guesses at the front
/// door does not keep the owner from changing the password.
pub(crate) const CONFIRMATION: Rule =
    Rule { name: "confirmation", limit: 10, within: TimeDelta::minutes(5), is_strict: true };
/// The same from one network.
pub(crate) const CONFIRMATION_NETWORK: Rule =
    Rule { name: "confirmation network", limit: 50, within: TimeDelta::minutes(5), is_strict: false };
/// Mails with links to one address.
pub(crate) const MAIL_ADDRESS: Rule =
    Rule { name: "mail address", limit: 5, within: TimeDelta::minutes(30), is_strict: false };
/// Mails with links that one network asks for.
pub(crate) const MAIL_NETWORK: Rule =
    Rule { name: "mail network", limit: 25, within: TimeDelta::minutes(5), is_strict: false };

/// Whom or what a rule counts for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Subject {
    hash: [u8; 32],
}

/// An attempt that was counted.
#[must_use = "an attempt is given back or used up"]
pub(crate) struct Attempt {
    subjects: [Subject; 2],
    /// Whether it was the last for a while by the first rule.
    pub(crate) is_last: bool,
}

impl Rule {
    /// By an account's id, an address or any other text.
    pub(crate) fn on(self, text: impl AsRef<[u8]>) -> (Self, Subject) {
        let mut hash = Sha256::new();
        hash.update(self.name);
        hash.update([0]);
        hash.update(text);
        (self, Subject { hash: hash.finalize().into() })
    }

    /// By where a request comes from. Whoever has an IPv6 network has at least 2^64 addresses, so these count as one.
    pub(crate) fn on_network(self, address: IpAddr) -> (Self, Subject) {
        match address.to_canonical() {
            IpAddr::V4(address) => self.on(address.octets()),
            IpAddr::V6(address) => self.on(&address.octets()[..8]),
        }
    }
}

impl Subject {
    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.hash
    }
}

/// Counts an attempt by two rules, or refuses it as `RATE_LIMITED` when there were too many by either.
pub(crate) async fn attempt(app: &App, rules: [(Rule, Subject); 2]) -> Result<Attempt, Fault> {
    let now = app.clock.now();
    let counted = rules.each_ref().map(|(rule, subject)| Counted {
        subject,
        most: rule.limit,
        is_strict: rule.is_strict,
        window_end: now + rule.within,
    });
    let mut tx = app.db.begin().await?;
    let counts = attempt::upsert_attempts(&mut tx, &counted, now).await?;
    for (rule, subject) in &rules {
        if !counts.iter().any(|(counted, _)| counted == subject.as_bytes()) {
            // Dropping the transaction gives back what the other rule has counted.
            let end = attempt::find_end(&mut tx, subject).await?.unwrap_or(now + rule.within);
            tracing::warn!(rule = rule.name, "too many attempts");
            return Err(Fault::RateLimited { retry_after: (end - now).to_std().unwrap_or_default() });
        }
    }
    tx.commit().await?;
    let [(first, subject), (_, other)] = rules;
    let is_last = counts.iter().any(|(counted, count)| counted == subject.as_bytes() && *count == first.limit);
    Ok(Attempt { subjects: [subject, other], is_last })
}

impl Attempt {
    /// Gives the attempt back to every rule.
    async fn give_back(self, tx: &mut Tx) -> Result<()> {
        for subject in &self.subjects {
            attempt::update_less(tx, subject).await?;
        }
        Ok(())
    }

    /// Gives it back in a transaction of its own when the work was refused for no fault of the attempt's, such as for a
    /// full queue.
    pub(crate) async fn unless_served<T>(self, app: &App, served: Result<T, Fault>) -> Result<(Self, T), Refusal> {
        match served {
            Ok(value) => Ok((self, value)),
            Err(fault) => {
                let mut tx = app.db.begin().await?;
                self.give_back(&mut tx).await?;
                tx.commit().await?;
                Err(fault.into())
            }
        }
    }

    /// Forgets all attempts of the first rule: its subject has proved who it is.
    pub(crate) async fn succeed(self, tx: &mut Tx) -> Result<()> {
        let [proved, other] = self.subjects;
        attempt::delete_attempts(tx, &proved).await?;
        attempt::update_less(tx, &other).await
    }
}

/// Forgets all attempts on a subject.
pub(crate) async fn release(tx: &mut Tx, (_, subject): (Rule, Subject)) -> Result<()> {
    attempt::delete_attempts(tx, &subject).await
}
