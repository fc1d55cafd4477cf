//! Enums and scalars of the posts schema.

use async_graphql::{Enum, InputValueError, InputValueResult, Scalar, ScalarType, Value};

use crate::store::post::State;

/// Where a post or a comment stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "State")]
pub(crate) enum PostState {
    /// It can be read by whom it is for.
    Published,
    /// Its author deleted it.
    Deleted,
    /// A moderator took it down.
    Removed,
}

/// How a list of posts is ordered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
pub(crate) enum PostOrder {
    /// The newest first.
    New,
}

/// How a thread is ordered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Enum)]
pub(crate) enum CommentOrder {
    /// The oldest first, as a conversation reads.
    Old,
    /// The newest first.
    New,
}

/// A language tag of BCP 47, such as `ru` or `pt-BR`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Locale(pub(crate) String);

/// A language tag of BCP 47, such as `ru` or `pt-BR`.
#[Scalar(name = "Locale", specified_by_url = "https://www.rfc-editor.org/info/bcp47")]
impl ScalarType for Locale {
    fn parse(value: Value) -> InputValueResult<Self> {
        match value {
            // The form is checked with the other fields, so that a user learns of every problem at once.
            Value::String(text) => Ok(Self(text)),
            other => Err(InputValueError::expected_type(other)),
        }
    }

    fn to_value(&self) -> Value {
        Value::String(self.0.clone())
    }
}
