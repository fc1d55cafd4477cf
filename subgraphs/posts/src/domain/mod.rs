//! The rules: who may see, write, like and delete what. Nothing here knows GraphQL, but for the problems it reports.

pub(crate) mod comment;
pub(crate) mod content;
pub(crate) mod like;
pub(crate) mod post;
pub(crate) mod thread;
pub(crate) mod visibility;

use std::str::FromStr;

use chatty_graphql::{Problem, Refusal, idempotency};
use chatty_store::Tx;
use chatty_types::{Id, IdError, Kind, UserId};
use uuid::Uuid;

use crate::app::App;

/// `input.<field>` as an id.
fn parse_id<K: Kind>(field: &str, text: &str) -> Result<Id<K>, Problem>
where
    Id<K>: FromStr<Err = IdError>,
{
    text.parse().map_err(|error| Problem::bad_id(field, &error))
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
