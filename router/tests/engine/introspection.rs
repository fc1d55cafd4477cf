//! Introspection is answered by the gateway.

use apollo_compiler::{ExecutableDocument, Schema, introspection, request};
use chatty_access::Caller;
use chatty_router::{AnswerKind, Gateway, Limits};
use serde_json::{Value, json};

use crate::{
    fixture::{Fixture, data_of, read, repeated, request as ask_for, viewer},
    scripted::{Scripted, gateway},
};

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

/// As GraphiQL asks, with all that it can be told to ask for.
const TOOLS: &str = "
    query IntrospectionQuery {
        __schema {
            description
            queryType { name kind } mutationType { name kind } subscriptionType { name kind }
            types { ...FullType }
            directives {
                name description isRepeatable locations args(includeDeprecated: true) { ...InputValue }
            }
        }
    }
    fragment FullType on __Type {
        kind name description specifiedByURL
        fields(includeDeprecated: true) {
            name description args(includeDeprecated: true) { ...InputValue } type { ...TypeRef }
            isDeprecated deprecationReason
        }
        inputFields(includeDeprecated: true) { ...InputValue }
        interfaces { ...TypeRef }
        enumValues(includeDeprecated: true) { name description isDeprecated deprecationReason }
        possibleTypes { ...TypeRef }
    }
    fragment InputValue on __InputValue {
        name description type { ...TypeRef } defaultValue isDeprecated deprecationReason
    }
    fragment TypeRef on __Type {
        kind name ofType { kind name ofType { kind name ofType { kind name ofType { kind name ofType {
            kind name ofType { kind name ofType { kind name ofType { kind name ofType { kind name } } } }
        } } } } }
    }
";

#[tokio::test]
async fn the_query_that_tools_send_is_within_the_limits_of_anybody() {
    let f = Fixture::new();
    let answer = f.gateway.execute(ask_for(TOOLS, json!({})), Caller::anonymous()).await;
    let data = data_of(&read(&answer));
    assert!(data["__schema"]["types"].as_array().unwrap().len() > 15);
}

