//! Names, and how members are found by them.

use std::sync::atomic::{AtomicUsize, Ordering};

use async_graphql::Name;

use super::{Member, position};

/// A name to look for in many objects.
#[derive(Debug)]
pub(crate) struct Key {
    name: Name,
    pub(super) mark: u64,
    /// Where it was found last: objects of one place mostly have their members in one order. It is a guess and counts for
    /// nothing in comparisons.
    near: AtomicUsize,
}

impl Key {
    pub(crate) fn new(name: Name) -> Self {
        Self { mark: mark(&name), name, near: AtomicUsize::new(0) }
    }

    pub(crate) fn name(&self) -> &Name {
        &self.name
    }

    pub(super) fn position(&self, members: &[Member<'_>]) -> Option<usize> {
        let near = self.near.load(Ordering::Relaxed);
        if members.get(near).is_some_and(|member| is_same(member.name, &self.name)) {
            return Some(near);
        }
        let at = position(members, &self.name)?;
        self.near.store(at, Ordering::Relaxed);
        Some(at)
    }
}

impl Clone for Key {
    fn clone(&self) -> Self {
        Self::new(self.name.clone())
    }
}

impl PartialEq for Key {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for Key {}

/// Whether two texts are the same. Most that are compared are short, and a call would take longer than the comparison.
pub(super) fn is_same(one: &str, other: &str) -> bool {
    let (one, other) = (one.as_bytes(), other.as_bytes());
    if one.len() != other.len() {
        return false;
    }
    match one.len() {
        0 => true,
        // The ends overlap, and so all bytes are compared.
        1..4 => {
            let middle = one.len() / 2;
            one[0] == other[0] && one[middle] == other[middle] && one[one.len() - 1] == other[one.len() - 1]
        }
        4..8 => one.first_chunk::<4>() == other.first_chunk() && one.last_chunk::<4>() == other.last_chunk(),
        8..=16 => one.first_chunk::<8>() == other.first_chunk() && one.last_chunk::<8>() == other.last_chunk(),
        _ => one == other,
    }
}

/// One of 64 bits, by a name's length and its ends. An object without a name's mark has no member of that name.
pub(super) fn mark(name: &str) -> u64 {
    let bytes = name.as_bytes();
    let (first, last) = (bytes.first().copied().unwrap_or(0), bytes.last().copied().unwrap_or(0));
    1 << ((bytes.len() + usize::from(first) * 5 + usize::from(last) * 11) % 64)
}
