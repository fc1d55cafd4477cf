//! What an access token is worth, for whoever does not verify tokens by the published keys.

use chatty_access::{Revocation, Viewer};
use chatty_store::Error;

use crate::{
    app::App,
    store::{
        account::AccountState,
        holder::{HolderRow, find_holder},
    },
};

/// Whose the token is, if it is good. What ended access counts from its own commit on, because it is the database that
/// is asked and not what verifiers have heard.
pub(crate) async fn inspect(app: &App, token: &str) -> Result<Option<(Viewer, HolderRow)>, Error> {
    let Ok(viewer) = app.verifier.verify(token) else { return Ok(None) };
    let holder = find_holder(&app.db, viewer.session, viewer.user).await?;
    let holder = holder.filter(|holder| holder.state == AccountState::Active && !is_called_back(holder, &viewer));
    Ok(holder.map(|holder| (viewer, holder)))
}

fn is_called_back(holder: &HolderRow, viewer: &Viewer) -> bool {
    let called_back = holder.not_before.map(|not_before| Revocation::User { id: viewer.user, not_before });
    called_back.is_some_and(|revocation| revocation.revokes(viewer))
}
