//! One stream's life: answers pulled as the client takes them, kept alive, timed, ended.
//!
//! A task asks the operation for an answer only once the client has taken the last, so that a client who is slow slows
//! its source and nothing piles up. It does not sleep meanwhile: revocation and the clock end it whether or not anybody
//! reads. The response's body is the other end of the channel.

use std::{collections::VecDeque, sync::Arc};

use axum::body::Body;
use bytes::Bytes;
use chatty_access::{Caller, TokenError};
use chrono::{DateTime, TimeDelta, Utc};
use futures_util::{
    StreamExt,
    stream::{self, BoxStream},
};
use tokio::{sync::mpsc, time::MissedTickBehavior};
use tokio_util::sync::CancellationToken;

use super::event;
use crate::transport::{RouterState, identity::Unauthorized, operation::Event, places::Place, refusal::Refusal, stay};

/// After which a stream that has nothing to say shows that it lives.
const HEARTBEAT: TimeDelta = TimeDelta::seconds(10);
/// Bytes that are handed over at once: of a long answer it shows that the client takes it, though slowly.
const PIECE_BYTES: usize = 64 * 1024;

/// An operation that is to be answered by events.
pub(super) struct Stream {
    pub(super) state: Arc<RouterState>,
    pub(super) caller: Caller,
    pub(super) events: BoxStream<'static, Event>,
    /// Whether only the client or the source knows when it ends: then the process does not wait for it.
    pub(super) endless: bool,
}

/// A stream and all that runs for it. Dropping it ends the operation.
struct Life {
    stream: Stream,
    pieces: mpsc::Sender<Bytes>,
    /// Breaks the connection without what waits to be written.
    cut: CancellationToken,
    /// What is said and not yet handed over.
    unsaid: VecDeque<Bytes>,
    /// Whether nothing follows what is unsaid.
    ended: bool,
    /// When the client last took something, or had taken everything.
    taken_at: DateTime<Utc>,
    said_at: DateTime<Utc>,
    _place: Place,
}

/// The stream is over for both sides.
struct Over;

/// The client may no longer read what was said to it, or does not.
#[derive(Debug, thiserror::Error)]
#[error("the stream was cut")]
struct Cut;

impl Stream {
    /// Starts the stream. It lives until the body is dropped, or longer by the time that it takes to notice.
    pub(super) fn open(self, place: Place) -> Body {
        let (pieces, taken) = mpsc::channel(1);
        let cut = CancellationToken::new();
        let now = self.state.clock.now();
        let tasks = self.state.sockets.clone();
        let life = Life {
            stream: self,
            pieces,
            cut: cut.clone(),
            // Some browsers do not tell of an answer before its first byte.
            unsaid: VecDeque::from([event::HEARTBEAT]),
            ended: false,
            taken_at: now,
            said_at: now,
            _place: place,
        };
        tasks.spawn(life.run());
        body(taken, cut)
    }
}

fn body(pieces: mpsc::Receiver<Bytes>, cut: CancellationToken) -> Body {
    Body::from_stream(stream::unfold(Some((pieces, cut)), |open| async {
        let (mut pieces, cut) = open?;
        tokio::select! {
            biased;
            () = cut.cancelled() => Some((Err(Cut), None)),
            piece = pieces.recv() => piece.map(|piece| (Ok(piece), Some((pieces, cut)))),
        }
    }))
}

impl Life {
    async fn run(mut self) {
        let state = Arc::clone(&self.stream.state);
        let mut stopped = std::pin::pin!(state.shutdown.cancelled());
        let mut revoked = stay::Watch::new(state.verifier.as_ref());
        let mut ticks = tokio::time::interval(stay::TICK);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        while !self.ended || !self.unsaid.is_empty() {
            let step = tokio::select! {
                biased;
                // Without `complete`, from which clients know that they should connect again.
                () = &mut stopped, if self.stream.endless => Err(Over),
                () = self.pieces.closed() => Err(Over),
                () = revoked.changed() => self.check_revoked(&revoked),
                _ = ticks.tick() => self.tick(),
                () = room(&self.pieces), if !self.unsaid.is_empty() => self.hand_over(),
                event = self.stream.events.next(), if self.unsaid.is_empty() => {
                    self.tell(event.unwrap_or(Event::Complete));
                    Ok(())
                }
            };
            if let Err(Over) = step {
                return;
            }
        }
    }

    fn hand_over(&mut self) -> Result<(), Over> {
        self.taken_at = self.stream.state.clock.now();
        // Nobody else fills the room that there is.
        self.pieces.try_send(piece(&mut self.unsaid)).map_err(|_closed| Over)
    }

    /// Looks at the time.
    fn tick(&mut self) -> Result<(), Over> {
        let now = self.stream.state.clock.now();
        if !self.unsaid.is_empty() && now - self.taken_at >= stay::STALL {
            tracing::debug!("giving up a client that does not read");
            return self.cut();
        }
        if !self.ended && stay::has_outstayed(self.stream.caller.viewer.as_ref(), now) {
            self.dismiss(TokenError::Expired);
        } else if self.unsaid.is_empty() && now - self.said_at >= HEARTBEAT {
            self.say([event::HEARTBEAT]);
        }
        Ok(())
    }

    /// Ends the stream of whoever may no longer read it. What waits to be written is no longer theirs.
    fn check_revoked(&mut self, revoked: &stay::Watch) -> Result<(), Over> {
        if !revoked.revokes(self.stream.caller.viewer.as_ref()) {
            return Ok(());
        }
        let everything_taken = self.unsaid.is_empty() && self.pieces.capacity() == self.pieces.max_capacity();
        if !everything_taken {
            return self.cut();
        }
        self.dismiss(TokenError::Revoked);
        // Nothing is left that could be kept from them.
        self.stream.caller.viewer = None;
        Ok(())
    }

    /// Ends the operation and tells why.
    fn dismiss(&mut self, reason: TokenError) {
        let refusal = Refusal::from(Unauthorized::from(reason));
        self.tell(Event::Error(refusal.errors(&self.stream.caller.trace_id)));
    }

    fn tell(&mut self, event: Event) {
        match event {
            Event::Next(body) => return self.say([event::next(&body)]),
            Event::Error(errors) => self.say([event::errors(&errors), event::COMPLETE]),
            Event::Complete => self.say([event::COMPLETE]),
        }
        self.stream.events = stream::empty().boxed();
        self.ended = true;
    }

    fn say<const N: usize>(&mut self, said: [Bytes; N]) {
        self.said_at = self.stream.state.clock.now();
        if self.unsaid.is_empty() {
            self.taken_at = self.said_at;
        }
        self.unsaid.extend(said);
    }

    fn cut(&self) -> Result<(), Over> {
        self.cut.cancel();
        Err(Over)
    }
}

/// Waits until the client has taken the last piece, or has gone.
async fn room(pieces: &mpsc::Sender<Bytes>) {
    drop(pieces.reserve().await);
}

/// The next piece of what is unsaid; empty if nothing is.
fn piece(unsaid: &mut VecDeque<Bytes>) -> Bytes {
    let Some(first) = unsaid.front_mut() else { return Bytes::new() };
    if first.len() > PIECE_BYTES {
        return first.split_to(PIECE_BYTES);
    }
    unsaid.pop_front().unwrap_or_default()
}
