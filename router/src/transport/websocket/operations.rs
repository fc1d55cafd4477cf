//! The operations of one socket: which are open, and what they say.

use std::collections::HashMap;

use futures_util::{
    StreamExt,
    future::{AbortHandle, Abortable},
    stream::{BoxStream, SelectAll},
};

use super::message::Id;
use crate::transport::operation::Event;

/// The open operations by their ids. Dropping it ends them.
#[derive(Default)]
pub(super) struct Operations {
    open: HashMap<Id, AbortHandle>,
    /// Those that are open, and some that ended and were not polled since.
    streams: SelectAll<Abortable<BoxStream<'static, (Id, Event)>>>,
}

impl Operations {
    pub(super) fn len(&self) -> usize {
        self.open.len()
    }

    pub(super) fn contains(&self, id: &Id) -> bool {
        self.open.contains_key(id)
    }

    /// Opens an operation under an id that is free.
    pub(super) fn open(&mut self, id: Id, events: BoxStream<'static, Event>) {
        let (handle, registration) = AbortHandle::new_pair();
        let named = id.clone();
        self.streams.push(Abortable::new(events.map(move |event| (named.clone(), event)).boxed(), registration));
        self.open.insert(id, handle);
    }

    /// Ends an operation, if it is open.
    pub(super) fn end(&mut self, id: &Id) {
        if let Some(operation) = self.open.remove(id) {
            operation.abort();
        }
        // Polling drops what ended, but nothing is polled while the client does not read; whoever opens and ends
        // operations meanwhile would pile them up.
        if self.streams.len() > 2 * self.open.len() {
            let streams = std::mem::take(&mut self.streams);
            self.streams = streams.into_iter().filter(|stream| !stream.is_aborted()).collect();
        }
    }

    /// The next event of any; `None` while there is no operation.
    pub(super) async fn next(&mut self) -> Option<(Id, Event)> {
        self.streams.next().await
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use futures_util::stream;

    use super::*;
    use crate::transport::websocket::message::ClientMessage;

    fn id(at: usize) -> Id {
        match ClientMessage::parse(&format!(r#"{{"type":"complete","id":"{at}"}}"#)) {
            Ok(ClientMessage::Complete { id }) => id,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn what_ended_is_dropped_although_nobody_asks_for_events() {
        let mut operations = Operations::default();
        let held = Arc::new(());
        let open = |operations: &mut Operations, at| {
            let held = Arc::clone(&held);
            operations.open(id(at), stream::pending().inspect(move |_| drop(Arc::clone(&held))).boxed());
        };
        for at in 0..10 {
            open(&mut operations, at);
        }
        for at in 10..1_000 {
            open(&mut operations, at);
            operations.end(&id(at));
            assert!(Arc::strong_count(&held) <= 1 + 2 * operations.len(), "{at}");
        }
        assert!(operations.len() == 10 && operations.contains(&id(9)) && !operations.contains(&id(10)));
        for at in 0..10 {
            operations.end(&id(at));
        }
        assert_eq!(Arc::strong_count(&held), 1);
    }

    #[tokio::test]
    async fn those_that_are_open_go_on_when_others_are_dropped() {
        let mut operations = Operations::default();
        operations.open(id(0), stream::iter([Event::Next("{}".into()), Event::Complete]).boxed());
        for at in 1..10 {
            operations.open(id(at), stream::pending().boxed());
            operations.end(&id(at));
        }
        assert!(matches!(operations.next().await, Some((said, Event::Next(_))) if said == id(0)));
        assert!(matches!(operations.next().await, Some((said, Event::Complete)) if said == id(0)));
        operations.end(&id(0));
        assert!(operations.next().await.is_none());
    }
}
