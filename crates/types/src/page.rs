//! A page of a keyset list.

use crate::Position;

/// What a client asked of a list: how many, and behind which position.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PageArgs {
    /// 1 to 100.
    pub first: u32,
    /// The last position of the page before; `None` for the first page.
    pub after: Option<Position>,
}

impl PageArgs {
    /// The rows a statement should ask for: one more than the page, to learn whether another page follows.
    pub fn limit(&self) -> i64 {
        i64::from(self.first) + 1
    }
}

/// Some rows of a list, and whether more follow.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page<T> {
    /// At most as many as were asked for.
    pub items: Vec<T>,
    /// Whether the list goes on behind the last item.
    pub has_next: bool,
}

impl<T> Page<T> {
    /// Cuts the rows that a statement with [`PageArgs::limit`] gave.
    pub fn from_rows(mut rows: Vec<T>, args: &PageArgs) -> Self {
        let first = args.first as usize;
        let has_next = rows.len() > first;
        rows.truncate(first);
        Self { items: rows, has_next }
    }

    /// The same page with other items.
    pub fn map<U>(self, f: impl FnMut(T) -> U) -> Page<U> {
        Page { items: self.items.into_iter().map(f).collect(), has_next: self.has_next }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_probe_row_is_cut_and_told() {
        let args = PageArgs { first: 2, after: None };
        assert_eq!(args.limit(), 3);
        assert_eq!(Page::from_rows(vec![1, 2, 3], &args), Page { items: vec![1, 2], has_next: true });
        assert_eq!(Page::from_rows(vec![1, 2], &args), Page { items: vec![1, 2], has_next: false });
    }
}
