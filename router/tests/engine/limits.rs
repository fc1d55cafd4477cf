//! What is too much is refused, fast, before anything runs.

use std::fmt::Write as _;

use chatty_router::{AnswerKind, Limits};
use serde_json::{Value, json};

use crate::{
    fixture::{Fixture, read, repeated, request, viewer},
    scripted::{Scripted, ask, gateway},
};

async fn exceeds(limits: Limits, query: &str) -> String {
    let f = Fixture::with_limits(limits);
    let (code, limit) = f.refusal(query).await;
    assert_eq!(code, "LIMIT_EXCEEDED");
    assert!(f.taken_requests().is_empty() && f.gateway.plans_built() == 0);
    limit.unwrap()
}

async fn fits(limits: Limits, query: &str) {
    let f = Fixture::with_limits(limits);
    f.data(query).await;
}

#[tokio::test]
async fn each_limit_is_inclusive() {
    let two = "{ me { a: name b: name c: id } x: me { id } }";
    fits(Limits { aliases: 3, ..Limits::default() }, two).await;
    assert_eq!(exceeds(Limits { aliases: 2, ..Limits::default() }, two).await, "aliases");

    let nested = "{ me { friends { id } } }";
    fits(Limits { depth: 3, ..Limits::default() }, nested).await;
    assert_eq!(exceeds(Limits { depth: 2, ..Limits::default() }, nested).await, "depth");
    fits(Limits { weight: 3, ..Limits::default() }, nested).await;
    assert_eq!(exceeds(Limits { weight: 2, ..Limits::default() }, nested).await, "weight");

    let roots = "{ me { id } users { id } }";
    fits(Limits { root_fields: 2, ..Limits::default() }, roots).await;
    assert_eq!(exceeds(Limits { root_fields: 1, ..Limits::default() }, roots).await, "rootFields");

    let directives = "query ($a: Boolean!, $b: Boolean!) { me { id @skip(if: $a) name @skip(if: $b) role } }";
    assert_eq!(exceeds(Limits { directives: 1, ..Limits::default() }, directives).await, "directives");
    let limits = Limits { condition_variables: 1, ..Limits::default() };
    assert_eq!(exceeds(limits, directives).await, "conditionVariables");

    let operations = "query A { me { id } } query B { me { id } }";
    assert_eq!(exceeds(Limits { operations: 1, ..Limits::default() }, operations).await, "operations");
}

#[tokio::test]
async fn a_mutation_has_few_root_fields() {
    let notes = |count: usize| {
        let fields = repeated(0..count, |at| format!("n{at}: note(text: \"x\") {{ text }} "));
        format!("mutation {{ {fields} }}")
    };
    fits(Limits::default(), &notes(4)).await;
    assert_eq!(exceeds(Limits::default(), &notes(5)).await, "rootFields");
}

#[tokio::test]
async fn a_plan_has_few_fetches() {
    let f = Fixture::with_limits(Limits { fetches: 2, ..Limits::default() });
    f.data("{ me { postCount } }").await;
    let chain = "{ me { posts { author { friends { postCount } } } } }";
    assert_eq!(f.refusal(chain).await.1.as_deref(), Some("fetches"));
}

/// Fragments that spread two others each, so that level `n` has 2^n copies of a leaf.
fn doubling(levels: usize) -> String {
    let mut query = "{ me { ...A0 } } ".to_owned();
    for at in 0..levels {
        for name in ["A", "B"] {
            write!(query, "fragment {name}{at} on User {{ ...A{next} ...B{next} }} ", next = at + 1).unwrap();
        }
    }
    write!(query, "fragment A{levels} on User {{ name }} fragment B{levels} on User {{ role }}").unwrap();
    query.replace("fragment B0 on User { ...A1 ...B1 } ", "")
}

#[tokio::test]
async fn exponential_fragments_are_refused_at_once() {
    assert_eq!(exceeds(Limits::default(), &doubling(25)).await, "weight");
    assert_eq!(exceeds(Limits { depth: 100, ..Limits::default() }, &doubling(60)).await, "weight");
    assert_eq!(exceeds(Limits::default(), &doubling(15)).await, "weight");
    fits(Limits::default(), &doubling(5)).await;
}

