//! Reads a GraphQL request from JSON or from a query string, and says exactly what is wrong with it.

use async_graphql::Variables;
use chatty_kit::DistinctVariables;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::GraphqlRequest;

/// Why a text is not a GraphQL request. The messages never repeat the client's input.
#[derive(Debug, thiserror::Error)]
pub(super) enum Malformed {
    #[error("the request is not UTF-8")]
    NotUtf8,
    #[error("the request is not valid JSON: {0}")]
    Json(serde_json::Error),
    #[error("batches are not supported: send one operation a request")]
    Batch,
    #[error("the request must be a JSON object, not {0}")]
    NotAnObject(&'static str),
    #[error("`query` is missing")]
    NoQuery,
    #[error("`{member}` must be {expected}, not {found}")]
    WrongType { member: &'static str, expected: &'static str, found: &'static str },
    #[error("`{member}` is not valid: {source}")]
    Member { member: &'static str, source: serde_json::Error },
    #[error("`{0}` is given twice")]
    Repeated(&'static str),
}

/// The members of a request, each still JSON. Others are ignored, as the specification reserves them.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Members<'a> {
    #[serde(borrow)]
    query: Option<&'a RawValue>,
    #[serde(borrow)]
    operation_name: Option<&'a RawValue>,
    #[serde(borrow)]
    variables: Option<&'a RawValue>,
    #[serde(borrow)]
    extensions: Option<&'a RawValue>,
}

/// Reads the body of a POST. In what nobody reads of it, an unknown member, serde would take any bytes.
pub(super) fn from_body(body: &[u8]) -> Result<GraphqlRequest, Malformed> {
    from_json(std::str::from_utf8(body).map_err(|_| Malformed::NotUtf8)?)
}

/// Reads the JSON of a request, such as the payload of a WebSocket `subscribe`.
pub(super) fn from_json(json: &str) -> Result<GraphqlRequest, Malformed> {
    // Serde would take an array for the members in their order.
    match json.trim_ascii_start().bytes().next() {
        Some(b'{') | None => {}
        Some(b'[') => {
            serde_json::from_str::<&RawValue>(json).map_err(Malformed::Json)?;
            return Err(Malformed::Batch);
        }
        Some(_) => {
            let value: &RawValue = serde_json::from_str(json).map_err(Malformed::Json)?;
            return Err(Malformed::NotAnObject(kind(value)));
        }
    }
    let members: Members<'_> = serde_json::from_str(json).map_err(Malformed::Json)?;
    Ok(GraphqlRequest {
        query: members.query.map(|query| string("query", query)).transpose()?.ok_or(Malformed::NoQuery)?,
        operation_name: members
            .operation_name
            .map(|name| string("operationName", name))
            .transpose()?
            .filter(|name| !name.is_empty()),
        variables: variables_and_extensions(members.variables, members.extensions)?,
    })
}

/// Reads the decoded pairs of a GET's query string; variables and extensions are JSON in there.
pub(super) fn from_pairs(pairs: Vec<(String, String)>) -> Result<GraphqlRequest, Malformed> {
    let (mut query, mut operation_name, mut variables, mut extensions) = (None, None, None, None);
    for (name, value) in pairs {
        let (member, place) = match name.as_str() {
            "query" => ("query", &mut query),
            "operationName" => ("operationName", &mut operation_name),
            "variables" => ("variables", &mut variables),
            "extensions" => ("extensions", &mut extensions),
            _ => continue,
        };
        if place.replace(value).is_some() {
            return Err(Malformed::Repeated(member));
        }
    }
    let raw = |member, text: &Option<String>| -> Result<Option<Box<RawValue>>, Malformed> {
        let text = text.as_deref().filter(|text| !text.is_empty()).unwrap_or("null");
        serde_json::from_str(text).map_err(|source| Malformed::Member { member, source })
    };
    let (variables, extensions) = (raw("variables", &variables)?, raw("extensions", &extensions)?);
    Ok(GraphqlRequest {
        query: query.ok_or(Malformed::NoQuery)?,
        operation_name: operation_name.filter(|name| !name.is_empty()),
        variables: variables_and_extensions(variables.as_deref(), extensions.as_deref())?,
    })
}

fn string(member: &'static str, value: &RawValue) -> Result<String, Malformed> {
    match kind(value) {
        "a string" => parse(member, value),
        found => Err(Malformed::WrongType { member, expected: "a string", found }),
    }
}

/// The variables. Extensions are only checked to be an object: none is known here.
fn variables_and_extensions(
    variables: Option<&RawValue>,
    extensions: Option<&RawValue>,
) -> Result<Variables, Malformed> {
    for (member, value) in [("variables", variables), ("extensions", extensions)] {
        if let Some(found) = value.map(kind).filter(|kind| *kind != "an object") {
            return Err(Malformed::WrongType { member, expected: "an object", found });
        }
    }
    let distinct = variables.map(|value| parse::<DistinctVariables>("variables", value)).transpose()?;
    Ok(distinct.map(|DistinctVariables(variables)| variables).unwrap_or_default())
}

fn parse<'a, T: Deserialize<'a>>(member: &'static str, value: &'a RawValue) -> Result<T, Malformed> {
    serde_json::from_str(value.get()).map_err(|source| Malformed::Member { member, source })
}

fn kind(value: &RawValue) -> &'static str {
    match value.get().as_bytes().first() {
        Some(b'"') => "a string",
        Some(b'{') => "an object",
        Some(b'[') => "an array",
        Some(b't' | b'f') => "a boolean",
        Some(b'n') => "null",
        _ => "a number",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(json: &str) -> String {
        from_json(json).expect_err("malformed").to_string()
    }

    #[test]
    fn a_whole_request_is_read() {
        let json =
            r#" {"query":"query A($x: Int) { a }","operationName":"A","variables":{"x":1},"extensions":{"y":2},"z":3}"#;
        let request = from_json(json).unwrap();
        assert_eq!(request.query, "query A($x: Int) { a }");
        assert_eq!(request.operation_name.as_deref(), Some("A"));
        assert_eq!(request.variables.into_value().to_string(), "{x: 1}");
    }

    #[test]
    fn null_members_count_as_absent() {
        let json = r#"{"query":"{a}","operationName":null,"variables":null,"extensions":null}"#;
        let request = from_json(json).unwrap();
        assert!(request.operation_name.is_none() && request.variables.is_empty());
    }

    #[test]
    fn what_is_wrong_is_said_exactly() {
        for (json, message) in [
            ("", "the request is not valid JSON: EOF while parsing a value at line 1 column 0"),
            ("{\"query\":", "the request is not valid JSON: EOF while parsing a value at line 1 column 9"),
            ("[{\"query\":\"{a}\"}]", "batches are not supported: send one operation a request"),
            ("5", "the request must be a JSON object, not a number"),
            ("{}", "`query` is missing"),
            ("{\"query\":null}", "`query` is missing"),
            ("{\"query\":5}", "`query` must be a string, not a number"),
            ("{\"query\":[\"{a}\"]}", "`query` must be a string, not an array"),
            ("{\"query\":\"{a}\",\"operationName\":{}}", "`operationName` must be a string, not an object"),
            ("{\"query\":\"{a}\",\"variables\":\"{}\"}", "`variables` must be an object, not a string"),
            ("{\"query\":\"{a}\",\"variables\":[]}", "`variables` must be an object, not an array"),
            ("{\"query\":\"{a}\",\"extensions\":true}", "`extensions` must be an object, not a boolean"),
            (
                "{\"query\":\"{a}\",\"query\":\"{b}\"}",
                "the request is not valid JSON: duplicate field `query` at line 1 column 22",
            ),
            (
                "{\"query\":\"{a}\",\"variables\":{\"x\":1,\"x\":2}}",
                "`variables` is not valid: a name is given twice at line 1 column 13",
            ),
        ] {
            assert_eq!(refused(json), message, "{json}");
        }
    }

    #[test]
    fn deep_variables_are_refused_and_do_not_overflow_the_stack() {
        let deep =
            format!("{{\"query\":\"{{a}}\",\"variables\":{{\"x\":{}1{}}}}}", "[".repeat(100_000), "]".repeat(100_000));
        assert!(refused(&deep).starts_with("`variables` is not valid: recursion limit exceeded"));
        assert_eq!(refused(&format!("{}1{}", "[".repeat(100_000), "]".repeat(100_000))), Malformed::Batch.to_string());
    }

    #[test]
    fn an_empty_operation_name_is_none() {
        let request = from_json(r#"{"query":"{a}","operationName":""}"#).unwrap();
        assert_eq!(request.operation_name, None);
    }

    #[test]
    fn a_query_string_is_read_as_json_is() {
        let pairs = |pairs: &[(&str, &str)]| {
            from_pairs(pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect())
        };
        let request = pairs(&[("query", "{a}"), ("variables", "{\"x\":1}"), ("operationName", ""), ("z", "")]).unwrap();
        assert_eq!(request.variables.into_value().to_string(), "{x: 1}");
        assert!(request.operation_name.is_none());
        assert!(pairs(&[("query", "{a}"), ("variables", "null")]).unwrap().variables.is_empty());
        let refused = |given| pairs(given).expect_err("malformed").to_string();
        assert_eq!(refused(&[]), "`query` is missing");
        assert_eq!(refused(&[("query", "{a}"), ("query", "{b}")]), "`query` is given twice");
        assert_eq!(refused(&[("query", "{a}"), ("variables", "[1]")]), "`variables` must be an object, not an array");
        assert!(refused(&[("query", "{a}"), ("variables", "{")]).starts_with("`variables` is not valid: EOF"));
    }
}
