//! Builds a subgraph's schema the same way everywhere.

use std::sync::Arc;

use async_graphql::{ObjectType, SDLExportOptions, Schema, SchemaBuilder, SubscriptionType, ValidationMode};

use chatty_kit::Exposure;

use crate::{Entities, PerRequest, entities::Started, policy::ErrorPolicy, refusals::Refusals};

/// Nested selections in a request from another process. The router takes 20 from clients; planning wraps each in a
/// fragment at most, and the whole in `_entities` and the entity's type. The library's parser ends at 64.
const DEPTH: usize = 60;
/// Fields in such a request.
const COMPLEXITY: usize = 10_000;

/// A federated schema. In the router's process it validates and limits nothing, because the router has done so before
/// the request arrives; elsewhere it does both again.
pub fn subgraph<Q, M, S>(query: Q, mutation: M, subscription: S, exposure: Exposure) -> SchemaBuilder<Entities<Q>, M, S>
where
    Q: ObjectType + 'static,
    M: ObjectType + 'static,
    S: SubscriptionType + 'static,
{
    let builder = Schema::build(Entities(query), mutation, subscription);
    let builder = match exposure {
        Exposure::InProcess => builder.validation_mode(ValidationMode::Fast),
        Exposure::Network => {
            let builder = builder.validation_mode(ValidationMode::Strict).limit_complexity(COMPLEXITY);
            // Fields alone, and fields with fragments.
            builder.limit_depth(DEPTH).limit_recursive_depth(DEPTH).extension(Refusals)
        }
    };
    builder
        .enable_federation()
        // Otherwise the SDL lacks the subscription root.
        .enable_subscription_in_federation()
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
