//! The HTTP client that all upstreams share: pooled connections, plain or TLS.

use std::{fmt, time::Duration};

use axum::body::Body;
use http::{Request, Response, Uri};
use hyper::body::Incoming;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::{
    client::legacy::{Client, Error, connect::HttpConnector},
    rt::{TokioExecutor, TokioTimer},
};

/// How long an endpoint may take to accept a connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(1);

/// How long an idle connection is kept. Below the 15 s after which Chatty's own listeners close one, so that it is we
/// who close it and a request rarely meets a closing connection.
const IDLE_TIMEOUT: Duration = Duration::from_secs(10);

/// Sends requests to other processes. Clones share one pool of connections.
#[derive(Clone)]
pub struct HttpClient(Client<HttpsConnector<HttpConnector>, Body>);

impl HttpClient {
    /// A client without connections. Of servers with TLS it trusts those that Mozilla's roots vouch for.
    pub fn new() -> Self {
        let mut tcp = HttpConnector::new();
        tcp.set_nodelay(true);
        tcp.set_connect_timeout(Some(CONNECT_TIMEOUT));
        // The connector around it decides by the scheme.
        tcp.enforce_http(false);
        let connector =
            HttpsConnectorBuilder::new().with_webpki_roots().https_or_http().enable_http1().wrap_connector(tcp);
        // Connections are tasks of the client's and end with it, not with the tasks that shutdown waits for: an idle one
        // would hold it up.
        let client = Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(IDLE_TIMEOUT)
            .build(connector);
        Self(client)
    }

    pub(crate) async fn send(&self, request: Request<Body>) -> Result<Response<Incoming>, Error> {
        self.0.request(request).await
    }
}

impl Default for HttpClient {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for HttpClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("HttpClient")
    }
}

/// Why a URL is no endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotAnEndpoint {
    /// There is none.
    #[error("there is no url")]
    Missing,
    /// Not a URL at all.
    #[error("the url is not well-formed")]
    Malformed,
    /// Without scheme and host.
    #[error("the url is relative; it must begin with http:// or https://")]
    Relative,
    /// A scheme that requests cannot be sent by.
    #[error("the url's scheme is neither http nor https")]
    Scheme,
    /// A user name or password, which would not be sent.
    #[error("the url contains credentials, which are not supported")]
    Credentials,
}

/// Reads the URL of an endpoint.
pub(crate) fn endpoint(url: &str) -> Result<Uri, NotAnEndpoint> {
    if url.trim().is_empty() {
        return Err(NotAnEndpoint::Missing);
    }
    let uri: Uri = url.parse().map_err(|_| NotAnEndpoint::Malformed)?;
    check_endpoint(&uri)?;
    Ok(uri)
}

/// Whether `uri` is one that requests can be sent to: absolute, `http` or `https`, without credentials.
pub fn check_endpoint(uri: &Uri) -> Result<(), NotAnEndpoint> {
    match (uri.scheme_str(), uri.host()) {
        _ if uri.authority().is_some_and(|authority| authority.as_str().contains('@')) => {
            Err(NotAnEndpoint::Credentials)
        }
        (Some("http" | "https"), Some(host)) if !host.is_empty() => Ok(()),
        (Some("http" | "https"), _) => Err(NotAnEndpoint::Malformed),
        (Some(_), _) => Err(NotAnEndpoint::Scheme),
        (None, _) => Err(NotAnEndpoint::Relative),
    }
}
