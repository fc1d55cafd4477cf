//! How much one execution may hold, whatever its subgraphs answer.

use std::sync::atomic::{AtomicUsize, Ordering};

/// Bytes of all answers over HTTP, which are kept until the execution ends: as many as one of them may have.
pub(super) const MOST_ANSWERED: usize = 64 * 1024 * 1024;

/// Bytes that may still be taken.
#[derive(Debug)]
pub(super) struct Room(AtomicUsize);

impl Room {
    pub(super) fn of(bytes: usize) -> Self {
        Self(AtomicUsize::new(bytes))
    }

    /// Takes as many bytes, or none where fewer are left.
    pub(super) fn take(&self, bytes: usize) -> Option<()> {
        self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(bytes)).ok().map(drop)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_more_than_is_left_takes_nothing() {
        let room = Room::of(10);
        assert_eq!([room.take(4), room.take(7), room.take(6), room.take(1)], [Some(()), None, Some(()), None]);
    }
}