/// Everything that introspection can tell, in shapes of its own.
const ODD: &str = "
    query ($all: Boolean, $name: String!) {
        odd: __type(name: \"Odd\") {
            __typename name kind description
            fields { name } all: fields(includeDeprecated: true) { name isDeprecated deprecationReason }
            some: fields(includeDeprecated: $all) { name args { name } more: args(includeDeprecated: $all) { name } }
        }
        none: __type(name: \"Nobody\") { name }
        named: __type(name: $name) { kind possibleTypes { name } possibleTypes { kind } inputFields { name } }
        level: __type(name: \"Level\") { enumValues { name } all: enumValues(includeDeprecated: true) { name } }
        filter: __type(name: \"Filter\") {
            inputFields { name defaultValue type { kind ofType { kind name ofType { kind ofType { name } } } } }
        }
        url: __type(name: \"Url\") { specifiedByURL fields { name } ofType { name } }
        __schema { description mutationType { name } queryType { interfaces { name } } }
    }
";

const SCHEMA: &str = r#"
    """What it is all about."""
    schema { query: Query }
    type Query implements Named { odd(filter: Filter): Odd any: [Any!]! named: Named name: String! }
    "Of no use."
    type Odd implements Named {
        name: String!
        "Older."
        old(a: Int @deprecated, b: [[Int!]!]! = [[1]]): Level @deprecated(reason: "gone")
        older: Url @deprecated
    }
    interface Named { name: String! }
    union Any = Odd | Query
    enum Level { LOW HIGH @deprecated(reason: "too high") }
    input Filter { ids: [ID!]! = ["a"] level: Level = LOW, inner: Filter, odd: String @deprecated }
    scalar Url @specifiedBy(url: "https://url.spec.whatwg.org")
"#;

/// What `apollo-compiler` says of the schema that clients see.
fn reference(gateway: &Gateway, query: &str, variables: &Value) -> Value {
    let schema = Schema::parse_and_validate(gateway.api_schema_sdl(), "api.graphql").unwrap();
    let document = ExecutableDocument::parse_and_validate(&schema, query, "query.graphql").unwrap();
    let operation = document.operations.get(None).unwrap();
    let variables = serde_json::from_value(variables.clone()).unwrap();
    let variables = request::coerce_variable_values(&schema, operation, &variables).unwrap();
    let implementers = schema.implementers_map();
    let answer = introspection::partial_execute(&schema, &implementers, &document, operation, &variables).unwrap();
    serde_json::to_value(answer.data).unwrap()
}

/// The order of `possibleTypes` is nobody's promise.
fn sorted(mut value: Value) -> Value {
    match &mut value {
        Value::Object(members) => {
            for (key, member) in members {
                *member = sorted(member.take());
                if let ("possibleTypes", Value::Array(types)) = (key.as_str(), member) {
                    types.sort_by_key(ToString::to_string);
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| *item = sorted(item.take())),
        _ => {}
    }
    value
}

#[tokio::test]
async fn all_that_is_told_is_what_the_schema_says() {
    let odd = gateway(vec![("only", SCHEMA, Scripted::with_data(json!({})))], Limits::default());
    let fixture = Fixture::new().gateway;
    for (gateway, query, variables) in [
        (&odd, ODD, json!({ "all": true, "name": "Any" })),
        (&odd, ODD, json!({ "all": null, "name": "Named" })),
        (&odd, ODD, json!({ "name": "Filter" })),
        (&odd, TOOLS, json!({})),
        (&fixture, TOOLS, json!({})),
    ] {
        let answer = gateway.execute(ask_for(query, variables.clone()), viewer()).await;
        assert_eq!(sorted(data_of(&read(&answer))), sorted(reference(gateway, query, &variables)), "{variables}");
    }
}

#[tokio::test]
async fn introspection_cannot_make_a_long_answer_of_a_short_question() {
    let f = Fixture::new();
    let aliases = |count: usize| repeated(0..count, |at| format!("a{at}:description "));
    let anybodys = format!("{{ __schema {{ types {{ {} }} }} }}", aliases(498));
    let answer = |query: &str| f.gateway.execute(ask_for(query, json!({})), Caller::anonymous());
    assert_eq!(answer(&anybodys).await.kind, AnswerKind::Executed);
    let refused = answer(&format!("{{ __schema {{ types {{ {} }} }} }}", aliases(499))).await;
    assert_eq!(read(&refused)["errors"][0]["extensions"]["limit"], "weight");
    f.data(&format!("{{ __schema {{ types {{ {} }} }} }}", aliases(998))).await;
    let most = format!("{{ __schema {{ types {{ {} }} }} }}", aliases(999));
    assert_eq!(f.refusal(&most).await, ("LIMIT_EXCEEDED".to_owned(), Some("weight".to_owned())));

    // Two lists deep, and as wide as anybody may ask.
    let wide = format!("{{ __schema {{ types {{ fields {{ type {{ fields {{ {} }} }} }} }} }} }}", aliases(490));
    let small = Fixture::with_limits(Limits { answer_bytes: 100_000, ..Limits::default() });
    let cut = read(&small.gateway.execute(ask_for(&wide, json!({})), Caller::anonymous()).await);
    assert_eq!((&cut["data"], &cut["errors"][0]["extensions"]["limit"]), (&Value::Null, &json!("answerSize")));
}

#[tokio::test]
async fn introspection_that_multiplies_is_refused() {
    let f = Fixture::new();
    let nested = "{ __schema { types { fields { type { fields { type { fields { name } } } } } } } }";
    assert_eq!(f.refusal(nested).await, ("LIMIT_EXCEEDED".to_owned(), Some("introspectionDepth".to_owned())));
    let message = &f.ask(nested).await["errors"][0]["message"];
    assert_eq!(message, "introspection nests more than 2 lists of fields, interfaces, possible types or input fields");
    // Known fragments do not hide how deep they lead.
    let hidden = "{ __schema { types { ...A fields { type { ...B } } } } }
        fragment A on __Type { fields { name } }
        fragment B on __Type { interfaces { ...A } }";
    assert_eq!(f.refusal(hidden).await.1.as_deref(), Some("introspectionDepth"));
    let deep = format!("{{ __type(name: \"User\") {{ {}name{} }} }}", "ofType {".repeat(31), "}".repeat(31));
    assert_eq!(f.refusal(&deep).await.1.as_deref(), Some("introspectionDepth"));
}
