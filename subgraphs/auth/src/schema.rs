//! Auth's part of the graph. Resolvers turn inputs into calls of `domain` and results into payloads.

mod admin;
mod deletion;
mod entities;
mod input;
mod loaders;
mod passwords;
mod payload;
mod profile;
mod query;
mod roles;
mod session;
mod sessions;
mod token_info;
mod users;

use std::sync::Arc;

use async_graphql::{EmptySubscription, MergedObject, Request, Schema, SchemaBuilder};
use chatty_graphql::{Entities, PerRequest};
use chatty_kit::Exposure;

use crate::app::App;
use admin::AdminQuery;
use deletion::DeletionMutation;
use loaders::Loaders;
use passwords::PasswordMutation;
use profile::ProfileMutation;
use query::AccountQuery;
use roles::RoleMutation;
use sessions::SessionMutation;
use token_info::TokenInfoQuery;
use users::UsersQuery;

/// What can be asked.
#[derive(MergedObject, Default)]
pub(crate) struct Query(AccountQuery, UsersQuery, AdminQuery, TokenInfoQuery);

/// What can be done.
#[derive(MergedObject, Default)]
pub(crate) struct Mutation(SessionMutation, PasswordMutation, ProfileMutation, RoleMutation, DeletionMutation);

/// The schema without what it works with: enough to print it.
pub(crate) fn builder(exposure: Exposure) -> SchemaBuilder<Entities<Query>, Mutation, EmptySubscription> {
    chatty_graphql::subgraph(Query::default(), Mutation::default(), EmptySubscription, exposure)
}

/// The schema that answers requests.
pub(crate) fn with_app(app: &Arc<App>, exposure: Exposure) -> Schema<Entities<Query>, Mutation, EmptySubscription> {
    let for_loaders = Arc::clone(app);
    let per_request = move |request: Request| request.data(Loaders::new(&for_loaders));
    builder(exposure).data(Arc::clone(app)).extension(PerRequest(Arc::new(per_request))).finish()
}
