//! Supergraphs that are hard to plan on, and documents that try. The probe in `bench/hostile.rs` reads them as well.

use std::fmt::Write as _;

use async_graphql::{Request, Response};
use chatty_kit::Subgraph;
use chatty_router::{Gateway, Limits, Upstream, compose};
use futures_util::{
    FutureExt, StreamExt,
    future::BoxFuture,
    stream::{self, BoxStream},
};
use serde_json::{Value, json};

const LINK: &str =
    r#"extend schema @link(url: "https://specs.apollo.dev/federation/v2.3", import: ["@key", "@shareable"])"#;

/// A supergraph to ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Graph {
    /// Four subgraphs; a union and an interface of sixty types, a type that leads from each subgraph to the next, one that
    /// all four share.
    Wide,
    /// An interface of so many types that two subgraphs declare with different fields.
    Split(usize),
}

/// A document and what becomes of it.
pub(crate) struct Hostile {
    pub(crate) name: &'static str,
    pub(crate) graph: Graph,
    pub(crate) text: String,
    /// Null for none.
    pub(crate) variables: Value,
    /// `planned`, a code, or the name of a limit.
    pub(crate) verdict: &'static str,
}

impl Graph {
    /// A gateway over the graph, whose subgraphs have nothing to say.
    pub(crate) fn gateway(self, limits: Limits) -> Gateway {
        let schemas = match self {
            Self::Wide => wide(),
            Self::Split(types) => split(types),
        };
        let schemas: Vec<_> = schemas.iter().map(|(name, sdl)| (*name, sdl.as_str())).collect();
        let upstreams = schemas.iter().map(|(name, _)| ((*name).to_owned(), Upstream::in_process(Silent))).collect();
        Gateway::load(&compose(&schemas).expect("it composes"), upstreams, limits).expect("it loads")
    }
}

struct Silent;

impl Subgraph for Silent {
    fn execute(&self, _request: Request) -> BoxFuture<'_, Response> {
        std::future::ready(Response::default()).boxed()
    }

    fn subscribe(&self, _request: Request) -> BoxStream<'static, Response> {
        stream::empty().boxed()
    }
}

fn repeated(count: usize, text: impl Fn(usize) -> String) -> String {
    (0..count).map(text).collect::<Vec<_>>().concat()
}

fn wide() -> Vec<(&'static str, String)> {
    let members = (0..60).map(|at| format!("T{at}")).collect::<Vec<_>>().join(" | ");
    let types = repeated(60, |at| {
        format!(
            "type T{at} implements Node @key(fields: \"id\") {{ id: ID! name: String node: Node any: Any own{at}: String }}\n"
        )
    });
    let shared = "type Shared @shareable { deeper: Shared leaf: String }";
    ["a", "b", "c", "d"]
        .into_iter()
        .map(|name| {
            let root = match name {
                "a" => "any: Any node: Node ring: Ring shared: Shared plain(of: Int, in: In): String".to_owned(),
                _ => format!("root{name}: Ring"),
            };
            let more = if name == "a" {
                format!("union Any = {members} interface Node {{ id: ID! name: String node: Node }} {types} input In {{ in: In list: [In] }}")
            } else {
                String::new()
            };
            let sdl = format!(
                "{LINK} type Query {{ {root} }} {shared} type Ring @key(fields: \"id\") {{ id: ID! to{name}: Ring leaf{name}: String }} {more}"
            );
            (name, sdl)
        })
        .collect()
}

fn split(types: usize) -> Vec<(&'static str, String)> {
    let one = repeated(types, |at| {
        format!("type P{at} implements Item @key(fields: \"id\") {{ id: ID! title: String next: Item }}\n")
    });
    let two =
        repeated(types, |at| format!("type P{at} implements Item @key(fields: \"id\") {{ id: ID! price: Int }}\n"));
    vec![
        (
            "one",
            format!("{LINK} type Query {{ item: Item }} interface Item {{ id: ID! title: String next: Item }} {one}"),
        ),
        ("two", format!("{LINK} type Query {{ other: Item }} interface Item {{ id: ID! price: Int }} {two}")),
    ]
}

/// Fragments that each spread the next twice.
fn doubling(levels: usize, link: impl Fn(usize) -> String) -> String {
    let mut text = "{ ring { ...F0 } }".to_owned();
    for at in 0..levels {
        write!(text, " fragment F{at} on Ring {{ {} }}", link(at + 1)).expect("a string takes any text");
    }
    write!(text, " fragment F{levels} on Ring {{ leafa }}").expect("a string takes any text");
    text
}

