//! The letter of the specification where subgraphs say odd things, and where clients may.

use async_graphql::Value as Const;
use chatty_router::{Gateway, Limits};
use serde_json::{Value, json};

use crate::{
    fixture::{errors_of, read, request, viewer},
    scripted::{Scripted, ask, gateway},
};

/// A gateway over one subgraph that answers every request with this data.
fn answering(schema: &str, data: Value) -> Gateway {
    gateway(vec![("only", schema, Scripted::with_data(data))], Limits::default())
}

#[tokio::test]
async fn a_leaf_is_what_its_type_promises_or_an_error_that_does_not_repeat_it() {
    let schema =
        "enum Colour { RED } type Query { i: Int f: Float s: String b: Boolean id: ID c: Colour l: [Int] o: Inner }
        type Inner { i: Int }";
    for (field, given, told) in [
        ("i", json!(1.0), Some(json!(1))),
        ("i", json!(-0.0), Some(json!(0))),
        ("i", json!(-2_147_483_648.0), Some(json!(i32::MIN))),
        ("i", json!(2_147_483_648_u64), None),
        ("i", json!(2_147_483_648.0), None),
        ("i", json!(1.5), None),
        ("i", json!("1"), None),
        ("i", json!(true), None),
        ("i", json!([1]), None),
        ("i", json!({ "secret": 1 }), None),
        ("f", json!(1), Some(json!(1))),
        ("f", json!(1e300), Some(json!(1e300))),
        ("f", json!("1.5"), None),
        ("f", json!("NaN"), None),
        ("s", json!("ü"), Some(json!("ü"))),
        ("s", json!(1), None),
        ("s", json!(false), None),
        ("b", json!(1), None),
        ("b", json!("true"), None),
        ("id", json!(7), Some(json!("7"))),
        ("id", json!(u64::MAX), Some(json!(u64::MAX.to_string()))),
        ("id", json!(1.5), None),
        ("id", json!(true), None),
        ("c", json!("RED"), Some(json!("RED"))),
        ("c", json!("secret"), None),
        ("c", json!(1), None),
        ("l", json!([1, null, 2]), Some(json!([1, null, 2]))),
        ("l", json!(1), None),
        ("l", json!({}), None),
    ] {
        let body = ask(&answering(schema, json!({ field: given })), &format!("{{ x: {field} }}")).await;
        assert_eq!(body["data"], json!({ "x": told }), "{field}: {given}");
        if told.is_none() {
            assert_eq!(errors_of(&body), [("INTERNAL".to_owned(), json!(["x"]))], "{field}: {given}");
            assert_eq!(body["errors"][0]["message"], format!("the value of `Query.{field}` does not fit its type"));
        }
    }
    for odd in [json!(1), json!("secret"), json!([{ "i": 1 }])] {
        let body = ask(&answering(schema, json!({ "o": odd })), "{ o { i } }").await;
        assert_eq!(body["data"], json!({ "o": null }));
        assert_eq!(errors_of(&body), [("INTERNAL".to_owned(), json!(["o"]))]);
    }
}

#[tokio::test]
async fn an_item_that_does_not_fit_is_told_with_its_index_and_takes_its_list_along_where_it_must_not_be_null() {
    let schema = "type Query { loose: [Int] strict: [Int!] deep: [[Int!]] }";
    let data = json!({ "loose": [1, "x"], "strict": [1, "x"], "deep": [[1], [2, "x"]] });
    let body = ask(&answering(schema, data), "{ loose strict deep }").await;
    assert_eq!(body["data"], json!({ "loose": [1, null], "strict": null, "deep": [[1], null] }));
    let places: Vec<_> = errors_of(&body).into_iter().map(|(_, path)| path).collect();
    assert_eq!(places, [json!(["loose", 1]), json!(["strict", 1]), json!(["deep", 1, 1])]);
}

#[tokio::test]
async fn numbers_of_custom_scalars_keep_64_bits() {
    let schema = "scalar Any type Query { any: Any take(of: Any): String }";
    let value = json!({
        "int": 9_007_199_254_740_993_i64, "most": u64::MAX, "least": i64::MIN, "float": 0.1, "tiny": 5e-324, "one": 1.0,
        "nested": [[{ "ID": null }], "\u{0}ü🦀"],
    });
    let script = Scripted::with_data(json!({ "any": value }));
    let sent = std::sync::Arc::clone(&script.sent);
    let gateway = gateway(vec![("only", schema, script)], Limits::default());
    let asked = request("query ($of: Any) { any take(of: $of) }", json!({ "of": value }));
    let answer = gateway.execute(asked, viewer()).await;
    let text = String::from_utf8(answer.body.to_vec()).unwrap();
    for exact in ["9007199254740993", "18446744073709551615", "-9223372036854775808", "0.1,", "5e-324", "1.0"] {
        assert!(text.contains(exact), "{exact}: {text}");
    }
    assert_eq!(read(&answer)["data"]["any"], value);
    let sent = sent.lock().unwrap()[0].clone().into_value().into_json().unwrap();
    assert_eq!(sent.as_object().unwrap().values().collect::<Vec<_>>(), [&value]);
}

