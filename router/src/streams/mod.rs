//! Shared streams: equal subscriptions run once, and what they say goes to all their subscribers as the same bytes.
//!
//! # Which
//!
//! A supergraph says by `@tag` what may be shared. The subscription's root field is tagged `shared`, and nothing that the
//! operation selects is tagged `viewer`. A supergraph without these tags shares nothing. `shared` is a promise of the
//! subgraph:
//!
//! 1. Without `after`, or with null, the stream has no beginning: what it says from any moment on is what one that began
//!    at that moment would say. A stream that greets its subscriber breaks this.
//! 2. With `after`, the cursor of an event, it says what follows that event, and then goes on in the same way. So events
//!    have cursors and may be told twice.
//! 3. What depends on who asks is tagged `viewer`, but for being refused: by errors without a value, by an end, or by an
//!    object of a type tagged `resync`.
//!
//! Equal are subscriptions to the same document, operation and variables on the same supergraph; what `@skip` and
//! `@include` decide is among the variables. Checks and limits are each subscriber's own and come before. The shared run
//! is anonymous, with a trace id of its own, which its errors carry.
//!
//! # No event is missed
//!
//! Joining a stream and telling its subscribers exclude each other, so that each answer comes either before or after the
//! joining, whole.
//!
//! * *Without `after`* one joins at any time. What is told before the joining has happened before it; what happens after
//!   it is told later, because a source tells what happens in order. By the first promise that is all there is to hear.
//! * *With `after`* a stream that has gone on has said what a new subscriber wants. Its answers are therefore kept while
//!   it is young ([`YOUNG`], [`KEPT_BYTES`]), and whoever comes meanwhile gets them first: after a restart thousands ask
//!   with the same cursor within seconds. Later ones begin a stream of their own, which others may join again. Answers
//!   are not kept longer, because they show things as they were: what has been deleted since must not be told anew.
//! * *A stream that ends* takes nobody in from before it says so on. Whoever has joined it and heard nothing begins
//!   again, alone.
//!
//! # Nobody sees less than alone
//!
//! What is refused to anonymous callers may be allowed to some. If the source refuses before it has told an event,
//! and within the time that its subgraph has for an answer, every subscriber goes on with a stream of their own, as
//! themselves. None has heard anything by then, so none has missed anything: with `after` the own stream begins at the
//! same place, and without, a subscription promises nothing of the time before its first event but that it begins soon. A refusal later on (the post that is followed is no longer
//! public) is told to all as it is: they are asked to fetch again and to subscribe again, and then they are refused early.
//! A subgraph that fails or breaks off has refused nobody; that is told to all.
//!
//! # Nobody waits for another
//!
//! Answers lie in one ring of [`CAPACITY`] for all subscribers. Nobody's reading is waited for, only that all get their
//! turn. One whom the ring has overtaken gets an error with the code `LIMIT_EXCEEDED` and the limit `backlog`, which ends
//! the operation: the client subscribes again with the last `cursor` that it has and misses nothing. The router knows no
//! event by name, so it cannot say `ResyncRequired` in a stream's own words; and the client need not fetch again, for
//! its cursor is good.
//!
//! What all rings of a gateway keep is counted. Once that is more than 64 MiB, a stream that keeps more than 64 KiB
//! overtakes everybody who is behind, and forgets what it has kept for those who come, with each event.
//!
//! A frame of a WebSocket is its operation's id and the answer in one piece of memory, so each socket copies the answer
//! once. That is all that is done for each subscriber.
//!
//! # Its end
//!
//! One task a stream, among those that shutdown waits for. It ends when its last subscriber is gone, however they go
//! (complete, a closed or revoked socket, shutdown, which closes them all), when the source ends, or when it panics,
//! which is an error for all its subscribers. Of a supergraph that is replaced the streams go on until then.

mod memory;
mod publish;
mod subscribe;
mod tags;

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use chatty_access::Caller;
use chatty_kit::Tasks;
use futures_util::{FutureExt, stream::BoxStream};
use tokio::sync::broadcast;

