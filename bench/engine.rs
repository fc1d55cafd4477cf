//! What the gateway costs: one query over two subgraphs in this process, planned before, until its bytes are there.
//! And the same where both subgraphs are asked over HTTP, on loopback and on the gateway's own thread.
//!
//! Beside it the same query on one plain schema: from text with validation, which is what a monolith pays, and from a
//! parsed document without validation, which is the floor under any gateway. Both are serialised.
//! No subgraph reads a database, so this is routing and resolution alone.

use std::{collections::HashMap, hint::black_box, net::SocketAddr, sync::Arc};

use async_graphql::{ComplexObject, EmptyMutation, EmptySubscription, ID, Object, Schema, SimpleObject, Variables};
use axum::{Json, Router, routing::post};
use chatty_access::Caller;
use chatty_kit::Subgraph;
use chatty_router::{Gateway, GraphqlRequest, HttpClient, HttpUpstream, Limits, Upstream, compose};
use criterion::{Criterion, criterion_group, criterion_main};
use tokio_util::task::TaskTracker;

const QUERY: &str = "query Feed($first: Int!) { posts(first: $first) { id title author { id name } } }";
const POSTS: i32 = 10;

struct Users;

#[derive(SimpleObject)]
struct User {
    id: ID,
    name: String,
}

fn user(id: &ID) -> User {
    User { id: id.clone(), name: format!("name of {}", **id) }
}

#[Object(name = "Query")]
impl Users {
    async fn user(&self, id: ID) -> User {
        user(&id)
    }
    #[graphql(entity)]
    async fn find_user_by_id(&self, id: ID) -> User {
        user(&id)
    }
}

struct Posts;

#[derive(SimpleObject)]
struct Post {
    id: ID,
    title: String,
    author: Author,
}

#[derive(SimpleObject)]
#[graphql(name = "User", unresolvable)]
struct Author {
    id: ID,
}

#[Object(name = "Query")]
impl Posts {
    async fn posts(&self, first: i32) -> Vec<Post> {
        let post = |at: i32| Post {
            id: at.to_string().into(),
            title: format!("title of {at}"),
            author: Author { id: (at % 3).to_string().into() },
        };
        (0..first).map(post).collect()
    }
}

struct Whole;

#[derive(SimpleObject)]
#[graphql(complex, name = "Post")]
struct WholePost {
    id: ID,
    title: String,
    #[graphql(skip)]
    author_id: ID,
}

#[ComplexObject]
impl WholePost {
    async fn author(&self) -> User {
        user(&self.author_id)
    }
}

#[Object(name = "Query")]
impl Whole {
    async fn posts(&self, first: i32) -> Vec<WholePost> {
        let post = |at: i32| WholePost {
            id: at.to_string().into(),
            title: format!("title of {at}"),
            author_id: (at % 3).to_string().into(),
        };
        (0..first).map(post).collect()
    }
}

/// A gateway over both subgraphs, which `connect` makes upstreams of.
fn gateway(connect: impl Fn(&str, Arc<dyn Subgraph>) -> Upstream) -> Gateway {
    let federation = || async_graphql::SDLExportOptions::new().federation();
    let fast = async_graphql::ValidationMode::Fast;
    let users =
        Schema::build(Users, EmptyMutation, EmptySubscription).enable_federation().validation_mode(fast).finish();
    let posts =
        Schema::build(Posts, EmptyMutation, EmptySubscription).enable_federation().validation_mode(fast).finish();
    let sdl = [users.sdl_with_options(federation()), posts.sdl_with_options(federation())];
    let supergraph = compose(&[("users", &sdl[0]), ("posts", &sdl[1])]).expect("the subgraphs compose");
    let upstreams = HashMap::from([
        ("users".to_owned(), connect("users", Arc::new(users))),
        ("posts".to_owned(), connect("posts", Arc::new(posts))),
    ]);
    Gateway::load(&supergraph, upstreams, Limits::default()).expect("the supergraph loads")
}

/// Serves a subgraph over HTTP and reaches it there, without seals.
fn over_http(name: &str, schema: Arc<dyn Subgraph>) -> Upstream {
    let answer = move |Json(request): Json<async_graphql::Request>| async move { Json(schema.execute(request).await) };
    let listener = std::net::TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0))).expect("a free port");
    listener.set_nonblocking(true).expect("a listener can");
    let url = format!("http://{}/", listener.local_addr().expect("it is bound"));
    let listener = tokio::net::TcpListener::from_std(listener).expect("there is a runtime");
    let routes = Router::new().route("/", post(answer));
    TaskTracker::new().spawn(async move { axum::serve(listener, routes).await });
    let endpoints = vec![url.parse().expect("a url")];
    Upstream::Http(HttpUpstream::new(name, endpoints, HttpClient::new(), None).expect("an endpoint"))
}

fn engine(c: &mut Criterion) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime starts");
    let variables = || Variables::from_json(serde_json::json!({ "first": POSTS }));

    let entered = runtime.enter();
    let remote = gateway(over_http);
    drop(entered);
    let gateway = gateway(|_, schema| Upstream::InProcess(schema));
    let request = GraphqlRequest { query: QUERY.to_owned(), operation_name: None, variables: variables() };
    let answer = runtime.block_on(gateway.execute(request.clone(), Caller::anonymous()));
    assert_eq!(answer, runtime.block_on(remote.execute(request.clone(), Caller::anonymous())), "HTTP changes nothing");
    let whole = Schema::build(Whole, EmptyMutation, EmptySubscription).finish();
    let fast = Schema::build(Whole, EmptyMutation, EmptySubscription)
        .validation_mode(async_graphql::ValidationMode::Fast)
        .finish();
    let parsed = async_graphql::parser::parse_query(QUERY).expect("the query parses");
    let floor = async || {
        let mut request = async_graphql::Request::new("").variables(variables());
        request.set_parsed_query(parsed.clone());
        serde_json::to_vec(&fast.execute(request).await).expect("a response has a JSON form")
    };
    let plain = async || {
        let response = whole.execute(async_graphql::Request::new(QUERY).variables(variables())).await;
        serde_json::to_vec(&response).expect("a response has a JSON form")
    };
    let read = |bytes: &[u8]| serde_json::from_slice::<serde_json::Value>(bytes).expect("answers are JSON");
    assert_eq!(read(&answer.body), read(&runtime.block_on(plain())), "both answer alike");

    let mut group = c.benchmark_group("posts with authors");
    group.bench_function("gateway, two subgraphs", |b| {
        b.iter(|| runtime.block_on(gateway.execute(black_box(request.clone()), Caller::anonymous())));
    });
    group.bench_function("gateway, two subgraphs over HTTP", |b| {
        b.iter(|| runtime.block_on(remote.execute(black_box(request.clone()), Caller::anonymous())));
    });
    group.bench_function("one plain schema, parsed before", |b| b.iter(|| runtime.block_on(floor())));
    group.bench_function("one plain schema, from text", |b| b.iter(|| runtime.block_on(plain())));
    group.bench_function("gateway, preparation alone", |b| {
        b.iter(|| runtime.block_on(gateway.prepare(black_box(&request), &Caller::anonymous())).is_ok());
    });
    group.finish();
}

criterion_group!(benches, engine);
criterion_main!(benches);
