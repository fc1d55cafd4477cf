//! A client that reads events one by one, and does not read when it should not.

use reqwest::{Client, RequestBuilder, Response};
use serde_json::{Value, json};

use crate::fixture::{PATIENCE, Router};

pub(crate) const EVENTS: &str = "text/event-stream";

/// An answer that is a stream.
pub(crate) struct Events {
    pub(crate) response: Response,
    heard: String,
}

/// How a stream ends for its reader.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// The answer is over as it should be.
    Closed,
    /// The connection broke in the middle of the answer.
    Broken,
}

impl Router {
    /// A POST that takes events alone.
    pub(crate) fn ask(&self, document: &str) -> RequestBuilder {
        let body = json!({ "query": document }).to_string();
        Client::new().post(self.url()).header("content-type", "application/json").header("accept", EVENTS).body(body)
    }

    pub(crate) async fn events(&self, document: &str) -> Events {
        Events::of(self.ask(document)).await
    }

    pub(crate) async fn events_for(&self, document: &str, authorization: &str) -> Events {
        Events::of(self.ask(document).header("authorization", authorization)).await
    }
}

impl Events {
    pub(crate) async fn of(request: RequestBuilder) -> Self {
        let response = tokio::time::timeout(PATIENCE, request.send()).await.expect("in time").expect("an answer");
        let content_type = response.headers().get("content-type").map(|value| value.to_str().expect("visible ASCII"));
        assert_eq!((response.status().as_u16(), content_type), (200, Some("text/event-stream; charset=utf-8")));
        Self { response, heard: String::new() }
    }

    /// The next block of lines up to an empty one.
    pub(crate) async fn block(&mut self) -> Result<String, End> {
        loop {
            if let Some((block, rest)) = self.heard.split_once("\n\n") {
                let (block, rest) = (block.to_owned(), rest.to_owned());
                self.heard = rest;
                return Ok(block);
            }
            match tokio::time::timeout(PATIENCE, self.response.chunk()).await.expect("the router says something") {
                Ok(Some(chunk)) => self.heard.push_str(std::str::from_utf8(&chunk).expect("pieces are ASCII here")),
                Ok(None) => return Err(End::Closed),
                Err(_broken) => return Err(End::Broken),
            }
        }
    }

    /// The kind and the data of the next event; comments are skipped.
    pub(crate) async fn next(&mut self) -> Result<(String, String), End> {
        loop {
            let block = self.block().await?;
            if block == ":" {
                continue;
            }
            let [kind, data] = block.lines().collect::<Vec<_>>()[..] else { panic!("two lines: {block}") };
            let kind = kind.strip_prefix("event: ").expect("the kind first").to_owned();
            let data = data.strip_prefix("data:").expect("then the data");
            return Ok((kind, data.strip_prefix(' ').unwrap_or(data).to_owned()));
        }
    }

    /// The response in a `next`.
    pub(crate) async fn response(&mut self) -> Value {
        let (kind, data) = self.next().await.expect("an event");
        assert_eq!(kind, "next", "{data}");
        serde_json::from_str(&data).expect("JSON")
    }

    /// Expects `complete`, and then the end of the answer.
    pub(crate) async fn complete(&mut self) {
        assert_eq!(self.next().await, Ok(("complete".to_owned(), String::new())));
        assert_eq!(self.next().await, Err(End::Closed));
    }

    /// The code of the one error of an operation that is over.
    pub(crate) async fn refused(&mut self) -> String {
        let response = self.response().await;
        assert_eq!(response.get("data"), None, "{response}");
        let [error] = response["errors"].as_array().expect("errors").as_slice() else { panic!("one: {response}") };
        let code = error["extensions"]["code"].as_str().expect("a code").to_owned();
        self.complete().await;
        code
    }

    /// Reads whatever comes until it ends.
    pub(crate) async fn end(&mut self) -> End {
        loop {
            if let Err(end) = self.block().await {
                return end;
            }
        }
    }
}
