//! The scalars of the API.

use async_graphql::{InputValueError, InputValueResult, Scalar, ScalarType, Value};
use chrono::{SecondsFormat, Utc};
use uuid::Uuid;

/// The scalar `DateTime`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DateTime(pub chrono::DateTime<Utc>);

/// A point in time: RFC 3339 in UTC with milliseconds, such as `2026-11-20T07:15:00.000Z`.
#[Scalar(name = "DateTime", specified_by_url = "https://scalars.graphql.org/andimarek/date-time")]
impl ScalarType for DateTime {
    fn parse(value: Value) -> InputValueResult<Self> {
        match &value {
            Value::String(text) => match chrono::DateTime::parse_from_rfc3339(text) {
                Ok(time) => Ok(Self(time.with_timezone(&Utc))),
                Err(_) => Err(InputValueError::custom("expected an RFC 3339 time such as 2026-11-20T07:15:00.000Z")),
            },
            _ => Err(InputValueError::expected_type(value)),
        }
    }

    fn to_value(&self) -> Value {
        Value::String(self.0.to_rfc3339_opts(SecondsFormat::Millis, true))
    }
}

impl From<chrono::DateTime<Utc>> for DateTime {
    fn from(time: chrono::DateTime<Utc>) -> Self {
        Self(time)
    }
}

/// Declares a scalar that is any text. Its form, where it has one, is checked with the other fields of an input, so that a
/// user learns of every problem at once.
macro_rules! text_scalar {
    ($(#[$description:meta])* $name:ident $(, $specified_by_url:ident = $url:literal)?) => {
        #[doc = concat!("The scalar `", stringify!($name), "`.")]
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub struct $name(pub String);

        $(#[$description])*
        #[Scalar($($specified_by_url = $url)?)]
        impl ScalarType for $name {
            fn parse(value: Value) -> InputValueResult<Self> {
                match value {
                    Value::String(text) => Ok(Self(text)),
                    other => Err(InputValueError::expected_type(other)),
                }
            }

            fn to_value(&self) -> Value {
                Value::String(self.0.clone())
            }
        }
    };
}

text_scalar! {
    /// A position in a list: opaque, and valid only for the list, arguments and installation it came from.
    Cursor
}
text_scalar! {
    /// A mail address, such as `ana@example.com`.
    EmailAddress
}
text_scalar! {
    /// A language tag of BCP 47, such as `ru` or `pt-BR`.
    Locale, specified_by_url = "https://www.rfc-editor.org/info/bcp47"
}
text_scalar! {
    /// A name of the IANA time zone database, such as `Europe/Moscow`.
    TimeZone, specified_by_url = "https://www.iana.org/time-zones"
}

/// The scalar `Long`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Long(pub i64);

/// A 64-bit whole number, written as a string such as `"9007199254740993"`, because JSON readers round large numbers.
#[Scalar(name = "Long")]
impl ScalarType for Long {
    fn parse(value: Value) -> InputValueResult<Self> {
        match &value {
            Value::String(text) => match text.parse() {
                Ok(number) => Ok(Self(number)),
                Err(_) => Err(InputValueError::custom("expected a whole number as a string")),
            },
            _ => Err(InputValueError::expected_type(value)),
        }
    }

    fn to_value(&self) -> Value {
        Value::String(self.0.to_string())
    }
}

/// The scalar `UUID`: an idempotency key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Key(pub Uuid);

/// A UUID of any version, such as `0199c0de-0000-7000-8000-000000000001`.
#[Scalar(name = "UUID", specified_by_url = "https://www.rfc-editor.org/rfc/rfc9562")]
impl ScalarType for Key {
    fn parse(value: Value) -> InputValueResult<Self> {
        match &value {
            Value::String(text) => match Uuid::try_parse(text) {
                Ok(uuid) => Ok(Self(uuid)),
                Err(_) => Err(InputValueError::custom("expected a UUID such as 0199c0de-0000-7000-8000-000000000001")),
            },
            _ => Err(InputValueError::expected_type(value)),
        }
    }

    fn to_value(&self) -> Value {
        Value::String(self.0.to_string())
    }
}
