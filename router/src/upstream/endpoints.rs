//! The endpoints of one service: which takes the next request, and which are set aside for a while.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use http::{Uri, uri::PathAndQuery};
use tokio::time::Instant;

/// How long an endpoint is set aside after its first failure; doubled by each further one.
const FIRST_PAUSE: Duration = Duration::from_millis(200);

/// The longest pause: what a request may lose is one try in this time.
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// The endpoints of one service. Clones share what is known of them.
#[derive(Clone)]
pub(crate) struct Endpoints {
    uris: Arc<[Uri]>,
    rotation: Arc<Mutex<Rotation>>,
}

struct Rotation {
    states: Vec<State>,
    /// Where the search begins, so that equals take turns.
    turn: usize,
}

#[derive(Clone, Default)]
struct State {
    outstanding: usize,
    /// In a row.
    failures: u32,
    /// Set aside until then.
    aside: Option<Instant>,
    /// A request is finding out whether an endpoint that was set aside works again.
    on_trial: bool,
    /// What its own readiness check says; an endpoint that is not asked counts as ready.
    unready: bool,
}

/// A request's place at an endpoint; dropping it ends the request there.
pub(crate) struct Place {
    endpoints: Endpoints,
    pub(crate) at: usize,
    /// Taken although every endpoint is set aside or not ready.
    pub(crate) last_resort: bool,
    began: Instant,
    trial: bool,
}

impl Endpoints {
    pub(crate) fn new(uris: Vec<Uri>) -> Self {
        let states = vec![State::default(); uris.len()];
        Self { uris: uris.into(), rotation: Arc::new(Mutex::new(Rotation { states, turn: 0 })) }
    }

    pub(crate) fn uris(&self) -> &[Uri] {
        &self.uris
    }

    /// An endpoint for a request, if possible none of `tried`; `None` where there are no endpoints. Only a request that
    /// can be repeated elsewhere may find out whether an endpoint works again while others do.
    pub(crate) fn place(&self, tried: &[usize], repeatable: bool, now: Instant) -> Option<Place> {
        let mut rotation = self.lock();
        let count = rotation.states.len();
        let turn = rotation.turn;
        let order = || (0..count).map(|step| (turn + step) % count).filter(|at| !tried.contains(at));
        let due = |at: &usize| rotation.states[*at].due(now);
        let free = |at: &usize| rotation.states[*at].in_rotation();
        let least = |at: &usize| rotation.states[*at].outstanding;
        let trial = if repeatable { order().find(due) } else { None };
        let found = trial.or_else(|| order().filter(free).min_by_key(least)).or_else(|| order().find(due));
        let at = match found {
            Some(at) => at,
            // Whichever is left: one that was not tried, is ready, and has been set aside for the longest time.
            None => (0..count)
                .map(|step| (turn + step) % count)
                .min_by_key(|at| (tried.contains(at), rotation.states[*at].unready, rotation.states[*at].aside))?,
        };
        rotation.turn = (at + 1) % count;
        let state = &mut rotation.states[at];
        let trial = state.due(now);
        state.outstanding += 1;
        state.on_trial |= trial;
        Some(Place { endpoints: self.clone(), at, last_resort: found.is_none(), began: now, trial })
    }

    /// Takes an endpoint in or out of the rotation. One that becomes ready again has a new start.
    pub(super) fn set_ready(&self, at: usize, ready: bool) {
        let state = &mut self.lock().states[at];
        if ready && state.unready {
            (state.failures, state.aside) = (0, None);
        }
        state.unready = !ready;
    }

    fn lock(&self) -> MutexGuard<'_, Rotation> {
        self.rotation.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn in_rotation(&self) -> bool {
        !self.unready && self.aside.is_none()
    }

    /// Whether it is time to find out whether it works again.
    fn due(&self, now: Instant) -> bool {
        !self.unready && !self.on_trial && self.aside.is_some_and(|until| until <= now)
    }
}

impl Place {
    /// The endpoint.
    pub(crate) fn uri(&self) -> &Uri {
        &self.endpoints.uris[self.at]
    }

    /// The endpoint's scheme and authority with another path.
    pub(crate) fn uri_of(&self, path: PathAndQuery) -> Uri {
        with_path(self.uri(), path)
    }

    /// The endpoint answered, whatever it said.
    pub(crate) fn answered(&mut self) {
        self.end_trial();
        let state = &mut self.endpoints.lock().states[self.at];
        (state.failures, state.aside) = (0, None);
    }

    /// The endpoint refused the connection, broke it, did not answer or cannot serve: it is set aside.
    pub(crate) fn failed(&mut self, now: Instant) {
        let trial = self.end_trial();
        let state = &mut self.endpoints.lock().states[self.at];
        // Of many requests that fail together only the first one counts.
        let known = state.aside.is_some_and(|until| self.began < until) && !trial;
        if known {
            return;
        }
        let pause = FIRST_PAUSE.saturating_mul(1 << state.failures.min(8)).min(LONGEST_PAUSE);
        state.failures = state.failures.saturating_add(1);
        state.aside = Some(now + pause);
    }

