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

use super::errors::{MOST_ERRORS, tell_further};
use crate::data::{Any, Builder, Data, Number, Texts, Value};

/// Bytes of one response, in a body or an event: four times what a client may get by default, because the router asks for
/// keys as well.
pub(super) const MAX_RESPONSE_BYTES: usize = 64 * 1024 * 1024;

/// A GraphQL response, whose data stands among that of an execution.
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

/// Reads a GraphQL response into `data`.
pub(super) fn parse<'a>(body: &'a [u8], texts: &'a Texts, data: &mut Data<'a>) -> Result<Response<'a>, NotGraphql> {
    let mut builder = Builder::new(data, texts, body.len());
    // Checked as a whole, which is faster than text by text.
    let mut json = serde_json::Deserializer::from_str(std::str::from_utf8(body)?);
    let (data, errors) = Members(&mut builder).deserialize(&mut json)?;
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
struct Members<'b, 'd, 'a>(&'b mut Builder<'d, 'a>);

impl<'a> DeserializeSeed<'a> for Members<'_, '_, 'a> {
    type Value = (Option<Value<'a>>, Option<Vec<ServerError>>);

    fn deserialize<D: Deserializer<'a>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'a> Visitor<'a> for Members<'_, '_, 'a> {
    type Value = (Option<Value<'a>>, Option<Vec<ServerError>>);

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object with `data` or `errors`")
    }

    fn visit_map<A: MapAccess<'a>>(self, mut members: A) -> Result<Self::Value, A::Error> {
        let (mut data, mut errors) = (None, None);
        while let Some(name) = members.next_key::<String>()? {
            match name.as_str() {
                "data" if data.is_some() => return Err(A::Error::duplicate_field("data")),
                "errors" if errors.is_some() => return Err(A::Error::duplicate_field("errors")),
                "data" => match members.next_value_seed(Any(&mut *self.0))? {
                    found @ (Value::Null | Value::Object(_)) => data = Some(found),
                    _ => return Err(A::Error::custom("`data` is neither an object nor null")),
                },
                "errors" => errors = Some(members.next_value_seed(Errors(&mut *self.0))?),
                _ => drop(members.next_value::<IgnoredAny>()?),
            }
        }
        Ok((data, errors.flatten()))
    }
}

/// Reads a list of errors, or null.
struct Errors<'b, 'd, 'a>(&'b mut Builder<'d, 'a>);

impl<'a> DeserializeSeed<'a> for Errors<'_, '_, 'a> {
    type Value = Option<Vec<ServerError>>;

    fn deserialize<D: Deserializer<'a>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'a> Visitor<'a> for Errors<'_, '_, 'a> {
    type Value = Option<Vec<ServerError>>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of errors")
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_seq<A: SeqAccess<'a>>(self, mut items: A) -> Result<Self::Value, A::Error> {
        let (mut errors, mut further) = (Vec::new(), 0);
        while errors.len() < MOST_ERRORS
            && let Some(error) = items.next_element_seed(OneError(&mut *self.0))?
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
struct OneError<'b, 'd, 'a>(&'b mut Builder<'d, 'a>);

impl<'a> DeserializeSeed<'a> for OneError<'_, '_, 'a> {
    type Value = ServerError;

    fn deserialize<D: Deserializer<'a>>(self, deserializer: D) -> Result<ServerError, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'a> Visitor<'a> for OneError<'_, '_, 'a> {
    type Value = ServerError;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an error with a message")
    }

    fn visit_map<A: MapAccess<'a>>(self, mut members: A) -> Result<ServerError, A::Error> {
        self.0.spend()?;
        let (mut message, mut steps, mut extensions) = (None, Vec::new(), None);
        while let Some(name) = members.next_key::<String>()? {
            match name.as_str() {
                "message" => message = Some(members.next_value::<String>()?),
                "path" => {
                    let value = members.next_value_seed(Any(&mut *self.0))?;
                    steps = path(self.0.data(), value).unwrap_or_default();
                }
                "extensions" => {
                    let value = members.next_value_seed(Any(&mut *self.0))?;
                    extensions = extension_values(self.0.data(), value);
                }
                _ => drop(members.next_value::<IgnoredAny>()?),
            }
        }
        let message = message.ok_or_else(|| A::Error::missing_field("message"))?;
        Ok(ServerError { path: steps, extensions, ..ServerError::new(message, None) })
    }
}

fn extension_values(data: &Data<'_>, value: Value<'_>) -> Option<ErrorExtensionValues> {
    let Value::Object(object) = value else { return None };
    let mut extensions = ErrorExtensionValues::default();
    data.members(object).iter().for_each(|member| extensions.set(member.name, data.to_owned(member.value)));
    Some(extensions)
}

