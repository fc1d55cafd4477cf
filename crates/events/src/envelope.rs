//! The envelope around every event, with the names of CloudEvents.

use chatty_types::{Clock, UserId};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::value::RawValue;
use uuid::Uuid;

/// A fact that one service publishes.
pub trait Event: Serialize + DeserializeOwned + Send + Sync {
    /// `<producer>.<noun>.<past tense>.v<version>`.
    const TYPE: &'static str;

    /// The id of what the event is about; events of one subject keep their order while nothing fails.
    fn subject(&self) -> String;
}

/// An event on its way.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Envelope {
    /// UUIDv7; consumers handle each id once.
    pub id: Uuid,
    /// Such as `posts.post.created.v1`.
    #[serde(rename = "type")]
    pub event_type: String,
    /// The producing service.
    pub source: String,
    /// See [`Event::subject`].
    pub subject: String,
    /// When it happened.
    pub time: DateTime<Utc>,
    /// Whose action caused it, if anyone's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub actor: Option<UserId>,
    /// The trace of the request that caused it (32 hexadecimal digits).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub correlation_id: Option<String>,
    /// The event that caused this one, if one did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub causation_id: Option<Uuid>,
    /// The payload, kept as text until its type is known.
    pub data: Box<RawValue>,
}

/// The payload does not fit the event's contract.
#[derive(Debug, thiserror::Error)]
#[error("undecodable payload of `{event_type}`")]
pub struct Undecodable {
    event_type: String,
    source: serde_json::Error,
}

impl Envelope {
    /// What the contract allows an event, in bytes of its JSON. The producer keeps it: whatever an outbox has accepted
    /// is carried.
    pub const LARGEST: usize = 64 * 1_024;

    /// Wraps an event that happens now.
    pub fn new<E: Event>(clock: &Clock, event: &E) -> Self {
        let data =
            serde_json::value::to_raw_value(event).expect("event structs have string keys and no failing fields");
        Self {
            id: clock.uuid(),
            event_type: E::TYPE.to_owned(),
            source: E::TYPE.split('.').next().unwrap_or_default().to_owned(),
            subject: event.subject(),
            time: clock.now(),
            actor: None,
            correlation_id: None,
            causation_id: None,
            data,
        }
    }

    /// Names who did it and in which trace.
    #[must_use]
    pub fn caused_by(mut self, actor: Option<UserId>, correlation_id: Option<String>) -> Self {
        self.actor = actor;
        self.correlation_id = correlation_id;
        self
    }

    /// Names the event in whose handling this one arose.
    #[must_use]
    pub fn following(mut self, cause: &Self) -> Self {
        self.actor = cause.actor;
        self.correlation_id.clone_from(&cause.correlation_id);
        self.causation_id = Some(cause.id);
        self
    }

    /// The type without its version, by which consumers subscribe: `posts.post.created`.
    pub fn routing_key(&self) -> &str {
        self.event_type.rsplit_once(".v").map_or(&self.event_type, |(key, _)| key)
    }

    /// The wire form.
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).expect("an envelope has string keys and no failing fields")
    }

    /// The event without what only its consumer may know: `data.secret`. `None` if it has no secret.
    pub fn without_secret(&self) -> Option<Self> {
        // Most events have none, and are not parsed to learn it.
        if !self.data.get().contains("\"secret\"") {
            return None;
        }
        let mut data: serde_json::Map<String, serde_json::Value> = serde_json::from_str(self.data.get()).ok()?;
        data.remove("secret")?;
        let data = serde_json::value::to_raw_value(&data).expect("a map of JSON values has a JSON form");
        Some(Self { data, ..self.clone() })
    }

    /// The payload, when this envelope holds an `E`; `None` for every other type.
    pub fn decode<E: Event>(&self) -> Result<Option<E>, Undecodable> {
        if self.event_type != E::TYPE {
            return Ok(None);
        }
        serde_json::from_str(self.data.get())
            .map(Some)
            .map_err(|source| Undecodable { event_type: self.event_type.clone(), source })
    }
}
