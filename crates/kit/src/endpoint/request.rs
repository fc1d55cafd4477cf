//! Reads the router's GraphQL request from a body.

use async_graphql::Request;
use serde::Deserialize;

use crate::DistinctVariables;

/// Why a body is not a GraphQL request. The messages never repeat it.
#[derive(Debug, thiserror::Error)]
pub(super) enum Malformed {
    /// Also a batch, a byte order mark and nothing at all.
    #[error("the body is not a JSON object")]
    NotAnObject,
    #[error("the body is not a GraphQL request, as line {} column {} shows", .0.line(), .0.column())]
    Json(#[source] serde_json::Error),
}

/// The members of a request; others are ignored.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Members {
    query: String,
    operation_name: Option<String>,
    variables: Option<DistinctVariables>,
}

/// One request: a JSON object with `query`, and perhaps `operationName` and `variables`.
pub(super) fn parse(body: &[u8]) -> Result<Request, Malformed> {
    // Serde would take an array for the members in their order.
    if body.trim_ascii_start().first() != Some(&b'{') {
        return Err(Malformed::NotAnObject);
    }
    let members: Members = serde_json::from_slice(body).map_err(Malformed::Json)?;
    let mut request = Request::new(members.query);
    request.operation_name = members.operation_name;
    request.variables = members.variables.map(|DistinctVariables(variables)| variables).unwrap_or_default();
    Ok(request)
}

#[cfg(test)]
mod tests {
    use proptest::{collection::btree_map, option, prelude::*};
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_no_request_is_refused_without_repeating_it() {
        let deep = |open: &str, close: &str| {
            let value = format!("{}1{}", open.repeat(100_000), close.repeat(100_000));
            format!(r#"{{"query":"{{secret}}","variables":{{"x":{value}}}}}"#)
        };
        let (lists, objects) = (deep("[", "]"), deep(r#"{"x":"#, "}"));
        let bodies: [&[u8]; 24] = [
            b"",
            b" ",
            b"null",
            b"5",
            b"\"secret\"",
            b"[]",
            b"[{\"query\":\"{secret}\"}]",
            b"[\"{secret}\",null,{}]",
            b"\xEF\xBB\xBF{\"query\":\"{secret}\"}",
            b"{\"query\":\"\xFF\"}",
            b"{",
            b"{}",
            b"{\"query\":\"{secret}\"}{}",
            b"{\"query\":null}",
            b"{\"query\":5}",
            b"{\"query\":[\"{secret}\"]}",
            b"{\"query\":\"{secret}\",\"query\":\"{secret}\"}",
            b"{\"query\":\"{secret}\",\"operationName\":5}",
            b"{\"query\":\"{secret}\",\"variables\":[]}",
            b"{\"query\":\"{secret}\",\"variables\":\"{}\"}",
            b"{\"query\":\"{secret}\",\"variables\":{},\"variables\":{}}",
            b"{\"query\":\"{secret}\",\"variables\":{\"secret\":1,\"secret\":2}}",
            lists.as_bytes(),
            objects.as_bytes(),
        ];
        for body in bodies {
            let shown = String::from_utf8_lossy(&body[..body.len().min(80)]);
            let message = parse(body).expect_err(&shown).to_string();
            assert!(!message.contains("secret"), "{shown}: {message}");
        }
    }

    #[test]
    fn further_members_are_ignored_and_null_ones_absent() {
        let body = br#" {"query":"{a}","operationName":null,"variables":null,"extensions":{"x":[1]},"z":1,"z":2}"#;
        let request = parse(body).unwrap();
        assert_eq!((request.query.as_str(), request.operation_name, request.variables.len()), ("{a}", None, 0));
    }

    fn value() -> impl Strategy<Value = serde_json::Value> {
        let leaf = prop_oneof![
            Just(json!(null)),
            any::<bool>().prop_map(|value| json!(value)),
            any::<i64>().prop_map(|value| json!(value)),
            any::<String>().prop_map(|value| json!(value)),
        ];
        leaf.prop_recursive(4, 16, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(|items| json!(items)),
                btree_map(any::<String>(), inner, 0..4).prop_map(|members| json!(members)),
            ]
        })
    }

    proptest! {
        #[test]
        fn what_was_written_is_read(
            query in any::<String>(),
            name in option::of(any::<String>()),
            variables in btree_map("[a-z]{1,8}", value(), 0..4),
        ) {
            let body = json!({ "query": query, "operationName": name, "variables": variables });
            let request = parse(&serde_json::to_vec(&body).unwrap()).unwrap();
            prop_assert_eq!((request.query, request.operation_name), (query, name));
            prop_assert_eq!(request.variables.into_value().into_json().unwrap(), json!(variables));
        }

        #[test]
        fn any_bytes_are_answered(bytes in prop::collection::vec(any::<u8>(), 0..200), text in "[{}\\[\\]\":,a1 ]{0,80}") {
            let _ = parse(&bytes);
            let _ = parse(format!("{{\"query\":{text}").as_bytes());
        }
    }
}
