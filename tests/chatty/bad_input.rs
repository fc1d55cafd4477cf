//! What goes in wrong comes out as a precise error, and everybody else goes on.

use chatty_testkit::Harness;
use serde_json::{Value, json};

/// A raw body, with its status and the code and limit of its first error.
async fn raw(h: &Harness, body: impl Into<reqwest::Body>) -> (u16, String, Value) {
    let request = h.http().post(h.url("/graphql")).header("content-type", "application/json");
    let response =
        request.header("accept", "application/graphql-response+json").body(body).send().await.expect("an answer");
    let status = response.status().as_u16();
    let text = response.text().await.expect("text");
    assert!(text.len() < 16 * 1024, "an error does not echo its input");
    let answer: Value = serde_json::from_str(&text).expect("JSON");
    let extensions = &answer["errors"][0]["extensions"];
    assert!(extensions["traceId"].as_str().is_some_and(|id| id.len() == 32), "{answer}");
    (status, extensions["code"].as_str().unwrap_or("no code").to_owned(), extensions["limit"].clone())
}

fn document(query: &str) -> String {
    json!({"query": query}).to_string()
}

#[tokio::test]
async fn what_is_not_a_graphql_request_is_told_so() {
    let h = Harness::start().await;
    for body in [
        "",
        "{",
        "null",
        "[]",
        "5",
        "\"text\"",
        "{\"query\": 5}",
        "{}",
        "{\"query\": \"{ __typename }\", \"variables\": []}",
    ] {
        let (status, code, _) = raw(&h, body).await;
        assert_eq!((status, code.as_str()), (400, "GRAPHQL_PARSE_FAILED"), "{body}");
    }
    for query in ["{", "}", "query", "{ posts(first: ) { nodes { id } } }", "\u{0}", "{ \"a\" }"] {
        let (status, code, _) = raw(&h, document(query)).await;
        assert_eq!((status, code.as_str()), (400, "GRAPHQL_PARSE_FAILED"), "{query}");
    }
    let invalid = [
        "{ nothing }",
        "{ me { nothing } }",
        "query($a: Nothing) { me { scopes } }",
        "{ ...a }",
        "{ posts(first: \"x\") { nodes { id } } }",
        "{ _entities(representations: []) { __typename } }",
        "{ _service { sdl } }",
    ];
    for query in invalid {
        let (status, code, _) = raw(&h, document(query)).await;
        assert_eq!((status, code.as_str()), (400, "GRAPHQL_VALIDATION_FAILED"), "{query}");
    }
}

#[tokio::test]
async fn hostile_documents_are_refused_by_name_and_the_server_goes_on() {
    let h = Harness::start().await;
    let ana = h.register("ana").await;
    let repeated = |count: usize, text: &dyn Fn(usize) -> String| (0..count).map(text).collect::<Vec<_>>().concat();
    let nested = |open: &str, close: &str, depth: usize| {
        format!("{{ __typename(x: {}1{}) }}", open.repeat(depth), close.repeat(depth))
    };
    let aliases = |count: usize| format!("{{ {} }}", repeated(count, &|n| format!("a{n}: __typename ")));
    let titles = repeated(101, &|n| format!("a{n}: comments(first: 1, after: \"{n}\") {{ totalCount }} "));
    let roots = repeated(51, &|n| format!("a{n}: user(username: \"u{n}\") {{ id }} "));
    let doubling = |n: usize| format!(" fragment f{n} on Query {{ ...f{m} ...f{m} }}", m = n + 1);
    let bomb = format!("{{ ...f0 }}{} fragment f25 on Query {{ serverInfo {{ name }} }}", repeated(25, &doubling));
    let directives = repeated(51, &|n| format!("a{n}: __typename @include(if: true) "));
    let hostile = [
        (nested("[", "]", 100_000), "bodySize"),
        (nested("[", "]", 1_600), "depth"),
        (nested("{a:", "}", 1_600), "depth"),
        (aliases(10_000), "bodySize"),
        (aliases(1_700), "tokens"),
        (format!("{{ post(id: \"pst_\") {{ {titles} }} }}"), "aliases"),
        (format!("{{ {roots} }}"), "rootFields"),
        (bomb, "weight"),
        (repeated(17, &|n| format!("query q{n} {{ __typename }} ")), "operations"),
        (format!("{{ {directives} }}"), "directives"),
    ];
    for (query, expected) in hostile {
        let refused = raw(&h, document(&query)).await;
        assert_eq!(refused, (400, "LIMIT_EXCEEDED".to_owned(), json!(expected)), "{}", &query[..60]);
        // Nobody else notices.
        ana.query("{ me { scopes } }", Value::Null).await;
    }
    let (status, code, limit) = raw(&h, vec![b' '; 10 * 1024 * 1024]).await;
    assert_eq!((status, code.as_str(), limit), (413, "LIMIT_EXCEEDED", json!("bodySize")));
    ana.query("{ me { scopes } }", Value::Null).await;
}

