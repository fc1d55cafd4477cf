//! The messages of `graphql-transport-ws` and the codes that close a socket.

use std::{fmt, sync::Arc};

use axum::extract::ws::{CloseFrame, Utf8Bytes};
use serde::Deserialize;
use serde_json::{Map, Value, value::RawValue};

use crate::{
    GraphqlRequest,
    transport::request::{self, Malformed},
};

/// What a client says.
#[derive(Debug)]
pub(super) enum ClientMessage {
    ConnectionInit { authorization: Authorization },
    Ping { authorization: Authorization },
    Pong,
    Subscribe { id: Id, request: GraphqlRequest },
    Complete { id: Id },
}

/// What a payload says of who is there.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Authorization {
    Absent,
    Given(String),
    /// Not a text, or in several spellings of the key.
    Unreadable,
}

/// An operation's id as a JSON string, quotes included: ready to be spliced into frames.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Id(Arc<str>);

/// Bytes of an id; clients count or use UUIDs.
const ID_BYTES: usize = 128;

/// Why a text is not a message of the protocol; the reason of a 4400.
#[derive(Debug, thiserror::Error)]
pub(super) enum Invalid {
    #[error("not a JSON object with a `type`: {0}")]
    Json(serde_json::Error),
    #[error("unknown message type")]
    Type,
    #[error("`id` must be a string of 1 to {ID_BYTES} bytes")]
    Id,
    #[error("`payload` must be an object")]
    Payload,
    #[error("{0}")]
    Request(#[from] Malformed),
}

#[derive(Deserialize)]
struct Envelope<'a> {
    #[serde(rename = "type")]
    kind: String,
    id: Option<Value>,
    #[serde(borrow)]
    payload: Option<&'a RawValue>,
}

impl ClientMessage {
    pub(super) fn parse(text: &str) -> Result<Self, Invalid> {
        // Serde would take an array for the members in their order.
        if text.trim_start().starts_with('[') {
            return Err(Invalid::Type);
        }
        let Envelope { kind, id, payload } = serde_json::from_str(text).map_err(Invalid::Json)?;
        match kind.as_str() {
            "connection_init" => Ok(Self::ConnectionInit { authorization: authorization(payload)? }),
            "ping" => Ok(Self::Ping { authorization: authorization(payload)? }),
            "pong" => members(payload).map(|_| Self::Pong),
            "complete" => Ok(Self::Complete { id: Id::new(id)? }),
            "subscribe" => {
                let payload = payload.filter(|payload| payload.get().starts_with('{')).ok_or(Invalid::Payload)?;
                Ok(Self::Subscribe { id: Id::new(id)?, request: request::from_json(payload.get())? })
            }
            _ => Err(Invalid::Type),
        }
    }
}

fn authorization(payload: Option<&RawValue>) -> Result<Authorization, Invalid> {
    let mut given = members(payload)?.into_iter().filter(|(name, _)| name.eq_ignore_ascii_case("authorization"));
    Ok(match (given.next(), given.next()) {
        (None, _) => Authorization::Absent,
        (Some((_, Value::String(text))), None) => Authorization::Given(text),
        _ => Authorization::Unreadable,
    })
}

/// What an optional payload holds.
fn members(payload: Option<&RawValue>) -> Result<Map<String, Value>, Invalid> {
    payload.map_or(Ok(Map::new()), |payload| serde_json::from_str(payload.get()).map_err(|_| Invalid::Payload))
}