#[tokio::test]
async fn a_bomb_that_merging_would_defuse_is_refused_all_the_same() {
    let bomb = |doublings: usize| {
        let mut query = String::from("{ ...f0 }");
        for at in 0..doublings {
            write!(query, " fragment f{at} on Query {{ ...f{0} ...f{0} }}", at + 1).unwrap();
        }
        query + &format!(" fragment f{doublings} on Query {{ caller }}")
    };
    assert_eq!(exceeds(Limits::default(), &bomb(25)).await, "weight");
    assert_eq!(exceeds(Limits::default(), &bomb(90)).await, "weight");
    fits(Limits::default(), &bomb(5)).await;
}

#[tokio::test]
async fn a_fragment_between_abstract_types_weighs_as_much_as_the_types_they_share() {
    let schema = "
        type Query { one: Either }
        union Either = A | B | C
        interface Named { name: String }
        type A implements Named { name: String }
        type B implements Named { name: String }
        type C { name: String }
        type D implements Named { name: String }
    ";
    let answer = || Scripted::with_data(json!({ "one": { "__typename": "B", "name": "b" } }));
    let of_weight = |weight| gateway(vec![("only", schema, answer())], Limits { weight, ..Limits::default() });
    // The field, and for A and B each the fragment and its field.
    let query = "{ one { ... on Named { name } } }";
    assert_eq!(ask(&of_weight(5), query).await, json!({ "data": { "one": { "name": "b" } } }));
    assert_eq!(ask(&of_weight(4), query).await["errors"][0]["extensions"]["limit"], "weight");
}

#[tokio::test]
async fn a_hundred_thousand_brackets_and_ten_thousand_aliases_are_refused_at_once() {
    let f = Fixture::new();
    for bracket in ["{", "[", "(", "{a(b:[{c:["] {
        assert_eq!(f.refusal(&bracket.repeat(100_000 / bracket.len())).await.0, "LIMIT_EXCEEDED");
    }
    assert_eq!(f.refusal(&"{".repeat(1_000)).await.1.as_deref(), Some("depth"));
    let aliases = repeated(0..10_000, |at| format!("a{at}:me{{id}}"));
    assert_eq!(f.refusal(&format!("{{{aliases}}}")).await.0, "LIMIT_EXCEEDED");
    let aliases = repeated(0..101, |at| format!("a{at}: greeting(word: \"{at}\") "));
    assert_eq!(f.refusal(&format!("{{ me {{ {aliases} }} }}")).await.1.as_deref(), Some("aliases"));
    let objects = repeated(0..101, |at| format!("a{at}: friends {{ id }} "));
    assert_eq!(f.refusal(&format!("{{ me {{ {objects} }} }}")).await.1.as_deref(), Some("aliases"));
}

#[tokio::test]
async fn a_long_chain_of_fragments_is_refused_and_overflows_no_stack() {
    let mut query = "{ me { ...F0 } } ".to_owned();
    for at in 0..600 {
        write!(query, "fragment F{at} on User{{...F{}}} ", at + 1).unwrap();
    }
    query.push_str("fragment F600 on User { id }");
    let f = Fixture::new();
    let (code, _) = f.refusal(&query).await;
    assert!(["LIMIT_EXCEEDED", "GRAPHQL_VALIDATION_FAILED"].contains(&code.as_str()), "{code}");
}

/// A hundred nodes with a text of a kilobyte each, asked for under `aliases` names.
async fn amplified(limits: Limits, aliases: usize) -> chatty_router::Answer {
    let schema = "type Query { nodes: [Node] } type Node { body: String last: String! }";
    let node = json!({ "body": "x".repeat(1_000), "last": null });
    let gateway = gateway(vec![("only", schema, Scripted::with_data(json!({ "nodes": vec![node; 100] })))], limits);
    let bodies = repeated(0..aliases, |at| format!("a{at}:body "));
    gateway.execute(request(&format!("{{ nodes {{ {bodies} }} }}"), json!({})), viewer()).await
}

