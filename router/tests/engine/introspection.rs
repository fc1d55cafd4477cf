//! Introspection is answered by the gateway.

use serde_json::json;

use crate::fixture::Fixture;

#[tokio::test]
async fn the_schema_and_its_types_are_told_without_asking_subgraphs() {
    let f = Fixture::new();
    let data = f
        .data("{ __typename s: __schema { queryType { name } } t: __type(name: \"User\") { kind fields { name } } }")
        .await;
    assert_eq!(data["__typename"], "Query");
    assert_eq!(data["s"], json!({ "queryType": { "name": "Query" } }));
    let fields = data["t"]["fields"].as_array().unwrap();
    assert!(fields.contains(&json!({ "name": "postCount" })) && fields.contains(&json!({ "name": "role" })));
    assert!(f.taken_requests().is_empty());
}

#[tokio::test]
async fn introspection_and_data_share_an_answer() {
    let f = Fixture::new();
    let data = f
        .data(
            "query { __type(name: \"Role\") { ...Kind } me { name } ...Root }
             fragment Kind on __Type { kind enumValues { name } }
             fragment Root on Query { __schema { mutationType { ...Kind } } }",
        )
        .await;
    assert_eq!(
        data,
        json!({
            "__type": { "kind": "ENUM", "enumValues": [{ "name": "READER" }, { "name": "WRITER" }] },
            "me": { "name": "name 1" },
            "__schema": { "mutationType": { "kind": "OBJECT", "enumValues": null } },
        })
    );
}

#[tokio::test]
async fn introspection_takes_variables_and_conditions() {
    let f = Fixture::new();
    let query = "query ($n: String!, $on: Boolean!) {
        __type(name: $n) { name kind @include(if: $on) } __schema @skip(if: true) { queryType { name } }
    }";
    let body = f.ask_with(query, json!({ "n": "Post", "on": false })).await;
    assert_eq!(body["data"], json!({ "__type": { "name": "Post" } }));
}

#[tokio::test]
async fn the_query_that_tools_send_is_within_the_limits() {
    let f = Fixture::new();
    let data = f
        .data(
            "query IntrospectionQuery {
                __schema {
                    queryType { name } mutationType { name } subscriptionType { name }
                    types { ...FullType }
                    directives { name description locations args { ...InputValue } }
                }
            }
            fragment FullType on __Type {
                kind name description specifiedByURL
                fields(includeDeprecated: true) {
                    name description args { ...InputValue } type { ...TypeRef } isDeprecated deprecationReason
                }
                inputFields { ...InputValue }
                interfaces { ...TypeRef }
                enumValues(includeDeprecated: true) { name description isDeprecated deprecationReason }
                possibleTypes { ...TypeRef }
            }
            fragment InputValue on __InputValue { name description type { ...TypeRef } defaultValue }
            fragment TypeRef on __Type {
                kind name ofType { kind name ofType { kind name ofType { kind name ofType { kind name ofType {
                    kind name ofType { kind name ofType { kind name ofType { kind name } } }
                } } } } }
            }",
        )
        .await;
    assert!(data["__schema"]["types"].as_array().unwrap().len() > 15);
}

#[tokio::test]
async fn introspection_that_multiplies_is_refused() {
    let f = Fixture::new();
    let nested = "{ __schema { types { fields { type { fields { type { fields { name } } } } } } } }";
    assert_eq!(f.refusal(nested).await, ("LIMIT_EXCEEDED".to_owned(), Some("introspectionDepth".to_owned())));
    let deep = format!("{{ __type(name: \"User\") {{ {}name{} }} }}", "ofType {".repeat(31), "}".repeat(31));
    assert_eq!(f.refusal(&deep).await.1.as_deref(), Some("introspectionDepth"));
}
