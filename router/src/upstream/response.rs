//! A subgraph's answer as JSON, read into the values that one in this process would have given.
//!
//! Enum values arrive as strings, which completion takes for the same. Integers keep 64 bits and other numbers are
//! doubles, as in the process.

use std::{fmt, future::poll_fn, pin::Pin};

use async_graphql::{ErrorExtensionValues, PathSegment, ServerError};
use bytes::{Bytes, BytesMut};
use hyper::body::{Body as _, Frame, Incoming};
use serde::{
    Deserializer,
    de::{DeserializeSeed, Error, IgnoredAny, MapAccess, SeqAccess, Visitor},
};

use super::{
    errors::{MOST_ERRORS, tell_further},
    values::{Budget, Counted},
};
use crate::value::Value;

/// Bytes of one response, in a body or an event: four times what a client may get by default, because the router asks for
/// keys as well.
pub(super) const MAX_RESPONSE_BYTES: usize = 64 * 1024 * 1024;

/// A GraphQL response, whose data borrows from how it came.
#[derive(Debug)]
pub(crate) struct Response<'a> {
    /// An object or null.
    pub(crate) data: Value<'a>,
    pub(crate) errors: Vec<ServerError>,
}

/// Bytes for which room is made because a head announces them; more room is made as they come.
const MOST_ROOM: usize = 1024 * 1024;

/// Why bytes are no GraphQL response.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NotGraphql {
    #[error("not UTF-8")]
    Encoding(#[from] std::str::Utf8Error),
    /// Also one of too many values.
    #[error("not JSON of the form that a GraphQL response has")]
    Json(#[from] serde_json::Error),
    #[error("a JSON object with neither data nor errors")]
    Empty,
}

/// Why a body cannot be had.
#[derive(Debug, thiserror::Error)]
pub(super) enum Unread {
    #[error("the body broke off")]
    Broken(#[from] hyper::Error),
    #[error("the body has more than {MAX_RESPONSE_BYTES} bytes")]
    TooLong,
}

/// Reads a GraphQL response of at most [`MOST_VALUES`](super::values::MOST_VALUES) values.
pub(super) fn parse(body: &[u8]) -> Result<Response<'_>, NotGraphql> {
    let budget = Budget::new();
    // Checked as a whole, which is faster than text by text.
    let mut json = serde_json::Deserializer::from_str(std::str::from_utf8(body)?);
    let (data, errors) = Members(&budget).deserialize(&mut json)?;
    json.end()?;
    let errors = errors.unwrap_or_default();
    let data = match data {
        Some(data) => data,
        None if errors.is_empty() => return Err(NotGraphql::Empty),
        None => Value::Null,
    };
    Ok(Response { data, errors })
}

/// Reads the members of a response: `data`, where null is data and nothing is none, and `errors`.
struct Members<'b>(&'b Budget);

impl<'de> DeserializeSeed<'de> for Members<'_> {
    type Value = (Option<Value<'de>>, Option<Vec<ServerError>>);

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Members<'_> {
    type Value = (Option<Value<'de>>, Option<Vec<ServerError>>);

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object with `data` or `errors`")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Self::Value, A::Error> {
        let (mut data, mut errors) = (None, None);
        while let Some(name) = members.next_key::<String>()? {
            match name.as_str() {
                "data" if data.is_some() => return Err(A::Error::duplicate_field("data")),
                "errors" if errors.is_some() => return Err(A::Error::duplicate_field("errors")),
                "data" => match members.next_value_seed(Counted(self.0))? {
                    found @ (Value::Null | Value::Object(_)) => data = Some(found),
                    _ => return Err(A::Error::custom("`data` is neither an object nor null")),
                },
                "errors" => errors = Some(members.next_value_seed(Errors(self.0))?),
                _ => drop(members.next_value::<IgnoredAny>()?),
            }
        }
        Ok((data, errors.flatten()))
    }
}

/// Reads a list of errors, or null.
struct Errors<'b>(&'b Budget);

impl<'de> DeserializeSeed<'de> for Errors<'_> {
    type Value = Option<Vec<ServerError>>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Errors<'_> {
    type Value = Option<Vec<ServerError>>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of errors")
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self::Value, A::Error> {
        let (mut errors, mut further) = (Vec::new(), 0);
        while errors.len() < MOST_ERRORS
            && let Some(error) = items.next_element_seed(OneError(self.0))?
        {
            errors.push(error);
        }
        while errors.len() == MOST_ERRORS && items.next_element::<IgnoredAny>()?.is_some() {
            self.0.spend()?;
            further += 1;
        }
        tell_further(&mut errors, further);
        Ok(Some(errors))
    }
}

/// Reads an error. What is odd about it must not cost the error, nor the data beside it, but it needs its message.
struct OneError<'b>(&'b Budget);

impl<'de> DeserializeSeed<'de> for OneError<'_> {
    type Value = ServerError;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<ServerError, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for OneError<'_> {
    type Value = ServerError;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an error with a message")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<ServerError, A::Error> {
        self.0.spend()?;
        let (mut message, mut steps, mut extensions) = (None, Vec::new(), None);
        while let Some(name) = members.next_key::<String>()? {
            match name.as_str() {
                "message" => message = Some(members.next_value::<String>()?),
                "path" => steps = path(members.next_value_seed(Counted(self.0))?).unwrap_or_default(),
                "extensions" => extensions = extension_values(members.next_value_seed(Counted(self.0))?),
                _ => drop(members.next_value::<IgnoredAny>()?),
            }
        }
        let message = message.ok_or_else(|| A::Error::missing_field("message"))?;
        Ok(ServerError { path: steps, extensions, ..ServerError::new(message, None) })
    }
}

