//! What is true in both worlds: every value of the one schema and of the federated one comes from here.

use std::sync::{Arc, Mutex};

use async_graphql::{Enum, Error, ID, InputObject, Json, Result};
use chatty_kit::Fault;

/// What mutations wrote, in order.
pub(super) type Log = Arc<Mutex<Vec<String>>>;

pub(super) type Anything = Json<serde_json::Value>;

#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    Reader,
    Writer,
}

#[derive(InputObject, Debug)]
pub(super) struct Filter {
    role: Option<Role>,
    #[graphql(default = 2)]
    limit: i32,
    words: Option<Vec<String>>,
    ids: Option<Vec<Option<ID>>>,
    any: Option<Anything>,
    inner: Option<Box<Filter>>,
}

/// Says why a value of an entity that its owner does not know is missing; the gateway takes that for an answer.
pub(super) const ABSENT: &str = "absent";

pub(super) fn fault(message: &'static str) -> Error {
    Fault::BadInput(message).into()
}

fn unless<T>(fails: bool, message: &'static str, value: T) -> Result<T> {
    if fails { Err(fault(message)) } else { Ok(value) }
}

/// The users that there are; posts speak of others as well.
pub(super) fn is_user(id: &str) -> bool {
    !id.starts_with("404")
}

pub(super) fn name(id: &str) -> String {
    format!("name {id}")
}

pub(super) fn nick(id: &str) -> Option<String> {
    (id != "2").then(|| format!("nick \"{id}\" ü🦀\n"))
}

pub(super) fn email(id: &str) -> Result<String> {
    unless(id == "3", "email fails", format!("{id}@example.org"))
}

pub(super) fn secret(id: &str) -> Result<Option<i32>> {
    unless(matches!(id, "2" | "4"), "secret fails", Some(-5))
}

pub(super) fn role(id: &str) -> Role {
    if id == "1" { Role::Writer } else { Role::Reader }
}

pub(super) fn meta(id: &str) -> Anything {
    Json(
        serde_json::json!({ "id": id, "list": [1, 2.5, null, { "__typename": "no type" }], "big": 9_007_199_254_740_993_i64 }),
    )
}

pub(super) fn friends(id: &str) -> Vec<String> {
    ["2", "3"].into_iter().filter(|friend| *friend != id).map(str::to_owned).collect()
}

pub(super) fn pals(id: &str) -> Option<Vec<Option<String>>> {
    (id != "3").then(|| vec![Some("1".to_owned()), None, Some("3".to_owned())])
}

pub(super) fn best(id: &str) -> Option<String> {
    (id == "1").then(|| "2".to_owned())
}

pub(super) fn greeting(id: &str, word: Option<&str>, times: i32) -> String {
    format!("{times} x {word:?} {id}")
}

pub(super) fn rank(name: &str) -> i32 {
    i32::try_from(name.len()).unwrap() * 10
}

pub(super) fn reputation(id: &str) -> i32 {
    i32::try_from(id.len()).unwrap() + 70
}

pub(super) fn posts_of(id: &str, first: i32) -> Vec<(String, String)> {
    (0..first).map(|at| (format!("{id}-{at}"), id.to_owned())).collect()
}

pub(super) fn post_count(id: &str) -> i32 {
    i32::try_from(id.len()).unwrap()
}

pub(super) fn must_count(id: &str) -> Result<i32> {
    unless(id == "2", "mustCount fails", 1)
}

/// The author of a post.
pub(super) fn author(post: &str) -> String {
    match post {
        "2" => "2",
        "4" => "404",
        _ => "1",
    }
    .to_owned()
}

pub(super) fn editor(post: &str) -> Option<String> {
    match post {
        "1" => Some("404-1".to_owned()),
        "2" => Some("3".to_owned()),
        _ => None,
    }
}

pub(super) fn crew(post: &str) -> Option<Vec<String>> {
    match post {
        "1" => Some(vec!["1".to_owned(), "404".to_owned()]),
        "3" => None,
        _ => Some(vec!["3".to_owned(), "3".to_owned(), "1".to_owned()]),
    }
}

pub(super) fn title(post: &str) -> String {
    format!("post {post}")
}

pub(super) fn likes(post: &str) -> i32 {
    i32::MAX - i32::try_from(post.len()).unwrap()
}

pub(super) fn tags(post: &str) -> Vec<String> {
    vec!["x".to_owned(), post.to_owned()]
}

pub(super) fn flaky(post: &str) -> Result<Option<f64>> {
    unless(post == "2", "flaky fails", (post != "3").then_some(1.25))
}

pub(super) fn must(post: &str) -> Result<i32> {
    unless(post == "3", "must fails", 8)
}

pub(super) fn views(post: &str) -> Result<i32> {
    unless(post == "1-1", "views fails", 99)
}

pub(super) fn label(title: &str) -> String {
    format!("<{title}>")
}
