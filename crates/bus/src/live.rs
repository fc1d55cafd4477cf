//! Live streams over durable tables: rows are read by a sequence number, broadcasts only say when to look.
//!
//! A stream starts behind a number and always reads what follows it, so there is no seam between replay and live, and
//! a lost broadcast costs at most [`LOOK_AGAIN`].

use std::time::Duration;

use chatty_events::Envelope;
use futures_util::stream::{self, Stream};

use crate::{Heard, Listener};

/// How long a stream relies on broadcasts before it looks by itself.
pub const LOOK_AGAIN: Duration = Duration::from_secs(2);

/// What reading behind a number gave.
#[derive(Debug)]
pub struct Batch<T> {
    /// What to yield, in order.
    pub items: Vec<T>,
    /// The number to read behind next time.
    pub position: i64,
    /// Whether the stream ends after these items.
    pub last: bool,
}

/// Yields what `read(position)` gives, reading again when `wakes` accepts a broadcast, when some were missed, and every
/// [`LOOK_AGAIN`]. An error is yielded and ends the stream.
///
/// Create the listener before reading the position to start from; otherwise a change in between is heard late.
pub fn follow<T, E>(
    listener: Listener,
    wakes: impl Fn(&Envelope) -> bool + Send + Sync,
    position: i64,
    read: impl AsyncReadBehind<T, E>,
) -> impl Stream<Item = Result<T, E>> + Send
where
    T: Send,
    E: Send,
{
    let state = State { listener, wakes, read, position, ready: Vec::new().into_iter(), idle: false, last: false };
    stream::unfold(state, |mut state| async move {
        let item = state.next().await?;
        Some((item, state))
    })
}

/// Reads the rows behind a number: `FnMut(i64) -> impl Future<Output = Result<Batch<T>, E>> + Send`.
pub trait AsyncReadBehind<T, E>: Send {
    /// What lies behind `position`; empty when nothing does.
    fn read(&mut self, position: i64) -> impl Future<Output = Result<Batch<T>, E>> + Send;
}

impl<T, E, F, Fut> AsyncReadBehind<T, E> for F
where
    F: FnMut(i64) -> Fut + Send,
    Fut: Future<Output = Result<Batch<T>, E>> + Send,
{
    fn read(&mut self, position: i64) -> impl Future<Output = Result<Batch<T>, E>> + Send {
        self(position)
    }
}

struct State<T, W, R> {
    listener: Listener,
    wakes: W,
    read: R,
    position: i64,
    ready: std::vec::IntoIter<T>,
    idle: bool,
    last: bool,
}

impl<T, W: Fn(&Envelope) -> bool, R> State<T, W, R> {
    async fn next<E>(&mut self) -> Option<Result<T, E>>
    where
        R: AsyncReadBehind<T, E>,
    {
        loop {
            if let Some(item) = self.ready.next() {
                return Some(Ok(item));
            }
            if self.last {
                return None;
            }
            if self.idle {
                self.wait().await;
            }
            match self.read.read(self.position).await {
                Ok(batch) => {
                    // A full batch may have more behind it: only an empty one waits.
                    self.idle = batch.items.is_empty();
                    self.position = batch.position;
                    self.last = batch.last;
                    self.ready = batch.items.into_iter();
                }
                Err(error) => {
                    self.last = true;
                    return Some(Err(error));
                }
            }
        }
    }

    async fn wait(&mut self) {
        let heard = async {
            loop {
                match self.listener.hear().await {
                    Heard::Event(event) if (self.wakes)(&event) => return,
                    Heard::Event(_) => {}
                    Heard::Missed => return,
                    // Without a bus only the clock is left.
                    Heard::Closed => std::future::pending().await,
                }
            }
        };
        // Both outcomes mean the same: look.
        drop(tokio::time::timeout(LOOK_AGAIN, heard).await);
    }
}
