//! Batched loads of what hangs on users: one statement for all users of a level.

use std::collections::{HashMap, HashSet};

use async_graphql::Context;
use chatty_graphql::{Load, Loader};
use chatty_kit::Fault;
use chatty_store::Db;
use chatty_types::UserId;

use super::follow::Side;
use crate::store::follow::{self, CountsRow, FollowRow, Part};

/// The loaders of one request.
pub(crate) struct Loaders {
    /// How many follow a user, and how many the user follows.
    pub(crate) counts: Loader<Counts>,
    /// How a viewer and a user stand to each other.
    pub(crate) relationships: Loader<Relationships>,
    /// Parts of users' lists of follows.
    pub(crate) lists: Loader<Lists>,
}

impl Loaders {
    pub(crate) fn new(db: &Db) -> Self {
        Self {
            counts: Loader::new(Counts(db.clone())),
            relationships: Loader::new(Relationships(db.clone())),
            lists: Loader::new(Lists(db.clone())),
        }
    }

    /// The loaders of the request in hand.
    pub(crate) fn of<'a>(ctx: &Context<'a>) -> &'a Self {
        ctx.data_opt().expect("the schema gives every request its loaders")
    }
}

/// Loads counters by user.
pub(crate) struct Counts(Db);

impl Load for Counts {
    type Key = UserId;
    type Value = CountsRow;

    async fn load(&self, keys: &[UserId]) -> Result<HashMap<UserId, CountsRow>, Fault> {
        let rows = follow::counts_by_ids(&self.0, keys).await?;
        Ok(rows.into_iter().map(|row| (row.user_id, row)).collect())
    }
}

/// Loads relationships by (viewer, user).
pub(crate) struct Relationships(Db);

/// Which follows are in force between a viewer and a user.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Between {
    /// From the viewer to the user.
    pub(crate) is_following: bool,
    /// From the user to the viewer.
    pub(crate) is_followed_by: bool,
}

impl Load for Relationships {
    type Key = (UserId, UserId);
    type Value = Between;

    async fn load(&self, keys: &[Self::Key]) -> Result<HashMap<Self::Key, Between>, Fault> {
        let mut by_viewer: HashMap<UserId, Vec<UserId>> = HashMap::new();
        for (viewer, user) in keys {
            by_viewer.entry(*viewer).or_default().push(*user);
        }
        let mut found = HashMap::with_capacity(keys.len());
        // A request has one viewer, so this is one statement.
        for (viewer, users) in by_viewer {
            let follows: HashSet<_> = follow::list_between(&self.0, viewer, &users).await?.into_iter().collect();
            found.extend(users.into_iter().map(|user| {
                let is_following = follows.contains(&(viewer, user));
                ((viewer, user), Between { is_following, is_followed_by: follows.contains(&(user, viewer)) })
            }));
        }
        Ok(found)
    }
}

/// Loads parts of lists of follows, latest first.
pub(crate) struct Lists(Db);

impl Load for Lists {
    type Key = (Side, Part, UserId);
    type Value = Vec<FollowRow>;

    async fn load(&self, keys: &[Self::Key]) -> Result<HashMap<Self::Key, Vec<FollowRow>>, Fault> {
        let mut by_part: HashMap<(Side, Part), Vec<UserId>> = HashMap::new();
        for (side, part, user) in keys {
            by_part.entry((*side, *part)).or_default().push(*user);
        }
        let mut found: HashMap<Self::Key, Vec<FollowRow>> = HashMap::with_capacity(keys.len());
        // What is asked for together comes from one place in the document: one side, and no cursor but the first page's.
        for ((side, part), users) in by_part {
            let rows = match side {
                Side::Followers => follow::list_followers(&self.0, &users, &part).await?,
                Side::Following => follow::list_following(&self.0, &users, &part).await?,
            };
            for row in rows {
                found.entry((side, part, row.owner_id)).or_default().push(row);
            }
        }
        Ok(found)
    }
}
