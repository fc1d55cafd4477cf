//! Entity lookups that fail alone.
//!
//! `async-graphql` answers a whole `_entities` field with an error as soon as one representation is unknown or fails,
//! and gives errors inside entities a path without the representation's index. Behind [`Entities`] an entity that is
//! not there is null, one that fails is null with its error, and every path has its index.

use std::{borrow::Cow, collections::HashMap, sync::Mutex};

use async_graphql::{
    Context, ContextSelectionSet, ObjectType, OutputType, Pos, Positioned, QueryPathNode, QueryPathSegment,
    ServerResult, Value,
    parser::types::Field,
    registry::Registry,
    resolver_utils::{ContainerType, resolve_container},
};

/// Wraps a subgraph's query root. [`crate::subgraph`] does it for every schema.
pub struct Entities<Q>(pub Q);

/// Counts the representations of each `_entities` field of a request, by the field's position in the document.
///
/// The library starts the lookups of one field in the order of the representations, and each takes its number before
/// it first waits.
#[derive(Default)]
pub(crate) struct Started(Mutex<HashMap<Pos, usize>>);

impl Started {
    fn next(&self, field: Pos) -> usize {
        let mut started = self.0.lock().expect("no code panics while holding the counts");
        let count = started.entry(field).or_default();
        let index = *count;
        *count += 1;
        index
    }
}

impl<Q: ObjectType> ContainerType for Entities<Q> {
    async fn resolve_field(&self, ctx: &Context<'_>) -> ServerResult<Option<Value>> {
        self.0.resolve_field(ctx).await
    }

    async fn find_entity(&self, ctx: &Context<'_>, representation: &Value) -> ServerResult<Option<Value>> {
        let index = ctx.data_unchecked::<Started>().next(ctx.item.pos);
        let node = QueryPathNode { parent: ctx.path_node.as_ref(), segment: QueryPathSegment::Index(index) };
        let mut ctx = ctx.clone();
        ctx.path_node = Some(node);
        let found = self.0.find_entity(&ctx, representation).await.unwrap_or_else(|error| {
            ctx.add_error(if error.path.is_empty() { ctx.set_error_path(error) } else { error });
            None
        });
        Ok(Some(found.unwrap_or(Value::Null)))
    }
}

impl<Q: ObjectType> OutputType for Entities<Q> {
    fn type_name() -> Cow<'static, str> {
        Q::type_name()
    }

    fn create_type_info(registry: &mut Registry) -> String {
        Q::create_type_info(registry)
    }

    async fn resolve(&self, ctx: &ContextSelectionSet<'_>, _: &Positioned<Field>) -> ServerResult<Value> {
        resolve_container(ctx, self).await
    }
}

impl<Q: ObjectType> ObjectType for Entities<Q> {}

#[cfg(test)]
mod tests {
    use async_graphql::{EmptyMutation, EmptySubscription, ID, Object, Request, Variables};
    use chatty_kit::Fault;
    use serde_json::json;

    struct Query;

    struct Thing(u32);

    #[Object]
    impl Query {
        async fn ok(&self) -> bool {
            true
        }

        #[graphql(entity)]
        async fn find_thing(&self, id: ID) -> Result<Option<Thing>, Fault> {
            // The later ones finish first: indices must not depend on it.
            let number: u32 = id.parse().map_err(|_| Fault::BadInput("not a number"))?;
            for _ in number..120 {
                tokio::task::yield_now().await;
            }
            Ok(number.is_multiple_of(2).then_some(Thing(number)))
        }
    }

    #[expect(clippy::unused_async, reason = "resolvers are async, whatever they do")]
    #[Object]
    impl Thing {
        async fn id(&self) -> ID {
            self.0.into()
        }

        async fn name(&self) -> Result<Option<String>, Fault> {
            if self.0 % 10 == 4 { Err(Fault::BadInput("fours have no name")) } else { Ok(Some(format!("n{}", self.0))) }
        }
    }

    #[tokio::test]
    async fn missing_entities_are_null_and_failures_stay_with_their_index() {
        let schema = crate::subgraph(Query, EmptyMutation, EmptySubscription, chatty_kit::Exposure::InProcess).finish();
        let mut representations: Vec<_> =
            (0..100).map(|n| json!({"__typename": "Thing", "id": n.to_string()})).collect();
        representations[7] = json!({"__typename": "Thing", "id": "seven"});
        representations[8] = json!({"__typename": "Thing", "id": {"not": "a scalar"}});
        representations[9] = json!({"__typename": "Unknown", "id": "9"});
        let request =
            Request::new("query($r: [_Any!]!) { _entities(representations: $r) { ... on Thing { id name } } }")
                .variables(Variables::from_json(json!({"r": representations})));
        let response = schema.execute(request).await;

        let data = response.data.into_json().expect("JSON");
        let entities = data["_entities"].as_array().expect("a list");
        assert_eq!(entities.len(), 100);
        assert_eq!(entities[6], json!({"id": "6", "name": "n6"}));
        assert_eq!((&entities[4]["id"], &entities[4]["name"]), (&json!("4"), &json!(null)));
        for null in [1, 7, 8, 9, 99] {
            assert_eq!(entities[null], json!(null));
        }
        let mut paths: Vec<_> =
            response.errors.iter().map(|error| serde_json::to_string(&error.path).unwrap()).collect();
        paths.sort();
        let mut expected: Vec<_> = (0..10).map(|n| format!(r#"["_entities",{},"name"]"#, n * 10 + 4)).collect();
        expected.push(r#"["_entities",7]"#.to_owned());
        expected.sort();
        assert_eq!(paths, expected);
    }
}
