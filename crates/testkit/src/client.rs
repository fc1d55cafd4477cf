//! A GraphQL client over HTTP.

use serde_json::{Value, json};

/// A user of the API, signed in or not.
#[derive(Clone)]
pub struct Client {
    http: reqwest::Client,
    url: String,
    token: Option<String>,
    /// The refresh token of the login.
    pub refresh_token: Option<String>,
    /// The account's id; empty when not signed in.
    pub id: String,
}

/// An answer over HTTP.
#[derive(Debug)]
pub struct Reply {
    /// The HTTP status.
    pub status: u16,
    /// The body.
    pub body: Value,
}

impl Reply {
    /// The codes of the top-level errors.
    pub fn codes(&self) -> Vec<&str> {
        let errors = self.body["errors"].as_array().map_or(&[][..], Vec::as_slice);
        errors.iter().map(|error| error["extensions"]["code"].as_str().unwrap_or("no code")).collect()
    }
}

impl Client {
    pub(crate) fn new(http: reqwest::Client, url: String, login: Option<Value>) -> Self {
        let text = |value: &Value| value.as_str().map(str::to_owned);
        let login = login.unwrap_or_default();
        Self {
            http,
            url,
            token: text(&login["accessToken"]),
            refresh_token: text(&login["refreshToken"]),
            id: text(&login["user"]["id"]).unwrap_or_default(),
        }
    }

    /// The same client with another access token.
    #[must_use]
    pub fn with_token(&self, token: &str) -> Self {
        Self { token: Some(token.to_owned()), ..self.clone() }
    }

    /// The access token.
    pub fn token(&self) -> Option<&str> {
        self.token.as_deref()
    }

    /// Sends an operation and gives back whatever came.
    pub async fn send(&self, query: &str, variables: Value) -> Reply {
        self.try_send(query, variables).await.expect("the server answers")
    }

    /// Sends an operation to a server that may be gone, or go before it has answered.
    pub async fn try_send(&self, query: &str, variables: Value) -> Result<Reply, reqwest::Error> {
        let mut request = self
            .http
            .post(&self.url)
            .header("accept", "application/graphql-response+json")
            .json(&json!({"query": query, "variables": variables}));
        if let Some(token) = &self.token {
            request = request.bearer_auth(token);
        }
        let response = request.send().await?;
        let status = response.status().as_u16();
        let text = response.text().await?;
        let body = serde_json::from_str(&text).unwrap_or_else(|_| panic!("the answer is JSON, not {status} {text}"));
        Ok(Reply { status, body })
    }

    /// Sends an operation that must succeed; its data.
    pub async fn query(&self, query: &str, variables: Value) -> Value {
        let mut reply = self.send(query, variables).await;
        assert!(reply.status == 200 && reply.body["errors"].is_null(), "{query}: {reply:?}");
        reply.body["data"].take()
    }

    /// Calls a mutation by its name with one `input`; its payload, whatever it says.
    pub async fn payload(&self, mutation: &str, input: Value, selection: &str) -> Value {
        let input_type = format!("{}{}Input", mutation[..1].to_uppercase(), &mutation[1..]);
        let query = format!(
            "mutation($input: {input_type}!) {{ {mutation}(input: $input) {{ {selection} errors {{ code message path }} }} }}"
        );
        self.query(&query, json!({"input": input})).await[mutation].take()
    }

    /// Calls a mutation that must succeed; its payload.
    pub async fn mutate(&self, mutation: &str, input: Value, selection: &str) -> Value {
        let payload = self.payload(mutation, input, selection).await;
        assert_eq!(payload["errors"], json!([]), "{mutation}");
        payload
    }

    /// Calls a mutation that must be refused; the codes of its problems.
    pub async fn refused(&self, mutation: &str, input: Value) -> Vec<String> {
        let payload = self.payload(mutation, input, "").await;
        let problems = payload["errors"].as_array().expect("a list of problems");
        assert!(!problems.is_empty(), "{mutation} is refused");
        problems.iter().map(|problem| problem["code"].as_str().unwrap_or_default().to_owned()).collect()
    }
}
