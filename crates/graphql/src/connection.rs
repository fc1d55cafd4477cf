//! Relay connections, forward only, over keyset pages.

use async_graphql::SimpleObject;
use chatty_kit::Fault;
use chatty_types::{Cursors, List, PageArgs, Position};

use crate::Cursor;

/// Where a page lies in its list.
#[derive(Debug, Clone, SimpleObject)]
#[graphql(shareable)]
pub struct PageInfo {
    /// Whether more follows: pass `endCursor` as `after` to read on.
    has_next_page: bool,
    /// Whether something lies before: true on every page that `after` was given for.
    has_previous_page: bool,
    /// The cursor of the first edge.
    start_cursor: Option<Cursor>,
    /// The cursor of the last edge.
    end_cursor: Option<Cursor>,
}

impl PageInfo {
    /// The page info of these edges' cursors.
    pub fn new(request: &PageRequest, has_next_page: bool, first: Option<&Cursor>, last: Option<&Cursor>) -> Self {
        Self {
            has_next_page,
            has_previous_page: request.args.after.is_some(),
            start_cursor: first.cloned(),
            end_cursor: last.cloned(),
        }
    }
}

/// `first` and `after`, checked against the list that they page through.
#[derive(Debug, Clone)]
pub struct PageRequest {
    /// What to read.
    pub args: PageArgs,
    list: List,
    cursors: Cursors,
}

const DEFAULT_FIRST: u32 = 20;
const MAX_FIRST: u32 = 100;

impl PageRequest {
    /// `first` is 1 to 100, 20 when missing; `after` is a cursor of exactly this list.
    pub fn new(cursors: &Cursors, list: List, first: Option<i32>, after: Option<Cursor>) -> Result<Self, Fault> {
        let first = match first.map(u32::try_from) {
            None => DEFAULT_FIRST,
            Some(Ok(first @ 1..=MAX_FIRST)) => first,
            Some(_) => return Err(Fault::BadInput("`first` must be between 1 and 100")),
        };
        let after = after.map(|cursor| cursors.decode(&list, &cursor.0)).transpose()?;
        Ok(Self { args: PageArgs { first, after }, list, cursors: cursors.clone() })
    }

    /// The cursor of a row of this list.
    pub fn cursor(&self, position: Position) -> Cursor {
        Cursor(self.cursors.encode(&self.list, position))
    }
}

/// Declares a connection and its edge for a node type: `T` for own objects, `Option<T>` for another subgraph's. With
/// `total_count` behind the node the connection also has `totalCount`, which `new` takes last; only for lists that keep
/// a counter.
///
/// ```text
/// connection! {
///     /// Posts, newest first.
///     pub PostConnection, PostEdge { node: Post }
/// }
/// PostConnection::new(&request, page, |row| Position { sort: 0, id: row.id }, Post::from)
/// ```
#[macro_export]
macro_rules! connection {
    ($(#[$doc:meta])* pub $connection:ident, $edge:ident { node: $node:ty $(, $total:ident)? }) => {
        $(#[$doc])*
        #[derive(Debug)]
        pub struct $connection {
            edges: Vec<$edge>,
            page_info: $crate::PageInfo,
            $($total: i32,)?
        }

        /// One item of a list, with its position.
        #[derive(Debug, async_graphql::SimpleObject)]
        pub struct $edge {
            /// Pass it as `after` to read on behind this item.
            cursor: $crate::Cursor,
            /// The item.
            node: $node,
        }

        $(#[$doc])*
        #[async_graphql::Object]
        impl $connection {
            /// The items with their cursors.
            async fn edges(&self) -> &[$edge] {
                &self.edges
            }

            /// The items alone.
            async fn nodes(&self) -> Vec<&$node> {
                self.edges.iter().map(|edge| &edge.node).collect()
            }

            /// Where this page lies in the list.
            async fn page_info(&self) -> &$crate::PageInfo {
                &self.page_info
            }
            $(
                /// How many items the whole list has.
                async fn $total(&self) -> i32 {
                    self.$total
                }
            )?
        }

        impl $connection {
            /// The connection of a page of rows.
            pub fn new<R>(
                request: &$crate::PageRequest,
                page: chatty_types::Page<R>,
                position: impl Fn(&R) -> chatty_types::Position,
                node: impl Fn(R) -> $node,
                $($total: i32,)?
            ) -> Self {
                let has_next = page.has_next;
                let edges: Vec<_> = page
                    .items
                    .into_iter()
                    .map(|row| $edge { cursor: request.cursor(position(&row)), node: node(row) })
                    .collect();
                let page_info = $crate::PageInfo::new(
                    request,
                    has_next,
                    edges.first().map(|edge| &edge.cursor),
                    edges.last().map(|edge| &edge.cursor),
                );
                Self { edges, page_info, $($total,)? }
            }
        }
    };
}

#[cfg(test)]
mod tests {
    use chatty_types::Secret;
    use uuid::Uuid;

    use super::*;

    #[test]
    fn page_arguments_are_checked_against_their_list() {
        let cursors = Cursors::new(&Secret::new(&[3; 32]).unwrap());
        let list = || List::new("posts");
        let page = |first, after| PageRequest::new(&cursors, list(), first, after);
        assert_eq!(page(None, None).unwrap().args.first, 20);
        assert_eq!(page(Some(100), None).unwrap().args.first, 100);
        for first in [0, -1, 101, i32::MAX, i32::MIN] {
            assert!(matches!(page(Some(first), None), Err(Fault::BadInput(_))));
        }
        let position = Position { sort: 4, id: Uuid::from_u128(2) };
        let cursor = page(None, None).unwrap().cursor(position);
        assert_eq!(page(None, Some(cursor.clone())).unwrap().args.after, Some(position));
        let other = PageRequest::new(&cursors, List::new("comments"), None, Some(cursor));
        assert!(matches!(other, Err(Fault::CursorMismatch(_))));
    }
}
