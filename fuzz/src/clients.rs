//! Messages of clients and of subgraphs.

use chatty_router::fuzzing;
use serde_json::Value;

/// Bytes of an event that the parser is given room for.
const EVENT: usize = 64;

/// A refusal says what is wrong in few words and repeats nothing.
fn is_short(reason: &str) {
    assert!(reason.len() < 256, "{reason}");
}

/// The body of a POST.
pub fn http_request(bytes: &[u8]) {
    match fuzzing::http_request(bytes) {
        Err(reason) => is_short(&reason),
        Ok(request) => {
            assert!(request.query.len() <= bytes.len());
            assert_ne!(request.operation_name.as_deref(), Some(""));
            // Members that are ignored may hold what nobody can read.
            if let Ok(value) = serde_json::from_slice::<Value>(bytes) {
                assert_eq!(value["query"].as_str(), Some(request.query.as_str()));
            }
        }
    }
}

/// A text on a WebSocket.
pub fn websocket_message(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    match fuzzing::websocket_message(text) {
        Err(reason) => is_short(&reason),
        Ok(None) => {}
        Ok(Some(id)) => {
            let read: String = serde_json::from_str(&id).expect("an id is spliced into frames as it is");
            assert!((1..=128).contains(&read.len()));
        }
    }
}

/// Server-sent events of a subgraph: where the pieces end makes no difference.
pub fn events(bytes: &[u8]) {
    let whole = fuzzing::events([bytes], EVENT);
    let single = fuzzing::events(bytes.chunks(1), EVENT);
    let cut = bytes.first().map_or(1, |byte| usize::from(*byte) % 16 + 1);
    let pieces = fuzzing::events(bytes.chunks(cut), EVENT);
    // A piece that holds the excess may be refused before the events in front of it are taken.
    assert_eq!(whole.is_some(), single.is_some());
    assert_eq!(single, whole);
    assert_eq!(pieces, whole);
    for (kind, data) in whole.unwrap_or_default() {
        assert!(kind.len() <= EVENT && data.len() <= EVENT);
        assert!(!kind.contains(&b'\n') && !data.contains(&b'\r'));
    }
}

/// A subgraph's response keeps what JSON says.
pub fn subgraph_response(bytes: &[u8]) {
    let Some(response) = fuzzing::subgraph_response(bytes) else { return };
    let data = response.data.into_json().expect("what came as JSON is JSON");
    assert!(data.is_null() || data.is_object());
    if let Ok(value) = serde_json::from_slice::<Value>(bytes) {
        assert_eq!(value.get("data").unwrap_or(&Value::Null), &data);
    }
    assert!(response.errors.len() <= 1_001);
}
