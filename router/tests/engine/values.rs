//! Literals: what stands in them is defined, fits, and can be read by all who read it.

use chatty_router::{Gateway, Limits};
use serde_json::{Value, json};

use crate::{
    fixture::{Fixture, read, request, viewer},
    scripted::{Scripted, ask, gateway},
};

/// The message and the location of a validation error.
fn invalid(body: &Value) -> (String, Value) {
    let error = &body["errors"][0];
    assert_eq!(error["extensions"]["code"], "GRAPHQL_VALIDATION_FAILED", "{body}");
    assert!(body.get("data").is_none());
    (error["message"].as_str().unwrap().to_owned(), error["locations"][0].clone())
}

#[tokio::test]
async fn a_variable_inside_a_value_must_be_allowed_there() {
    let f = Fixture::new();
    for (declared, filter, message) in [
        ("$r: Role", "role: $r", "variable `$r` of type `Role` cannot stand where `Role!` is expected"),
        ("$r: Role = null", "role: $r", "variable `$r` of type `Role` cannot stand where `Role!` is expected"),
        (
            "$n: String",
            "role: READER, names: [\"a\", $n]",
            "variable `$n` of type `String` cannot stand where `String!` is expected",
        ),
        (
            "$n: [String]",
            "role: READER, names: $n",
            "variable `$n` of type `[String]` cannot stand where `[String!]` is expected",
        ),
        (
            "$n: String!",
            "role: READER, names: $n",
            "variable `$n` of type `String!` cannot stand where `[String!]` is expected",
        ),
    ] {
        let body = f.ask(&format!("query ({declared})\n{{ search(filter: {{ {filter} }}) }}")).await;
        let (told, location) = invalid(&body);
        assert_eq!(told, message, "{declared} {filter}");
        assert_eq!(location["line"], 2);
    }
    assert!(f.taken_requests().is_empty());
}

#[tokio::test]
async fn a_default_lets_a_nullable_variable_stand_at_a_non_null_place() {
    let f = Fixture::new();
    for (declared, filter, variables, found) in [
        ("$r: Role = READER", "role: $r", json!({}), "10 readers None"),
        ("$l: Int", "role: READER, limit: $l", json!({ "l": 5 }), "5 readers None"),
        ("$n: String!", "role: WRITER, names: [$n]", json!({ "n": "b" }), "10 writers Some([\"b\"])"),
        ("$n: [String!]", "role: WRITER, names: $n", json!({ "n": ["b"] }), "10 writers Some([\"b\"])"),
    ] {
        let query = format!("query ({declared}) {{ search(filter: {{ {filter} }}) }}");
        let body = f.ask_with(&query, variables).await;
        assert_eq!(body, json!({ "data": { "search": found } }), "{declared} {filter}");
    }
}

#[tokio::test]
async fn fragments_are_looked_into_for_each_operation() {
    let f = Fixture::new();
    let fragment = "fragment Sum on Query { add(numbers: [$n]) }";
    let (message, _) = invalid(&f.ask(&format!("query ($n: Int) {{ ...Sum }} {fragment}")).await);
    assert_eq!(message, "variable `$n` of type `Int` cannot stand where `Int!` is expected");
    let body = f.ask_with(&format!("query ($n: Int!) {{ ...Sum }} {fragment}"), json!({ "n": 2 })).await;
    assert_eq!(body["data"], json!({ "add": 2 }));
}

/// A subgraph whose one argument takes anything.
fn open_ended() -> Gateway {
    let schema =
        "scalar Any input Pair { either: Any } type Query { pick(at: Any, of: Pair, id: ID, f: Float): String }";
    gateway(vec![("only", schema, Scripted::with_data(json!({})))], Limits::default())
}

#[tokio::test]
async fn a_variable_inside_a_custom_scalar_must_be_defined() {
    let gateway = open_ended();
    let (message, location) = invalid(&ask(&gateway, "{ pick(at: { a: [1, $x] }) }").await);
    assert_eq!(message, "variable `$x` is not defined");
    assert_eq!(location, json!({ "line": 1, "column": 21 }));
    let body =
        gateway.execute(request("query ($x: ID) { pick(at: { a: [$x] }) }", json!({ "x": "1" })), viewer()).await;
    assert_eq!(read(&body), json!({ "data": { "pick": null } }), "a variable may stand there");
}

#[tokio::test]
async fn a_number_that_no_parser_reads_is_refused_where_it_stands() {
    let gateway = open_ended();
    for number in ["99999999999999999999999", "18446744073709551616", "9223372036854775808", "1e999", "-1e999"] {
        for (before, after) in
            [("{ pick(at: ", ") }"), ("{ pick(of: { either: [", "] }) }"), ("query ($x: Any = ", ") { pick(at: $x) }")]
        {
            let (message, location) = invalid(&ask(&gateway, &format!("{before}{number}{after}")).await);
            assert!(message.contains("must fit into"), "{message}");
            assert_eq!(location["column"], before.len() + 1, "{before}{number}{after}");
        }
    }
    invalid(&ask(&gateway, "{ pick(id: 99999999999999999999999) }").await);
    for number in ["9223372036854775807", "-9223372036854775808", "1e300", "1.5e-300", "0", "-0.0"] {
        let body = ask(&gateway, &format!("{{ pick(at: {number}) }}")).await;
        assert_eq!(body, json!({ "data": { "pick": null } }), "{number}");
    }
}
