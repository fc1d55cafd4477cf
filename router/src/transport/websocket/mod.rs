//! GraphQL over WebSocket: the sub-protocol `graphql-transport-ws`, to the letter.
//!
//! `wire` writes and reads frames without ever blocking one by the other, `message` is what they say, `operations` are
//! what is asked, `session` decides what follows. One task a socket.

mod message;
mod operations;
mod session;
mod wire;

use std::sync::Arc;

use axum::{
    extract::{FromRequestParts, WebSocketUpgrade},
    response::{IntoResponse, Response},
};
use http::{HeaderMap, StatusCode, header, request::Parts};

use self::{session::Session, wire::Wire};
use super::{RouterState, identity, media::Media, places::Places, refusal::Refusal, trace::TraceId};

const PROTOCOL: &str = "graphql-transport-ws";

/// What a message is about, for the fuzz targets: the operation's id as JSON, where it has one.
pub(super) fn operation_id(text: &str) -> Result<Option<String>, String> {
    match message::ClientMessage::parse(text).map_err(|invalid| invalid.to_string())? {
        message::ClientMessage::Subscribe { id, .. } | message::ClientMessage::Complete { id } => {
            Ok(Some(id.to_string()))
        }
        _ => Ok(None),
    }
}

/// Whether a GET asks for a WebSocket.
pub(super) fn is_upgrade(headers: &HeaderMap) -> bool {
    headers.get(header::UPGRADE).is_some_and(|upgrade| upgrade.as_bytes().eq_ignore_ascii_case(b"websocket"))
}

/// Opens a socket for a page that may use the API, or refuses it while the answer is still HTTP.
///
/// An `Authorization` header, which browsers cannot send here, counts for a `connection_init` without one.
pub(super) async fn upgrade(state: Arc<RouterState>, places: &Places, mut parts: Parts) -> Response {
    let caller = match identity::caller(&parts, &state) {
        Ok(caller) => caller,
        Err(unauthorized) => {
            return Refusal::from(unauthorized).respond(Media::Json, TraceId::find(&parts.extensions));
        }
    };
    let upgrade = match WebSocketUpgrade::from_request_parts(&mut parts, &()).await {
        Ok(upgrade) => {
            let limits = state.gateway.limits();
            wire::configure(upgrade, limits.body_bytes, limits.answer_bytes).protocols([PROTOCOL])
        }
        Err(rejection) => return rejection.into_response(),
    };
    if upgrade.selected_protocol().is_none() {
        return (StatusCode::BAD_REQUEST, "the sub-protocol must be graphql-transport-ws").into_response();
    }
    let place = match places.take() {
        Ok(place) => place,
        Err(refusal) => return refusal.respond(Media::Json, TraceId::find(&parts.extensions)),
    };
    let sockets = state.sockets.clone();
    upgrade.on_failed_upgrade(|error| tracing::debug!(%error, "a socket was lost before it was open")).on_upgrade(
        move |socket| {
            sockets.track_future(async move {
                Session::new(state, Wire::new(socket), caller).run().await;
                drop(place);
            })
        },
    )
}
