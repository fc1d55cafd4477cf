//! The sealed header by which the router tells a subgraph in another process who is asking.
//!
//! `chatty-context: v1.<base64url of JSON>.<base64url of HMAC-SHA-256>`. The seal names the subgraph it is for, holds for
//! half a minute and covers the request's body. Whoever sees one may send the same body to the same subgraph again until
//! then, and nothing else: seals are not remembered, and do not cover method or path. Subgraph ports belong on a private
//! network.

use std::net::{IpAddr, Ipv6Addr};

use chatty_types::{Purpose, Secret, SessionId, UserId};
use chrono::{DateTime, TimeDelta, Utc};
use data_encoding::BASE64URL_NOPAD;
use hmac::{Hmac, KeyInit, Mac};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::{Caller, Role, Scopes, Viewer};

/// The header's name. One that a client sends is dropped.
pub const CONTEXT_HEADER: &str = "chatty-context";

/// For how long a sealed request is good.
const LIFETIME: TimeDelta = TimeDelta::seconds(30);

/// Why a request to a subgraph is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    /// No header, not our form, sealed by another secret, for another subgraph or for another body.
    #[error("the request is not sealed by this installation's router")]
    Invalid,
    /// Genuine, and older than half a minute.
    #[error("the request's seal has expired")]
    Expired,
}

/// Seals and checks the header. Two secrets may be live: the current one seals, what either sealed is taken.
#[derive(Clone)]
pub struct Seals {
    current: [u8; 32],
    previous: Option<[u8; 32]>,
}

/// A genuine header, for this subgraph and still good, whose body is yet to be seen.
pub struct Sealed(Context);

/// What is sealed; the names are the header's.
#[derive(Serialize, Deserialize)]
struct Context {
    /// The subgraph.
    aud: String,
    /// Seconds since the epoch.
    exp: i64,
    viewer: Option<Claims>,
    /// The client's network: an IPv4 address, or the first 64 bits of an IPv6 address.
    ip: IpAddr,
    ua: Option<String>,
    /// The request's trace.
    rid: String,
    /// SHA-256 of the body.
    body: String,
}

/// The viewer, as in the access token.
#[derive(Serialize, Deserialize)]
struct Claims {
    sub: UserId,
    sid: SessionId,
    role: Role,
    scopes: String,
    iat: i64,
    exp: i64,
}

impl Seals {
    /// Seals with `secret`; takes what `secret` or `previous` sealed.
    pub fn new(secret: &Secret, previous: Option<&Secret>) -> Self {
        let key = |secret: &Secret| secret.derive(Purpose::Context);
        Self { current: key(secret), previous: previous.map(key) }
    }

    /// The header's value for a request with `body` to the subgraph `audience`.
    pub fn seal(&self, audience: &str, caller: &Caller, body: &[u8], now: DateTime<Utc>) -> String {
        let context = Context {
            aud: audience.to_owned(),
            exp: (now + LIFETIME).timestamp(),
            viewer: caller.viewer.as_ref().map(Claims::of),
            ip: network(caller.network),
            ua: caller.user_agent.clone(),
            rid: caller.trace_id.clone(),
            body: hash(body),
        };
        let json = serde_json::to_vec(&context).expect("a struct of texts and numbers");
        let payload = BASE64URL_NOPAD.encode(&json);
        let tag = mac(&self.current, &payload).finalize().into_bytes();
        format!("v1.{payload}.{}", BASE64URL_NOPAD.encode(&tag))
    }

    /// The request so far, if the header is sealed for this subgraph and is still good. It is known before a body is
    /// read, so that a stranger's need not be; [`Sealed::open`] then says whether it is the right one.
    pub fn check(&self, header: &str, audience: &str, now: DateTime<Utc>) -> Result<Sealed, SealError> {
        let context = self.unseal(header).ok_or(SealError::Invalid)?;
        if context.aud != audience {
            return Err(SealError::Invalid);
        }
        if context.exp < now.timestamp() {
            return Err(SealError::Expired);
        }
        Ok(Sealed(context))
    }

    fn unseal(&self, header: &str) -> Option<Context> {
        let (payload, tag) = header.strip_prefix("v1.")?.split_once('.')?;
        let tag = BASE64URL_NOPAD.decode(tag.as_bytes()).ok()?;
        let sealed_by = |key: &[u8; 32]| mac(key, payload).verify_slice(&tag).is_ok();
        if !sealed_by(&self.current) && !self.previous.as_ref().is_some_and(sealed_by) {
            return None;
        }
        serde_json::from_slice(&BASE64URL_NOPAD.decode(payload.as_bytes()).ok()?).ok()
    }
}

impl Sealed {
    /// Who is asking, if this is the body that was sealed.
    pub fn open(self, body: &[u8]) -> Result<Caller, SealError> {
        let Self(context) = self;
        if context.body != hash(body) {
            return Err(SealError::Invalid);
        }
        let viewer = context.viewer.map(Claims::into_viewer).transpose()?;
        Ok(Caller { viewer, trace_id: context.rid, network: context.ip, user_agent: context.ua })
    }
}

impl Claims {
    fn of(viewer: &Viewer) -> Self {
        Self {
            sub: viewer.user,
            sid: viewer.session,
            role: viewer.role,
            scopes: viewer.scopes.to_string(),
            iat: viewer.issued_at.timestamp(),
            exp: viewer.expires_at.timestamp(),
        }
    }

