//! The platform subgraph: finding any object by its id, and what this installation is.
//!
//! Owns no data and publishes nothing. It alone declares `interface Node`; no other subgraph mentions it. An entity
//! that gets an id prefix in `chatty_types::kind` gets its line in `node.rs`.

mod node;

use std::sync::Arc;

use async_graphql::{Context, EmptyMutation, EmptySubscription, Error, ID, Object, Schema, SimpleObject};
use chatty_graphql::{DateTime, Entities};
use chatty_kit::{Env, Exposure, Fault, Service};
use chatty_types::Clock;
use node::Node;

/// The service's name.
pub const NAME: &str = "platform";

/// More ids than this in one `nodes` are refused: the longest page of any list.
const MAX_NODES: usize = 100;

/// The service, ready to run.
pub fn service(env: &Env) -> Service {
    let schema = schema(Some(env.clock.clone()), env.exposure);
    Service {
        name: NAME,
        subgraph: Arc::new(schema),
        routes: axum::Router::new(),
        internal: axum::Router::new(),
        consumers: Vec::new(),
        db: None,
    }
}

/// The subgraph's federation SDL.
pub fn sdl() -> String {
    chatty_graphql::sdl(&schema(None, Exposure::InProcess))
}

fn schema(clock: Option<Clock>, exposure: Exposure) -> Schema<Entities<Query>, EmptyMutation, EmptySubscription> {
    let builder = chatty_graphql::subgraph(Query, EmptyMutation, EmptySubscription, exposure);
    match clock {
        Some(clock) => builder.data(clock).finish(),
        None => builder.finish(),
    }
}

struct Query;

/// What this installation is.
#[derive(SimpleObject)]
struct ServerInfo {
    /// The software: `chatty`.
    name: &'static str,
    /// Its version, such as `0.1.0`.
    version: &'static str,
    /// The server's time; compare it with yours before you trust yours.
    time: DateTime,
}

#[expect(clippy::unused_async, reason = "resolvers are async, whatever they do")]
#[Object]
impl Query {
    /// Any object by its id: `node(id: "usr_…") { ... on User { username } }`. Null when there is no such object or it
    /// is not for you, if you ask for a field that the object cannot be without. `id` and `__typename` are read off the
    /// id and prove nothing.
    async fn node(
        &self,
        #[graphql(desc = "An id as any field gave it, such as `pst_06d9…`.")] id: ID,
    ) -> Result<Option<Node>, Fault> {
        Ok(Some(Node::from_id(id)?))
    }

    /// Many objects by their ids, in the order of the ids, with null where there is none, and null with an error where
    /// an id is not well-formed.
    async fn nodes(
        &self,
        #[graphql(desc = "At most 100 ids, of any kinds.")] ids: Vec<ID>,
    ) -> Result<Vec<Option<Result<Node, Error>>>, Fault> {
        if ids.len() > MAX_NODES {
            return Err(Fault::BadInput("`ids` may hold at most 100 ids"));
        }
        Ok(ids.into_iter().map(|id| Some(Node::from_id(id).map_err(|bad| Fault::from(bad).into()))).collect())
    }

    /// What this installation is, and what time it has.
    async fn server_info(&self, ctx: &Context<'_>) -> ServerInfo {
        let time = ctx.data_unchecked::<Clock>().now().into();
        ServerInfo { name: "chatty", version: env!("CARGO_PKG_VERSION"), time }
    }
}
