//! The parsers of what clients send, for the fuzz targets.

use super::{request, websocket};
use crate::GraphqlRequest;

/// The request in the body of a POST, or what is wrong with it.
pub fn http_request(body: &[u8]) -> Result<GraphqlRequest, String> {
    request::from_body(body).map_err(|malformed| malformed.to_string())
}

/// The operation's id of a message on a WebSocket, as JSON, where it has one; or what is wrong with the message.
pub fn websocket_message(text: &str) -> Result<Option<String>, String> {
    websocket::operation_id(text)
}
