//! Builds a subgraph's schema the same way everywhere.

use std::sync::Arc;

use async_graphql::{ObjectType, SDLExportOptions, Schema, SchemaBuilder, SubscriptionType, ValidationMode};

use crate::{Entities, PerRequest, entities::Started, policy::ErrorPolicy};

/// A schema that runs behind the router in one process: federated, without limits or validation of its own, because
/// the router has validated and limited every request before it arrives.
pub fn subgraph<Q, M, S>(query: Q, mutation: M, subscription: S) -> SchemaBuilder<Entities<Q>, M, S>
where
    Q: ObjectType + 'static,
    M: ObjectType + 'static,
    S: SubscriptionType + 'static,
{
    Schema::build(Entities(query), mutation, subscription)
        .enable_federation()
        // Otherwise the SDL lacks the subscription root.
        .enable_subscription_in_federation()
        .validation_mode(ValidationMode::Fast)
        .disable_suggestions()
        .extension(ErrorPolicy)
        .extension(PerRequest(Arc::new(|request: async_graphql::Request| request.data(Started::default()))))
}

/// The schema's federation SDL, sorted, as composition takes it.
pub fn sdl<Q, M, S>(schema: &Schema<Q, M, S>) -> String
where
    Q: ObjectType + 'static,
    M: ObjectType + 'static,
    S: SubscriptionType + 'static,
{
    schema.sdl_with_options(
        SDLExportOptions::new()
            .federation()
            .sorted_fields()
            .sorted_arguments()
            .sorted_enum_items()
            .include_specified_by(),
    )
}