pub(crate) use memory::Memory;
pub(crate) use tags::Tags;

use crate::{Answer, Prepared, operation::After};
use publish::Publisher;
use subscribe::Subscriber;

/// Places in a stream's ring: how many answers a subscriber may be behind.
const CAPACITY: usize = 128;

/// Bytes of an answer that go with one place; longer ones take several, so that a ring keeps 8 MiB at the most, or two
/// answers that are longer.
const PLACE_BYTES: usize = 64 * 1024;

/// How long a stream that began behind an event keeps what it has said.
const YOUNG: Duration = Duration::from_secs(10);

/// Bytes of answers that it keeps; with more it keeps nothing.
const KEPT_BYTES: usize = 256 * 1024;

/// The shared streams of one supergraph.
#[derive(Default)]
pub(crate) struct Streams {
    open: Mutex<HashMap<Key, Open>>,
    numbers: AtomicU64,
    memory: Memory,
}

/// What equal subscriptions have in common.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Key {
    /// Of the document and the operation in it.
    document: u64,
    variables: Arc<[u8]>,
}

/// A stream that can be joined.
struct Open {
    /// Tells it from later ones with the same key.
    number: u64,
    sender: broadcast::Sender<Said>,
    /// What it has said, for those who join; `None` where that need not be told.
    kept: Option<Kept>,
}

#[derive(Default)]
struct Kept {
    answers: Vec<Answer>,
    bytes: usize,
}

/// What subscribers hear.
#[derive(Debug, Clone)]
enum Said {
    /// An event, or an error in its place.
    Answer(Answer),
    /// The last word.
    Last(Answer),
    /// A place that goes with the answer behind it.
    Nothing,
    /// Anonymous callers are refused.
    Refused,
}

/// A place among the subscribers of a stream.
struct Seat {
    /// What was said before.
    kept: Vec<Answer>,
    receiver: broadcast::Receiver<Said>,
}

impl Streams {
    /// Streams whose answers are kept in this memory.
    pub(crate) fn new(memory: Memory) -> Self {
        Self { memory, ..Self::default() }
    }

    /// The events of a subscription that may be shared.
    pub(crate) fn subscribe(prepared: Prepared, caller: Caller, tasks: &Tasks) -> BoxStream<'static, Answer> {
        let streams = Arc::clone(prepared.streams());
        let (document, variables) = prepared.identity();
        let key = Key { document, variables: variables.into() };
        let prepared = Arc::new(prepared);
        let (seat, publisher) = streams.join(key, prepared.after());
        if let Some(publisher) = publisher {
            let mut run = Box::pin(publisher.run(Arc::clone(&prepared)));
            // Opens the source before anything else that the subscriber asks for, as a stream of their own would.
            if (&mut run).now_or_never().is_none() {
                tasks.spawn(run);
            }
        }
        Subscriber::new(seat, prepared, caller).answers()
    }

    /// A seat in the stream with this key, and where there is none yet the publisher of a new one.
    fn join(self: &Arc<Self>, key: Key, after: Option<After>) -> (Seat, Option<Publisher>) {
        let mut open = self.lock();
        if let Some(stream) = open.get(&key) {
            return (stream.join(), None);
        }
        let number = self.numbers.fetch_add(1, Ordering::Relaxed);
        let (sender, receiver) = broadcast::channel(CAPACITY);
        let kept = (after == Some(After::Event)).then(Kept::default);
        let is_young = kept.is_some();
        open.insert(key.clone(), Open { number, sender: sender.clone(), kept });
        let share = self.memory.share();
        let publisher = Publisher { streams: Arc::clone(self), key, number, sender, share, is_young };
        (Seat { kept: Vec::new(), receiver }, Some(publisher))
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Key, Open>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Open {
    fn join(&self) -> Seat {
        let kept = self.kept.as_ref().map(|kept| kept.answers.clone()).unwrap_or_default();
        Seat { kept, receiver: self.sender.subscribe() }
    }
}