fn too_long(answer: &chatty_router::Answer) -> bool {
    let body = read(answer);
    let error = &body["errors"][0];
    let exceeded = error["extensions"]["limit"] == "answerSize";
    if exceeded {
        assert_eq!(answer.kind, AnswerKind::Executed);
        assert_eq!((&body["data"], body["errors"].as_array().unwrap().len()), (&Value::Null, 1));
        assert_eq!(error["extensions"]["code"], "LIMIT_EXCEEDED");
        assert_eq!(error["extensions"]["traceId"], "cafe".repeat(8));
        assert!(answer.body.len() < 300);
    }
    exceeded
}

#[tokio::test]
async fn an_answer_is_no_longer_than_allowed_whatever_aliases_make_of_it() {
    let answer = amplified(Limits::default(), 10).await;
    let length = answer.body.len();
    assert!(length > 1_000_000 && !too_long(&answer));
    assert!(!too_long(&amplified(Limits { answer_bytes: length, ..Limits::default() }, 10).await));
    assert!(too_long(&amplified(Limits { answer_bytes: length - 1, ..Limits::default() }, 10).await));
    assert!(too_long(&amplified(Limits::default(), 1_600).await));
}

#[tokio::test]
async fn what_a_null_cuts_off_again_was_written_all_the_same() {
    let schema = "type Query { nodes: [Node] } type Node { body: String last: String! }";
    let node = json!({ "body": "x".repeat(1_000), "last": null });
    let ask_with = async |answer_bytes| {
        let data = json!({ "nodes": vec![node.clone(); 100] });
        let limits = Limits { answer_bytes, ..Limits::default() };
        let gateway = gateway(vec![("only", schema, Scripted::with_data(data))], limits);
        gateway.execute(request("{ nodes { body last } }", json!({})), viewer()).await
    };
    let answer = ask_with(200_000).await;
    assert!(!too_long(&answer) && answer.body.len() < 10_000);
    assert!(too_long(&ask_with(50_000).await));
}

#[tokio::test]
async fn a_large_variable_goes_into_few_requests() {
    let limits = Limits { body_bytes: 1_000, ..Limits::default() };
    let echo = |name: &str| format!("type Query {{ {name}(text: String): String }}");
    let (a, b) = (echo("a"), echo("b"));
    let answer = || Scripted::with_data(json!({}));
    let gateway = gateway(vec![("a", &a, answer()), ("b", &b, answer())], limits);
    let limit = async |query: &str, length: usize| {
        let text = json!({ "text": "x".repeat(length) });
        let answer = gateway.execute(request(query, text), viewer()).await;
        read(&answer)["errors"][0]["extensions"]["limit"].clone()
    };
    let (once, twice) =
        ("query ($text: String) { a(text: $text) }", "query ($text: String) { a(text: $text) b(text: $text) }");
    assert_eq!(limit(once, 60_000).await, Value::Null);
    assert_eq!(limit(twice, 30_000).await, Value::Null);
    assert_eq!(limit(twice, 32_000).await, "variables");
}

#[tokio::test]
async fn composing_adds_little_to_what_the_variables_take() {
    let schema = "type Query { join(texts: [String] more: [String]): String }";
    let gateway = gateway(
        vec![("only", schema, Scripted::with_data(json!({})))],
        Limits { body_bytes: 10_000, ..Limits::default() },
    );
    let limit = async |query: &str, length: usize| {
        let text = json!({ "text": "x".repeat(length) });
        let answer = gateway.execute(request(&format!("query ($text: String) {query}"), text), viewer()).await;
        read(&answer)["errors"][0]["extensions"]["limit"].clone()
    };
    assert_eq!(limit("{ join(texts: [$text]) }", 100_000).await, Value::Null);
    assert_eq!(limit("{ join(texts: [$text $text $text]) }", 4_000).await, Value::Null);
    assert_eq!(limit("{ join(texts: [$text $text $text]) }", 6_000).await, "variables");
    assert_eq!(limit("{ join(texts: [$text], more: [$text, \"x\"]) }", 11_000).await, "variables", "of all arguments");
}