fn path(data: &Data<'_>, value: Value<'_>) -> Option<Vec<PathSegment>> {
    let Value::List(steps) = value else { return None };
    let step = |step: &Value<'_>| match step {
        Value::String(key) => Some(PathSegment::Field(key.as_str().to_owned())),
        Value::Number(Number::Unsigned(at)) => usize::try_from(*at).ok().map(PathSegment::Index),
        _ => None,
    };
    data.items(steps).iter().map(step).collect()
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

    use super::*;
    use crate::data::MOST_VALUES;

    fn parsed(body: &str) -> Result<(async_graphql::Value, Vec<ServerError>), NotGraphql> {
        let (texts, mut data) = (Texts::new(), Data::new());
        let response = parse(body.as_bytes(), &texts, &mut data)?;
        Ok((data.to_owned(response.data), response.errors))
    }

    #[test]
    fn values_come_through_as_they_were_written() {
        let data = r#"{"max":18446744073709551615,"min":-9223372036854775808,"one":1.0,"tenth":0.1,"tiny":5e-324,"odd":122.416294033786585,"text":"ü\"\n","list":[null,{}]}"#;
        let body = format!(r#"{{"data":{data},"extensions":{{}}}}"#);
        let (found, _) = parsed(&body).unwrap();
        let text = serde_json::to_string(&found).unwrap();
        assert_eq!(text, data.replace("122.416294033786585", "122.41629403378658"));
        let async_graphql::Value::Object(members) = &found else { panic!("an object") };
        let Some(async_graphql::Value::Number(odd)) = members.get("odd") else { panic!("a number") };
        // The nearest double; a reader that is satisfied with a near one gets this wrong.
        assert_eq!(odd.as_f64(), "122.416294033786585".parse().ok());
    }

    #[test]
    fn errors_keep_message_path_and_extensions() {
        let body = r#"{"errors":[{"message":"no","locations":7,"path":["a",1],"extensions":{"code":"FORBIDDEN","n":1}},
            {"message":"odd","path":["a",-1],"extensions":"none"}]}"#;
        let (data, errors) = parsed(body).unwrap();
        assert_eq!(data, async_graphql::Value::Null);
        let [no, odd] = errors.as_slice() else { panic!("two errors") };
        assert_eq!((no.message.as_str(), no.path.len()), ("no", 2));
        assert_eq!(no.extensions.as_ref().unwrap().get("code"), Some(&async_graphql::Value::from("FORBIDDEN")));
        assert!(odd.path.is_empty() && odd.extensions.is_none());
    }

    #[test]
    fn what_is_no_graphql_response_is_refused() {
        let deep = ["[", "{\"a\":", "[{\"a\":"].map(|one| one.repeat(200_000));
        for deep in deep {
            for (before, after) in [
                ("", ""),
                ("{\"data\":{\"a\":", "}}"),
                ("{\"data\":{},\"extensions\":", "}"),
                ("{\"data\":{},\"errors\":", "}"),
                ("{\"errors\":[", "]}"),
                ("{\"errors\":[{\"message\":", "}]}"),
                ("{\"errors\":[{\"message\":\"no\",\"path\":", "}]}"),
                ("{\"errors\":[{\"message\":\"no\",\"extensions\":", "}]}"),
                ("{\"errors\":[{\"message\":\"no\",\"locations\":", "}]}"),
            ] {
                assert!(parsed(&format!("{before}{deep}{after}")).is_err(), "{before}{deep:.10}");
            }
        }
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
        ] {
            assert!(parsed(body).is_err(), "{body:.60}");
        }
        assert!(parsed("{\"data\":null,\"errors\":null}").is_ok());
    }

    #[test]
    fn the_answers_to_an_operation_have_at_most_two_million_values() {
        let of = |items: usize| parsed(&format!(r#"{{"data":{{"a":[{}0]}}}}"#, "0,".repeat(items - 1))).map(drop);
        assert!(of(MOST_VALUES - 2).is_ok());
        assert!(of(MOST_VALUES - 1).unwrap_err().source().unwrap().to_string().contains("2000000 values"));
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
            parsed(&body).map(|(_, errors)| errors)
        };
        assert_eq!(of(100).unwrap().len(), 100);
        let errors = of(900_000).unwrap();
        assert_eq!((errors.len(), errors[0].message.as_str()), (101, "899900 further errors are left out"));
        assert!(errors[0].path.is_empty() && errors[1].path.len() == 1);
        assert!(of(2_100_000).is_err());
    }
}
