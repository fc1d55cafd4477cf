//! GraphQL over HTTP: POST runs queries and mutations, GET runs queries and opens sockets; both can be answered by events.
//!
//! Refused before there is a GraphQL request, with the same status whatever the client accepts: a page of a foreign
//! origin (403), a malformed request (400), a token that is not valid (401), a body over the limit (413) or too slow
//! (408). The rest follows [`status`], and is always 200 where the answer is a stream.

use std::{sync::Arc, time::Duration};

use axum::{
    body::Body,
    extract::{Query, Request, State},
    response::{IntoResponse, Response},
};
use bytes::BytesMut;
use chatty_access::Caller;
use chatty_kit::Code;
use futures_util::StreamExt;
use http::{HeaderValue, Method, StatusCode, header, request::Parts};

use super::{
    RouterState, identity,
    media::{self, Accepted, Events, Media},
    places::Places,
    refusal::Refusal,
    request::{self, Malformed},
    sse,
    trace::TraceId,
    websocket,
};
use crate::{Answer, AnswerKind, GraphqlRequest, OperationKind};

/// How long a body may take to arrive: no longer than the last request of a connection has when the process stops.
const BODY_TIMEOUT: Duration = chatty_kit::http::LAST_REQUEST;

/// Answers any request to `/graphql`.
pub(super) async fn serve(
    State(state): State<Arc<RouterState>>,
    State(places): State<Places>,
    request: Request,
) -> Response {
    let (parts, body) = request.into_parts();
    if parts.method == Method::GET && state.config.is_foreign(&parts.headers) {
        let message = "pages of this origin may not use the API";
        let refusal = Refusal::new(StatusCode::FORBIDDEN, Code::Forbidden, message);
        return refusal.respond(Media::Json, TraceId::find(&parts.extensions));
    }
    match parts.method {
        Method::GET if websocket::is_upgrade(&parts.headers) => websocket::upgrade(state, &places, parts).await,
        Method::GET | Method::POST => execute(state, &places, parts, body).await,
        _ => not_allowed("GET, POST", "send GET or POST"),
    }
}

async fn execute(state: Arc<RouterState>, places: &Places, parts: Parts, body: Body) -> Response {
    // A page can send other types to a foreign server without asking first (a "simple request"), JSON it cannot.
    let mut types = parts.headers.get_all(header::CONTENT_TYPE).iter();
    let json = match (types.next(), types.next()) {
        (None, _) => parts.method == Method::GET,
        (Some(content_type), None) => media::is_json(content_type),
        (Some(_), Some(_)) => false,
    };
    if !json {
        return text(StatusCode::UNSUPPORTED_MEDIA_TYPE, "the content type must be application/json");
    }
    let Some(accepted) = media::negotiate(&parts.headers) else {
        let message = "answers are application/graphql-response+json, application/json or text/event-stream";
        return text(StatusCode::NOT_ACCEPTABLE, message);
    };
    let caller = match identity::caller(&parts, &state) {
        Ok(caller) => caller,
        Err(unauthorized) => {
            return Refusal::from(unauthorized).respond(accepted.media, TraceId::find(&parts.extensions));
        }
    };
    let request = match read(&state, &parts, body).await {
        Ok(request) => request,
        Err(refusal) => return refusal.respond(accepted.media, &caller.trace_id),
    };
    run(state, places, &parts.method, &request, caller, accepted).await
}

/// Runs what the method may run.
async fn run(
    state: Arc<RouterState>,
    places: &Places,
    method: &Method,
    request: &GraphqlRequest,
    caller: Caller,
    accepted: Accepted,
) -> Response {
    let prepared = match state.gateway.prepare(request, &caller).await {
        Ok(prepared) => prepared,
        Err(answer) if accepted.events == Events::Always => return sse::refuse(&answer),
        Err(answer) => return respond(answer, accepted.media),
    };
    match (prepared.kind(), accepted.events) {
        (OperationKind::Mutation, _) if method == Method::GET => not_allowed("POST", "send mutations by POST"),
        (_, Events::Always) | (OperationKind::Subscription, Events::Subscriptions) => match places.take() {
            Ok(place) => sse::respond(state, prepared, caller, place),
            Err(refusal) => refusal.respond(accepted.media, &caller.trace_id),
        },
        (OperationKind::Query | OperationKind::Mutation, _) => {
            respond(state.gateway.run(prepared, caller).await, accepted.media)
        }
        (OperationKind::Subscription, Events::Never) => {
            let message = "subscriptions need a WebSocket with the sub-protocol graphql-transport-ws, or a request that \
                           accepts text/event-stream";
            respond(Answer::refused(Code::GraphqlValidationFailed, message, &caller), accepted.media)
        }
    }
}

