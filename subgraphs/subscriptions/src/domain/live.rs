//! A home feed as a stream: replay from the table, then whatever comes.

use chatty_bus::{
    Listener,
    live::{AsyncReadBehind, Batch},
};
use chatty_store::{Db, Error};
use chatty_types::{PostId, UserId};
use futures_util::Stream;

use crate::{
    app::App,
    store::timeline::{self, ChangeRow, FeedRow, Head},
};

/// Rows read at once.
const BATCH: i64 = 100;

/// What the stream tells. Numbers are those of the user's feed.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Change {
    /// The post is in the feed.
    Added(FeedRow),
    /// The post is no longer in the feed.
    Removed {
        /// Which.
        post: PostId,
        /// The number of its removal.
        seq: i64,
    },
    /// Everything up to `seq`, the head of the feed when the stream began, has been told.
    CaughtUp {
        /// That head.
        seq: i64,
        /// How many changes were told to get there.
        replayed: i32,
    },
    /// What follows the reader's number is no longer there, or never was; the last item.
    Lost,
}

/// The changes of the user's feed behind number `after`, or from now on.
pub(crate) async fn follow_feed(
    app: &App,
    user: UserId,
    after: Option<i64>,
) -> Result<impl Stream<Item = Result<Change, Error>> + Send + use<>, Error> {
    // Before the head is read, so that no change falls between them unheard.
    let listener: Listener = app.bus.listen(&["subscriptions.feed.appended"]);
    let head = timeline::find_head(&app.db, user).await?.unwrap_or_default();
    let replay = Replay { db: app.db.clone(), user, head, replayed: 0, caught_up: false };
    // The broadcast's ids are one short JSON text: looking for ours is cheaper than reading them all in every stream.
    let own = user.to_string();
    let wakes = move |event: &chatty_events::Envelope| event.data.get().contains(&own);
    Ok(chatty_bus::live::follow(listener, wakes, after.unwrap_or(head.seq), replay))
}

struct Replay {
    db: Db,
    user: UserId,
    /// The feed's head when the stream began.
    head: Head,
    replayed: i32,
    caught_up: bool,
}

impl AsyncReadBehind<Change, Error> for Replay {
    async fn read(&mut self, position: i64) -> Result<Batch<Change>, Error> {
        // A number ahead of the head is of a feed that has lost its latest changes, as by a restored backup.
        if !self.caught_up && position > self.head.seq {
            return Ok(lost(position));
        }
        let changes = timeline::list_changes(&self.db, self.user, position, BATCH).await?;
        if position < changes.trimmed_to {
            return Ok(lost(position));
        }
        Ok(self.tell(position, &changes.rows))
    }
}

fn lost(position: i64) -> Batch<Change> {
    Batch { items: vec![Change::Lost], position, last: true }
}

impl Replay {
    /// The rows as changes, with the word that the replay is over in its place between them.
    fn tell(&mut self, position: i64, rows: &[ChangeRow]) -> Batch<Change> {
        let mut items = Vec::with_capacity(rows.len() + 1);
        for change in rows {
            if change.row.seq > self.head.seq {
                self.catch_up(&mut items);
            } else {
                self.replayed = self.replayed.saturating_add(1);
            }
            items.push(match change {
                ChangeRow { row, removed: false } => Change::Added(*row),
                ChangeRow { row, removed: true } => Change::Removed { post: row.post_id, seq: row.seq },
            });
        }
        let position = rows.last().map_or(position, |last| last.row.seq);
        let full = i64::try_from(rows.len()) == Ok(BATCH);
        if !full || position >= self.head.seq {
            self.catch_up(&mut items);
        }
        Batch { items, position, last: false }
    }

    fn catch_up(&mut self, items: &mut Vec<Change>) {
        if !std::mem::replace(&mut self.caught_up, true) {
            items.push(Change::CaughtUp { seq: self.head.seq, replayed: self.replayed });
        }
    }
}
