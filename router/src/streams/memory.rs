//! The memory of what shared streams have said, for as long as anybody may still take it.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use bytes::Bytes;

use super::PLACE_BYTES;

/// Bytes that all streams of a gateway may keep before none may keep more than [`PLACE_BYTES`].
const ALL_BYTES: usize = 64 * 1024 * 1024;

/// What the streams of a gateway keep together. Clones count together.
#[derive(Debug, Clone, Default)]
pub(crate) struct Memory(Arc<AtomicUsize>);

/// What one stream keeps. Clones count together.
#[derive(Debug, Clone)]
pub(super) struct Share {
    own: Arc<AtomicUsize>,
    all: Memory,
}

/// Bytes that count until they are dropped.
struct Counted {
    body: Box<[u8]>,
    share: Share,
}

impl Memory {
    /// Another stream's share, which is still empty.
    pub(super) fn share(&self) -> Share {
        Share { own: Arc::default(), all: self.clone() }
    }
}

impl Share {
    /// The same bytes, which take no more than their length and count until the last clone is dropped.
    pub(super) fn count(&self, body: &[u8]) -> Bytes {
        for bytes in [&self.own, &self.all.0] {
            bytes.fetch_add(body.len(), Ordering::Relaxed);
        }
        Bytes::from_owner(Counted { body: body.into(), share: self.clone() })
    }

    /// Whether the stream keeps more than it may while all streams keep too much.
    pub(super) fn is_excessive(&self) -> bool {
        let [own, all] = [&self.own, &self.all.0].map(|bytes| bytes.load(Ordering::Relaxed));
        own > PLACE_BYTES && all > ALL_BYTES
    }
}

impl AsRef<[u8]> for Counted {
    fn as_ref(&self) -> &[u8] {
        &self.body
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        for bytes in [&self.share.own, &self.share.all.0] {
            bytes.fetch_sub(self.body.len(), Ordering::Relaxed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_count_until_their_last_clone_is_dropped() {
        let memory = Memory::default();
        let (one, other) = (memory.share(), memory.share());
        let count = |share: &Share| (share.own.load(Ordering::Relaxed), memory.0.load(Ordering::Relaxed));
        let body = one.count(b"hello");
        let (clone, more) = (body.clone(), other.count(b"you"));
        assert_eq!((&body[..], count(&one), count(&other)), (&b"hello"[..], (5, 8), (3, 8)));
        drop((body, more));
        assert_eq!((count(&one), count(&other)), ((5, 5), (0, 5)));
        drop(clone);
        assert_eq!(count(&one), (0, 0));
    }

    #[test]
    fn a_stream_that_keeps_little_keeps_it_whatever_others_keep() {
        let memory = Memory::default();
        let (large, small, middle) = (memory.share(), memory.share(), memory.share());
        let _little = small.count(&vec![0; PLACE_BYTES]);
        let _some = middle.count(&vec![0; PLACE_BYTES + 1]);
        assert!(!middle.is_excessive());
        let much = large.count(&vec![0; ALL_BYTES]);
        assert!(large.is_excessive() && middle.is_excessive() && !small.is_excessive());
        drop(much);
        assert!(!middle.is_excessive());
    }
}