    /// The request has found out what it could, though it may go on as a stream. Says whether it was a trial.
    fn end_trial(&mut self) -> bool {
        let trial = std::mem::take(&mut self.trial);
        if trial {
            self.endpoints.lock().states[self.at].on_trial = false;
        }
        trial
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.end_trial();
        self.endpoints.lock().states[self.at].outstanding -= 1;
    }
}

/// The same server with another path.
pub(super) fn with_path(server: &Uri, path: PathAndQuery) -> Uri {
    let mut parts = server.clone().into_parts();
    parts.path_and_query = Some(path);
    Uri::from_parts(parts).expect("an endpoint has scheme and authority")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn endpoints(count: u16) -> Endpoints {
        Endpoints::new((0..count).map(|at| format!("http://10.0.0.1:{}/", 8000 + at).parse().unwrap()).collect())
    }

    /// Endpoints and the time that a test makes pass.
    struct Timed(Endpoints, Instant);

    impl Timed {
        fn new(count: u16) -> Self {
            Self(endpoints(count), Instant::now())
        }

        fn place(&self) -> Place {
            self.0.place(&[], true, self.1).unwrap()
        }

        /// Which endpoints the next requests go to when each ends before the next begins.
        fn next(&self, count: usize) -> Vec<usize> {
            (0..count).map(|_| self.place().at).collect()
        }

        fn fail(&self) {
            self.place().failed(self.1);
        }
    }

    #[test]
    fn equals_take_turns_and_the_idlest_goes_first() {
        let three = Timed::new(3);
        assert_eq!(three.next(6), [0, 1, 2, 0, 1, 2]);
        let held = [three.place(), three.place()];
        assert_eq!(held.each_ref().map(|place| place.at), [0, 1]);
        assert_eq!(three.next(2), [2, 2]);
        drop(held);
        assert_eq!(three.next(2), [0, 1]);
    }

    #[test]
    fn an_endpoint_that_failed_is_set_aside_and_tried_again_by_one_request() {
        let mut two = Timed::new(2);
        two.fail();
        assert_eq!(two.next(3), [1, 1, 1]);
        two.1 += FIRST_PAUSE;
        let writing = two.0.place(&[], false, two.1).unwrap();
        assert_eq!(writing.at, 1, "what cannot be repeated finds nothing out");
        let mut trial = two.place();
        assert_eq!(trial.at, 0);
        assert_eq!(two.next(3), [1, 1, 1], "one at a time");
        trial.failed(two.1);
        drop(trial);
        two.1 += FIRST_PAUSE;
        assert_eq!(two.next(1), [1], "the second pause is longer");
        two.1 += FIRST_PAUSE;
        let mut trial = two.place();
        assert_eq!(trial.at, 0);
        trial.answered();
        drop(writing);
        assert_eq!(two.next(2), [1, 1], "the idler one");
        drop(trial);
        assert_eq!(two.next(2), [0, 1]);
    }

    #[test]
    fn a_trial_that_nobody_waits_for_leaves_room_for_the_next() {
        let mut two = Timed::new(2);
        two.fail();
        two.1 += FIRST_PAUSE;
        assert_eq!(two.next(2), [0, 0]);
    }

    #[test]
    fn a_stream_that_was_a_trial_leaves_room_once_it_is_answered() {
        let mut one = Timed::new(1);
        one.fail();
        one.1 += FIRST_PAUSE;
        let mut stream = one.place();
        stream.answered();
        one.fail();
        one.1 += FIRST_PAUSE;
        assert!(!one.place().last_resort, "the next trial");
    }

    #[test]
    fn many_failures_at_once_count_once_and_pauses_have_an_end() {
        let mut one = Timed::new(1);
        let mut together: Vec<_> = (0..100).map(|_| one.place()).collect();
        for place in &mut together {
            place.failed(one.1);
        }
        drop(together);
        assert!(one.place().last_resort);
        one.1 += FIRST_PAUSE;
        assert!(!one.place().last_resort, "the pause did not grow");
        for _ in 0..100 {
            one.fail();
            one.1 += LONGEST_PAUSE;
        }
        assert!(!one.place().last_resort);
    }

    #[test]
    fn where_all_are_set_aside_the_best_is_taken_all_the_same() {
        let mut three = Timed::new(3);
        three.0.set_ready(0, false);
        three.fail();
        three.1 += Duration::from_millis(1);
        three.fail();
        let last = three.place();
        assert_eq!((last.at, last.last_resort), (1, true));
        let after = |tried: &[usize]| three.0.place(tried, true, three.1).unwrap().at;
        assert_eq!((after(&[1]), after(&[1, 2])), (2, 0));
        assert!(endpoints(0).place(&[], true, three.1).is_none());
    }

    #[test]
    fn one_that_is_not_ready_is_left_alone_until_it_is() {
        let two = Timed::new(2);
        two.0.set_ready(0, false);
        assert_eq!(two.next(3), [1, 1, 1]);
        two.0.set_ready(0, true);
        assert_eq!(two.next(2), [0, 1]);
    }
}
