//! Which web pages may use the API, and which proxies are believed.

use std::{fmt, net::IpAddr, str::FromStr};

use http::{HeaderMap, HeaderValue, Uri, header};
use ipnet::IpNet;

/// How the transports behave.
#[derive(Debug, Clone)]
pub struct Config {
    /// The URL under which users reach this installation; pages from there may use it.
    pub public_url: Origin,
    /// Further origins whose pages may call the API (CORS) and open sockets. None by default.
    pub allowed_origins: Vec<Origin>,
    /// Networks of the proxies in front, whose `X-Forwarded-For` is believed. None by default.
    pub trusted_proxies: Vec<IpNet>,
    /// Sockets and event streams that may be open at once; 10,000 by default.
    pub streams: usize,
}

impl Config {
    /// The default of [`streams`](Self::streams).
    pub const STREAMS: usize = 10_000;

    /// The defaults for an installation at `public_url`.
    pub fn new(public_url: Origin) -> Self {
        Self { public_url, allowed_origins: Vec::new(), trusted_proxies: Vec::new(), streams: Self::STREAMS }
    }

    /// Whether a request that browsers send for every page without asking first, a GET or a WebSocket's handshake, is to
    /// be refused: it comes from a page, and from none that may use the API.
    ///
    /// Browsers send `Origin` with GETs across origins only. Such a page could not read the answer; but it could have its
    /// visitors keep streams open, and measure sizes and times of answers in a network that only they reach. A POST needs
    /// no such check: with its content type a browser asks before it sends it.
    pub(super) fn is_foreign(&self, headers: &HeaderMap) -> bool {
        headers.get_all(header::ORIGIN).iter().any(|origin| !self.admits(origin))
    }

    fn admits(&self, origin: &HeaderValue) -> bool {
        let origin = origin.to_str().ok().and_then(|text| text.parse::<Origin>().ok());
        origin.is_some_and(|origin| origin == self.public_url || self.allowed_origins.contains(&origin))
    }
}

/// A web origin in its one spelling: `scheme://host[:port]` in lower case, without the scheme's default port.
///
/// Read from any absolute http or https URL; path and query are left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin(String);

/// The text is not an absolute http or https URL.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an origin is written `https://host` or `https://host:port`")]
pub struct NotAnOrigin;

impl Origin {
    pub(super) fn to_header(&self) -> HeaderValue {
        HeaderValue::from_str(&self.0).expect("scheme, host and port are visible ASCII")
    }
}

impl FromStr for Origin {
    type Err = NotAnOrigin;

    fn from_str(text: &str) -> Result<Self, NotAnOrigin> {
        let uri: Uri = text.parse().map_err(|_| NotAnOrigin)?;
        let (scheme, host) = (uri.scheme_str().ok_or(NotAnOrigin)?, uri.host().ok_or(NotAnOrigin)?);
        let default_port = match scheme {
            "http" => 80,
            "https" => 443,
            _ => return Err(NotAnOrigin),
        };
        let host = host.to_ascii_lowercase();
        Ok(Self(match uri.port_u16().filter(|port| *port != default_port) {
            Some(port) => format!("{scheme}://{host}:{port}"),
            None => format!("{scheme}://{host}"),
        }))
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The text is neither a network nor an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a network is written `10.0.0.0/8`, one of a single address `10.0.0.1`")]
pub struct NotANetwork;

/// Reads a network as `address/prefix length`; an address alone is a network of one.
pub fn parse_network(text: &str) -> Result<IpNet, NotANetwork> {
    text.parse().or_else(|_| text.parse::<IpAddr>().map(IpNet::from)).map_err(|_| NotANetwork)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_may_be_a_single_address() {
        let read = |text: &str| parse_network(text).map(|network| network.to_string());
        for (text, network) in [("10.0.0.0/8", "10.0.0.0/8"), ("10.0.0.1", "10.0.0.1/32"), ("::1", "::1/128")] {
            assert_eq!(read(text).as_deref(), Ok(network));
        }
        for text in ["", "10.0.0.0/33", "proxy", "*"] {
            assert_eq!(read(text), Err(NotANetwork), "{text}");
        }
    }

    #[test]
    fn an_origin_has_one_spelling() {
        let origin = |text: &str| text.parse::<Origin>().map(|origin| origin.to_string());
        assert_eq!(origin("HTTPS://Chat.Example:443/app?x=1").as_deref(), Ok("https://chat.example"));
        assert_eq!(origin("http://localhost:8080/").as_deref(), Ok("http://localhost:8080"));
        assert_eq!(origin("http://[::1]:80").as_deref(), Ok("http://[::1]"));
        for text in ["", "null", "*", "chat.example", "/graphql", "ftp://chat.example", "https://"] {
            assert_eq!(origin(text), Err(NotAnOrigin), "{text}");
        }
    }

    #[test]
    fn the_own_and_the_listed_origins_are_admitted_and_no_others() {
        let mut config = Config::new("https://chat.example".parse().unwrap());
        config.allowed_origins = vec!["http://localhost:3000".parse().unwrap()];
        let admits = |origin| config.admits(&HeaderValue::from_static(origin));
        assert!(admits("https://chat.example") && admits("http://localhost:3000"));
        for foreign in ["http://chat.example", "https://chat.example:444", "https://chat.example.evil", "null", ""] {
            assert!(!admits(foreign), "{foreign}");
        }
    }
}