#[tokio::test]
async fn variables_are_checked_before_anything_runs() {
    let h = Harness::start().await;
    let query = "query($first: Int!, $id: ID) { posts(first: $first) { nodes { id } } node(id: $id) { id } }";
    for variables in [
        json!({}),
        json!({"first": null}),
        json!({"first": "ten"}),
        json!({"first": 3_000_000_000_u64}),
        json!({"first": 1.5}),
    ] {
        let reply =
            h.anonymous().send("query($first: Int!) { posts(first: $first) { nodes { id } } }", variables).await;
        assert_eq!((reply.status, reply.codes()), (400, vec!["BAD_USER_INPUT"]));
    }
    let keyed = r#"mutation { createPost(input: {body: "x", idempotencyKey: "soon"}) { errors { code } } }"#;
    let reply = h.register("ana").await.send(keyed, Value::Null).await;
    assert_eq!(reply.codes(), ["BAD_USER_INPUT"], "a key that is no UUID: {reply:?}");
    let reply = h.anonymous().send(query, json!({"first": 1})).await;
    assert_eq!((reply.status, reply.codes()), (400, vec!["GRAPHQL_VALIDATION_FAILED"]));
}

#[tokio::test]
async fn a_cursor_of_another_list_and_an_id_of_another_type_are_told_apart() {
    let h = Harness::start().await;
    let ana = h.register("ana").await;
    let post = ana.post("one").await;
    ana.comment(&post, None, "x").await;
    let data = h.anonymous().query("{ posts(first: 1) { pageInfo { endCursor } } }", Value::Null).await;
    let cursor = &data["posts"]["pageInfo"]["endCursor"];
    let comments = "query($post: ID!, $after: Cursor) { post(id: $post) { comments(after: $after) { nodes { id } } } }";
    for after in [cursor.clone(), json!("garbage"), json!("")] {
        let reply = h.anonymous().send(comments, json!({"post": post, "after": after})).await;
        assert_eq!((reply.status, reply.codes()), (200, vec!["CURSOR_MISMATCH"]));
        assert_eq!(reply.body["errors"][0]["path"], json!(["post", "comments"]));
    }
    let reply = h.anonymous().send("query($post: ID!) { post(id: $post) { id } }", json!({"post": ana.id})).await;
    assert_eq!((reply.status, reply.codes()), (200, vec!["BAD_ID"]));
    for first in [0, -1, 101] {
        let reply =
            h.anonymous().send("query($n: Int) { posts(first: $n) { nodes { id } } }", json!({"n": first})).await;
        assert_eq!(reply.codes(), ["BAD_USER_INPUT"]);
    }
}

#[tokio::test]
async fn a_token_that_is_not_valid_is_never_anonymous() {
    let h = Harness::start().await;
    let ana = h.register("ana").await;
    let genuine = ana.token().expect("signed in");
    let tampered = format!("{}x", &genuine[..genuine.len() - 1]);
    for token in ["", "nonsense", "a.b.c", tampered.as_str()] {
        let reply = ana.with_token(token).send("{ serverInfo { name } }", Value::Null).await;
        assert_eq!((reply.status, reply.codes()), (401, vec!["UNAUTHENTICATED"]), "{token}");
    }
}

#[tokio::test]
async fn other_methods_and_media_types_are_refused_by_their_own_status() {
    let h = Harness::start().await;
    let url = h.url("/graphql");
    let send = async |request: reqwest::RequestBuilder| request.send().await.expect("an answer").status().as_u16();
    assert_eq!(send(h.http().put(&url)).await, 405);
    assert_eq!(send(h.http().delete(&url)).await, 405);
    assert_eq!(
        send(h.http().post(&url).header("content-type", "text/plain").body(document("{ __typename }"))).await,
        415
    );
    let image = h.http().post(&url).header("accept", "image/png").header("content-type", "application/json");
    assert_eq!(send(image.body(document("{ __typename }"))).await, 406);
    let get = |query: &str| h.http().get(reqwest::Url::parse_with_params(&url, [("query", query)]).expect("a URL"));
    assert_eq!(send(get("{ __typename }")).await, 200);
    assert_eq!(send(get(r"mutation { logout(input: {scope: ALL}) { ok } }")).await, 405);
    assert_eq!(send(h.http().get(h.url("/healthz"))).await, 200);
    assert_eq!(send(h.http().get(h.url("/readyz"))).await, 200);
    assert_eq!(send(h.http().get(h.url("/nowhere"))).await, 404);
}