    fn into_viewer(self) -> Result<Viewer, SealError> {
        let time = |seconds| DateTime::from_timestamp(seconds, 0).ok_or(SealError::Invalid);
        Ok(Viewer {
            user: self.sub,
            session: self.sid,
            role: self.role,
            scopes: Scopes::of_words(self.scopes.split(' ')),
            issued_at: time(self.iat)?,
            expires_at: time(self.exp)?,
        })
    }
}

impl std::fmt::Debug for Sealed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Sealed(…)")
    }
}

impl std::fmt::Debug for Seals {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Seals(…)")
    }
}

fn mac(key: &[u8; 32], payload: &str) -> Hmac<Sha256> {
    Hmac::new_from_slice(key).expect("HMAC takes keys of any length").chain_update(b"v1.").chain_update(payload)
}

fn hash(body: &[u8]) -> String {
    BASE64URL_NOPAD.encode(&Sha256::digest(body))
}

/// What brakes and logs tell clients apart by: of an IPv6 address a subscriber has the last 64 bits to himself.
fn network(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0).into()
        }
    }
}

#[cfg(test)]
mod tests {
    use chatty_types::Clock;

    use super::*;

    fn secret(byte: u8) -> Secret {
        Secret::new(&[byte; 32]).expect("long enough")
    }

    fn caller(clock: &Clock) -> Caller {
        let now = DateTime::from_timestamp(clock.now().timestamp(), 0).expect("in range");
        let viewer = Viewer {
            user: UserId::new(clock),
            session: SessionId::new(clock),
            role: Role::Moderator,
            scopes: Role::Moderator.scopes(),
            issued_at: now,
            expires_at: now + TimeDelta::minutes(10),
        };
        Caller {
            viewer: Some(viewer),
            trace_id: "ab".repeat(16),
            network: "2001:db8:1:2:3:4:5:6".parse().expect("an address"),
            user_agent: Some("Браузер \"1\"".into()),
        }
    }

    fn open(
        seals: &Seals,
        header: &str,
        (audience, body): (&str, &[u8]),
        now: DateTime<Utc>,
    ) -> Result<Caller, SealError> {
        seals.check(header, audience, now)?.open(body)
    }

    #[test]
    fn what_the_router_seals_the_subgraph_reads() {
        let (clock, seals) = (Clock::system(), Seals::new(&secret(1), None));
        let (sent, now) = (caller(&clock), clock.now());
        let opened = open(&seals, &seals.seal("posts", &sent, b"{}", now), ("posts", b"{}"), now).expect("sealed");
        assert_eq!((opened.viewer, opened.trace_id, opened.user_agent), (sent.viewer, sent.trace_id, sent.user_agent));
        assert_eq!(opened.network.to_string(), "2001:db8:1:2::");
        let nobody = open(&seals, &seals.seal("posts", &Caller::anonymous(), b"", now), ("posts", b""), now);
        assert_eq!(nobody.expect("sealed").viewer, None);
    }

    #[test]
    fn a_seal_is_for_one_subgraph_one_body_and_half_a_minute() {
        let (clock, seals) = (Clock::system(), Seals::new(&secret(1), None));
        let now = clock.now();
        let header = seals.seal("posts", &caller(&clock), b"body", now);
        let open = |header: &str, audience, body: &[u8], now| open(&seals, header, (audience, body), now).map(drop);
        assert_eq!(open(&header, "posts", b"body", now), Ok(()));
        assert_eq!(open(&header, "auth", b"body", now), Err(SealError::Invalid));
        assert_eq!(open(&header, "posts", b"bodY", now), Err(SealError::Invalid));
        assert_eq!(open(&header, "posts", b"body", now + TimeDelta::seconds(32)), Err(SealError::Expired));
        // Before the body is there, everything but the body is known.
        let check = |audience, now| seals.check(&header, audience, now).map(drop);
        assert_eq!(check("posts", now), Ok(()));
        assert_eq!(check("auth", now), Err(SealError::Invalid));
        assert_eq!(check("posts", now + TimeDelta::seconds(32)), Err(SealError::Expired));
        for forged in ["", "v1", "v1.", "v1..", "v2.a.b", "v1.e30.AAAA", &header[..header.len() - 1], "v1.ÿ.ÿ"] {
            assert_eq!(open(forged, "posts", b"body", now), Err(SealError::Invalid), "{forged}");
        }
        // Another payload under a genuine tag.
        let (_, tag) = header.rsplit_once('.').expect("three parts");
        let (other, _) = header.rsplit_once('.').expect("three parts");
        let changed = format!("{}A.{tag}", &other[..other.len() - 1]);
        assert_eq!(open(&changed, "posts", b"body", now), Err(SealError::Invalid));
    }

    #[test]
    fn either_secret_opens_and_only_the_current_one_seals() {
        let (clock, now) = (Clock::system(), Clock::system().now());
        let (old, new) = (secret(1), secret(2));
        // A rotation's rounds: each process learns of the new secret, then seals by it, then forgets the old one.
        let before = Seals::new(&old, None);
        let knows_both = Seals::new(&old, Some(&new));
        let seals_by_new = Seals::new(&new, Some(&old));
        let after = Seals::new(&new, None);
        let takes = |reader: &Seals, writer: &Seals| {
            let header = writer.seal("posts", &caller(&clock), b"", now);
            open(reader, &header, ("posts", b""), now).is_ok()
        };
        for round in [[&before, &knows_both], [&knows_both, &seals_by_new], [&seals_by_new, &after]] {
            for (reader, writer) in [(0, 0), (0, 1), (1, 0), (1, 1)] {
                assert!(takes(round[reader], round[writer]), "{reader} reads {writer}");
            }
        }
        assert!(!takes(&before, &seals_by_new) && !takes(&after, &knows_both) && !takes(&after, &before));
    }
}
