//! Routes of a service that the router passes on.

use std::net::SocketAddr;

use chatty_router::transport;
use reqwest::{Client, Method, RequestBuilder};
use tokio::net::TcpListener;
use tokio_util::task::TaskTracker;

use super::{
    nobody,
    server::{Reaction, Server, begin, cut, ok, with_status},
};
use crate::fixture::http::{http_upstream, listen};

/// A router that passes `/files` on to a service at these endpoints.
struct Front(SocketAddr);

impl Front {
    fn start(endpoints: &[SocketAddr]) -> Self {
        let routes = transport::forward(&["/files"], &http_upstream("files", endpoints));
        let (listener, address): (TcpListener, _) = listen();
        let service = routes.into_make_service_with_connect_info::<SocketAddr>();
        TaskTracker::new().spawn(async move { axum::serve(listener, service).await });
        Self(address)
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        Client::new().request(method, format!("http://{}{path}", self.0))
    }

    async fn get(&self, path: &str) -> (u16, String) {
        let answer = self.request(Method::GET, path).send().await.unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    }
}

#[tokio::test]
async fn a_request_and_its_answer_pass_unread() {
    let service = Server::start(|_, _| {
        let mut answer = with_status("418 Teapot", "image/x", "tea");
        let end = answer.len() - "\r\n\r\ntea".len();
        answer.splice(end..end, *b"\r\nx-own: 1\r\nconnection: keep-alive, x-hop\r\nx-hop: 1\r\nkeep-alive: timeout=9");
        Reaction::Answer(answer)
    });
    let front = Front::start(&[service.address]);
    let request = front.request(Method::PUT, "/files/a%20b/ü?x=%31&y").body(vec![0_u8, 159, 146, 150]);
    let request = request
        .header("chatty-context", "v1.forged.seal")
        .header("x-forwarded-for", "198.51.100.1")
        .header("connection", "x-private")
        .header("x-private", "1")
        .header("proxy-authorization", "Basic x")
        .header("authorization", "Bearer x");
    let answer = request.send().await.unwrap();
    assert_eq!((answer.status().as_u16(), answer.headers()["content-type"].to_str().unwrap()), (418, "image/x"));
    assert_eq!(answer.headers()["x-own"], "1");
    assert!(!answer.headers().contains_key("x-hop") && !answer.headers().contains_key("keep-alive"));
    assert_eq!(answer.text().await.unwrap(), "tea");
    let received = service.received.lock().unwrap()[0].clone();
    assert_eq!(received.head[0], "PUT /files/a%20b/%C3%BC?x=%31&y HTTP/1.1");
    assert_eq!(received.body, [0, 159, 146, 150]);
    for dropped in ["chatty-context", "x-private", "proxy-authorization", "connection"] {
        assert_eq!(received.header(dropped), None, "{dropped}");
    }
    assert_eq!(received.header("authorization"), Some("Bearer x"));
    assert_eq!(received.header("host"), Some(service.address.to_string().as_str()));
    let hops: Vec<_> = received.head.iter().filter_map(|line| line.strip_prefix("x-forwarded-for: ")).collect();
    assert_eq!(hops.join(", "), "198.51.100.1, 127.0.0.1");
}

#[tokio::test]
async fn only_what_lies_below_the_prefix_passes() {
    let service = Server::start(|_, _| Reaction::Answer(ok("text/plain", "here")));
    let front = Front::start(&[service.address]);
    for path in ["/files", "/files/", "/files/a/b"] {
        assert_eq!(front.get(path).await, (200, "here".to_owned()), "{path}");
    }
    for path in ["/", "/filesystem", "/graphql", "/files/%2e%2e/graphql", "/files/..%2fgraphql"] {
        assert_eq!(front.get(path).await.0, 404, "{path}");
    }
    assert_eq!(service.count(), 3);
}

#[tokio::test]
async fn a_service_that_fails_is_told_without_saying_where_it_is() {
    let broken = Server::start(|_, _| Reaction::AnswerAndClose(Vec::new()));
    for (endpoint, status) in [(nobody(), 503), (broken.address, 502)] {
        let (found, text) = Front::start(&[endpoint]).get("/files/a").await;
        assert_eq!(found, status);
        assert!(text.starts_with("the service ") && !text.contains("127.0.0.1"), "{text}");
    }
}

#[tokio::test]
async fn what_can_be_asked_twice_is_asked_elsewhere() {
    let (alive, broken) = (
        Server::start(|_, _| Reaction::Answer(ok("text/plain", "here"))),
        Server::start(|_, _| Reaction::AnswerAndClose(Vec::new())),
    );
    for dead in [nobody(), broken.address] {
        let front = Front::start(&[dead, alive.address]);
        assert_eq!(front.get("/files/a").await, (200, "here".to_owned()));
    }
    let front = Front::start(&[broken.address, alive.address]);
    let before = alive.count();
    assert_eq!(front.request(Method::POST, "/files/a").body("x").send().await.unwrap().status(), 502);
    assert_eq!(alive.count(), before, "a POST may have had its effect");
}

#[tokio::test]
async fn an_answer_streams_and_its_break_is_a_break() {
    let service = Server::start(|_, number| match number {
        0 => Reaction::AnswerAndHold(begin("text/plain", "first")),
        _ => Reaction::AnswerAndClose(cut("text/plain", "first")),
    });
    let front = Front::start(&[service.address]);
    let mut answer = front.request(Method::GET, "/files/a").send().await.unwrap();
    assert_eq!(answer.chunk().await.unwrap().unwrap(), "first");
    drop(answer);
    service.open.subscribe().wait_for(|open| *open == 0).await.unwrap();
    let cut = front.request(Method::GET, "/files/a").send().await.unwrap();
    assert!(cut.text().await.is_err(), "half an answer is not taken for a whole one");
}
