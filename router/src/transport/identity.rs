//! Who asks: the bearer token, the peer's address and the user agent make a [`Caller`].

use std::net::{IpAddr, SocketAddr};

use axum::extract::ConnectInfo;
use chatty_access::{Caller, TokenError, Verifier, Viewer};
use http::{Extensions, HeaderMap, HeaderName, header, request::Parts};
use ipnet::IpNet;

use super::{RouterState, trace::TraceId};

/// A token that names nobody. It is never taken for no token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum Unauthorized {
    #[error(transparent)]
    Token(#[from] TokenError),
    #[error("the authorization must be `Bearer` and a token, given once")]
    NotBearer,
}

pub(super) const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// Bytes of a user agent that are kept.
const USER_AGENT_BYTES: usize = 256;

/// The caller of a request, anonymous without an `Authorization` header and where nothing verifies tokens.
pub(super) fn caller(parts: &Parts, state: &RouterState) -> Result<Caller, Unauthorized> {
    Ok(Caller {
        viewer: viewer(&parts.headers, state.verifier.as_ref())?,
        trace_id: TraceId::find(&parts.extensions).to_owned(),
        network: network(peer(&parts.extensions), &parts.headers, &state.config.trusted_proxies),
        user_agent: user_agent(&parts.headers),
    })
}

fn viewer(headers: &HeaderMap, verifier: Option<&Verifier>) -> Result<Option<Viewer>, Unauthorized> {
    let Some(verifier) = verifier else { return Ok(None) };
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

/// The address at the other end of the connection.
pub(super) fn peer(extensions: &Extensions) -> IpAddr {
    let ConnectInfo(address) =
        extensions.get::<ConnectInfo<SocketAddr>>().expect("the server is started with connect info");
    address.ip().to_canonical()
}

/// The client's address: the peer's, unless the peer is a proxy that is trusted. Then it is the right-most address of
/// `X-Forwarded-For` that is no trusted proxy; further left stands what anybody can write.
fn network(peer: IpAddr, headers: &HeaderMap, trusted: &[IpNet]) -> IpAddr {
    let is_trusted = |address: &IpAddr| trusted.iter().any(|network| network.contains(address));
    if !is_trusted(&peer) {
        return peer;
    }
    let mut client = peer;
    for line in headers.get_all(FORWARDED_FOR).iter().rev() {
        let Ok(line) = line.to_str() else { return peer };
        for hop in line.rsplit(',') {
            // What a trusted proxy would not have written tells nothing, and neither does what stands before it.
            let Some(address) = forwarded(hop.trim()) else { return peer };
            client = address;
            if !is_trusted(&client) {
                return client;
            }
        }
    }
    client
}

/// An address as proxies write it: some add the port, and then brackets around an IPv6 address.
fn forwarded(hop: &str) -> Option<IpAddr> {
    let bare = hop.strip_prefix('[').and_then(|hop| hop.strip_suffix(']'));
    let address = bare.unwrap_or(hop).parse().or_else(|_| hop.parse().map(|address: SocketAddr| address.ip()));
    address.ok().map(|address| address.to_canonical())
}

fn user_agent(headers: &HeaderMap) -> Option<String> {
    let text = String::from_utf8_lossy(headers.get(header::USER_AGENT)?.as_bytes());
    Some(text[..text.floor_char_boundary(USER_AGENT_BYTES)].to_owned())
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    /// The network that is found behind a peer with these lines of `X-Forwarded-For`.
    fn found(peer: &str, lines: &[&str]) -> String {
        let trusted = ["10.0.0.0/8", "2001:db8:1::/48"].map(|network| network.parse().unwrap());
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(FORWARDED_FOR, HeaderValue::from_bytes(line.as_bytes()).unwrap());
        }
        network(peer.parse().unwrap(), &headers, &trusted).to_string()
    }

    #[test]
    fn behind_trusted_proxies_the_client_is_the_right_most_that_is_none() {
        assert_eq!(found("10.0.0.1", &["203.0.113.7"]), "203.0.113.7");
        assert_eq!(found("10.0.0.1", &["203.0.113.7, 10.1.1.1,10.2.2.2"]), "203.0.113.7");
        assert_eq!(found("10.0.0.1", &["203.0.113.7", "10.1.1.1", "10.2.2.2"]), "203.0.113.7");
        assert_eq!(found("2001:db8:1::5", &["2001:db8:7::9, 2001:db8:1::6"]), "2001:db8:7::9");
        assert_eq!(found("10.0.0.1", &["::ffff:203.0.113.7"]), "203.0.113.7");
        assert_eq!(found("10.0.0.1", &["203.0.113.7:4711"]), "203.0.113.7");
        assert_eq!(found("10.0.0.1", &["[2001:db8:7::9]:4711, [2001:db8:1::6]"]), "2001:db8:7::9");
        assert_eq!(found("10.0.0.1", &["10.3.3.3, 10.2.2.2"]), "10.3.3.3", "a client inside");
        assert_eq!(found("10.0.0.1", &[]), "10.0.0.1");
    }

    #[test]
    fn what_a_client_writes_itself_is_not_believed() {
        assert_eq!(found("203.0.113.9", &["198.51.100.1"]), "203.0.113.9", "no proxy");
        assert_eq!(found("10.0.0.1", &["198.51.100.1, 203.0.113.7"]), "203.0.113.7");
        assert_eq!(found("10.0.0.1", &["198.51.100.1", "10.9.9.9, 203.0.113.7, 10.1.1.1"]), "203.0.113.7");
        assert_eq!(found("10.0.0.1", &["garbage, 203.0.113.7"]), "203.0.113.7");
        for garbage in [
            "",
            " ",
            ",",
            "unknown",
            "_hidden",
            "203.0.113.7,",
            "203.0.113",
            "1.2.3.4/8",
            "[::1",
            "é",
            "203.0.113.7, x, 10.1.1.1",
        ] {
            assert_eq!(found("10.0.0.1", &[garbage]), "10.0.0.1", "{garbage}");
        }
    }

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
