//! `Session` and its connection.

use async_graphql::{Context, ID, Object};
use chatty_graphql::{DateTime, Request, connection};
use chatty_types::Position;

use crate::store::session::DeviceRow;

/// A signed-in device.
#[derive(Debug)]
pub(crate) struct Session(pub(crate) DeviceRow);

/// A device that you are signed in on.
#[Object]
impl Session {
    /// The session's id, as `logout` takes it. Example: `ses_06d9…`.
    async fn id(&self) -> ID {
        self.0.id.to_string().into()
    }

    /// What the device called itself when it signed in: its `User-Agent`, if it sent one.
    async fn device(&self) -> Option<&str> {
        self.0.device.as_deref()
    }

    /// When it signed in.
    async fn created_at(&self) -> DateTime {
        self.0.created_at.into()
    }

    /// When it last signed in or refreshed its tokens.
    async fn last_seen_at(&self) -> DateTime {
        self.0.rotated_at.into()
    }

    /// Whether it is the session of this request.
    #[graphql(tag = "viewer")]
    async fn is_current(&self, ctx: &Context<'_>) -> bool {
        ctx.caller().viewer.as_ref().is_some_and(|viewer| viewer.session == self.0.id)
    }
}

connection! {
    /// Sessions, the newest sign-in first.
    pub SessionConnection, SessionEdge { node: Session }
}

/// Lists of sessions page by id.
pub(crate) fn position(row: &DeviceRow) -> Position {
    Position { sort: 0, id: row.id.uuid() }
}
