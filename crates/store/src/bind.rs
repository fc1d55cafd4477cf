//! What may be bound to a placeholder, and how it travels to the driver.

use std::sync::Arc;

use chatty_types::Id;
use chrono::{DateTime, SubsecRound, Utc};
use serde::Serialize;
use serde_json::value::RawValue;
use sqlx::{Arguments, Database, Postgres, Sqlite, error::BoxDynError, types::Json};
use uuid::Uuid;

use crate::text::Dialect;

/// A value on its way to a placeholder. `None` is NULL of that type: PostgreSQL wants to know which.
///
/// It has no `Debug`, because values are personal data and statements are logged.
#[derive(Clone)]
pub enum Value {
    /// `BOOLEAN`
    Bool(Option<bool>),
    /// `BIGINT`
    Int(Option<i64>),
    /// `DOUBLE PRECISION`
    Float(Option<f64>),
    /// `TEXT`
    Text(Option<String>),
    /// `BYTEA`
    Bytes(Option<Vec<u8>>),
    /// `UUID`
    Uuid(Option<Uuid>),
    /// `TIMESTAMPTZ`
    Time(Option<DateTime<Utc>>),
    /// `JSONB`, written once for either database.
    Json(Option<Box<RawValue>>),
    /// A value that could not be written; the statement that gets it fails.
    Unwritable(Arc<serde_json::Error>),
}

/// A type whose values may be bound to a placeholder.
///
/// Every integer is an `i64`, as every integer column is a `BIGINT`. `Option<T>` is bound as the value or as NULL of `T`'s type. String enums get theirs from
/// [`text_enum!`](crate::text_enum!).
pub trait Bind {
    /// NULL of this type.
    const NULL: Value;

    /// The value for the driver.
    fn value(self) -> Value;
}

impl<T: Bind> Bind for Option<T> {
    const NULL: Value = T::NULL;

    fn value(self) -> Value {
        self.map_or(T::NULL, T::value)
    }
}

macro_rules! bind {
    ($($type:ty => $variant:ident, |$value:ident| $owned:expr;)*) => {
        $(impl Bind for $type {
            const NULL: Value = Value::$variant(None);

            fn value(self) -> Value {
                let $value = self;
                Value::$variant(Some($owned))
            }
        })*
    };
}

bind! {
    bool => Bool, |value| value;
    i64 => Int, |value| value;
    f64 => Float, |value| value;
    String => Text, |value| value;
    &String => Text, |value| value.clone();
    &str => Text, |value| value.to_owned();
    Vec<u8> => Bytes, |value| value;
    &[u8] => Bytes, |value| value.to_owned();
    Uuid => Uuid, |value| value;
    // PostgreSQL keeps microseconds and SQLite nanoseconds; equal values must stay equal.
    DateTime<Utc> => Time, |value| value.trunc_subsecs(6);
}

impl<K> Bind for Id<K> {
    const NULL: Value = Uuid::NULL;

    fn value(self) -> Value {
        self.uuid().value()
    }
}

impl<T: Serialize> Bind for Json<T> {
    const NULL: Value = Value::Json(None);

    fn value(self) -> Value {
        match serde_json::value::to_raw_value(&self.0) {
            Ok(json) => Value::Json(Some(json)),
            Err(error) => Value::Unwritable(Arc::new(error)),
        }
    }
}

/// A database that can store every kind of [`Value`].
pub(crate) trait Stores: Database {
    /// How its texts differ from what is written.
    const DIALECT: Dialect;

    /// The values as its driver wants them.
    fn arguments(values: Vec<Value>) -> Result<Self::Arguments, BoxDynError>;
}

macro_rules! stores {
    ($database:ident) => {
        impl Stores for $database {
            const DIALECT: Dialect = Dialect::$database;

            fn arguments(values: Vec<Value>) -> Result<Self::Arguments, BoxDynError> {
                let mut arguments = <Self::Arguments>::default();
                arguments.reserve(values.len(), 16 * values.len());
                for value in values {
                    match value {
                        Value::Bool(value) => arguments.add(value),
                        Value::Int(value) => arguments.add(value),
                        Value::Float(value) => arguments.add(value),
                        Value::Text(value) => arguments.add(value),
                        Value::Bytes(value) => arguments.add(value),
                        Value::Uuid(value) => arguments.add(value),
                        Value::Time(value) => arguments.add(value),
                        Value::Json(value) => arguments.add(value.map(Json)),
                        Value::Unwritable(error) => Err(error.into()),
                    }?;
                }
                Ok(arguments)
            }
        }
    };
}

stores!(Sqlite);
stores!(Postgres);
