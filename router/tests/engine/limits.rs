//! What is too much is refused, fast, before anything runs.

use std::{fmt::Write as _, time::Instant};

use chatty_router::Limits;

use crate::fixture::{Fixture, repeated};

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
    let two = "{ a: me { id } b: me { name } }";
    fits(Limits { aliases: 1, ..Limits::default() }, two).await;
    assert_eq!(exceeds(Limits { aliases: 0, ..Limits::default() }, two).await, "aliases");

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
    let started = Instant::now();
    assert_eq!(exceeds(Limits::default(), &doubling(25)).await, "depth");
    assert_eq!(exceeds(Limits { depth: 100, ..Limits::default() }, &doubling(60)).await, "weight");
    assert_eq!(exceeds(Limits::default(), &doubling(15)).await, "weight");
    assert!(started.elapsed().as_millis() < 2_000, "{:?}", started.elapsed());
    fits(Limits::default(), &doubling(5)).await;
}

#[tokio::test]
async fn a_hundred_thousand_brackets_and_ten_thousand_aliases_are_refused_at_once() {
    let f = Fixture::new();
    let started = Instant::now();
    for bracket in ["{", "[", "(", "{a(b:[{c:["] {
        assert_eq!(f.refusal(&bracket.repeat(100_000 / bracket.len())).await.0, "LIMIT_EXCEEDED");
    }
    assert_eq!(f.refusal(&"{".repeat(1_000)).await.1.as_deref(), Some("depth"));
    let aliases = repeated(0..10_000, |at| format!("a{at}:me{{id}}"));
    assert_eq!(f.refusal(&format!("{{{aliases}}}")).await.0, "LIMIT_EXCEEDED");
    let aliases = repeated(0..101, |at| format!("a{at}: greeting(word: \"{at}\") "));
    assert_eq!(f.refusal(&format!("{{ me {{ {aliases} }} }}")).await.1.as_deref(), Some("aliases"));
    assert!(started.elapsed().as_millis() < 1_000, "{:?}", started.elapsed());
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
