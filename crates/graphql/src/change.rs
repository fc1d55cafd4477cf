//! What an input says of a field that has a value already.

use async_graphql::MaybeUndefined;

use crate::Problem;

/// What an input says of a field that has a value already.
#[derive(Debug, Clone)]
pub enum Change<T> {
    /// Nothing: it stays.
    Keep,
    /// It is emptied.
    Clear,
    /// It gets this value.
    Set(T),
}

impl<T> Change<T> {
    /// The new value of an optional field: what `check` makes of the given one.
    pub fn apply<U>(self, old: Option<U>, check: impl FnOnce(T) -> Option<U>) -> Option<U> {
        match self {
            Self::Keep => old,
            Self::Clear => None,
            Self::Set(new) => check(new),
        }
    }

    /// The given value of a field that must have one; `None` to keep the old.
    pub fn required(self, field: &str) -> Result<Option<T>, Problem> {
        match self {
            Self::Keep => Ok(None),
            Self::Clear => Err(Problem::required(field)),
            Self::Set(new) => Ok(Some(new)),
        }
    }
}

impl<T> From<MaybeUndefined<T>> for Change<T> {
    fn from(value: MaybeUndefined<T>) -> Self {
        match value {
            MaybeUndefined::Undefined => Self::Keep,
            MaybeUndefined::Null => Self::Clear,
            MaybeUndefined::Value(value) => Self::Set(value),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_keeps_clears_or_sets() {
        let apply = |change: Change<&'static str>| change.apply(Some("old"), Some);
        assert_eq!(
            (apply(Change::Keep), apply(Change::Clear), apply(Change::Set("new"))),
            (Some("old"), None, Some("new"))
        );
        assert_eq!(Change::<i32>::Clear.required("body"), Err(Problem::required("body")));
    }
}
