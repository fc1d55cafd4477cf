//! Frames in, frames out: a bounded queue in front of the socket, written while the socket is read.
//!
//! Neither direction waits for the other, so that a client who does not read is still timed. It knows no messages.

use std::{
    collections::VecDeque,
    future::poll_fn,
    task::{Context, Poll},
    time::Duration,
};

use axum::{
    Error,
    extract::{
        WebSocketUpgrade,
        ws::{CloseFrame, Message, Utf8Bytes, WebSocket},
    },
};
use futures_util::{SinkExt, StreamExt};

/// Bytes of a frame beside the answer in it, and of a refusal, which is no answer: ten errors of 512 bytes, escaped.
const FRAME_EXTRA: usize = 64 * 1024;

/// What the buffers of an idle socket hold.
const READ_BUFFER: usize = 4 * 1024;
const WRITE_BUFFER: usize = 4 * 1024;

/// Frames and bytes that may wait before operations are no longer asked for more.
const QUEUE_FRAMES: usize = 64;
const QUEUE_BYTES: usize = 256 * 1024;

/// How long the client's half of the closing handshake is waited for.
const CLOSING: Duration = Duration::from_secs(2);

/// Sets the sizes of a socket that reads messages of up to `message_bytes` and writes answers of up to `answer_bytes`.
pub(super) fn configure(upgrade: WebSocketUpgrade, message_bytes: usize, answer_bytes: usize) -> WebSocketUpgrade {
    upgrade
        .read_buffer_size(READ_BUFFER)
        .write_buffer_size(WRITE_BUFFER)
        // Frames are handed over one by one: the buffer holds one beside what it collects before it writes.
        .max_write_buffer_size(answer_bytes.saturating_add(FRAME_EXTRA + 2 * WRITE_BUFFER))
        // Above the limit that the session enforces, which can then say so; what is even longer just breaks the socket.
        .max_message_size(2 * message_bytes)
        .max_frame_size(2 * message_bytes)
}

/// What the wire has to tell.
#[derive(Debug)]
pub(super) enum Incoming {
    Text(Utf8Bytes),
    Binary,
    /// A ping or a pong of WebSocket's own; answered below.
    Sign,
    /// The queue has room again.
    Room,
    /// The client closed the socket or it broke.
    Gone,
}

pub(super) struct Wire {
    socket: WebSocket,
    queue: VecDeque<Message>,
    queued_bytes: usize,
    /// Frames were handed to the socket that it has not written yet.
    unflushed: bool,
    /// Counts what the socket took and wrote, so that a stall shows.
    progress: u64,
}

impl Wire {
    pub(super) fn new(socket: WebSocket) -> Self {
        Self { socket, queue: VecDeque::new(), queued_bytes: 0, unflushed: false, progress: 0 }
    }

    /// Whether operations may add results.
    pub(super) fn has_room(&self) -> bool {
        self.queue.len() < QUEUE_FRAMES && self.queued_bytes < QUEUE_BYTES
    }

    /// Queues a frame. What is not an operation's result may go beyond the room, because as long as the queue is twice
    /// as full nothing is read that could ask for more.
    pub(super) fn push(&mut self, frame: Utf8Bytes) {
        self.queued_bytes += frame.len();
        self.queue.push_back(Message::Text(frame));
    }

    /// Forgets what is queued.
    pub(super) fn discard(&mut self) {
        self.queue.clear();
        self.queued_bytes = 0;
    }

    /// How much was written so far, or `None` if nothing waits to be written.
    pub(super) fn backlog(&self) -> Option<u64> {
        (self.unflushed || !self.queue.is_empty()).then_some(self.progress)
    }

    /// Writes what is queued until something can be told. Dropping the future loses nothing.
    pub(super) async fn next(&mut self) -> Incoming {
        poll_fn(|cx| self.poll_next(cx)).await
    }

    /// Sends a close frame behind what is queued and waits for the client's, but not for long.
    pub(super) async fn close(mut self, frame: CloseFrame) {
        self.queue.push_back(Message::Close(Some(frame)));
        let finished = poll_fn(|cx| {
            if let Poll::Ready(Err(_)) = self.poll_write(cx) {
                return Poll::Ready(());
            }
            loop {
                match self.socket.poll_next_unpin(cx) {
                    Poll::Ready(Some(Ok(_))) => {}
                    Poll::Ready(None | Some(Err(_))) => return Poll::Ready(()),
                    Poll::Pending => return Poll::Pending,
                }
            }
        });
        if tokio::time::timeout(CLOSING, finished).await.is_err() {
            tracing::debug!("a client did not answer the closing of its socket");
        }
    }

    fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Incoming> {
        let was_full = !self.has_room();
        if let Poll::Ready(Err(error)) = self.poll_write(cx) {
            tracing::debug!(%error, "a socket broke while it was written");
            return Poll::Ready(Incoming::Gone);
        }
        while self.queue.len() < 2 * QUEUE_FRAMES && self.queued_bytes < 2 * QUEUE_BYTES {
            match self.socket.poll_next_unpin(cx) {
                // Reading on sends our half of the closing handshake; nothing else may be sent any more.
                Poll::Ready(Some(Ok(Message::Close(_)))) => self.discard(),
                Poll::Ready(Some(Ok(Message::Text(text)))) => return Poll::Ready(Incoming::Text(text)),
                Poll::Ready(Some(Ok(Message::Binary(_)))) => return Poll::Ready(Incoming::Binary),
                Poll::Ready(Some(Ok(Message::Ping(_) | Message::Pong(_)))) => return Poll::Ready(Incoming::Sign),
                Poll::Ready(Some(Err(error))) => {
                    tracing::debug!(%error, "a socket broke while it was read");
                    return Poll::Ready(Incoming::Gone);
                }
                Poll::Ready(None) => return Poll::Ready(Incoming::Gone),
                Poll::Pending => break,
            }
        }
        if was_full && self.has_room() { Poll::Ready(Incoming::Room) } else { Poll::Pending }
    }

    /// Writes the queue and flushes once for all of it.
    fn poll_write(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        while !self.queue.is_empty() {
            std::task::ready!(self.socket.poll_ready_unpin(cx))?;
            let Some(message) = self.queue.pop_front() else { break };
            if let Message::Text(text) = &message {
                self.queued_bytes -= text.len();
            }
            self.unflushed = true;
            self.progress += 1;
            self.socket.start_send_unpin(message)?;
        }
        if self.unflushed {
            std::task::ready!(self.socket.poll_flush_unpin(cx))?;
            self.unflushed = false;
            self.progress += 1;
        }
        Poll::Ready(Ok(()))
    }
}
