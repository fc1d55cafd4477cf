//! Documents, from their bytes to a plan and an answer.

use std::{collections::HashMap, sync::LazyLock};

use async_graphql::{Request, Response, Variables};
use chatty_access::Caller;
use chatty_kit::{
    Subgraph,
    scan::{ScanLimits, check},
};
use chatty_router::{AnswerKind, Gateway, GraphqlRequest, Limits, OperationKind, Upstream, compose};
use futures_util::{
    FutureExt, StreamExt,
    future::BoxFuture,
    stream::{self, BoxStream},
};
use serde_json::Value;
use tokio::runtime::{Builder, Runtime};

/// What stands between a document and its variables.
const SEPARATOR: u8 = 0;

/// The linear scan: it refuses too much rather than too little, and never what has not enough bytes for it.
pub fn scan(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let limits = ScanLimits { bytes: 256, tokens: 32, depth: 8 };
    if check(&text, &limits).is_ok() {
        assert!(text.len() <= limits.bytes);
        assert!(check(&text, &ScanLimits { bytes: 257, tokens: 33, depth: 9 }).is_ok(), "more room is room");
        let closed = format!("{text}\n{}", "}".repeat(3));
        let roomy = ScanLimits { bytes: 300, tokens: 40, depth: 8 };
        // A block string may swallow the brackets, nothing else may change.
        assert!(check(&closed, &roomy).is_ok(), "closing brackets open nothing");
    } else {
        let generous = ScanLimits { bytes: text.len(), tokens: text.len(), depth: text.len() };
        assert!(check(&text, &generous).is_ok(), "each token has a byte");
    }
}

const LINK: &str =
    r#"extend schema @link(url: "https://specs.apollo.dev/federation/v2.3", import: ["@key", "@shareable"])"#;

const ONE: &str = r#"
    type Query { me: User user(id: ID!, in: In = { n: 1 }): User any: [Any!]! named(first: Int! = 2): [Named] }
    type Mutation { do(text: String!, all: [[In!]]): User undo: Boolean! }
    type Subscription { tick(to: Int): User }
    input In { n: Int! = 3 s: [String!] in: In role: Role x: Json }
    enum Role { A B }
    scalar Json
    interface Named { name: String }
    type User implements Named @key(fields: "id") { id: ID! name(word: String = "w"): String role: Role best: User! json: Json }
    type Robot implements Named { name: String owner: User }
    union Any = User | Robot
"#;

const TWO: &str = r#"
    type Query { posts(first: Int): [Post!] }
    type Post @key(fields: "id") { id: ID! author: User next: [Post] text: String! }
    type User @key(fields: "id") { id: ID! posts(first: Int = 1): [Post!]! fans: [User] }
"#;

/// Answers nothing, so that every place is a null.
struct Silent;

impl Subgraph for Silent {
    fn execute(&self, _request: Request) -> BoxFuture<'_, Response> {
        std::future::ready(Response::new(async_graphql::Value::Object(async_graphql::indexmap::IndexMap::new())))
            .boxed()
    }

    fn subscribe(&self, _request: Request) -> BoxStream<'static, Response> {
        stream::empty().boxed()
    }
}

static RUNTIME: LazyLock<Runtime> =
    LazyLock::new(|| Builder::new_current_thread().enable_all().build().expect("a runtime"));

static GATEWAY: LazyLock<Gateway> = LazyLock::new(|| {
    let schemas = [("one", format!("{LINK} {ONE}")), ("two", format!("{LINK} {TWO}"))];
    let supergraph = compose(&schemas.each_ref().map(|(name, sdl)| (*name, sdl.as_str()))).expect("it composes");
    let upstreams = ["one", "two"].map(|name| (name.to_owned(), Upstream::in_process(Silent)));
    Gateway::load(&supergraph, HashMap::from(upstreams), Limits::default()).expect("it loads")
});

/// A document with its variables as JSON behind a zero byte: it is refused in few words, or planned and answered.
pub fn document(bytes: &[u8]) {
    let mut parts = bytes.splitn(2, |byte| *byte == SEPARATOR);
    let query = String::from_utf8_lossy(parts.next().unwrap_or_default()).into_owned();
    let variables = parts.next().and_then(|json| serde_json::from_slice(json).ok()).map(Variables::from_json);
    let request = GraphqlRequest { query, operation_name: None, variables: variables.unwrap_or_default() };
    let answer = match RUNTIME.block_on(GATEWAY.prepare(&request, &Caller::anonymous())) {
        Err(refused) => refused,
        Ok(prepared) if prepared.kind() == OperationKind::Subscription => {
            let events = GATEWAY.stream(prepared, Caller::anonymous());
            RUNTIME.block_on(events.for_each(|_event| std::future::ready(())));
            return;
        }
        Ok(prepared) => RUNTIME.block_on(GATEWAY.run(prepared, Caller::anonymous())),
    };
    let body: Value = serde_json::from_slice(&answer.body).expect("an answer is JSON");
    let limits = GATEWAY.limits();
    let errors = body["errors"].as_array().map(Vec::as_slice).unwrap_or_default();
    assert!(errors.len() <= limits.errors);
    for error in errors {
        assert!(error["message"].as_str().expect("a message").len() <= limits.error_bytes);
        assert!(error["extensions"]["code"].is_string());
    }
    match answer.kind {
        AnswerKind::Refused(code) => {
            assert!(body.get("data").is_none() && !errors.is_empty());
            assert_ne!(code.as_str(), "INTERNAL", "it has a reason, or a plan: {}", request.query);
        }
        AnswerKind::Executed => assert!(body["data"].is_object() || !errors.is_empty(), "{body}"),
    }
}
