//! The federated graph answers like one schema over the same data: random operations, asked of both.
//!
//! 256 operations; `PROPTEST_CASES=10000 cargo test -p chatty-router --test engine one_schema` is the long form.

mod compare;
mod data;
mod parts;
mod reference;
mod whole;
mod writer;

use std::{collections::HashMap, sync::Arc};

use apollo_compiler::{ExecutableDocument, validation::Valid};
use async_graphql::{EmptyMutation, EmptySubscription, ObjectType, Request, Schema, SubscriptionType, Variables};
use chatty_kit::{Exposure, Subgraph};
use chatty_router::{AnswerKind, Gateway, Limits, Upstream, compose};
use proptest::{
    prelude::any,
    test_runner::{Config, TestCaseError, TestError, TestRunner},
};
use serde_json::Value;

use self::{
    compare::difference,
    data::Log,
    reference::Reference,
    whole::{Changes, Whole},
    writer::{Operation, Writer},
};
use crate::fixture::{http, read, request, viewer};

/// Both worlds. Each has its log.
struct Worlds {
    gateway: Gateway,
    log: Log,
    by_http: Gateway,
    http_log: Log,
    plain: Box<dyn Subgraph>,
    plain_log: Log,
    /// What the gateway shows to clients.
    api: Valid<apollo_compiler::Schema>,
}

fn built<Q: ObjectType + 'static, M: ObjectType + 'static>(
    query: Q,
    mutation: M,
    log: &Log,
) -> Schema<chatty_graphql::Entities<Q>, M, EmptySubscription>
where
    EmptySubscription: SubscriptionType,
{
    chatty_graphql::subgraph(query, mutation, EmptySubscription, Exposure::InProcess).data(Arc::clone(log)).finish()
}

