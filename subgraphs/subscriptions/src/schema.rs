//! The service's part of the graph. Resolvers only translate; the rules are in `domain`.

mod feed;
mod follow;
mod loaders;
mod mutation;
mod query;
mod subscription;
mod user;

use std::sync::Arc;

use async_graphql::{Context, Schema, SchemaBuilder};
use chatty_graphql::{Entities, PerRequest};
use chatty_kit::Exposure;

use self::{loaders::Loaders, mutation::Mutation, query::Query, subscription::Subscription};
use crate::app::App;

/// The schema over the service's state.
pub(crate) fn build(app: Arc<App>, exposure: Exposure) -> Schema<Entities<Query>, Mutation, Subscription> {
    let db = app.db.clone();
    let loaders = move |request: async_graphql::Request| request.data(Loaders::new(&db));
    builder(exposure).data(app).extension(PerRequest(Arc::new(loaders))).finish()
}

/// The schema's SDL.
pub(crate) fn sdl() -> String {
    chatty_graphql::sdl(&builder(Exposure::InProcess).finish())
}

fn builder(exposure: Exposure) -> SchemaBuilder<Entities<Query>, Mutation, Subscription> {
    chatty_graphql::subgraph(Query, Mutation, Subscription, exposure)
}

/// The service's state, from the request in hand.
fn app<'a>(ctx: &Context<'a>) -> &'a App {
    ctx.data_opt::<Arc<App>>().expect("the schema is built with the service's state")
}
