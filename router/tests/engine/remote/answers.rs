//! Answers that are none, and such that are odd.

use std::collections::HashMap;

use chatty_router::{Gateway, HttpClient, HttpUpstream, Limits, Upstream};
use serde_json::{Value, json};

use super::{
    ask, gateway, nobody,
    server::{Reaction, Server, begin, cut, ok, with_status},
    supergraph, within,
};
use crate::fixture::errors_of;

/// The answer to `{ rate }` where `prices` answers these bytes.
async fn rate(bytes: Vec<u8>) -> serde_json::Value {
    let prices = Server::start(move |_, _| Reaction::AnswerAndClose(bytes.clone()));
    ask(&gateway(&[nobody()], &[prices.address], Limits::default()), "{ rate }").await
}

#[tokio::test]
async fn what_is_no_graphql_response_makes_the_subgraph_unavailable() {
    let json = "application/json";
    let deep = format!("{{\"data\":{{\"rate\":{}{}}}}}", "[".repeat(100_000), "]".repeat(100_000));
    for bytes in [
        ok("text/html", "<html>secret proxy page</html>"),
        ok(json, ""),
        ok(json, "{\"data\":{\"rate\":1"),
        ok(json, "{\"data\":[1]}"),
        ok(json, "[{\"data\":{\"rate\":1}}]"),
        ok(json, &format!("{{\"data\":{{\"other\":[{}0]}}}}", "[],".repeat(2_000_000))),
        ok(json, "{\"ok\":true}"),
        ok(json, "{\"data\":{},\"errors\":\"x\"}"),
        ok(json, &deep),
        ok(json, "\u{0}"),
        with_status("500 Oh", json, "{\"error\":\"postgres://secret\"}"),
        with_status("404 Not Found", "text/plain", "secret"),
        with_status("302 Found", json, ""),
        begin(json, "{\"data\":{"),
        cut(json, "{\"data\":{\"rate\":1}}"),
        format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{{", u64::MAX / 4).into_bytes(),
        b"SSH-2.0-OpenSSH\r\n\r\n".to_vec(),
        Vec::new(),
    ] {
        let shown = String::from_utf8_lossy(&bytes[..bytes.len().min(120)]).into_owned();
        let body = rate(bytes).await;
        assert_eq!(body["data"], json!({ "rate": null }), "{shown}");
        assert_eq!(errors_of(&body), [("SUBGRAPH_UNAVAILABLE".to_owned(), json!(["rate"]))], "{shown}");
        assert_eq!(body["errors"][0]["message"], "the subgraph is unavailable");
    }
}

#[tokio::test]
async fn a_status_that_keeps_the_router_out_is_not_taken_for_the_clients_own() {
    let refusal = r#"{"errors":[{"message":"who are you","extensions":{"code":"UNAUTHENTICATED"}}]}"#;
    for status in ["401 Unauthorized", "403 Forbidden", "407 Proxy Authentication Required"] {
        let body = rate(with_status(status, "application/graphql-response+json", refusal)).await;
        assert_eq!(errors_of(&body), [("SUBGRAPH_UNAVAILABLE".to_owned(), json!(["rate"]))], "{status}");
    }
}

#[tokio::test]
async fn a_graphql_response_counts_whatever_its_status() {
    let refusal = r#"{"errors":[{"message":"slow down","extensions":{"code":"RATE_LIMITED","retryAfterMs":5}}]}"#;
    for status in ["400 Bad Request", "429 Too Many Requests", "500 Internal Server Error"] {
        let body = rate(with_status(status, "application/graphql-response+json", refusal)).await;
        assert_eq!(errors_of(&body), [("RATE_LIMITED".to_owned(), json!(["rate"]))], "{status}");
        assert_eq!(body["errors"][0]["extensions"]["retryAfterMs"], 5);
    }
}

#[tokio::test]
async fn an_answer_without_an_end_is_given_up_at_its_limit() {
    // The whole limit and one byte more, as white space that any parser would skip.
    let prices =
        Server::start(|_, _| Reaction::AnswerAndHold(begin("application/json", &" ".repeat(64 * 1024 * 1024 + 1))));
    let body = ask(&gateway(&[nobody()], &[prices.address], within(60_000)), "{ rate }").await;
    assert_eq!(errors_of(&body), [("SUBGRAPH_UNAVAILABLE".to_owned(), json!(["rate"]))]);
    assert_eq!(prices.count(), 1, "asking again would not make it shorter");
}

#[tokio::test]
async fn answers_of_one_operation_share_a_limit_also_for_what_nobody_reads() {
    let padded = |data: &str, mebibytes: usize| {
        let padding = " ".repeat(mebibytes * 1024 * 1024);
        ok("application/json", &format!(r#"{{"data":{data},"extensions":{{"padding":"{padding}"}}}}"#))
    };
    let items = padded(r#"{"items":[{"__typename":"Item","id":"a"}]}"#, 40);
    let (small, large) = (padded(r#"{"_entities":[{"price":7}]}"#, 23), padded(r#"{"_entities":[{"price":7}]}"#, 24));
    let items = Server::start(move |_, _| Reaction::Answer(items.clone()));
    let prices = Server::start(move |_, at| Reaction::Answer(if at == 0 { small.clone() } else { large.clone() }));
    let gateway = gateway(&[items.address], &[prices.address], within(60_000));
    let query = "{ items { id price } }";
    assert_eq!(ask(&gateway, query).await, json!({ "data": { "items": [{ "id": "a", "price": 7 }] } }));
    let body = ask(&gateway, query).await;
    assert_eq!(body["data"], json!({ "items": [{ "id": "a", "price": null }] }));
    assert_eq!(errors_of(&body), [("SUBGRAPH_UNAVAILABLE".to_owned(), json!(["items", 0, "price"]))]);
}

#[tokio::test]
async fn answers_of_one_operation_share_a_limit_of_values() {
    let items = |values: usize| {
        format!(r#"{{"data":{{"items":[{{"__typename":"Item","id":"a"}}],"x":[{}0]}}}}"#, "0,".repeat(values))
    };
    let prices =
        |values: usize| format!(r#"{{"data":{{"_entities":[{{"price":7}}],"x":[{}0]}}}}"#, "0,".repeat(values));
    for (values, fits) in [(900_000, true), (1_100_000, false)] {
        let (items, prices) = (ok("application/json", &items(values)), ok("application/json", &prices(values)));
        let items = Server::start(move |_, _| Reaction::Answer(items.clone()));
        let prices = Server::start(move |_, _| Reaction::Answer(prices.clone()));
        let gateway = gateway(&[items.address], &[prices.address], within(60_000));
        let body = ask(&gateway, "{ items { id price } }").await;
        let price = if fits { json!(7) } else { json!(null) };
        assert_eq!(body["data"], json!({ "items": [{ "id": "a", "price": price }] }));
        let refused = [("SUBGRAPH_UNAVAILABLE".to_owned(), json!(["items", 0, "price"]))];
        assert_eq!(errors_of(&body), if fits { &[][..] } else { &refused });
    }
}

#[tokio::test]
async fn numbers_and_custom_scalars_come_through_untouched() {
    let any = r#"[18446744073709551615,-9223372036854775808,0.1,122.41629403378658,1e300,{"a":[null,"ENUM"]},"x"]"#;
    let body = ok("application/json", &format!("{{\"data\":{{\"any\":{any},\"rate\":1.0}}}}"));
    let prices = Server::start(move |_, _| Reaction::Answer(body.clone()));
    let gateway = gateway(&[nobody()], &[prices.address], Limits::default());
    let answer = ask(&gateway, "{ any rate }").await;
    assert_eq!(answer["data"]["any"], serde_json::from_str::<serde_json::Value>(any).unwrap());
    assert_eq!(answer["data"]["rate"], json!(1.0));
}

#[tokio::test]
async fn a_foreign_subgraph_that_is_down_costs_its_own_fields_only() {
    let items = Server::answering(&json!({ "data": { "items": [
        { "__typename": "Item", "id": "a" }, { "__typename": "Item", "id": "b" },
    ] } }));
    let gateway = gateway(&[items.address], &[nobody()], Limits::default());
    let body = ask(&gateway, "{ items { i: id p: price } r: rate }").await;
    assert_eq!(body["data"], json!({ "items": [{ "i": "a", "p": null }, { "i": "b", "p": null }], "r": null }));
    let unavailable = |path| ("SUBGRAPH_UNAVAILABLE".to_owned(), path);
    assert_eq!(errors_of(&body), [unavailable(json!(["items", 0, "p"])), unavailable(json!(["r"]))]);
    assert!(!body.to_string().contains("127.0.0.1"));
}

#[tokio::test]
async fn an_error_with_an_endless_path_is_one_of_the_whole_request() {
    for (steps, code) in [(129, "NO"), (10_000, "NO"), (1_900_000, "NO"), (2_000_000, "SUBGRAPH_UNAVAILABLE")] {
        let path = format!("\"rate\"{}", ",0".repeat(steps - 1));
        let error = format!(r#"{{"message":"no","path":[{path}],"extensions":{{"code":"NO"}}}}"#);
        let body = rate(ok("application/json", &format!(r#"{{"data":{{"rate":null}},"errors":[{error}]}}"#))).await;
        assert_eq!(body["data"], json!({ "rate": null }));
        assert_eq!(errors_of(&body), [(code.to_owned(), json!(["rate"]))], "{steps}");
    }
}

/// The extensions of the error that `rate` is answered with, by a subgraph of ours or a foreign one.
async fn extensions(is_ours: bool, extensions: &Value) -> Value {
    let error = json!({ "message": "no", "path": ["rate"], "extensions": extensions });
    let prices = Server::answering(&json!({ "data": { "rate": null }, "errors": [error] }));
    let gateway = if is_ours {
        gateway(&[nobody()], &[prices.address], Limits::default())
    } else {
        let upstream = |address| {
            let uri = format!("http://{address}/").parse().unwrap();
            Upstream::Http(HttpUpstream::new("foreign", vec![uri], HttpClient::new(), None).unwrap())
        };
        let upstreams = [("items", nobody()), ("prices", prices.address)];
        let upstreams = upstreams.map(|(name, address)| (name.to_owned(), upstream(address)));
        Gateway::load(&supergraph(), HashMap::from(upstreams), Limits::default()).unwrap()
    };
    let body = ask(&gateway, "{ rate }").await;
    assert_eq!(body["data"], json!({ "rate": null }), "{body:.200}");
    let mut extensions = body["errors"][0]["extensions"].clone();
    extensions.as_object_mut().unwrap().remove("traceId").expect("the gateway's own");
    extensions
}

#[tokio::test]
async fn of_a_foreign_subgraphs_extensions_only_what_clients_know_is_told() {
    let found = json!({
        "code": "NO", "retryAfterMs": 5, "requiredScope": "admin",
        "stacktrace": ["secret.js"], "exception": { "host": "db1" }, "debugMessage": "secret", "Debug": 1,
    });
    assert_eq!(extensions(false, &found).await, json!({ "code": "NO", "retryAfterMs": 5 }));
    let ours = json!({ "code": "NO", "retryAfterMs": 5, "requiredScope": "admin" });
    assert_eq!(extensions(true, &found).await, ours, "nor what developers are told");
}

#[tokio::test]
async fn an_extension_that_is_too_large_is_left_out_alone() {
    for is_ours in [true, false] {
        let large = json!({ "code": "NO", "retryAfterMs": vec!["x".repeat(1024); 20_000], "z": "small" });
        let rest = if is_ours { json!({ "code": "NO", "z": "small" }) } else { json!({ "code": "NO" }) };
        assert_eq!(extensions(is_ours, &large).await, rest);
    }
}

#[tokio::test]
async fn entities_of_another_form_or_number_are_a_failure_that_is_told_once() {
    let items = Server::answering(&json!({ "data": { "items": [
        { "__typename": "Item", "id": "a" }, { "__typename": "Item", "id": "b" },
    ] } }));
    let entity = json!({ "__typename": "Item", "price": 1 });
    for entities in [
        json!({}),
        json!(null),
        json!("x"),
        json!([]),
        json!([entity]),
        json!([entity, entity, entity]),
        json!([entity, "x"]),
        json!([entity, [entity]]),
    ] {
        let prices = Server::answering(&json!({ "data": { "_entities": entities } }));
        let gateway = gateway(&[items.address], &[prices.address], Limits::default());
        let body = ask(&gateway, "{ items { id price } }").await;
        assert_eq!(body["data"]["items"], json!([{ "id": "a", "price": null }, { "id": "b", "price": null }]));
        let unavailable = ("SUBGRAPH_UNAVAILABLE".to_owned(), json!(["items", 0, "price"]));
        assert_eq!(errors_of(&body), [unavailable], "{entities}");
    }
    for data in [json!({}), json!(null)] {
        let prices = Server::answering(&json!({ "data": data }));
        let gateway = gateway(&[items.address], &[prices.address], Limits::default());
        let body = ask(&gateway, "{ items { id price } }").await;
        assert_eq!(errors_of(&body).len(), 1, "{body}");
    }
    let prices = Server::answering(&json!({ "data": { "_entities": [null, entity] } }));
    let body = ask(&gateway(&[items.address], &[prices.address], Limits::default()), "{ items { price } }").await;
    assert_eq!(body, json!({ "data": { "items": [{ "price": null }, { "price": 1 }] } }), "absence is no failure");
}
