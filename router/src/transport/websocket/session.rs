//! One socket's life: initialised, operations started and ended, kept alive, timed, closed.

use std::sync::Arc;

use axum::extract::ws::Utf8Bytes;
use chatty_access::{Caller, TokenError, Viewer};
use chrono::{DateTime, TimeDelta, Utc};
use http::StatusCode;
use tokio::time::MissedTickBehavior;

use super::{
    message::{self, Authorization, ClientMessage, Close, Id},
    operations::Operations,
    wire::{Incoming, Wire},
};
use crate::{
    GraphqlRequest,
    transport::{
        RouterState,
        identity::{self, Unauthorized},
        operation::{self, Event},
        refusal::Refusal,
        stay,
        trace::TraceId,
    },
};

/// Until `connection_init` must have come.
const INITIALISATION: TimeDelta = TimeDelta::seconds(10);
/// Between two pings of the server.
const KEEPALIVE: TimeDelta = TimeDelta::seconds(15);
/// After which a client that says nothing, not even a pong, is given up.
const SILENCE: TimeDelta = TimeDelta::seconds(45);

/// A socket and all that runs on it. Dropping it ends its operations.
pub(super) struct Session {
    state: Arc<RouterState>,
    wire: Wire,
    /// Every operation's caller but for the trace id, of which each operation has its own.
    caller: Caller,
    acknowledged: bool,
    operations: Operations,
    opened_at: DateTime<Utc>,
    heard_at: DateTime<Utc>,
    pinged_at: DateTime<Utc>,
    /// What the wire had written when it was last seen to get on, and when that was.
    written: (Option<u64>, DateTime<Utc>),
}

/// How a socket ends.
enum End {
    /// With a code that tells the client why.
    Close(Close),
    /// The client is not there to be told.
    Gone,
}

impl From<Close> for End {
    fn from(close: Close) -> Self {
        Self::Close(close)
    }
}

impl Session {
    pub(super) fn new(state: Arc<RouterState>, wire: Wire, caller: Caller) -> Self {
        let now = state.clock.now();
        Self {
            state,
            wire,
            caller,
            acknowledged: false,
            operations: Operations::default(),
            opened_at: now,
            heard_at: now,
            pinged_at: now,
            written: (None, now),
        }
    }

    /// Serves the socket until either side ends it.
    pub(super) async fn run(mut self) {
        let end = self.serve().await;
        let Self { wire, operations, .. } = self;
        // Before the closing handshake, which may take a while.
        drop(operations);
        if let End::Close(close) = end {
            tracing::debug!(?close, "closing a socket");
            wire.close(close.frame()).await;
        }
    }

