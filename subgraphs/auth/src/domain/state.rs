//! Where an account stands, and what leads from where to where.

use chatty_access::{Caller, Scope, Scopes};
use chatty_events::auth::{AccountState as Told, UserStateChanged};
use chatty_store::{Result, Tx};
use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::mail;
use crate::{
    app::App,
    store::account::{self, AccountRow, AccountState},
};

/// What happens to an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Change {
    /// A moderator closes it, or decides anew for how long.
    Suspend,
    /// The suspension is over.
    Restore,
    /// Its owner or an administrator wants it erased.
    RequestDeletion,
    /// They do not any more. The account goes back to where it would stand without.
    CancelDeletion {
        /// Whether a suspension is in force.
        suspended: bool,
    },
    /// The undo period is over.
    Erase,
}

impl Change {
    /// Where the account stands then; `None` where this cannot happen to it.
    ///
    /// An account whose deletion is pending stays so whatever a moderator decides: the suspension counts if the owner
    /// comes back. Closing one's own account for a time (`DEACTIVATED`) has no mutation yet.
    pub(crate) fn of(self, state: AccountState) -> Option<AccountState> {
        use AccountState::{Active, Deactivated, Deleted, DeletionPending, Suspended};
        match (self, state) {
            (Self::Suspend, Active | Suspended | Deactivated)
            | (Self::CancelDeletion { suspended: true }, DeletionPending) => Some(Suspended),
            (Self::Restore, Suspended) | (Self::CancelDeletion { suspended: false }, DeletionPending) => Some(Active),
            (Self::RequestDeletion, Active | Suspended | Deactivated) => Some(DeletionPending),
            (Self::Erase, DeletionPending) => Some(Deleted),
            _ => None,
        }
    }
}

/// What a session of the account may do, if it may have one.
pub(crate) fn scopes(account: &AccountRow) -> Option<Scopes> {
    match account.state {
        AccountState::Active => Some(account.role.0.scopes()),
        // Enough to learn why, to take a deletion back, and to go.
        AccountState::Suspended | AccountState::DeletionPending => {
            Some(Scopes::NONE.with(Scope::SelfRead).with(Scope::AccountDelete))
        }
        AccountState::Deactivated | AccountState::Deleted => None,
    }
}

/// What others are told besides.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Why {
    pub(crate) until: Option<DateTime<Utc>>,
    pub(crate) action: Option<Uuid>,
}

/// Applies a change to a locked account and tells the other services. `None` where it cannot happen.
pub(crate) async fn change(
    app: &App,
    caller: &Caller,
    tx: &mut Tx,
    account: &AccountRow,
    change: Change,
    why: Why,
) -> Result<Option<AccountRow>> {
    let Some(to) = change.of(account.state) else { return Ok(None) };
    let Some(changed) = account::update_state(tx, account.id, to).await? else { return Ok(None) };
    let event = UserStateChanged {
        user_id: account.id,
        from: told(account.state),
        to: told(to),
        until: why.until,
        action_id: why.action,
        version: changed.version,
    };
    mail::tell(app, caller, tx, &event).await?;
    Ok(Some(changed))
}

fn told(state: AccountState) -> Told {
    match state {
        AccountState::Active => Told::Active,
        AccountState::Suspended => Told::Suspended,
        AccountState::Deactivated => Told::Deactivated,
        AccountState::DeletionPending => Told::DeletionPending,
        AccountState::Deleted => Told::Deleted,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_moves_only_along_the_machine() {
        use AccountState::{Active, Deactivated, Deleted, DeletionPending, Suspended};
        let moves = |change: Change| AccountState::ALL.iter().map(|state| change.of(*state)).collect::<Vec<_>>();
        assert_eq!(AccountState::ALL, &[Active, Suspended, Deactivated, DeletionPending, Deleted]);
        let suspended = Some(Suspended);
        assert_eq!(moves(Change::Suspend), [suspended, suspended, suspended, None, None]);
        assert_eq!(moves(Change::Restore), [None, Some(Active), None, None, None]);
        let pending = Some(DeletionPending);
        assert_eq!(moves(Change::RequestDeletion), [pending, pending, pending, None, None]);
        let back = |suspended| moves(Change::CancelDeletion { suspended });
        assert_eq!(back(false), [None, None, None, Some(Active), None]);
        assert_eq!(back(true), [None, None, None, Some(Suspended), None]);
        assert_eq!(moves(Change::Erase), [None, None, None, Some(Deleted), None]);
    }
}