impl Id {
    fn new(id: Option<Value>) -> Result<Self, Invalid> {
        match id {
            Some(Value::String(id)) if (1..=ID_BYTES).contains(&id.len()) => {
                Ok(Self(Value::String(id).to_string().into()))
            }
            _ => Err(Invalid::Id),
        }
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

pub(super) const CONNECTION_ACK: Utf8Bytes = Utf8Bytes::from_static(r#"{"type":"connection_ack"}"#);
pub(super) const PING: Utf8Bytes = Utf8Bytes::from_static(r#"{"type":"ping"}"#);
pub(super) const PONG: Utf8Bytes = Utf8Bytes::from_static(r#"{"type":"pong"}"#);

/// A result; `body` is the JSON of a GraphQL response and goes into the frame as it is.
pub(super) fn next(id: &Id, body: &[u8]) -> Utf8Bytes {
    with_payload(id, "next", body)
}

/// The refusal of an operation; `errors` is the JSON of an array of GraphQL errors.
pub(super) fn error(id: &Id, errors: &[u8]) -> Utf8Bytes {
    with_payload(id, "error", errors)
}

/// The end of an operation.
pub(super) fn complete(id: &Id) -> Utf8Bytes {
    format!(r#"{{"id":{id},"type":"complete"}}"#).into()
}

fn with_payload(id: &Id, kind: &str, payload: &[u8]) -> Utf8Bytes {
    let pieces = [b"{\"id\":", id.0.as_bytes(), b",\"type\":\"", kind.as_bytes(), b"\",\"payload\":", payload, b"}"];
    String::from_utf8(pieces.concat()).expect("payloads are JSON, which is UTF-8").into()
}

/// Why the server ends a socket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Close {
    /// The process stops, or the client has gone silent: connect again.
    GoingAway(&'static str),
    /// A message longer than a request body may be.
    TooBig,
    /// Not a message of the protocol.
    BadRequest(String),
    /// Not initialised, or the token has expired.
    Unauthorized(&'static str),
    /// The token is not valid here, or no longer.
    Forbidden,
    /// `connection_init` did not come in time.
    InitialisationTimeout,
    /// An operation with this id is running.
    SubscriberExists(Id),
    /// A second `connection_init`.
    TooManyInitialisations,
}

/// Bytes that a close frame has for its reason.
const REASON_BYTES: usize = 123;

impl Close {
    pub(super) fn frame(&self) -> CloseFrame {
        let (code, reason) = match self {
            Self::GoingAway(reason) => (1001, (*reason).to_owned()),
            Self::TooBig => (1009, "message too big".to_owned()),
            Self::BadRequest(reason) => (4400, reason.clone()),
            Self::Unauthorized(reason) => (4401, (*reason).to_owned()),
            Self::Forbidden => (4403, "Forbidden".to_owned()),
            Self::InitialisationTimeout => (4408, "Connection initialisation timeout".to_owned()),
            Self::SubscriberExists(id) => {
                let id: String = serde_json::from_str(&id.0).expect("an id is a JSON string");
                (4409, format!("Subscriber for {id} already exists"))
            }
            Self::TooManyInitialisations => (4429, "Too many initialisation requests".to_owned()),
        };
        let reason = &reason[..reason.floor_char_boundary(REASON_BYTES)];
        CloseFrame { code, reason: reason.into() }
    }
}

impl From<Invalid> for Close {
    fn from(invalid: Invalid) -> Self {
        Self::BadRequest(invalid.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_authorization_is_found_in_any_case_and_only_once() {
        let of = |text: &str| match ClientMessage::parse(text) {
            Ok(ClientMessage::ConnectionInit { authorization }) => authorization,
            other => panic!("{other:?}"),
        };
        assert_eq!(of(r#"{"type":"connection_init"}"#), Authorization::Absent);
        assert_eq!(of(r#"{"type":"connection_init","payload":null}"#), Authorization::Absent);
        assert_eq!(of(r#"{"type":"connection_init","payload":{"token":"x"}}"#), Authorization::Absent);
        let given = Authorization::Given("Bearer x".into());
        assert_eq!(of(r#"{"type":"connection_init","payload":{"AUTHORIZATION":"Bearer x"}}"#), given);
        let twice = r#"{"type":"connection_init","payload":{"authorization":"a","Authorization":"b"}}"#;
        assert_eq!(of(twice), Authorization::Unreadable);
        assert_eq!(of(r#"{"type":"connection_init","payload":{"authorization":null}}"#), Authorization::Unreadable);
    }

    #[test]
    fn whatever_is_no_message_has_a_reason() {
        let long = format!(r#"{{"type":"complete","id":"{}"}}"#, "x".repeat(129));
        for (text, reason) in [
            ("", "not a JSON object with a `type`"),
            ("5", "not a JSON object with a `type`"),
            ("{}", "not a JSON object with a `type`: missing field `type`"),
            (r#"["ping"]"#, "unknown message type"),
            (r#"{"type":"start"}"#, "unknown message type"),
            (r#"{"type":"next","id":"1","payload":{}}"#, "unknown message type"),
            (r#"{"type":"complete"}"#, "`id` must be a string of 1 to 128 bytes"),
            (r#"{"type":"complete","id":""}"#, "`id` must be a string of 1 to 128 bytes"),
            (r#"{"type":"complete","id":7}"#, "`id` must be a string of 1 to 128 bytes"),
            (&long, "`id` must be a string of 1 to 128 bytes"),
            (r#"{"type":"subscribe","id":"1"}"#, "`payload` must be an object"),
            (r#"{"type":"subscribe","id":"1","payload":[]}"#, "`payload` must be an object"),
            (r#"{"type":"subscribe","id":"1","payload":{}}"#, "`query` is missing"),
            (r#"{"type":"subscribe","payload":{"query":"{a}"}}"#, "`id` must be a string of 1 to 128 bytes"),
            (r#"{"type":"ping","payload":5}"#, "`payload` must be an object"),
            (r#"{"type":"pong","payload":[]}"#, "`payload` must be an object"),
            (r#"{"type":"connection_init","payload":"x"}"#, "`payload` must be an object"),
            (r#"{"type":"ping","type":"pong"}"#, "not a JSON object with a `type`: duplicate field `type`"),
        ] {
            let invalid = ClientMessage::parse(text).expect_err(text).to_string();
            assert!(invalid.starts_with(reason), "{text}: {invalid}");
        }
    }

    #[test]
    fn frames_are_json_whatever_the_id_is() {
        let Ok(ClientMessage::Complete { id }) =
            ClientMessage::parse(r#"{"type":"complete","id":"a\"\u0041\\ \u0007é"}"#)
        else {
            panic!("a complete message")
        };
        for (frame, kind, payload) in [
            (next(&id, br#"{"data":null}"#), "next", serde_json::json!({"data": null})),
            (error(&id, b"[1]"), "error", serde_json::json!([1])),
            (complete(&id), "complete", Value::Null),
        ] {
            let frame: Value = serde_json::from_str(&frame).expect("JSON");
            assert_eq!((frame["id"].as_str(), frame["type"].as_str()), (Some("a\"A\\ \u{7}é"), Some(kind)));
            assert_eq!(frame["payload"], payload);
        }
    }

    #[test]
    fn a_reason_fits_into_a_close_frame() {
        let close = Close::BadRequest("é".repeat(200)).frame();
        assert_eq!(close.reason.len(), 122);
    }
}
