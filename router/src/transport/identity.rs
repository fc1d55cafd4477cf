//! Who asks: the bearer token, the peer's address and the user agent make a [`Caller`].

use std::net::{IpAddr, SocketAddr};

use axum::extract::ConnectInfo;
use chatty_access::{Caller, TokenError, Verifier, Viewer};
use http::{Extensions, HeaderMap, header, request::Parts};

use super::trace::TraceId;

/// A token that names nobody. It is never taken for no token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum Unauthorized {
    #[error(transparent)]
    Token(#[from] TokenError),
    #[error("the authorization must be `Bearer` and a token, given once")]
    NotBearer,
}

/// Bytes of a user agent that are kept.
const USER_AGENT_BYTES: usize = 256;

/// The caller of a request, anonymous without an `Authorization` header.
pub(super) fn caller(parts: &Parts, verifier: &Verifier) -> Result<Caller, Unauthorized> {
    Ok(Caller {
        viewer: viewer(&parts.headers, verifier)?,
        trace_id: TraceId::find(&parts.extensions).to_owned(),
        network: peer(&parts.extensions),
        user_agent: user_agent(&parts.headers),
    })
}

fn viewer(headers: &HeaderMap, verifier: &Verifier) -> Result<Option<Viewer>, Unauthorized> {
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    match (values.next(), values.next()) {
        (None, _) => Ok(None),
        (Some(value), None) => bearer(value.to_str().map_err(|_| Unauthorized::NotBearer)?, verifier).map(Some),
        (Some(_), Some(_)) => Err(Unauthorized::NotBearer),
    }
}

/// The viewer whom `Bearer <token>` names.
pub(super) fn bearer(authorization: &str, verifier: &Verifier) -> Result<Viewer, Unauthorized> {
    let (scheme, token) = authorization.trim().split_once(' ').ok_or(Unauthorized::NotBearer)?;
    if !scheme.eq_ignore_ascii_case("bearer") {
        return Err(Unauthorized::NotBearer);
    }
    Ok(verifier.verify(token.trim_start())?)
}

/// The address at the other end of the connection. `X-Forwarded-For` is not read: anybody can write it.
fn peer(extensions: &Extensions) -> IpAddr {
    let ConnectInfo(address) =
        extensions.get::<ConnectInfo<SocketAddr>>().expect("the server is started with connect info");
    address.ip().to_canonical()
}

fn user_agent(headers: &HeaderMap) -> Option<String> {
    let text = String::from_utf8_lossy(headers.get(header::USER_AGENT)?.as_bytes());
    Some(text[..text.floor_char_boundary(USER_AGENT_BYTES)].to_owned())
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn a_long_user_agent_is_cut_between_characters() {
        let agent = |text: &str| {
            user_agent(&HeaderMap::from_iter([(header::USER_AGENT, HeaderValue::from_bytes(text.as_bytes()).unwrap())]))
        };
        assert_eq!(agent("curl/8").as_deref(), Some("curl/8"));
        assert_eq!(agent(&format!("a{}", "é".repeat(200))), Some(format!("a{}", "é".repeat(127))));
        assert_eq!(user_agent(&HeaderMap::new()), None);
    }
}
