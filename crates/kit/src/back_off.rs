//! How long to wait before what failed is tried again.

use std::time::Duration;

/// Pauses between tries, each twice as long as the one before, up to a longest.
#[derive(Debug, Clone)]
pub struct BackOff {
    first: Duration,
    next: Duration,
    longest: Duration,
}

impl BackOff {
    /// After the first failure a pause of `first`, and never one that is longer than `longest`.
    pub fn new(first: Duration, longest: Duration) -> Self {
        Self { first, next: first, longest }
    }

    /// The pause after a further failure.
    pub fn pause(&mut self) -> Duration {
        let pause = self.next.min(self.longest);
        self.next = pause.saturating_mul(2);
        pause
    }

    /// Begins anew, after a success.
    pub fn reset(&mut self) {
        self.next = self.first;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_the_longest_and_begin_anew_after_a_success() {
        let mut back_off = BackOff::new(Duration::from_millis(100), Duration::from_millis(350));
        let mut pauses = |count| (0..count).map(|_| back_off.pause().as_millis()).collect::<Vec<_>>();
        assert_eq!(pauses(4), [100, 200, 350, 350]);
        back_off.reset();
        assert_eq!(back_off.pause().as_millis(), 100);
        assert_eq!(BackOff::new(Duration::MAX, Duration::from_secs(1)).pause(), Duration::from_secs(1));
    }
}
