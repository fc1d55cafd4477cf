//! Who may see a post. [`can_see`] is the rule; `visible!` in [`crate::store`] is the same rule in SQL.
//!
//! A post that somebody may not see answers exactly like one that does not exist, everywhere. That is also why no
//! mutation waits here for another service's events: a follow that has not arrived yet would make a hidden post take
//! longer to be missing than a missing one. A post for followers opens to a new follower once the event has arrived.

use chatty_access::{Caller, Scope};
use chatty_events::posts::Visibility;
use chatty_graphql::{Problem, Refusal};
use chatty_store::{Error, Tx};
use chatty_types::{PostId, UserId};

use crate::store::{
    post::{self, PostRow, State},
    replica,
};

/// Somebody who reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Reader {
    /// `None` without login.
    pub(crate) user: Option<UserId>,
    /// Whether they may read what is hidden from others.
    pub(crate) moderates: bool,
}

impl Reader {
    pub(crate) fn of(caller: &Caller) -> Self {
        let moderates = caller.viewer.as_ref().is_some_and(|viewer| viewer.scopes.has(Scope::ModRead));
        Self { user: caller.user(), moderates }
    }
}

/// What decides whether a post may be seen.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Facts {
    pub(crate) author: UserId,
    pub(crate) visibility: Visibility,
    pub(crate) state: State,
    /// Whether the reader follows the author.
    pub(crate) follows: bool,
}

/// Whether `reader` may see the post. Lists leave out what is not published even where this says yes.
pub(crate) fn can_see(reader: Reader, post: &Facts) -> bool {
    let addressed = match post.visibility {
        Visibility::Public => true,
        Visibility::Followers => post.follows,
        Visibility::Private => false,
    };
    reader.moderates || reader.user == Some(post.author) || (post.state == State::Published && addressed)
}

/// The post that `input.<field>` names, locked, if the caller may see it.
pub(crate) async fn lock(tx: &mut Tx, caller: &Caller, field: &str, id: PostId) -> Result<PostRow, Refusal> {
    let reader = Reader::of(caller);
    let missing = || Problem::not_found(field, id);
    let row = post::find_locked(tx, id).await?.ok_or_else(missing)?;
    if can_see(reader, &facts(tx, reader, &row).await?) { Ok(row) } else { Err(missing().into()) }
}

async fn facts(tx: &mut Tx, reader: Reader, row: &PostRow) -> Result<Facts, Error> {
    let visibility = row.visibility.into();
    let follows = match (visibility, reader.user) {
        (Visibility::Followers, Some(user)) => replica::find_follow(tx, user, row.author_id).await?.unwrap_or(false),
        _ => false,
    };
    Ok(Facts { author: row.author_id, visibility, state: row.state, follows })
}

#[cfg(test)]
#[path = "visibility_tests.rs"]
mod tests;