/// The shared type, so deep.
fn nested(levels: usize) -> String {
    format!("{{ shared {}{{ leaf }}{} }}", "{ deeper ".repeat(levels - 2), " }".repeat(levels - 2))
}

/// A fragment for each of the types, around what is inside.
fn grid(levels: usize, types: usize) -> String {
    let mut body = "id".to_owned();
    for level in 0..levels {
        let field = if level + 1 == levels { "node" } else { "any" };
        let fragments = repeated(types, |at| format!("... on T{at} {{ {body} }} "));
        body = format!("{field} {{ {fragments} }}");
    }
    format!("{{ {body} }}")
}

/// One fragment on each type whose bodies are one named fragment on each type again.
fn named_grid(levels: usize) -> String {
    let mut text = "{ any { ...G0 } }".to_owned();
    for level in 0..levels {
        let inner = if level + 1 == levels { "id".to_owned() } else { format!("any {{ ...G{} }}", level + 1) };
        let fragments = repeated(60, |at| format!("... on T{at} {{ {inner} }} "));
        write!(text, " fragment G{level} on Any {{ {fragments} }}").expect("a string takes any text");
    }
    text
}

/// Objects of which nothing can be selected: a fragment on each type inside one on another.
fn never_together(objects: usize) -> String {
    let objects = repeated(objects, |at| format!("a{at}: any {{ ...Never }} "));
    let inner = repeated(59, |at| format!("... on T{} {{ id }} ", at + 1));
    format!("{{ {objects} }} fragment Never on Any {{ ... on T0 {{ ... on Any {{ {inner} }} }} }}")
}

/// The interface's fields, so many levels deep.
fn item(levels: usize) -> String {
    let mut body = "title price".to_owned();
    for _ in 1..levels {
        body = format!("title price next {{ {body} }}");
    }
    format!("{{ item {{ {body} }} }}")
}

/// Documents whose variables are large, or become so.
fn with_variables() -> Vec<(&'static str, Graph, String, Value, &'static str)> {
    let large = json!({ "v": { "list": vec![json!({}); 100_000] } });
    let small = json!({ "v": { "in": {} } });
    let list = |count| format!("query ($v: In) {{ plain(in: {{ list: [{}] }}) }}", "$v ".repeat(count));
    let lists =
        format!("query ($v: In) {{ {} }}", repeated(40, |at| format!("a{at}: plain(of: {at} in: {{ in: $v }}) ")));
    vec![
        ("a list of one large variable", Graph::Wide, list(1), large.clone(), "planned"),
        ("a list of 2,400 times a large variable", Graph::Wide, list(2_400), large.clone(), "variables"),
        ("a list of 2,400 times a small variable", Graph::Wide, list(2_400), small, "planned"),
        ("a large variable in 40 objects", Graph::Wide, lists, large, "planned"),
    ]
}