fn extension_values(value: Value<'_>) -> Option<ErrorExtensionValues> {
    let Value::Object(members) = value else { return None };
    let mut extensions = ErrorExtensionValues::default();
    members
        .into_members()
        .into_iter()
        .for_each(|(name, value)| extensions.set(name, async_graphql::Value::from(value)));
    Some(extensions)
}

fn path(value: Value<'_>) -> Option<Vec<PathSegment>> {
    let Value::List(steps) = value else { return None };
    let step = |step| match step {
        Value::String(key) => Some(PathSegment::Field(key.into_owned())),
        Value::Number(index) => index.as_u64().and_then(|at| usize::try_from(at).ok()).map(PathSegment::Index),
        _ => None,
    };
    steps.into_iter().map(step).collect()
}

/// The whole body. One that came in one piece is not copied.
pub(super) async fn collect(mut body: Incoming) -> Result<Bytes, Unread> {
    let announced = usize::try_from(body.size_hint().lower()).unwrap_or(usize::MAX);
    let Some(first) = next(&mut body).await? else { return Ok(Bytes::new()) };
    if body.is_end_stream() && first.len() <= MAX_RESPONSE_BYTES {
        return Ok(first);
    }
    let mut whole = BytesMut::with_capacity(announced.min(MOST_ROOM));
    let mut piece = Some(first);
    while let Some(bytes) = piece {
        if whole.len() + bytes.len() > MAX_RESPONSE_BYTES {
            return Err(Unread::TooLong);
        }
        whole.extend_from_slice(&bytes);
        piece = next(&mut body).await?;
    }
    Ok(whole.freeze())
}

/// The next piece of a body, which may have trailers between.
async fn next(body: &mut Incoming) -> Result<Option<Bytes>, hyper::Error> {
    loop {
        match poll_fn(|cx| Pin::new(&mut *body).poll_frame(cx)).await.transpose()?.map(Frame::into_data) {
            Some(Err(_trailers)) => {}
            Some(Ok(data)) => return Ok(Some(data)),
            None => return Ok(None),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::error::Error as _;

    use super::{super::values::MOST_VALUES, *};

    fn parsed(body: &str) -> Result<Response<'_>, NotGraphql> {
        parse(body.as_bytes())
    }

    #[test]
    fn values_come_through_as_they_were_written() {
        let data = r#"{"max":18446744073709551615,"min":-9223372036854775808,"one":1.0,"tenth":0.1,"tiny":5e-324,"odd":122.416294033786585,"text":"ü\"\n","list":[null,{}]}"#;
        let body = format!(r#"{{"data":{data},"extensions":{{}}}}"#);
        let response = parsed(&body).unwrap();
        assert_eq!(
            serde_json::to_string(&async_graphql::Value::from(response.data.clone())).unwrap(),
            data.replace("122.416294033786585", "122.41629403378658")
        );
        let Value::Object(members) = &response.data else { panic!("an object") };
        let Some(Value::Number(odd)) = members.get("odd") else { panic!("a number") };
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
        assert_eq!(no.extensions.as_ref().unwrap().get("code"), Some(&async_graphql::Value::from("FORBIDDEN")));
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
            "[{\"a\":1}]",
            "[null,[{\"message\":\"no\"}]]",
            "{\"data\":{},\"errors\":[[\"no\",[],{}]]}",
            "{\"data\":{},\"errors\":{\"message\":\"no\"}}",
            "{\"data\":null,\"data\":{}}",
            deep.as_str(),
        ] {
            assert!(parsed(body).is_err(), "{body:.60}");
        }
        assert!(parsed("{\"data\":null,\"errors\":null}").is_ok());
    }

    #[test]
    fn a_response_has_at_most_a_million_values() {
        let of = |items: usize| parsed(&format!(r#"{{"data":{{"a":[{}0]}}}}"#, "0,".repeat(items - 1))).map(drop);
        assert!(of(MOST_VALUES - 2).is_ok());
        assert!(of(MOST_VALUES - 1).unwrap_err().source().unwrap().to_string().contains("1000000 values"));
        for value in ["[]", "{}", "[[]]", r#"{"a":[]}"#] {
            let body = format!(r#"{{"data":{{"a":[{}0]}}}}"#, format!("{value},").repeat(MOST_VALUES));
            assert!(parsed(&body).is_err(), "{value}");
        }
    }

    #[test]
    fn the_first_hundred_errors_are_read_and_the_rest_is_one() {
        let of = |count: usize| {
            let error = r#"{"message":"no","path":["a"]},"#;
            let body = format!(r#"{{"errors":[{}{{"message":"no"}}]}}"#, error.repeat(count - 1));
            parsed(&body).map(|response| response.errors)
        };
        assert_eq!(of(100).unwrap().len(), 100);
        let errors = of(900_000).unwrap();
        assert_eq!((errors.len(), errors[0].message.as_str()), (101, "899900 further errors are left out"));
        assert!(errors[0].path.is_empty() && errors[1].path.len() == 1);
        assert!(of(1_100_000).is_err());
    }
}
