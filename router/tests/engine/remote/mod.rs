//! Subgraphs behind HTTP that are down, slow, broken or hostile, and what clients then see.

mod answers;
mod failover;
mod forward;
mod in_flight;
mod requests;
mod server;
mod streams;

use std::{collections::HashMap, net::SocketAddr};

use chatty_router::{Gateway, Limits, compose};
use serde_json::Value;

use crate::fixture::{http, read, request, viewer};

/// A gateway over the subgraphs `items` and `prices`, at these endpoints.
fn gateway(items: &[SocketAddr], prices: &[SocketAddr], limits: Limits) -> Gateway {
    let upstreams = [("items", items), ("prices", prices)];
    let upstreams = upstreams.map(|(name, endpoints)| (name.to_owned(), http::upstream(name, endpoints)));
    Gateway::load(&supergraph(), HashMap::from(upstreams), limits).unwrap()
}

fn supergraph() -> String {
    let link = r#"extend schema @link(url: "https://specs.apollo.dev/federation/v2.3", import: ["@key"])"#;
    let items = format!(
        r#"{link}
        type Query {{ items: [Item!]! }}
        type Mutation {{ buy(id: ID!, note: String, amount: Amount): String take: Item }}
        type Subscription {{ sold: Item! }}
        enum Amount {{ ONE MANY }}
        type Item @key(fields: "id") {{ id: ID! }}"#
    );
    let prices = format!(
        r#"{link}
        type Query {{ rate: Float any: [Any] }}
        scalar Any
        type Item @key(fields: "id") {{ id: ID! price: Int }}"#
    );
    compose(&[("items", &items), ("prices", &prices)]).unwrap()
}

/// Limits under which a subgraph has this long to answer.
fn within(milliseconds: u64) -> Limits {
    Limits { subgraph_timeout_ms: milliseconds, ..Limits::default() }
}

async fn ask(gateway: &Gateway, query: &str) -> Value {
    read(&gateway.execute(request(query, serde_json::json!({})), viewer()).await)
}

/// A port that refuses connections.
fn nobody() -> SocketAddr {
    http::listen().1
}
