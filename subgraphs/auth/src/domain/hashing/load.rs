//! How busy the pool is: whoever would wait too long is sent away at once.
//!
//! The limit is a time, because a count says nothing: a hundred places are two seconds on one machine and ten on
//! another. What a hash takes is measured as it is computed, beside everything else that the machine does.

use std::{
    num::NonZeroU32,
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};

use chatty_kit::Fault;

/// What a hash takes until one was measured.
const FIRST_GUESS: Duration = Duration::from_millis(50);

/// A new measurement moves the mean by this part of the difference.
const WEIGHT: u32 = 8;

/// Who is in the pool, and how long each will be.
#[derive(Debug)]
pub(super) struct Load {
    threads: NonZeroU32,
    limit: Duration,
    now: Mutex<Now>,
}

#[derive(Debug)]
struct Now {
    /// Those that are computed and those that wait.
    inside: u32,
    /// How long one is computed.
    mean: Duration,
}

/// A place in the pool, left by dropping it.
#[derive(Debug)]
pub(super) struct Place(Arc<Load>);

impl Load {
    /// Of `threads` that compute, and with nobody who is expected to wait longer than `limit`.
    pub(super) fn new(threads: NonZeroU32, limit: Duration) -> Self {
        Self { threads, limit, now: Mutex::new(Now { inside: 0, mean: FIRST_GUESS }) }
    }

    /// A place, unless its turn would come too late.
    pub(super) fn enter(self: &Arc<Self>) -> Result<Place, Fault> {
        let mut now = self.now();
        let ahead = (now.inside + 1).saturating_sub(self.threads.get());
        let wait = now.mean * ahead / self.threads.get();
        if wait > self.limit {
            // Those who are inside now are done by then.
            return Err(Fault::RateLimited { retry_after: wait });
        }
        now.inside += 1;
        Ok(Place(Arc::clone(self)))
    }

    /// Learns how long a hash took.
    pub(super) fn measured(&self, took: Duration) {
        let mut now = self.now();
        now.mean = (now.mean * (WEIGHT - 1) + took) / WEIGHT;
    }

    /// How many are inside.
    #[cfg(test)]
    pub(super) fn inside(&self) -> u32 {
        self.now().inside
    }

    fn now(&self) -> MutexGuard<'_, Now> {
        self.now.lock().expect("no code panics while holding the numbers")
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.0.now().inside -= 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(threads: u32, limit: u64) -> Arc<Load> {
        Arc::new(Load::new(NonZeroU32::new(threads).unwrap(), Duration::from_millis(limit)))
    }

    fn fill(load: &Arc<Load>) -> (Vec<Place>, Duration) {
        let mut places = Vec::new();
        loop {
            match load.enter() {
                Ok(place) => places.push(place),
                Err(Fault::RateLimited { retry_after }) => return (places, retry_after),
                Err(fault) => panic!("{fault:?}"),
            }
        }
    }

    #[test]
    fn the_queue_is_as_long_as_its_time_allows() {
        let load = load(2, 1_000);
        // 2 are computed, and the last of 40 more has its turn after 20 times 50 ms.
        let (places, retry_after) = fill(&load);
        assert_eq!((places.len(), retry_after), (42, Duration::from_millis(1_025)));
        drop(places);
        (0..100).for_each(|_| load.measured(Duration::from_millis(200)));
        assert_eq!(fill(&load).0.len(), 12, "slower hashes leave room for fewer");
        (0..100).for_each(|_| load.measured(Duration::from_millis(10)));
        assert!(fill(&load).0.len() > 150, "and faster ones for more");
    }

    #[test]
    fn without_time_to_wait_there_are_as_many_places_as_threads_and_they_come_back() {
        let load = load(3, 0);
        let (mut places, _) = fill(&load);
        assert_eq!(places.len(), 3);
        places.pop();
        assert_eq!(fill(&load).0.len(), 1);
        drop(places);
        assert_eq!((load.inside(), fill(&load).0.len()), (0, 3));
    }
}
