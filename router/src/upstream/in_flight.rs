//! Queries in flight: of equal ones from one identity, a subgraph is sent one, and all who asked take its answer.
//!
//! Nothing is remembered: whoever asks after the answer has come sends a query of its own.

use std::{
    collections::HashMap,
    hash::{Hash, Hasher},
    net::IpAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use bytes::Bytes;
use chatty_access::{Caller, Viewer};
use futures_util::{
    FutureExt,
    future::{BoxFuture, Shared, WeakShared},
};
use tokio::time::{Instant, timeout_at};

use super::Failure;

/// What one subgraph is being asked. Clones share it.
#[derive(Clone, Default)]
pub(super) struct InFlight(Arc<Mutex<Flights>>);

#[derive(Default)]
struct Flights {
    by_key: HashMap<Key, Entry>,
    /// How many there have been, so that each has a number.
    begun: u64,
}

/// A flight, for as long as somebody waits for it.
struct Entry {
    number: u64,
    flight: WeakShared<BoxFuture<'static, Answer>>,
}

/// The bytes that came, which all share.
type Answer = Result<Bytes, Failure>;

/// What must be the same for an answer to be the same: the request's bytes, and who asks.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Key {
    body: Bytes,
    viewer: Option<Viewer>,
    origin: Option<Origin>,
}

/// What a sealed request says of its origin besides the viewer.
#[derive(Clone, PartialEq, Eq)]
struct Origin {
    network: IpAddr,
    user_agent: Option<String>,
}

impl Key {
    /// The key of a request. If it is sealed, the subgraph is told all of the caller, and all of it counts but for the
    /// trace, which says nothing of who asks. If not, the subgraph is told nothing; viewers are kept apart all the same.
    pub(super) fn of(body: Bytes, caller: &Caller, sealed: bool) -> Self {
        let origin = || Origin { network: caller.network, user_agent: caller.user_agent.clone() };
        Self { body, viewer: caller.viewer.clone(), origin: sealed.then(origin) }
    }
}

impl Hash for Key {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.body.hash(state);
        self.viewer.as_ref().map(|viewer| viewer.session).hash(state);
    }
}

impl InFlight {
    /// The answer of the query that `key` stands for: of one that is in flight, or of the one that `send` begins.
    ///
    /// Whoever leaves does not take the query along while others wait for it. Each waits until its own `deadline`: where
    /// a query was late by the deadline of the one who began it, the others begin another.
    pub(super) async fn share(
        &self,
        key: &Key,
        deadline: Instant,
        send: impl Fn() -> BoxFuture<'static, Answer>,
    ) -> Answer {
        loop {
            let (flight, joined) = self.board(key, &send);
            match timeout_at(deadline, flight).await {
                Ok(Err(Failure::Late)) if joined && Instant::now() < deadline => {}
                Ok(answer) => return answer,
                Err(_elapsed) => return Err(Failure::Late),
            }
        }
    }

    /// A flight, and whether it had begun before.
    fn board(
        &self,
        key: &Key,
        send: impl Fn() -> BoxFuture<'static, Answer>,
    ) -> (Shared<BoxFuture<'static, Answer>>, bool) {
        let mut flights = self.lock();
        if let Some(flight) = flights.by_key.get(key).and_then(|entry| entry.flight.upgrade()) {
            return (flight, true);
        }
        flights.begun += 1;
        let number = flights.begun;
        let (query, landing) = (send(), Landing { flights: self.clone(), key: key.clone(), number });
        let flight = async move {
            let answer = query.await;
            drop(landing);
            answer
        };
        let flight = flight.boxed().shared();
        let weak = flight.downgrade().expect("a flight that was not polled has not ended");
        flights.by_key.insert(key.clone(), Entry { number, flight: weak });
        (flight, false)
    }

