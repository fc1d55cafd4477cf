//! How much one execution may hold, whatever its subgraphs answer.

use std::sync::atomic::{AtomicUsize, Ordering};

use crate::value::Value;

/// Bytes of all answers over HTTP, which are kept until the execution ends: as many as one of them may have.
pub(super) const MOST_ANSWERED: usize = 64 * 1024 * 1024;

/// Bytes of memory that values take which are copied to further places. That is about a million members, and more than
/// an answer of 16 MiB to a client needs.
pub(super) const MOST_COPIED: usize = 64 * 1024 * 1024;

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

    /// Takes what copies of values take, given how many there will be of each.
    pub(super) fn take_copies<'v, 'a: 'v>(
        &self,
        values: impl IntoIterator<Item = (&'v Value<'a>, usize)>,
    ) -> Option<()> {
        let copied = values.into_iter().filter(|(_, copies)| *copies > 0);
        let bytes = copied.map(|(value, copies)| value.copied_bytes().saturating_mul(copies));
        self.take(bytes.fold(0, usize::saturating_add))
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

    #[test]
    fn copies_are_counted_and_the_value_itself_is_not() {
        let value = Value::List(vec![Value::Null; 9]);
        let room = Room::of(value.copied_bytes() * 5);
        assert_eq!(room.take_copies([(&value, 0), (&value, 2)]), Some(()));
        assert_eq!(room.take_copies([(&value, 2), (&value, 2)]), None);
        assert_eq!(room.take_copies([(&value, usize::MAX)]), None);
        assert_eq!(room.take_copies([(&value, 2), (&value, 1)]), Some(()));
    }
}
