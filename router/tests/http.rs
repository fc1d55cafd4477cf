//! GraphQL over HTTP, as clients, browsers and attackers send it.

mod fixture;

use std::{io::Write, sync::atomic::Ordering};

use chatty_access::{Claims, Revocation};
use chrono::TimeDelta;
use fixture::{ORIGIN, PATIENCE, Router};
use reqwest::{Client, Method, RequestBuilder, Response};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

const NEWER: &str = "application/graphql-response+json";
const JSON: &str = "application/json";

impl Router {
    fn request(&self, method: Method) -> RequestBuilder {
        Client::new().request(method, self.url()).timeout(PATIENCE)
    }

    /// A POST of a text as JSON.
    fn post(&self, body: impl Into<reqwest::Body>) -> RequestBuilder {
        self.request(Method::POST).header("content-type", JSON).body(body)
    }

    fn query(&self, document: &str) -> RequestBuilder {
        self.post(json!({ "query": document }).to_string())
    }

    fn get(&self, query_string: &str) -> RequestBuilder {
        Client::new().get(format!("{}?{query_string}", self.url())).timeout(PATIENCE)
    }
}

async fn send(request: RequestBuilder) -> Response {
    request.send().await.expect("an answer")
}

/// The status and the JSON of the answer.
async fn answer(request: RequestBuilder) -> (u16, Value) {
    let response = send(request).await;
    (response.status().as_u16(), response.json().await.expect("JSON"))
}

/// The status, and the code and the message of the one error.
async fn refusal(request: RequestBuilder) -> (u16, String, String) {
    let (status, body) = answer(request).await;
    let [error] = body["errors"].as_array().expect("errors").as_slice() else { panic!("one error: {body}") };
    assert_eq!(body.get("data"), None, "refused, so without data");
    assert_eq!(error["extensions"]["traceId"].as_str().map(str::len), Some(32), "{error}");
    let text = |value: &Value| value.as_str().expect("text").to_owned();
    (status, text(&error["extensions"]["code"]), text(&error["message"]))
}

fn header<'a>(response: &'a Response, name: &str) -> Option<&'a str> {
    response.headers().get(name).map(|value| value.to_str().expect("visible ASCII"))
}

#[tokio::test]
async fn a_query_is_answered_by_post_and_by_get() {
    let router = Router::start().await;
    let hello = (200, json!({"data": {"hello": "hello Ada"}}));
    let body = json!({
        "query": "query A($n: String!) { hello(name: $n) } query B { hello }",
        "operationName": "A",
        "variables": {"n": "Ada"},
        "extensions": {},
    });
    assert_eq!(answer(router.post(body.to_string())).await, hello);
    let query_string = "query=query%20A($n:String!)%7Bhello(name:$n)%7D%20query%20B%7Bhello%7D\
                        &operationName=A&variables=%7B%22n%22:%22Ada%22%7D";
    assert_eq!(answer(router.get(query_string)).await, hello);
    assert_eq!(answer(router.get(query_string).header("content-type", JSON)).await, hello);
}

#[tokio::test]
async fn the_accept_header_chooses_the_media_type() {
    let router = Router::start().await;
    for (accept, content_type) in [
        (None, Some("application/json; charset=utf-8")),
        (Some("*/*"), Some("application/json; charset=utf-8")),
        (Some(JSON), Some("application/json; charset=utf-8")),
        (Some(NEWER), Some("application/graphql-response+json; charset=utf-8")),
        (
            Some("application/json, application/graphql-response+json"),
            Some("application/graphql-response+json; charset=utf-8"),
        ),
        (Some("text/html"), None),
        (Some("application/json;q=0"), None),
    ] {
        let mut request = router.query("{ hello }");
        if let Some(accept) = accept {
            request = request.header("accept", accept);
        }
        let response = send(request).await;
        match content_type {
            Some(_) => assert_eq!(header(&response, "content-type"), content_type, "{accept:?}"),
            None => assert_eq!(response.status(), 406, "{accept:?}"),
        }
        assert_eq!(header(&response, "cache-control"), Some("no-store"));
        assert_eq!(header(&response, "x-content-type-options"), Some("nosniff"));
        assert_eq!(header(&response, "x-trace-id").map(str::len), Some(32));
    }
}