fn federated(log: &Log, connect: impl Fn(&'static str, Arc<dyn Subgraph>) -> Upstream) -> Gateway {
    let users = built(parts::users::Query, parts::users::Mutation, log);
    let posts = built(parts::posts::Query, parts::posts::Mutation, log);
    let stats = built(parts::stats::Query, EmptyMutation, log);
    let fame = built(parts::fame::Query, EmptyMutation, log);
    let sdl = [
        ("users", chatty_graphql::sdl(&users)),
        ("posts", chatty_graphql::sdl(&posts)),
        ("stats", chatty_graphql::sdl(&stats)),
        ("fame", chatty_graphql::sdl(&fame)),
    ];
    let supergraph = compose(&sdl.each_ref().map(|(name, sdl)| (*name, sdl.as_str()))).unwrap();
    let subgraphs: [(&'static str, Arc<dyn Subgraph>); 4] =
        [("users", Arc::new(users)), ("posts", Arc::new(posts)), ("stats", Arc::new(stats)), ("fame", Arc::new(fame))];
    let upstreams: HashMap<_, _> =
        subgraphs.into_iter().map(|(name, schema)| (name.to_owned(), connect(name, schema))).collect();
    let limits = Limits { mutations: 20, errors: 1_000, weight: 5_000, aliases: 1_000, ..Limits::default() };
    Gateway::load(&supergraph, upstreams, limits).unwrap()
}

impl Worlds {
    fn new() -> Self {
        let (log, http_log, plain_log) = (Log::default(), Log::default(), Log::default());
        let gateway = federated(&log, |_, schema| Upstream::InProcess(schema));
        Self {
            api: apollo_compiler::Schema::parse_and_validate(gateway.api_schema_sdl(), "api.graphql").unwrap(),
            gateway,
            by_http: federated(&http_log, |name, schema| http::upstream(name, &[http::subgraph(name, schema)])),
            plain: Box::new(built(Whole, Changes, &plain_log)),
            log,
            http_log,
            plain_log,
        }
    }

    /// Asks both, and over HTTP as well where that is wanted. Says whether the operation was valid.
    async fn agree(&self, operation: &Operation, over_http: bool) -> Result<bool, String> {
        let Operation { query, plain, variables, plain_variables } = operation;
        for log in [&self.log, &self.http_log, &self.plain_log] {
            log.lock().unwrap().clear();
        }
        let answer = self.gateway.execute(request(query, variables.clone()), viewer()).await;
        let got = read(&answer);
        if answer.kind != AnswerKind::Executed {
            // Names that clash make no valid operation, and some are too large; anything else is a defect.
            let code = got["errors"][0]["extensions"]["code"].as_str().unwrap_or_default();
            let message = got["errors"][0]["message"].as_str().unwrap_or_default();
            let expected =
                code == "LIMIT_EXCEEDED" || message.contains("the same alias") || message.contains("the same name");
            return if expected { Ok(false) } else { Err(format!("{query}\n{variables}\nrefused {got}")) };
        }
        let log = self.log.lock().unwrap().clone();
        if over_http {
            let by_http = read(&self.by_http.execute(request(query, variables.clone()), viewer()).await);
            if by_http != got || *self.http_log.lock().unwrap() != log {
                return Err(format!("{query}\nover HTTP {by_http}\nin process {got}"));
            }
        }
        let plain_request =
            Request::new(plain.as_str()).variables(Variables::from_json(plain_variables.clone())).data(viewer());
        let response = self.plain.execute(plain_request).await;
        let expected = serde_json::to_value(&response).unwrap();
        if *self.plain_log.lock().unwrap() != log {
            return Err(format!("{query}\nwrote {log:?}\nexpected {:?}", self.plain_log.lock().unwrap()));
        }
        let document = ExecutableDocument::parse_and_validate(&self.api, query.as_str(), "query.graphql").unwrap();
        let reference = Reference { schema: &self.api, document: &document, variables: plain_variables };
        let data = reference.data(&expected["data"]);
        match difference(&got, &data, &expected) {
            None => Ok(true),
            Some(what) => Err(format!("{what}\n{query}\n{plain}\n{variables}\ngot {got}\nexpected {data}\n{expected}")),
        }
    }
}

#[test]
fn random_operations_have_the_answers_of_one_schema() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let entered = runtime.enter();
    let worlds = Worlds::new();
    drop(entered);
    let config = Config { failure_persistence: None, max_shrink_iters: 2_000, ..Config::default() };
    let cases = config.cases;
    let bytes = proptest::collection::vec(any::<u8>(), 10..250);
    let answered = std::cell::Cell::new(0);
    let outcome = TestRunner::new(config).run(&(bytes, any::<bool>(), any::<bool>()), |(bytes, a, b)| {
        let operation = Writer::operation(&bytes, a, b);
        let agreed = runtime.block_on(worlds.agree(&operation, bytes.len() % 8 == 0)).map_err(TestCaseError::fail)?;
        answered.set(answered.get() + u32::from(agreed));
        Ok(())
    });
    match outcome {
        Err(TestError::Fail(reason, _)) => panic!("{reason}"),
        Err(error) => panic!("{error}"),
        Ok(()) => {}
    }
    assert!(answered.get() > cases / 2, "only {} of {cases} operations were valid", answered.get());
}

#[tokio::test]
async fn introspection_tells_of_the_types_of_one_schema() {
    let worlds = Worlds::new();
    let query = "query ($name: String!) { __type(name: $name) { kind name
        fields { name args { name type { ...T } } type { ...T } }
        inputFields { name type { ...T } } enumValues { name } interfaces { name } possibleTypes { name } } }
        fragment T on __Type { kind name ofType { kind name ofType { kind name ofType { kind name } } } }";
    for name in [
        "Query",
        "Mutation",
        "User",
        "Robot",
        "Account",
        "Post",
        "Ad",
        "Memo",
        "Item",
        "Titled",
        "Money",
        "Entry",
        "Role",
        "Filter",
        "JSON",
        "Int",
        "ID",
        "NoSuchType",
    ] {
        let variables = serde_json::json!({ "name": name });
        let mut got = read(&worlds.gateway.execute(request(query, variables.clone()), viewer()).await);
        let plain = Request::new(query).variables(Variables::from_json(variables)).data(viewer());
        let mut expected = serde_json::to_value(worlds.plain.execute(plain).await).unwrap();
        sort(&mut got);
        sort(&mut expected);
        assert_eq!(got, expected, "{name}");
    }
}

/// Orders lists, for both sides list in an order of their own; what only federation has is left out.
fn sort(value: &mut Value) {
    match value {
        Value::Array(items) => {
            items.retain(|item| !item["name"].as_str().is_some_and(|name| name.starts_with('_')));
            items.iter_mut().for_each(sort);
            items.sort_by_key(Value::to_string);
        }
        Value::Object(members) => {
            // Of an interface the library says null, the specification a list.
            if members.get("kind").is_some_and(|kind| kind == "INTERFACE") && members.contains_key("interfaces") {
                members.insert("interfaces".to_owned(), Value::Array(Vec::new()));
            }
            members.values_mut().for_each(sort);
        }
        _ => {}
    }
}
