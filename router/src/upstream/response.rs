//! A subgraph's answer as JSON, read into the values that one in this process would have given.
//!
//! Enum values arrive as strings, which completion takes for the same. Integers keep 64 bits and other numbers are
//! doubles, as in the process.

use async_graphql::{ErrorExtensionValues, PathSegment, Response, ServerError, Value};
use axum::body::BodyDataStream;
use futures_util::StreamExt;
use serde::{Deserialize, Deserializer};

/// Bytes of one response, in a body or an event: four times what a client may get by default, because the router asks for
/// keys as well.
pub(super) const MAX_RESPONSE_BYTES: usize = 64 * 1024 * 1024;

/// Why bytes are no GraphQL response.
#[derive(Debug, thiserror::Error)]
pub(super) enum NotGraphql {
    #[error("not JSON of the form that a GraphQL response has")]
    Json(#[from] serde_json::Error),
    #[error("a JSON object with neither data nor errors")]
    Empty,
}

/// Why a body cannot be had.
#[derive(Debug, thiserror::Error)]
pub(super) enum Unread {
    #[error("the body broke off")]
    Broken(#[from] axum::Error),
    #[error("the body has more than {MAX_RESPONSE_BYTES} bytes")]
    TooLong,
}

#[derive(Deserialize)]
struct WireResponse {
    #[serde(default, deserialize_with = "present")]
    data: Option<Data>,
    #[serde(default)]
    errors: Option<Vec<WireError>>,
}

/// What `data` may be.
#[derive(Deserialize)]
#[serde(try_from = "Value")]
struct Data(Value);

impl TryFrom<Value> for Data {
    type Error = &'static str;

    fn try_from(value: Value) -> Result<Self, &'static str> {
        match value {
            Value::Null | Value::Object(_) => Ok(Self(value)),
            _ => Err("`data` is neither an object nor null"),
        }
    }
}

/// Null is data, nothing is none.
fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Data>, D::Error> {
    Data::deserialize(deserializer).map(Some)
}

#[derive(Deserialize)]
struct WireError {
    message: String,
    /// Read by hand: an odd path must not cost the error, nor the data beside it.
    #[serde(default)]
    path: Value,
    #[serde(default)]
    extensions: Value,
}

/// Reads a GraphQL response.
pub(super) fn parse(body: &[u8]) -> Result<Response, NotGraphql> {
    let WireResponse { data, errors } = serde_json::from_slice(body)?;
    let errors = errors.unwrap_or_default();
    let data = match data {
        Some(Data(data)) => data,
        None if errors.is_empty() => return Err(NotGraphql::Empty),
        None => Value::Null,
    };
    let mut response = Response::new(data);
    response.errors = errors.into_iter().map(WireError::into_error).collect();
    Ok(response)
}

impl WireError {
    fn into_error(self) -> ServerError {
        let mut error = ServerError::new(self.message, None);
        error.path = path(self.path).unwrap_or_default();
        if let Value::Object(members) = self.extensions {
            let mut extensions = ErrorExtensionValues::default();
            members.into_iter().for_each(|(name, value)| extensions.set(name.as_str(), value));
            error.extensions = Some(extensions);
        }
        error
    }
}

fn path(value: Value) -> Option<Vec<PathSegment>> {
    let Value::List(steps) = value else { return None };
    let step = |step| match step {
        Value::String(key) => Some(PathSegment::Field(key)),
        Value::Number(index) => index.as_u64().and_then(|at| usize::try_from(at).ok()).map(PathSegment::Index),
        _ => None,
    };
    steps.into_iter().map(step).collect()
}

/// The whole body.
pub(super) async fn collect(mut chunks: BodyDataStream) -> Result<Vec<u8>, Unread> {
    let mut body = Vec::new();
    while let Some(chunk) = chunks.next().await {
        let chunk = chunk?;
        if body.len() + chunk.len() > MAX_RESPONSE_BYTES {
            return Err(Unread::TooLong);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(body: &str) -> Result<Response, NotGraphql> {
        parse(body.as_bytes())
    }

    #[test]
    fn values_come_through_as_they_were_written() {
        let data = r#"{"max":18446744073709551615,"min":-9223372036854775808,"one":1.0,"tenth":0.1,"tiny":5e-324,"odd":122.416294033786585,"text":"ü\"\n","list":[null,{}]}"#;
        let response = parsed(&format!(r#"{{"data":{data},"extensions":{{}}}}"#)).unwrap();
        assert_eq!(
            serde_json::to_string(&response.data).unwrap(),
            data.replace("122.416294033786585", "122.41629403378658")
        );
        let Value::Object(members) = &response.data else { panic!("an object") };
        let Value::Number(odd) = &members["odd"] else { panic!("a number") };
        // The nearest double; a reader that is satisfied with a near one gets this wrong.
        assert_eq!(odd.as_f64(), "122.416294033786585".parse().ok());
    }

    #[test]
    fn errors_keep_message_path_and_extensions() {
        let body = r#"{"errors":[{"message":"no","locations":7,"path":["a",1],"extensions":{"code":"FORBIDDEN","n":1}},
            {"message":"odd","path":["a",-1],"extensions":"none"}]}"#;
        let response = parsed(body).unwrap();
        assert_eq!(response.data, Value::Null);
        let [no, odd] = response.errors.as_slice() else { panic!("two errors") };
        assert_eq!((no.message.as_str(), no.path.len()), ("no", 2));
        assert_eq!(no.extensions.as_ref().unwrap().get("code"), Some(&Value::from("FORBIDDEN")));
        assert!(odd.path.is_empty() && odd.extensions.is_none());
    }

    #[test]
    fn what_is_no_graphql_response_is_refused() {
        let deep = format!("{{\"data\":{{\"a\":{}1{}}}}}", "[".repeat(200_000), "]".repeat(200_000));
        for body in [
            "",
            "null",
            "[]",
            "{}",
            "\"data\"",
            "{\"data\":[]}",
            "{\"data\":1}",
            "{\"errors\":[]}",
            "{\"errors\":null}",
            "{\"data\":{},\"errors\":\"x\"}",
            "{\"data\":{},\"errors\":[{}]}",
            "{\"data\":{\"a\":",
            "<html>",
            "{\"data\":{}} x",
            "{\"data\":null,\"data\":{}}",
            deep.as_str(),
        ] {
            assert!(parsed(body).is_err(), "{body:.60}");
        }
        assert!(parsed("{\"data\":null,\"errors\":null}").is_ok());
    }
}