/// All documents.
#[expect(clippy::too_many_lines, reason = "it is a table")]
pub(crate) fn documents() -> Vec<Hostile> {
    use Graph::{Split, Wide};
    let spread_twice = |next: usize| format!("...F{next} ...F{next}");
    let aliased = |next: usize| format!("a: toa {{ ...F{next} }} b: toa {{ ...F{next} }}");
    let crossing = |next: usize| format!("toa {{ ...F{next} }} tob {{ ...F{next} }}");
    let conditional = |next: usize| format!("...F{next} @skip(if: false) ...F{next} @include(if: true)");
    let chain = |length: usize| {
        let links = repeated(length, |at| format!("fragment F{at} on Ring {{ ...F{} }} ", at + 1));
        format!("{{ ring {{ ...F0 }} }} {links} fragment F{length} on Ring {{ leafa }}")
    };
    let table: Vec<(&'static str, Graph, String, &'static str)> = vec![
        (
            "inline fragments nested 200",
            Wide,
            format!("{{ ring {}{{ leafa }}{} }}", "{ ... ".repeat(200), "}".repeat(200)),
            "depth",
        ),
        ("fields nested 60", Wide, nested(60), "depth"),
        ("fields nested 20", Wide, nested(20), "planned"),
        ("100,000 braces", Wide, "{".repeat(100_000), "bodySize"),
        ("60 braces", Wide, "{".repeat(60), "GRAPHQL_PARSE_FAILED"),
        (
            "lists nested 20,000",
            Wide,
            format!("{{ plain(of: {}1{}) }}", "[".repeat(20_000), "]".repeat(20_000)),
            "bodySize",
        ),
        ("lists nested 2,000", Wide, format!("{{ plain(of: {}1{}) }}", "[".repeat(2_000), "]".repeat(2_000)), "depth"),
        (
            "lists nested 60",
            Wide,
            format!("{{ plain(in: {{ list: {}{{}}{} }}) }}", "[".repeat(58), "]".repeat(58)),
            "GRAPHQL_VALIDATION_FAILED",
        ),
        (
            "a fragment that spreads itself",
            Wide,
            "{ ring { ...F } } fragment F on Ring { toa { ...F } }".into(),
            "GRAPHQL_VALIDATION_FAILED",
        ),
        (
            "unknown fields x 1,000",
            Wide,
            format!("{{ {} }}", repeated(1_000, |at| format!("no{at} "))),
            "GRAPHQL_VALIDATION_FAILED",
        ),
        (
            "unknown arguments x 700",
            Wide,
            format!("{{ {} }}", repeated(700, |at| format!("plain(z{at}: 1) "))),
            "GRAPHQL_VALIDATION_FAILED",
        ),
        (
            "unused variables x 700",
            Wide,
            format!("query ({}) {{ plain }}", repeated(700, |at| format!("$v{at}: [Int] "))),
            "GRAPHQL_VALIDATION_FAILED",
        ),
        (
            "unused fragments x 600",
            Wide,
            format!("{{ plain }} {}", repeated(600, |at| format!("fragment F{at} on Ring {{ id }} "))),
            "GRAPHQL_VALIDATION_FAILED",
        ),
        (
            "conflicting fields x 600",
            Wide,
            format!("{{ {} }}", repeated(600, |at| format!("x: plain(of: {at}) "))),
            "GRAPHQL_VALIDATION_FAILED",
        ),
        (
            "conflicting objects x 400",
            Wide,
            format!("{{ {} }}", repeated(400, |at| format!("ring {{ x: toa {{ y: leaf{} }} }} ", ["a", "b"][at % 2]))),
            "GRAPHQL_VALIDATION_FAILED",
        ),
        ("a fragment on an impossible type", Wide, "{ ring { ... on T0 { id } } }".into(), "GRAPHQL_VALIDATION_FAILED"),
        ("spreads 2^10", Wide, doubling(10, spread_twice), "planned"),
        ("spreads 2^18", Wide, doubling(18, spread_twice), "weight"),
        ("spreads 2^25", Wide, doubling(25, spread_twice), "weight"),
        ("spreads with aliases 2^7", Wide, doubling(7, aliased), "planned or fetches"),
        ("spreads with aliases 2^16", Wide, doubling(16, aliased), "weight"),
        ("spreads across subgraphs 2^7", Wide, doubling(7, crossing), "planned or fetches"),
        ("spreads across subgraphs 2^10", Wide, doubling(10, crossing), "depth or weight"),
        ("spreads with conditions 2^16", Wide, doubling(16, conditional), "weight"),
        ("a chain of 100 fragments", Wide, chain(100), "GRAPHQL_VALIDATION_FAILED"),
        ("a chain of 600 fragments", Wide, chain(600), "GRAPHQL_VALIDATION_FAILED"),
        ("union 60 x 60", Wide, named_grid(2), "weight"),
        ("union 60 x 60 x 60", Wide, named_grid(3), "weight"),
        ("union and interface 20 x 20", Wide, grid(2, 20), "planned"),
        ("union of 60, never together x 8", Wide, never_together(8), "planned"),
        ("union of 60, never together x 99", Wide, never_together(99), "weight"),
        ("union of 60, each once", Wide, grid(1, 60), "planned"),
        (
            "union of 60 with 15 aliases each",
            Wide,
            format!(
                "{{ any {{ {} }} }}",
                repeated(60, |at| format!("... on T{at} {{ {} }} ", repeated(15, |alias| format!("a{alias}: name "))))
            ),
            "planned",
        ),
        (
            "1,000 aliases of a leaf",
            Wide,
            format!("{{ ring {{ {} }} }}", repeated(1_000, |at| format!("a{at}: leafa "))),
            "planned",
        ),
        (
            "1,000 aliases of another subgraph's",
            Wide,
            format!("{{ ring {{ {} }} }}", repeated(1_000, |at| format!("a{at}: leafb "))),
            "planned",
        ),
        (
            "400 aliased ways to two subgraphs",
            Wide,
            format!("{{ ring {{ {} }} }}", repeated(400, |at| format!("a{at}: tob {{ leafc }} "))),
            "aliases",
        ),
        (
            "100 aliased ways to two subgraphs",
            Wide,
            format!("{{ ring {{ {} }} }}", repeated(100, |at| format!("a{at}: tob {{ leafc }} "))),
            "planned or fetches",
        ),
        (
            "50 aliased roots and an aliased way from each",
            Wide,
            format!("{{ {} }}", repeated(50, |at| format!("a{at}: ring {{ b{at}: tob {{ leafc }} }} "))),
            "planned or fetches",
        ),
        (
            "100 root fields with arguments",
            Wide,
            format!("{{ {} }}", repeated(100, |at| format!("a{at}: plain(of: {at}) "))),
            "rootFields",
        ),
        (
            "50 root fields with arguments",
            Wide,
            format!("{{ {} }}", repeated(50, |at| format!("a{at}: plain(of: {at}) "))),
            "planned",
        ),
        ("20,000 equal fields", Wide, format!("{{ {} }}", "plain ".repeat(20_000)), "bodySize"),
        ("5,400 equal fields", Wide, format!("{{ {} }}", "plain ".repeat(5_400)), "tokens"),
        ("4,900 equal fields", Wide, format!("{{ {} }}", "plain ".repeat(4_900)), "planned"),
        ("1,600 equal sets", Wide, format!("{{ {} }}", "ring{id} ".repeat(1_200)), "planned"),
        ("2,000 operations", Wide, repeated(1_000, |at| format!("query Q{at} {{ plain }} ")), "operations"),
        (
            "a string of 32 KB",
            Wide,
            format!("{{ plain(in: \"{}\") }}", "x".repeat(32_700)),
            "GRAPHQL_VALIDATION_FAILED",
        ),
        ("a name of 32 KB", Wide, format!("{{ {} }}", "x".repeat(32_700)), "GRAPHQL_VALIDATION_FAILED"),
        ("a name of 2,000 umlauts", Wide, format!("{{ {} }}", "ü".repeat(2_000)), "GRAPHQL_PARSE_FAILED"),
        (
            "300 conditions",
            Wide,
            format!(
                "query ({}) {{ ring {{ {} }} }}",
                repeated(300, |at| format!("$v{at}: Boolean! ")),
                repeated(300, |at| format!("a{at}: leafa @skip(if: $v{at}) "))
            ),
            "directives",
        ),
        ("shared by four, depth 18", Wide, nested(18), "planned"),
        ("split interface of 60, 1 level", Split(60), item(1), "planned"),
        ("split interface of 60, 2 levels", Split(60), item(2), "weight"),
        ("split interface of 60, 4 levels", Split(60), item(4), "weight"),
        ("split interface of 12, 2 levels", Split(12), item(2), "planned"),
        ("split interface of 3, 4 levels", Split(3), item(4), "planned"),
        ("split interface of 3, 5 levels", Split(3), item(5), "weight"),
        ("split interface of 3, 8 levels", Split(3), item(8), "weight"),
        ("split interface of 2, 6 levels", Split(2), item(6), "planned"),
        ("split interface of 2, 8 levels", Split(2), item(8), "weight"),
        (
            "entities from outside",
            Wide,
            "{ _entities(representations: []) { __typename } }".into(),
            "GRAPHQL_VALIDATION_FAILED",
        ),
        (
            "entities under an alias",
            Wide,
            "{ ring: _entities(representations: [{ __typename: \"Ring\", id: 1 }]) { ... on Ring { id } } }".into(),
            "GRAPHQL_VALIDATION_FAILED",
        ),
        (
            "a fragment on entities",
            Wide,
            "{ ...F } fragment F on _Entity { __typename }".into(),
            "GRAPHQL_VALIDATION_FAILED",
        ),
        ("the schema of a subgraph", Wide, "{ _service { sdl } }".into(), "GRAPHQL_VALIDATION_FAILED"),
        ("a representation as variable", Wide, "query ($r: [_Any!]!) { plain }".into(), "GRAPHQL_VALIDATION_FAILED"),
        (
            "introspection x 3 lists",
            Wide,
            "{ __schema { types { fields { type { fields { type { fields { name } } } } } } } }".into(),
            "introspectionDepth",
        ),
        (
            "introspection x 200",
            Wide,
            format!("{{ {} }}", repeated(200, |at| format!("a{at}: __type(name: \"T{at}\") {{ name }} "))),
            "rootFields",
        ),
    ];
    let without_variables =
        table.into_iter().map(|(name, graph, text, verdict)| (name, graph, text, Value::Null, verdict));
    let all = without_variables.chain(with_variables());
    all.map(|(name, graph, text, variables, verdict)| Hostile { name, graph, text, variables, verdict }).collect()
}