    fn lock(&self) -> MutexGuard<'_, Flights> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Belongs to a flight: takes it off the list when it has ended, or when nobody waits for it any more.
struct Landing {
    flights: InFlight,
    key: Key,
    number: u64,
}

impl Drop for Landing {
    fn drop(&mut self) {
        let mut flights = self.flights.lock();
        // Another may have begun since the last one left.
        if flights.by_key.get(&self.key).is_some_and(|entry| entry.number == self.number) {
            flights.by_key.remove(&self.key);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{cell::RefCell, time::Duration};

    use futures_util::poll;
    use tokio::sync::oneshot;

    use super::*;

    /// A subgraph whose answers a test gives when it likes.
    #[derive(Default)]
    struct Subgraph(RefCell<Vec<oneshot::Sender<Answer>>>);

    impl Subgraph {
        fn send(&self) -> BoxFuture<'static, Answer> {
            let (answer, answered) = oneshot::channel();
            self.0.borrow_mut().push(answer);
            answered.map(|said| said.unwrap()).boxed()
        }

        fn count(&self) -> usize {
            self.0.borrow().len()
        }

        fn answer(&self, at: usize, said: Answer) {
            self.0.borrow_mut().remove(at).send(said).unwrap();
        }
    }

    fn key(body: &'static str) -> Key {
        Key::of(Bytes::from_static(body.as_bytes()), &Caller::anonymous(), true)
    }

    const X: Bytes = Bytes::from_static(b"x");

    fn far() -> Instant {
        Instant::now() + Duration::from_hours(1)
    }

    #[tokio::test]
    async fn equal_queries_are_sent_once_and_all_are_answered() {
        let (flights, subgraph, key) = (InFlight::default(), Subgraph::default(), key("a"));
        let share = || flights.share(&key, far(), || subgraph.send());
        let (mut first, mut second, mut third) = (Box::pin(share()), Box::pin(share()), Box::pin(share()));
        assert!(poll!(&mut first).is_pending() && poll!(&mut second).is_pending() && poll!(&mut third).is_pending());
        assert_eq!(subgraph.count(), 1);
        subgraph.answer(0, Ok(X));
        for said in [first.await, second.await, third.await] {
            assert_eq!(said, Ok(X));
        }
        assert!(flights.lock().by_key.is_empty());
        let mut later = Box::pin(share());
        assert!(poll!(&mut later).is_pending(), "nothing is remembered");
        assert_eq!(subgraph.count(), 1);
    }

    #[tokio::test]
    async fn a_failure_is_everybodys() {
        let (flights, subgraph, key) = (InFlight::default(), Subgraph::default(), key("a"));
        let share = || flights.share(&key, far(), || subgraph.send());
        let (mut first, mut second) = (Box::pin(share()), Box::pin(share()));
        assert!(poll!(&mut first).is_pending() && poll!(&mut second).is_pending());
        subgraph.answer(0, Err(Failure::Unavailable));
        assert_eq!(first.await, Err(Failure::Unavailable));
        assert_eq!(second.await, Err(Failure::Unavailable));
    }

    #[tokio::test]
    async fn whoever_began_may_leave_and_when_all_have_left_the_query_ends() {
        let (flights, subgraph, key) = (InFlight::default(), Subgraph::default(), key("a"));
        let share = || flights.share(&key, far(), || subgraph.send());
        let (mut first, mut second) = (Box::pin(share()), Box::pin(share()));
        assert!(poll!(&mut first).is_pending() && poll!(&mut second).is_pending());
        drop(first);
        let mut third = Box::pin(share());
        assert!(poll!(&mut third).is_pending());
        assert_eq!(subgraph.count(), 1);
        drop(third);
        subgraph.answer(0, Ok(X));
        assert_eq!(second.await, Ok(X));

        let mut alone = Box::pin(share());
        assert!(poll!(&mut alone).is_pending());
        drop(alone);
        assert!(subgraph.0.borrow()[0].is_closed(), "nobody waits for it");
        assert!(flights.lock().by_key.is_empty());
    }

    #[tokio::test(start_paused = true)]
    async fn each_waits_until_its_own_deadline() {
        let (flights, subgraph, key) = (InFlight::default(), Subgraph::default(), key("a"));
        let share = |deadline| flights.share(&key, deadline, || subgraph.send());
        let (soon, later) = (Instant::now() + Duration::from_secs(1), far());
        let (mut patient, mut hasty) = (Box::pin(share(later)), Box::pin(share(soon)));
        assert!(poll!(&mut patient).is_pending() && poll!(&mut hasty).is_pending());
        assert_eq!(hasty.await, Err(Failure::Late));
        let mut follower = Box::pin(share(later));
        assert!(poll!(&mut follower).is_pending());
        assert_eq!(subgraph.count(), 1);
        // Late for the one who began it.
        subgraph.answer(0, Err(Failure::Late));
        assert_eq!(patient.await, Err(Failure::Late));
        assert!(poll!(&mut follower).is_pending());
        subgraph.answer(0, Ok(X));
        assert_eq!(follower.await, Ok(X));
    }

    #[test]
    fn a_key_is_the_bytes_and_who_asks() {
        let (one, body) = (Caller::anonymous(), Bytes::from_static(b"a"));
        let of = |caller: &Caller, sealed| Key::of(body.clone(), caller, sealed);
        let traced = Caller { trace_id: "1".repeat(32), ..one.clone() };
        assert!(of(&one, true) == of(&traced, true), "a trace is nobody");
        for other in [
            Caller { network: "10.0.0.1".parse().unwrap(), ..one.clone() },
            Caller { user_agent: Some("x".to_owned()), ..one.clone() },
        ] {
            assert!(of(&one, true) != of(&other, true), "{other:?}");
            assert!(of(&one, false) == of(&other, false), "{other:?}: the subgraph is not told");
        }
        assert!(of(&one, true) != Key::of(Bytes::from_static(b"b"), &one, true));
    }
}
