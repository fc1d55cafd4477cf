//! The service's part of the graph. Resolvers are thin: they read arguments, call the domain or a loader, and wrap.

mod comment;
mod input;
mod loaders;
mod mutation;
mod payload;
mod post;
mod query;
mod subscription;
mod types;
mod user;

use std::{any::TypeId, sync::Arc};

use async_graphql::{Context, Schema};
use chatty_access::Caller;
use chatty_graphql::{Entities, PerRequest};
use chatty_kit::Exposure;

use crate::{app::App, domain::visibility::Reader};
use loaders::Loaders;

pub(crate) type PostsSchema = Schema<Entities<query::Query>, mutation::Mutation, subscription::Subscription>;

/// The schema over `app`.
pub(crate) fn build(app: &App, exposure: Exposure) -> PostsSchema {
    let state = app.clone();
    let with_loaders = move |request: async_graphql::Request| {
        let caller = request.data.get(&TypeId::of::<Caller>()).and_then(|data| data.downcast_ref::<Caller>());
        let reader = caller.map_or(Reader { user: None, moderates: false }, Reader::of);
        request.data(Loaders::new(&state, reader))
    };
    schema(exposure).data(app.clone()).extension(PerRequest(Arc::new(with_loaders))).finish()
}

/// The schema as composition takes it.
pub(crate) fn sdl() -> String {
    chatty_graphql::sdl(&schema(Exposure::InProcess).finish())
}

fn schema(
    exposure: Exposure,
) -> async_graphql::SchemaBuilder<Entities<query::Query>, mutation::Mutation, subscription::Subscription> {
    chatty_graphql::subgraph(query::Query, mutation::Mutation, subscription::Subscription, exposure)
}

fn app<'a>(ctx: &Context<'a>) -> &'a App {
    ctx.data_unchecked::<App>()
}

fn loaders<'a>(ctx: &Context<'a>) -> &'a Loaders {
    ctx.data_unchecked::<Loaders>()
}

/// A count as GraphQL's 32-bit `Int`.
fn count(number: i64) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}
