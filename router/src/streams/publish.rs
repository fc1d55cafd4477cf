//! The one who reads a shared stream's source and tells everybody.

use std::{
    collections::{HashMap, hash_map::Entry},
    panic::AssertUnwindSafe,
    sync::Arc,
};

use chatty_access::Caller;
use futures_util::{FutureExt, StreamExt};
use tokio::{sync::broadcast, time::Instant};

use super::{CAPACITY, KEPT_BYTES, Key, Open, PLACE_BYTES, Said, Streams, YOUNG, memory::Share};
use crate::{Answer, Prepared, operation::Refusal, transport::TraceId};

/// A shared stream's own end. Dropping it ends the stream for all.
pub(super) struct Publisher {
    pub(super) streams: Arc<Streams>,
    pub(super) key: Key,
    pub(super) number: u64,
    pub(super) sender: broadcast::Sender<Said>,
    /// Of what all streams may keep.
    pub(super) share: Share,
    /// Whether what it says is kept for those who come.
    pub(super) is_young: bool,
}

impl Publisher {
    /// Runs the subscription until it ends or nobody is left.
    pub(super) async fn run(mut self, prepared: Arc<Prepared>) {
        let caller = Caller { trace_id: TraceId::random().0, ..Caller::anonymous() };
        tracing::debug!(trace_id = caller.trace_id, "a shared stream begins");
        let publishing = AssertUnwindSafe(self.publish(&prepared, &caller)).catch_unwind();
        if publishing.await.is_err() {
            tracing::error!(trace_id = caller.trace_id, "a shared stream panicked");
            self.leave(Said::Last(Refusal::internal().answer(&caller)));
        }
        tracing::debug!(trace_id = caller.trace_id, "a shared stream ends");
    }

    async fn publish(&mut self, prepared: &Prepared, caller: &Caller) {
        let mut events = match prepared.source_events(caller) {
            Ok(events) => events,
            Err(answer) => return self.leave(Said::Last(answer)),
        };
        let refused_until = Instant::now() + prepared.patience();
        let aged = tokio::time::sleep(YOUNG);
        let mut aged = std::pin::pin!(aged);
        let mut has_told = false;
        loop {
            let event = tokio::select! {
                biased;
                () = self.abandoned() => return,
                () = &mut aged, if self.is_young => {
                    self.age();
                    continue;
                }
                event = events.next() => event,
            };
            let Some(event) = event else { return };
            let refuses = event.as_ref().is_ok_and(|said| prepared.is_refusal(said));
            if refuses && !has_told && Instant::now() <= refused_until {
                return self.leave(Said::Refused);
            }
            has_told = true;
            let is_last = refuses || event.is_err();
            let mut answer = tokio::select! {
                biased;
                () = self.abandoned() => return,
                answer = prepared.event(caller, event) => answer,
            };
            answer.body = self.share.count(&answer.body);
            if is_last {
                // Whoever came now would hear of an end without its reason.
                self.leave(Said::Answer(answer));
            } else {
                self.tell(answer);
            }
            // Sources may have much to say at once, and the ring is short: everybody gets a turn to read.
            tokio::task::yield_now().await;
        }
    }

    /// Waits until nobody listens, and then takes nobody in any more.
    async fn abandoned(&self) {
        loop {
            self.sender.closed().await;
            let mut open = self.streams.lock();
            if self.sender.receiver_count() == 0 {
                self.remove(&mut open);
                return;
            }
        }
    }

    /// Tells everybody who listens.
    fn tell(&mut self, answer: Answer) {
        if self.is_young && self.share.is_excessive() {
            self.age();
        }
        if !self.is_young {
            return self.send(Said::Answer(answer));
        }
        // Nobody may join between what is kept and what is heard.
        let mut open = self.streams.lock();
        if let Some(stream) = open.get_mut(&self.key).filter(|stream| stream.number == self.number)
            && let Some(kept) = &mut stream.kept
        {
            kept.bytes += answer.body.len() + size_of::<Answer>();
            kept.answers.push(answer.clone());
            if kept.bytes > KEPT_BYTES {
                self.is_young = false;
                self.remove(&mut open);
            }
        }
        self.send(Said::Answer(answer));
    }

    /// Forgets what was said; whoever would have to hear it begins a stream of their own.
    fn age(&mut self) {
        self.is_young = false;
        self.remove(&mut self.streams.lock());
    }

    /// Takes nobody in any more, and tells those who are there.
    fn leave(&self, said: Said) {
        self.remove(&mut self.streams.lock());
        self.send(said);
    }

    fn send(&self, said: Said) {
        if let Said::Answer(answer) = &said {
            let places = if self.share.is_excessive() {
                // All there are: who is up to date still finds the answer, and who is not is overtaken.
                CAPACITY - 1
            } else {
                // Half of them at the most, so that two answers fit.
                (answer.body.len() / PLACE_BYTES).min(CAPACITY / 2)
            };
            for _ in 0..places {
                drop(self.sender.send(Said::Nothing));
            }
        }
        // Nobody may be left, which `abandoned` will see.
        drop(self.sender.send(said));
    }

    fn remove(&self, open: &mut HashMap<Key, Open>) {
        if let Entry::Occupied(entry) = open.entry(self.key.clone())
            && entry.get().number == self.number
        {
            entry.remove();
        }
    }
}

impl Drop for Publisher {
    fn drop(&mut self) {
        self.remove(&mut self.streams.lock());
    }
}
