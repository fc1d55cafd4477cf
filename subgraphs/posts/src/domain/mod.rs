//! The rules: who may see, write, like and delete what. Nothing here knows GraphQL, but for the problems it reports.

pub(crate) mod comment;
pub(crate) mod content;
pub(crate) mod erasure;
pub(crate) mod like;
pub(crate) mod post;
pub(crate) mod thread;
pub(crate) mod visibility;

use std::str::FromStr;

use chatty_graphql::{Problem, Refusal, idempotency};
use chatty_kit::Fault;
use chatty_store::Tx;
use chatty_types::{Id, IdError, Kind, UserId};
use uuid::Uuid;

use crate::{app::App, store::replica};

/// `input.<field>` as an id.
fn parse_id<K: Kind>(field: &str, text: &str) -> Result<Id<K>, Problem>
where
    Id<K>: FromStr<Err = IdError>,
{
    text.parse().map_err(|error| Problem::bad_id(field, &error))
}

/// Counts what the user adds to their public posts, if anything. Refuses who was erased, and holds an erasure off until
/// `tx` ends, so that it finds what is written. Whoever locks a post does so before.
async fn writer(tx: &mut Tx, user: UserId, public_posts: i64) -> Result<(), Fault> {
    match replica::increment_post_count(tx, user, public_posts).await? {
        0 => Err(Fault::Unauthenticated),
        _ => Ok(()),
    }
}

/// Claims the client's key, if there is one, for what is about to be created. `Some`: it was created before, as this.
async fn claim<K: Kind>(
    app: &App,
    tx: &mut Tx,
    (mutation, user): (&'static str, UserId),
    (key, input_hash): (Option<Uuid>, [u8; 32]),
    outcome: Id<K>,
) -> Result<Option<Id<K>>, Refusal> {
    let Some(key) = key else { return Ok(None) };
    let call = idempotency::Call { scope: &user.to_string(), mutation, key, input_hash };
    match idempotency::claim(tx, &call, outcome.uuid(), app.clock.now()).await? {
        idempotency::Claim::First => Ok(None),
        idempotency::Claim::Replay(made) => Ok(Some(Id::from_uuid(made))),
    }
}
