//! The injected clock: the only place that reads the system's time and makes ids from it.

use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};

use chrono::{DateTime, TimeDelta, Utc};
use uuid::{ContextV7, Timestamp, Uuid};

/// Tells the time in whole milliseconds UTC and derives time-ordered ids from it.
///
/// Whole milliseconds, because SQLite would keep nanoseconds and PostgreSQL microseconds, and a value must be equal to
/// itself after a round trip through either. Clones share one clock, so a test that advances it moves every service.
#[derive(Clone)]
pub struct Clock(Arc<Inner>);

struct Inner {
    /// Milliseconds added to the system's time; zero outside tests.
    offset: AtomicI64,
    /// Keeps UUIDv7 values of one millisecond in the order of their creation.
    ids: std::sync::Mutex<ContextV7>,
}

impl Clock {
    /// The system's time.
    pub fn system() -> Self {
        Self(Arc::new(Inner { offset: AtomicI64::new(0), ids: std::sync::Mutex::new(ContextV7::new()) }))
    }

    /// Now, in whole milliseconds.
    pub fn now(&self) -> DateTime<Utc> {
        #[expect(clippy::disallowed_methods, reason = "the clock is where time enters the program")]
        let system = Utc::now().timestamp_millis();
        let now = system + self.0.offset.load(Ordering::Relaxed);
        DateTime::from_timestamp_millis(now).expect("the system's time lies within chrono's range")
    }

    /// A new UUIDv7 that sorts after every earlier one of this clock.
    pub fn uuid(&self) -> Uuid {
        let now = self.now();
        let seconds = u64::try_from(now.timestamp()).unwrap_or(0);
        let ids = self.0.ids.lock().expect("no code panics while holding the id context");
        Uuid::new_v7(Timestamp::from_unix(&*ids, seconds, now.timestamp_subsec_nanos()))
    }

    /// Moves this clock, and every clone of it, by `by`. For tests: nothing in the product calls it.
    pub fn advance(&self, by: TimeDelta) {
        self.0.offset.fetch_add(by.num_milliseconds(), Ordering::Relaxed);
    }
}

impl std::fmt::Debug for Clock {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Clock({})", self.now())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_of_one_clock_sort_in_the_order_of_their_creation() {
        let clock = Clock::system();
        let ids: Vec<_> = (0..10_000).map(|_| clock.uuid()).collect();
        assert!(ids.is_sorted_by(|a, b| a < b));
    }

    #[test]
    fn advancing_moves_every_clone_and_keeps_whole_milliseconds() {
        let clock = Clock::system();
        let clone = clock.clone();
        let before = clone.now();
        clock.advance(TimeDelta::hours(3));
        assert!(clone.now() - before >= TimeDelta::hours(3));
        assert_eq!(clone.now().timestamp_subsec_micros() % 1_000, 0);
    }
}