#[tokio::test]
async fn a_refused_document_is_told_by_the_status_only_in_the_newer_media_type() {
    let router = Router::start().await;
    let brackets = "{a".repeat(65);
    for (document, code) in [
        ("{ hello", "GRAPHQL_PARSE_FAILED"),
        ("{ nonsense }", "GRAPHQL_VALIDATION_FAILED"),
        ("subscription { quiet }", "GRAPHQL_VALIDATION_FAILED"),
        (brackets.as_str(), "LIMIT_EXCEEDED"),
    ] {
        for (media, status) in [(NEWER, 400), (JSON, 200)] {
            let (found, found_code, _) = refusal(router.query(document).header("accept", media)).await;
            assert_eq!((found, found_code.as_str()), (status, code), "{document} as {media}");
        }
    }
    let escaped = "%7B".repeat(65);
    let (status, code, _) = refusal(router.get(&format!("query={escaped}")).header("accept", NEWER)).await;
    assert_eq!((status, code.as_str()), (400, "LIMIT_EXCEEDED"));
}

#[tokio::test]
async fn what_is_no_graphql_request_is_400_in_both_media_types_and_says_why() {
    let router = Router::start().await;
    for (body, message) in [
        ("", "the request is not valid JSON: EOF while parsing a value at line 1 column 0"),
        ("{", "the request is not valid JSON: EOF while parsing an object at line 1 column 1"),
        ("[]", "batches are not supported: send one operation a request"),
        (r#"[{"query":"{hello}"}]"#, "batches are not supported: send one operation a request"),
        ("null", "the request must be a JSON object, not null"),
        ("{}", "`query` is missing"),
        (r#"{"query":1}"#, "`query` must be a string, not a number"),
        (r#"{"query":"{hello}","variables":"x"}"#, "`variables` must be an object, not a string"),
        (
            r#"{"query":"{hello}","query":"{hello}"}"#,
            "the request is not valid JSON: duplicate field `query` at line 1 column 26",
        ),
    ] {
        for media in [NEWER, JSON] {
            let (status, code, found) = refusal(router.post(body).header("accept", media)).await;
            assert_eq!((status, code.as_str(), found.as_str()), (400, "GRAPHQL_PARSE_FAILED", message), "{body}");
        }
    }
    assert_eq!(refusal(router.get("")).await.2, "`query` is missing");
    assert_eq!(refusal(router.get("query=%7Bhello%7D&variables=%7B")).await.0, 400);
    assert_eq!(refusal(router.get("query=%7Bhello%7D&query=%7Bhello%7D")).await.2, "`query` is given twice");
    for body in [
        b"{\"query\":\"{hello}\"} {}".as_slice(),
        b"\xef\xbb\xbf{\"query\":\"{hello}\"}",
        b"{\"query\":\"{hello}\xff\"}",
        b"{\"query\":\"{hello}\",\"z\":\"\xff\"}",
        b"{\"query\":\"{hello}\\ud800\"}",
        b"\xff\xfe{\0}\0",
    ] {
        let (status, code, message) = refusal(router.post(body)).await;
        assert_eq!((status, code.as_str()), (400, "GRAPHQL_PARSE_FAILED"), "{message}");
    }
}

#[tokio::test]
async fn a_request_is_read_from_the_body_of_a_post_and_from_the_url_of_a_get_only() {
    let router = Router::start().await;
    let post = Client::new().post(format!("{}?query=%7Bhello%7D", router.url())).header("content-type", JSON);
    assert_eq!(refusal(post.body("{}")).await.2, "`query` is missing");
    let get = router.get("").header("content-type", JSON).body(json!({"query": "{ hello }"}).to_string());
    assert_eq!(refusal(get).await.2, "`query` is missing");
    let get = router.get("query=%7Bhello%7D").header("content-type", JSON).body("nonsense");
    assert_eq!(answer(get).await.0, 200, "a body of a GET means nothing");
}

#[tokio::test]
async fn only_json_is_taken_so_that_a_browser_asks_first() {
    let router = Router::start().await;
    let body = json!({"query": "{ hello }"}).to_string();
    for content_type in [
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/json; charset=latin1",
        "",
    ] {
        let request = router.request(Method::POST).header("content-type", content_type).body(body.clone());
        assert_eq!(send(request).await.status(), 415, "{content_type}");
    }
    assert_eq!(send(router.request(Method::POST).body(body.clone())).await.status(), 415, "none");
    let twice = router.post(body.clone()).header("content-type", "text/plain");
    assert_eq!(send(twice).await.status(), 415, "two");
    let get = router.get("query=%7Bhello%7D").header("content-type", "text/plain");
    assert_eq!(send(get).await.status(), 415, "a GET with a type");
    let utf8 = router.request(Method::POST).header("content-type", "application/json;charset=UTF-8").body(body);
    assert_eq!(send(utf8).await.status(), 200);
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(bytes).expect("memory takes it");
    encoder.finish().expect("memory takes it")
}

#[tokio::test]
async fn the_limit_of_a_body_counts_after_decompression() {
    let router = Router::start().await;
    let limit = chatty_router::Limits::default().body_bytes;
    let padded = |bytes: usize| {
        let body = json!({"query": "{ hello }"}).to_string();
        let padding = " ".repeat(bytes - body.len());
        body + &padding
    };
    assert_eq!(answer(router.post(padded(limit))).await.0, 200);
    let (status, body) = answer(router.post(padded(limit + 1))).await;
    assert_eq!((status, &body["errors"][0]["extensions"]["code"]), (413, &json!("LIMIT_EXCEEDED")));
    assert_eq!(body["errors"][0]["extensions"]["limit"], "bodySize");

    let compressed = |bytes: Vec<u8>| router.post(bytes).header("content-encoding", "gzip");
    assert_eq!(answer(compressed(gzip(padded(limit).as_bytes()))).await.0, 200);
    let bomb = gzip(&vec![b' '; 64 * 1024 * 1024]);
    assert!(bomb.len() < 100_000, "it passes as a small body");
    assert_eq!(refusal(compressed(bomb)).await.0, 413);

    assert_eq!(refusal(compressed(b"not gzip".to_vec())).await.0, 400);
    for unknown in ["zstd", "gzip, gzip", "rot13"] {
        assert_eq!(send(router.post("{}").header("content-encoding", unknown)).await.status(), 415, "{unknown}");
    }
}

// The clock is paused: it jumps to the router's timer, the only one, once nothing else can happen.
#[tokio::test(start_paused = true)]
async fn a_body_that_does_not_arrive_is_given_up() {
    let router = Router::start().await;
    let mut peer = TcpStream::connect(router.address).await.expect("it listens");
    let head = "POST /graphql HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{";
    peer.write_all(head.as_bytes()).await.expect("it reads");
    let mut status = [0; 12];
    peer.read_exact(&mut status).await.expect("a whole line");
    assert_eq!(&status, b"HTTP/1.1 408");
}

#[tokio::test]
async fn a_mutation_runs_by_post_and_never_by_get() {
    let router = Router::start().await;
    let response = send(router.get("query=mutation%7Bbump%7D")).await;
    assert_eq!((response.status().as_u16(), header(&response, "allow")), (405, Some("POST")));
    assert_eq!(router.seen.bumps.load(Ordering::SeqCst), 0);
    assert_eq!(answer(router.query("mutation { bump }")).await, (200, json!({"data": {"bump": 1}})));
}

#[tokio::test]
async fn other_methods_are_not_allowed() {
    let router = Router::start().await;
    for method in [Method::PUT, Method::DELETE, Method::PATCH, Method::HEAD, Method::OPTIONS, Method::TRACE] {
        let response = send(router.request(method.clone())).await;
        assert_eq!((response.status().as_u16(), header(&response, "allow")), (405, Some("GET, POST")), "{method}");
    }
}

#[tokio::test]
async fn a_token_names_the_viewer_and_none_is_anonymous() {
    let router = Router::start().await;
    let claims = router.claims();
    let asker = router.query("{ asker { user } }");
    let signed_in = asker.try_clone().expect("a text body").header("authorization", router.sign(&claims));
    let user = |user: Value| (200, json!({"data": {"asker": {"user": user}}}));
    assert_eq!(answer(signed_in).await, user(json!(claims.sub.to_string())));
    assert_eq!(answer(asker).await, user(Value::Null));
    let lower_case = router.sign(&claims).replacen("Bearer", "bearer", 1);
    assert_eq!(answer(router.get("query=%7Basker%7Buser%7D%7D").header("authorization", lower_case)).await.0, 200);
}

#[tokio::test]
async fn a_token_that_is_not_valid_refuses_the_whole_request() {
    let router = Router::start().await;
    let good = router.sign(&router.claims());
    let foreign = router.sign(&Claims { iss: "https://evil.example".into(), ..router.claims() });
    for authorization in
        ["", "Bearer", "Bearer ", "Bearer nonsense", "Basic dTpw", &good[7..], &format!("{good}x"), &foreign]
    {
        for media in [NEWER, JSON] {
            let request = router.query("{ hello }").header("accept", media).header("authorization", authorization);
            let (status, code, _) = refusal(request).await;
            assert_eq!((status, code.as_str()), (401, "UNAUTHENTICATED"), "{authorization}");
        }
    }
    let ended = router.claims();
    router.revocations.apply(Revocation::Session { id: ended.sid, at: router.clock.now() });
    let (status, code, message) = refusal(router.query("{ hello }").header("authorization", router.sign(&ended))).await;
    assert_eq!((status, code.as_str()), (401, "UNAUTHENTICATED"));
    assert_eq!(message, "access was revoked: sign in again");
    let twice = router.query("{ hello }").header("authorization", &good).header("authorization", &good);
    assert_eq!(refusal(twice).await.0, 401);

    router.clock.advance(TimeDelta::seconds(601));
    let (status, code, message) = refusal(router.query("{ hello }").header("authorization", &good)).await;
    assert_eq!((status, code.as_str(), message.as_str()), (401, "TOKEN_EXPIRED", "the access token has expired"));
    let response = send(router.query("{ hello }").header("authorization", &good)).await;
    assert_eq!(header(&response, "www-authenticate"), Some("Bearer error=\"invalid_token\""));
}

#[tokio::test]
async fn a_router_that_does_not_know_yet_whose_access_has_ended_judges_no_token() {
    let router = Router::start_uninformed().await;
    let signed = router.query("{ hello }").header("authorization", router.sign(&router.claims()));
    let response = send(signed).await;
    assert_eq!((response.status().as_u16(), header(&response, "retry-after")), (503, Some("1")));
    assert_eq!(send(router.query("{ hello }")).await.status().as_u16(), 200);
}

#[tokio::test]
async fn the_subgraph_learns_where_a_request_comes_from() {
    let router = Router::start().await;
    let request = router
        .query("{ asker { traceId network userAgent } }")
        .header("traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")
        .header("x-forwarded-for", "203.0.113.7")
        .header("user-agent", "a".repeat(300));
    let response = send(request).await;
    assert_eq!(header(&response, "x-trace-id"), Some("4bf92f3577b34da6a3ce929d0e0e4736"));
    let body: Value = response.json().await.expect("JSON");
    let asker = json!({
        "traceId": "4bf92f3577b34da6a3ce929d0e0e4736",
        "network": "127.0.0.1",
        "userAgent": "a".repeat(256),
    });
    assert_eq!(body["data"]["asker"], asker);

    let response = send(router.query("{ asker { traceId } }").header("traceparent", "00-zz-zz-01")).await;
    let fresh = header(&response, "x-trace-id").expect("always").to_owned();
    let body: Value = response.json().await.expect("JSON");
    assert_eq!(body["data"]["asker"]["traceId"], fresh);
}

#[tokio::test]
async fn only_a_trusted_proxy_says_where_a_request_comes_from() {
    let router = Router::start_with(|config| config.trusted_proxies = vec!["127.0.0.0/8".parse().unwrap()]).await;
    let request = router.query("{ asker { network } }");
    let (_, body) =
        answer(request.header("x-forwarded-for", "198.51.100.1").header("x-forwarded-for", "203.0.113.7")).await;
    assert_eq!(body["data"]["asker"]["network"], "203.0.113.7");
}

#[tokio::test]
async fn without_a_verifier_everybody_is_anonymous_whatever_they_send() {
    let router = Router::start_without_verifier().await;
    for authorization in [router.sign(&router.claims()), "Bearer nonsense".to_owned(), "Basic dTpw".to_owned()] {
        let (status, body) = answer(router.query("{ asker { user } }").header("authorization", authorization)).await;
        assert_eq!((status, body), (200, json!({ "data": { "asker": { "user": null } } })));
    }
}

#[tokio::test]
async fn foreign_pages_may_read_answers_only_where_configured() {
    let preflight = |router: &Router, origin: &str| {
        router
            .request(Method::OPTIONS)
            .header("origin", origin)
            .header("access-control-request-method", "POST")
            .header("access-control-request-headers", "accept,authorization,content-type")
    };
    let closed = Router::start().await;
    let response = send(preflight(&closed, "https://app.example")).await;
    assert_eq!(header(&response, "access-control-allow-origin"), None);

    let open = Router::start_with(|config| config.allowed_origins = vec!["https://app.example".parse().unwrap()]).await;
    let response = send(preflight(&open, "https://app.example")).await;
    let allow = |what: &str| header(&response, &format!("access-control-allow-{what}"));
    assert_eq!(allow("origin"), Some("https://app.example"));
    assert_eq!(allow("headers"), Some("accept,authorization,content-type,traceparent"));
    assert_eq!(allow("methods"), Some("GET,POST"));
    assert_eq!(allow("credentials"), None, "there are no cookies");
    let response = send(open.query("{ hello }").header("origin", "https://app.example")).await;
    assert_eq!(header(&response, "access-control-expose-headers"), Some("x-trace-id,retry-after"));
    assert!(header(&response, "vary").is_some_and(|vary| vary.contains("origin")));
    for foreign in ["https://evil.example", ORIGIN, "null"] {
        let response = send(preflight(&open, foreign)).await;
        assert_eq!(header(&response, "access-control-allow-origin"), None, "{foreign}");
        let response = send(open.query("{ hello }").header("origin", foreign)).await;
        assert_eq!(header(&response, "access-control-allow-origin"), None, "{foreign}");
    }
}

#[tokio::test]
async fn what_a_browser_sends_for_every_page_is_answered_for_admitted_ones_only() {
    let router =
        Router::start_with(|config| config.allowed_origins = vec!["https://app.example".parse().unwrap()]).await;
    let hello = || router.get("query=%7Bhello%7D");
    for foreign in ["https://evil.example", "http://chat.example", "https://chat.example.evil", "null", ""] {
        let (status, code, _) = refusal(hello().header("origin", foreign)).await;
        assert_eq!((status, code.as_str()), (403, "FORBIDDEN"), "{foreign}");
    }
    let both = hello().header("origin", ORIGIN).header("origin", "https://evil.example");
    assert_eq!(refusal(both).await.0, 403);
    for admitted in [hello(), hello().header("origin", ORIGIN), hello().header("origin", "https://app.example")] {
        assert_eq!(answer(admitted).await.0, 200);
    }
    // A browser asks before it sends one of these, and is told no.
    assert_eq!(answer(router.query("{ hello }").header("origin", "https://evil.example")).await.0, 200);
}

#[tokio::test]
async fn a_panic_is_answered_and_the_process_goes_on() {
    // Without the peer's address a handler panics, as the documentation of `routes` says.
    let router = Router::start_without_addresses().await;
    for _ in 0..3 {
        let (status, code, message) = refusal(router.query("{ hello }").header("accept", NEWER)).await;
        assert_eq!((status, code.as_str(), message.as_str()), (500, "INTERNAL", "internal error"));
    }
}