async fn read(state: &RouterState, parts: &Parts, body: Body) -> Result<GraphqlRequest, Refusal> {
    if parts.method == Method::GET {
        let Query(pairs) = Query::<Vec<(String, String)>>::try_from_uri(&parts.uri).map_err(|_| Malformed::NoQuery)?;
        return Ok(request::from_pairs(pairs)?);
    }
    let limit = state.gateway.limits().body_bytes;
    let body = tokio::time::timeout(BODY_TIMEOUT, collect(body, limit))
        .await
        .map_err(|_| Refusal::new(StatusCode::REQUEST_TIMEOUT, Code::Timeout, "the body did not arrive in time"))??;
    Ok(request::from_body(&body)?)
}

/// The whole body, decompressed by the layer in front.
async fn collect(body: Body, limit: usize) -> Result<BytesMut, Refusal> {
    // Read some more than allowed before giving up: a client that is still sending would not see the answer.
    let patience = limit.saturating_mul(16);
    let (mut collected, mut received) = (BytesMut::new(), 0);
    let mut chunks = body.into_data_stream();
    while received <= patience
        && let Some(chunk) = chunks.next().await
    {
        let chunk = chunk.map_err(|_| {
            let message = "the body broke off or is not compressed as its content encoding says";
            Refusal::new(StatusCode::BAD_REQUEST, Code::GraphqlParseFailed, message)
        })?;
        received += chunk.len();
        if received <= limit {
            collected.extend_from_slice(&chunk);
        }
    }
    if received > limit {
        let message = format!("the body is longer than {limit} bytes");
        return Err(Refusal::limit(StatusCode::PAYLOAD_TOO_LARGE, "bodySize", message));
    }
    Ok(collected)
}

fn respond(answer: Answer, media: Media) -> Response {
    let content_type = [(header::CONTENT_TYPE, media.content_type())];
    (status(answer.kind, media), content_type, answer.body).into_response()
}

/// The status of a GraphQL answer.
///
/// Of a document or variables that are refused only the newer media type tells by its status.
fn status(kind: AnswerKind, media: Media) -> StatusCode {
    let AnswerKind::Refused(code) = kind else { return StatusCode::OK };
    match code {
        Code::GraphqlParseFailed | Code::GraphqlValidationFailed | Code::BadUserInput | Code::LimitExceeded => {
            match media {
                Media::GraphqlResponse => StatusCode::BAD_REQUEST,
                Media::Json => StatusCode::OK,
            }
        }
        Code::BadId | Code::CursorMismatch | Code::Unauthenticated | Code::TokenExpired | Code::Forbidden => {
            StatusCode::OK
        }
        Code::RateLimited => StatusCode::TOO_MANY_REQUESTS,
        Code::Timeout | Code::SubgraphUnavailable => StatusCode::SERVICE_UNAVAILABLE,
        Code::Internal => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

/// An answer that is not GraphQL's, in plain text.
fn text(status: StatusCode, message: &'static str) -> Response {
    (status, message).into_response()
}

fn not_allowed(allow: &'static str, message: &'static str) -> Response {
    let mut response = text(StatusCode::METHOD_NOT_ALLOWED, message);
    response.headers_mut().insert(header::ALLOW, HeaderValue::from_static(allow));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_status_follows_code_and_media_type() {
        let both =
            |code| [Media::GraphqlResponse, Media::Json].map(|media| status(AnswerKind::Refused(code), media).as_u16());
        for code in [Code::GraphqlParseFailed, Code::GraphqlValidationFailed, Code::BadUserInput, Code::LimitExceeded] {
            assert_eq!(both(code), [400, 200], "{code:?}");
        }
        for code in [Code::BadId, Code::CursorMismatch, Code::Unauthenticated, Code::TokenExpired, Code::Forbidden] {
            assert_eq!(both(code), [200, 200], "{code:?}");
        }
        assert_eq!(both(Code::RateLimited), [429, 429]);
        assert_eq!(both(Code::Timeout), [503, 503]);
        assert_eq!(both(Code::SubgraphUnavailable), [503, 503]);
        assert_eq!(both(Code::Internal), [500, 500]);
        assert_eq!(status(AnswerKind::Executed, Media::GraphqlResponse), StatusCode::OK);
    }
}