/// The variables that a subgraph gets.
async fn sent(schema: &str, query: &str, variables: Value) -> Vec<Const> {
    let script = Scripted::with_data(json!({}));
    let sent = std::sync::Arc::clone(&script.sent);
    let gateway = gateway(vec![("only", schema, script)], Limits::default());
    let body = read(&gateway.execute(request(query, variables), viewer()).await);
    assert!(body.get("errors").is_none(), "{body}");
    let sent = sent.lock().unwrap();
    sent[0].values().cloned().collect()
}

#[tokio::test]
async fn the_default_of_an_argument_holds_where_its_variable_is_absent_and_only_there() {
    let schema = "input In { a: Int } type Query { page(first: Int! = 3, in: In = { a: 1 }, all: Int): String }";
    let number = |number: i32| Const::Number(number.into());
    let first = "query ($n: Int) { a: page(first: $n) b: page(first: $n) }";
    assert_eq!(sent(schema, first, json!({})).await, [number(3)], "equal arguments are one");
    assert_eq!(sent(schema, first, json!({ "n": 5 })).await, [number(5)]);
    assert_eq!(sent(schema, first, json!({ "n": null })).await, [Const::Null], "the subgraph refuses this field alone");
    let of_its_own = "query ($n: Int = 4) { page(first: $n) }";
    assert_eq!(sent(schema, of_its_own, json!({})).await, [number(4)]);
    assert_eq!(sent(schema, "query ($n: Int) { page(all: $n) }", json!({})).await, Vec::<Const>::new());
    let object = sent(schema, "query ($in: In) { page(in: $in) }", json!({})).await;
    assert_eq!(object[0].to_string(), "{a: 1}");
}

#[tokio::test]
async fn strings_are_read_as_the_specification_writes_them() {
    let schema = "type Query { echo(text: String): String }";
    for (literal, read) in [
        (r#""\u00fc\n\t\/\b""#, "ü\n\t/\u{8}"),
        (r#""\uD83E\uDD80""#, "🦀"),
        ("\"\"\"\n    a\n      b\\\"\"\"\n\n  \"\"\"", "a\n  b\"\"\""),
        ("\"\"\"\"\"\"", ""),
    ] {
        let query = format!("query ($t: String = {literal}) {{ echo(text: $t) }}");
        assert_eq!(sent(schema, &query, json!({})).await, [Const::String(read.to_owned())], "{literal}");
    }
    let gateway = answering(schema, json!({}));
    for malformed in [r#""\x""#, r#""\u12""#, r#""\uD83E""#, "\"a\nb\"", "\"", "\"\"\"a"] {
        let body = ask(&gateway, &format!("{{ echo(text: {malformed}) }}")).await;
        assert_eq!(body["errors"][0]["extensions"]["code"], "GRAPHQL_PARSE_FAILED", "{malformed}: {body}");
    }
}

#[tokio::test]
async fn directives_of_the_document_stay_with_the_gateway() {
    let schema = "directive @mark(at: Int) repeatable on FIELD type Query { a: String }";
    let gateway = answering(schema, json!({ "a": "x" }));
    let known = ask(&gateway, "{ a @mark(at: 1) @mark }").await;
    let unknown = ask(&gateway, "{ a @nowhere }").await;
    assert_eq!(unknown["errors"][0]["extensions"]["code"], "GRAPHQL_VALIDATION_FAILED", "{unknown}");
    assert_eq!(known, json!({ "data": { "a": "x" } }));
    let twice = ask(&gateway, "{ a @skip(if: true) @skip(if: false) }").await;
    assert_eq!(twice["errors"][0]["extensions"]["code"], "GRAPHQL_VALIDATION_FAILED", "{twice}");
}

#[tokio::test]
async fn a_missing_entity_is_an_answer_where_its_reference_may_be_null_and_an_error_where_not() {
    let posts = "type Query { post: Post } type Post { author: User! editor: User }
        type User @key(fields: \"id\") { id: ID! }";
    let users = "type User @key(fields: \"id\") { id: ID! name: String! nick: String }";
    let stats =
        "type User @key(fields: \"id\") { id: ID! name: String! @external rank: Int! @requires(fields: \"name\") }";
    let user = json!({ "__typename": "User", "id": "1" });
    let post = json!({ "post": { "author": user, "editor": user } });
    let gateway = gateway(
        vec![
            ("posts", posts, Scripted::with_data(post)),
            ("users", users, Scripted::with_data(json!({ "_entities": [null] }))),
            ("stats", stats, Scripted::with_data(json!({ "_entities": [null] }))),
        ],
        Limits::default(),
    );
    assert_eq!(ask(&gateway, "{ post { e: editor { name } } }").await, json!({ "data": { "post": { "e": null } } }));
    // What needed the missing entity is missing with it.
    assert_eq!(ask(&gateway, "{ post { editor { rank } } }").await, json!({ "data": { "post": { "editor": null } } }));
    let nullable = ask(&gateway, "{ post { author { id nick } } }").await;
    assert_eq!(nullable, json!({ "data": { "post": { "author": { "id": "1", "nick": null } } } }));
    let body = ask(&gateway, "{ post { a: author { name } } }").await;
    assert_eq!(body["data"], json!({ "post": null }));
    assert_eq!(errors_of(&body), [("INTERNAL".to_owned(), json!(["post", "a"]))]);
    assert_eq!(body["errors"][0]["message"], "the non-null field `Post.author` has no value");
}
