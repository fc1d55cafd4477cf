//! How long whoever was let in may stay on a socket or a stream: while they read, until the token expires or access is
//! revoked.

use std::time::Duration;

use chatty_access::{Revocations, Verifier, Viewer};
use chrono::{DateTime, TimeDelta, Utc};
use tokio::sync::watch;

/// How often the times of sockets and streams are looked at.
pub(super) const TICK: Duration = Duration::from_secs(1);

/// After which a client that reads nothing is given up.
pub(super) const STALL: TimeDelta = TimeDelta::seconds(10);

/// What a client has to replace an expired token. What runs goes on for so long, nothing new is begun.
const EXPIRY_GRACE: TimeDelta = TimeDelta::seconds(10);

/// Whether the viewer's token has expired for longer than is tolerated.
pub(super) fn has_outstayed(viewer: Option<&Viewer>, now: DateTime<Utc>) -> bool {
    viewer.is_some_and(|viewer| now >= viewer.expires_at + EXPIRY_GRACE)
}

/// Looks out for what is revoked; sees nothing where nobody is verified.
pub(super) struct Watch(Option<(Revocations, watch::Receiver<()>)>);

impl Watch {
    /// [`changed`](Self::changed) is due at once, because what was revoked since a token was verified is not told.
    pub(super) fn new(verifier: Option<&Verifier>) -> Self {
        Self(verifier.map(|verifier| {
            let mut changes = verifier.revocations().watch();
            changes.mark_changed();
            (verifier.revocations().clone(), changes)
        }))
    }

    /// Waits until it is worth asking whether somebody is [`revoked`](Self::revokes).
    pub(super) async fn changed(&mut self) {
        let changed = match &mut self.0 {
            Some((_, changes)) => changes.changed().await.is_ok(),
            None => false,
        };
        if !changed {
            std::future::pending::<()>().await;
        }
    }

    /// Whether this viewer must go.
    pub(super) fn revokes(&self, viewer: Option<&Viewer>) -> bool {
        viewer.zip(self.0.as_ref()).is_some_and(|(viewer, (revocations, _))| revocations.revokes(viewer))
    }
}
