//! What a resolver knows of whoever sent the request.

use std::net::{IpAddr, Ipv4Addr};

use chatty_types::{SessionId, UserId};
use chrono::{DateTime, Utc};

use crate::{Role, Scope, Scopes};

/// A signed-in user, as the access token says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Viewer {
    /// Who.
    pub user: UserId,
    /// On which device.
    pub session: SessionId,
    /// With which role.
    pub role: Role,
    /// Allowed what.
    pub scopes: Scopes,
    /// When the token was issued, to the second.
    pub issued_at: DateTime<Utc>,
    /// When the token ends.
    pub expires_at: DateTime<Utc>,
}

/// One request's origin: part of every subgraph request.
#[derive(Debug, Clone)]
pub struct Caller {
    /// `None` for anonymous requests. A token that is not valid never gets this far.
    pub viewer: Option<Viewer>,
    /// 32 hexadecimal digits (W3C Trace Context); shown to clients beside masked errors.
    pub trace_id: String,
    /// The client's address: the peer's, or what a trusted proxy says of it.
    pub network: IpAddr,
    /// The `User-Agent` header, cut to 256 bytes; names a session's device.
    pub user_agent: Option<String>,
}

/// Why a guard refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Denied {
    /// Nobody is signed in.
    #[error("sign in to do this")]
    Unauthenticated,
    /// The session lacks the scope.
    #[error("this needs the scope `{}`", .0.as_str())]
    Lacks(Scope),
}

impl Caller {
    /// Nobody in particular, for work that no request asked for and for tests.
    pub fn anonymous() -> Self {
        Self { viewer: None, trace_id: "0".repeat(32), network: IpAddr::V4(Ipv4Addr::LOCALHOST), user_agent: None }
    }

    /// The viewer, whose session must hold `scope`.
    pub fn require(&self, scope: Scope) -> Result<&Viewer, Denied> {
        let viewer = self.viewer.as_ref().ok_or(Denied::Unauthenticated)?;
        if viewer.scopes.has(scope) { Ok(viewer) } else { Err(Denied::Lacks(scope)) }
    }

    /// The viewer's id, when somebody is signed in.
    pub fn user(&self) -> Option<UserId> {
        self.viewer.as_ref().map(|viewer| viewer.user)
    }
}
