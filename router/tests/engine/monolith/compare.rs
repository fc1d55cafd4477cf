//! When two answers are the same: equal data, and the same errors for the same nulls.
//!
//! Where several fields fail whose nulls end at one place, the specification lets an executor tell of any of them. The
//! plain schema tells of all, so what the gateway tells must be among them, and something where there is something.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::data::ABSENT;

/// The message, the code and the path of an error.
type Told = (String, String, String);

/// The errors by the place of the null that each explains.
type Explained = BTreeMap<String, BTreeSet<Told>>;

/// What is different, if anything. `expected` has `errors`, and `data` is the completed data.
pub(super) fn difference(got: &Value, data: &Value, expected: &Value) -> Option<String> {
    if got["data"] != *data {
        return Some("the data is different".to_owned());
    }
    if data.is_null() && got.get("errors").is_none() {
        return Some("no data and no error".to_owned());
    }
    let (got, expected) = match (explained(data, got), explained(data, expected)) {
        (Ok(got), Ok(expected)) => (got, expected),
        (Err(what), _) | (_, Err(what)) => return Some(what),
    };
    let none = BTreeSet::new();
    let places: BTreeSet<_> = got.keys().chain(expected.keys()).collect();
    places.into_iter().find_map(|place| {
        let told = got.get(place).unwrap_or(&none);
        let (absent, possible): (BTreeSet<_>, BTreeSet<_>) =
            expected.get(place).unwrap_or(&none).iter().cloned().partition(|(message, ..)| message == ABSENT);
        // That an entity is not there is no error of the gateway's, but where the reference to it must not be null.
        let mut told = told.clone();
        if !absent.is_empty() {
            told.retain(|(message, ..)| !message.ends_with("has no value"));
        }
        let missing = told.is_empty() && !possible.is_empty() && absent.is_empty();
        if told.is_subset(&possible) && !missing {
            return None;
        }
        Some(format!("at {place} the errors are {told:?} and not {possible:?}"))
    })
}

fn explained(data: &Value, answer: &Value) -> Result<Explained, String> {
    let mut explained = Explained::new();
    for error in answer["errors"].as_array().map(Vec::as_slice).unwrap_or_default() {
        let (mut value, mut place) = (data, Vec::new());
        for step in error["path"].as_array().map(Vec::as_slice).unwrap_or_default() {
            if value.is_null() {
                break;
            }
            place.push(step.to_string());
            let below = match step {
                Value::String(key) => value.get(key),
                step => step.as_u64().and_then(|at| value.get(usize::try_from(at).ok()?)),
            };
            value = below.ok_or_else(|| format!("a path that leads nowhere: {error}"))?;
        }
        if !value.is_null() {
            return Err(format!("an error beside a value: {error}"));
        }
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let told = (text(&error["message"]), text(&error["extensions"]["code"]), error["path"].to_string());
        explained.entry(place.join(".")).or_default().insert(told);
    }
    Ok(explained)
}