    async fn serve(&mut self) -> End {
        let state = Arc::clone(&self.state);
        let mut stopped = std::pin::pin!(state.shutdown.cancelled());
        let mut revoked = stay::Watch::new(state.verifier.as_ref());
        let mut ticks = tokio::time::interval(stay::TICK);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let step = tokio::select! {
                biased;
                () = &mut stopped => Err(Close::GoingAway("shutting down").into()),
                () = revoked.changed() => self.check_revoked(&revoked),
                _ = ticks.tick() => self.tick(),
                // Results collect until there is no room or no result, and are then flushed together.
                Some((id, event)) = self.operations.next(), if self.wire.has_room() => {
                    self.deliver(&id, event);
                    Ok(())
                }
                incoming = self.wire.next() => self.receive(incoming),
            };
            if let Err(end) = step {
                return end;
            }
        }
    }

    /// Looks at the time.
    fn tick(&mut self) -> Result<(), End> {
        let now = self.state.clock.now();
        self.check_expiry(now)?;
        if !self.acknowledged && now - self.opened_at >= INITIALISATION {
            return Err(Close::InitialisationTimeout.into());
        }
        if now - self.heard_at >= SILENCE {
            return Err(Close::GoingAway("nothing heard for 45 s").into());
        }
        let backlog = self.wire.backlog();
        if backlog.is_none() || backlog != self.written.0 {
            self.written = (backlog, now);
        } else if now - self.written.1 >= stay::STALL {
            tracing::debug!("giving up a client that does not read");
            return Err(End::Gone);
        }
        if self.acknowledged && now - self.pinged_at >= KEEPALIVE {
            self.pinged_at = now;
            self.wire.push(message::PING);
        }
        Ok(())
    }

    fn check_expiry(&self, now: DateTime<Utc>) -> Result<(), Close> {
        if stay::has_outstayed(self.caller.viewer.as_ref(), now) {
            return Err(Close::Unauthorized("the access token has expired"));
        }
        Ok(())
    }

    /// Ends the socket of whoever may no longer be here; what waits to be written is no longer theirs to read.
    fn check_revoked(&mut self, revoked: &stay::Watch) -> Result<(), End> {
        if revoked.revokes(self.caller.viewer.as_ref()) {
            self.wire.discard();
            return Err(Close::Forbidden.into());
        }
        Ok(())
    }

    fn receive(&mut self, incoming: Incoming) -> Result<(), End> {
        let text = match incoming {
            Incoming::Text(text) => text,
            Incoming::Binary => return Err(Close::BadRequest("messages must be text".into()).into()),
            Incoming::Sign => {
                self.heard_at = self.state.clock.now();
                return Ok(());
            }
            Incoming::Room => return Ok(()),
            Incoming::Gone => return Err(End::Gone),
        };
        Ok(self.obey(&text)?)
    }

    fn obey(&mut self, text: &Utf8Bytes) -> Result<(), Close> {
        self.heard_at = self.state.clock.now();
        self.check_expiry(self.heard_at)?;
        if text.len() > self.state.gateway.limits().body_bytes {
            return Err(Close::TooBig);
        }
        match ClientMessage::parse(text)? {
            ClientMessage::ConnectionInit { authorization } => self.initialise(authorization),
            ClientMessage::Ping { authorization } => self.answer_ping(authorization),
            ClientMessage::Pong => Ok(()),
            ClientMessage::Subscribe { id, request } => self.subscribe(id, request),
            ClientMessage::Complete { id } => {
                // The id may be unknown: the operation's own end can be on its way.
                self.operations.end(&id);
                Ok(())
            }
        }
    }

    fn initialise(&mut self, authorization: Authorization) -> Result<(), Close> {
        if self.acknowledged {
            return Err(Close::TooManyInitialisations);
        }
        if let Some(viewer) = self.identify(authorization)? {
            self.caller.viewer = Some(viewer);
        }
        self.acknowledged = true;
        self.pinged_at = self.state.clock.now();
        self.wire.push(message::CONNECTION_ACK);
        Ok(())
    }

    /// Answers a ping. One with an authorization replaces the token, but never the user or the session.
    fn answer_ping(&mut self, authorization: Authorization) -> Result<(), Close> {
        if authorization != Authorization::Absent && !self.acknowledged {
            return Err(Close::Unauthorized("Unauthorized"));
        }
        if let Some(fresh) = self.identify(authorization)? {
            let same = |viewer: &Viewer| (viewer.user, viewer.session) == (fresh.user, fresh.session);
            if !self.caller.viewer.as_ref().is_some_and(same) {
                return Err(Close::Forbidden);
            }
            self.caller.viewer = Some(fresh);
        }
        self.wire.push(message::PONG);
        Ok(())
    }

    fn identify(&self, authorization: Authorization) -> Result<Option<Viewer>, Close> {
        let Some(verifier) = &self.state.verifier else { return Ok(None) };
        match authorization {
            Authorization::Absent => Ok(None),
            Authorization::Given(text) => match identity::bearer(&text, verifier) {
                Ok(viewer) => Ok(Some(viewer)),
                Err(Unauthorized::Token(TokenError::Unready)) => Err(Close::GoingAway("not ready yet")),
                Err(_) => Err(Close::Forbidden),
            },
            Authorization::Unreadable => Err(Close::Forbidden),
        }
    }

    fn subscribe(&mut self, id: Id, request: GraphqlRequest) -> Result<(), Close> {
        if !self.acknowledged {
            return Err(Close::Unauthorized("Unauthorized"));
        }
        if self.operations.contains(&id) {
            return Err(Close::SubscriberExists(id));
        }
        let caller = Caller { trace_id: TraceId::random().0, ..self.caller.clone() };
        if let Some(refusal) = self.refuse(&caller) {
            self.wire.push(message::error(&id, &refusal.errors(&caller.trace_id)));
            return Ok(());
        }
        self.operations.open(id, operation::open(self.state.gateway.clone(), request, caller));
        Ok(())
    }

    /// Why the socket may not have another operation now.
    fn refuse(&self, caller: &Caller) -> Option<Refusal> {
        let allowed = self.state.gateway.limits().subscriptions;
        if self.operations.len() >= allowed {
            let message = format!("a socket may have {allowed} operations at once");
            return Some(Refusal::limit(StatusCode::BAD_REQUEST, "subscriptions", message));
        }
        let expired = caller.viewer.as_ref().is_some_and(|viewer| viewer.expires_at <= self.heard_at);
        expired.then(|| Unauthorized::from(TokenError::Expired).into())
    }

    fn deliver(&mut self, id: &Id, event: Event) {
        let (frame, last) = match event {
            Event::Next(body) => (message::next(id, &body), false),
            Event::Error(errors) => (message::error(id, &errors), true),
            Event::Complete => (message::complete(id), true),
        };
        self.wire.push(frame);
        if last {
            self.operations.end(id);
        }
    }
}
