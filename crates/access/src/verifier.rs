//! Verifies access tokens: `EdDSA` only, keys only from the installation's own set, time from the injected clock.

use std::{
    collections::HashMap,
    sync::{
        Arc, RwLock,
        atomic::{AtomicU64, Ordering},
    },
};

use chatty_types::{Clock, SessionId, UserId};
use chrono::DateTime;
use jsonwebtoken::{
    Algorithm, DecodingKey, Validation,
    jwk::{Jwk, JwkSet},
};
use moka::sync::Cache;
use serde::{Deserialize, Serialize};
use tokio::sync::Notify;
use uuid::Uuid;

use crate::{Revocations, Role, Scopes, Viewer};

/// The `aud` claim of access tokens.
pub const AUDIENCE: &str = "chatty";

/// The `typ` header of access tokens (RFC 9068), so that no other signed text passes for one.
pub const TOKEN_TYPE: &str = "at+jwt";

/// An access token's claims (RFC 9068 names). Times are seconds since the epoch.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Claims {
    /// The installation's public URL.
    pub iss: String,
    /// Always [`AUDIENCE`].
    pub aud: String,
    /// The user.
    pub sub: UserId,
    /// The session.
    pub sid: SessionId,
    /// The user's role when the token was issued.
    pub role: Role,
    /// What the session may do: [`Scopes`] as a list of words.
    pub scopes: Vec<String>,
    /// Issued at.
    pub iat: i64,
    /// Not before.
    pub nbf: i64,
    /// Expires at.
    pub exp: i64,
    /// The token's own id.
    pub jti: Uuid,
}

/// Why a token is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// Genuine, and past its `exp`.
    #[error("the access token has expired")]
    Expired,
    /// Genuine, and its session has ended or its user's tokens were called back.
    #[error("access was revoked: sign in again")]
    Revoked,
    /// Anything else: not a token, forged, unknown key, another audience or issuer.
    #[error("the access token is not valid")]
    Invalid,
    /// Nobody can say yet: this process has not heard which keys sign or whose access has ended.
    #[error("access tokens cannot be verified yet: try again")]
    Unready,
}

/// The public keys in force, by `kid`. Clones share one set; auth replaces it when keys rotate.
#[derive(Clone, Default)]
pub struct Keys(Arc<Shared>);

#[derive(Default)]
struct Shared {
    set: RwLock<KeySet>,
    /// Counts the sets, so that what was verified by an earlier one is verified again.
    generation: AtomicU64,
    missed: Notify,
}

#[derive(Default)]
struct KeySet {
    published: JwkSet,
    by_kid: HashMap<String, DecodingKey>,
}

impl Keys {
    /// Replaces the set by the usable keys of `set`; others (no `kid`, another algorithm) are left out.
    pub fn replace(&self, set: &JwkSet) {
        let mut known = self.0.set.write().expect("no code panics while holding the keys");
        if self.generation() > 0 && known.published == *set {
            return;
        }
        let usable = |jwk: &Jwk| Some((jwk.common.key_id.clone()?, DecodingKey::from_jwk(jwk).ok()?));
        *known = KeySet { published: set.clone(), by_kid: set.keys.iter().filter_map(usable).collect() };
        self.0.generation.fetch_add(1, Ordering::Release);
    }

    /// Waits until a token names a key that is not in the set, or does at once if one did since the last wait. Whoever
    /// reads the set elsewhere may then look again; anybody can send such a token, so not without a pause.
    pub async fn missed(&self) {
        self.0.missed.notified().await;
    }

    fn find(&self, kid: &str) -> Option<DecodingKey> {
        let found = self.0.set.read().expect("no code panics while holding the keys").by_kid.get(kid).cloned();
        if found.is_none() {
            self.0.missed.notify_one();
        }
        found
    }

    fn generation(&self) -> u64 {
        self.0.generation.load(Ordering::Acquire)
    }
}

/// Turns bearer tokens into viewers; remembers genuine ones, so that a signature is checked once a token.
#[derive(Clone)]
pub struct Verifier {
    keys: Keys,
    issuer: String,
    clock: Clock,
    revocations: Revocations,
    /// Whether tokens wait for the first word of what is revoked.
    waits: bool,
    /// Genuine tokens, each with the generation of the keys that it was verified by.
    genuine: Cache<String, (u64, Viewer)>,
}

/// Tokens remembered at once: about 1 KB each.
const REMEMBERED: u64 = 10_000;

impl Verifier {
    /// Accepts tokens of `issuer` (the public URL) that are signed by one of `keys`.
    pub fn new(keys: Keys, issuer: impl Into<String>, clock: Clock) -> Self {
        let revocations = Revocations::new(clock.clone());
        Self { keys, issuer: issuer.into(), clock, revocations, waits: false, genuine: Cache::new(REMEMBERED) }
    }

    /// Refuses what `revocations` holds, also tokens that were accepted before; and every token as
    /// [`TokenError::Unready`] until they are informed and there are keys.
    #[must_use]
    pub fn with_revocations(self, revocations: Revocations) -> Self {
        Self { revocations, waits: true, ..self }
    }

    /// What this verifier refuses although it is genuine. Empty for ever unless somebody fills it.
    pub fn revocations(&self) -> &Revocations {
        &self.revocations
    }

    /// The viewer whom `token` names, if it is genuine, in force and not revoked.
    pub fn verify(&self, token: &str) -> Result<Viewer, TokenError> {
        // A real token has some 400 bytes; nothing longer deserves a hash or a copy.
        if token.len() > 4_096 {
            return Err(TokenError::Invalid);
        }
        let generation = self.keys.generation();
        if self.waits && (generation == 0 || !self.revocations.is_informed()) {
            return Err(TokenError::Unready);
        }
        let remembered = self.genuine.get(token).filter(|(verified_by, _)| *verified_by == generation);
        let viewer = if let Some((_, viewer)) = remembered {
            viewer
        } else {
            let viewer = self.check(token)?;
            self.genuine.insert(token.to_owned(), (generation, viewer.clone()));
            viewer
        };
        if viewer.expires_at <= self.clock.now() {
            Err(TokenError::Expired)
        } else if self.revocations.revokes(&viewer) {
            Err(TokenError::Revoked)
        } else {
            Ok(viewer)
        }
    }

    /// Everything but what changes: the expiry and the revocations.
    fn check(&self, token: &str) -> Result<Viewer, TokenError> {
        let header = jsonwebtoken::decode_header(token).map_err(|_| TokenError::Invalid)?;
        if header.alg != Algorithm::EdDSA || header.typ.as_deref() != Some(TOKEN_TYPE) {
            return Err(TokenError::Invalid);
        }
        let key = header.kid.and_then(|kid| self.keys.find(&kid)).ok_or(TokenError::Invalid)?;
        let mut rules = Validation::new(Algorithm::EdDSA);
        rules.set_audience(&[AUDIENCE]);
        rules.set_issuer(&[&self.issuer]);
        // The library would ask the system's clock; `nbf` and `exp` are compared with ours.
        rules.validate_exp = false;
        rules.validate_nbf = false;
        let claims = jsonwebtoken::decode::<Claims>(token, &key, &rules).map_err(|_| TokenError::Invalid)?.claims;
        let leeway_seconds = 5;
        if claims.nbf > self.clock.now().timestamp() + leeway_seconds {
            return Err(TokenError::Invalid);
        }
        Ok(Viewer {
            user: claims.sub,
            session: claims.sid,
            role: claims.role,
            scopes: Scopes::of_words(claims.scopes.iter().map(String::as_str)),
            issued_at: DateTime::from_timestamp(claims.iat, 0).ok_or(TokenError::Invalid)?,
            expires_at: DateTime::from_timestamp(claims.exp, 0).ok_or(TokenError::Invalid)?,
        })
    }
}

impl std::fmt::Debug for Verifier {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Verifier").field("issuer", &self.issuer).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;
    use data_encoding::BASE64URL_NOPAD;
    use futures_util::FutureExt;
    use jsonwebtoken::{EncodingKey, Header};

    use super::*;
    use crate::Revocation;
    use crate::Snapshot;

    /// A key pair made for this run, its public half under `kid`.
    fn key_pair(kid: &str) -> (EncodingKey, JwkSet) {
        use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
        let document = Ed25519KeyPair::generate_pkcs8(&aws_lc_rs::rand::SystemRandom::new()).expect("random bytes");
        let pair = Ed25519KeyPair::from_pkcs8(document.as_ref()).expect("just generated");
        let set = serde_json::json!({"keys": [{
            "kty": "OKP", "crv": "Ed25519", "alg": "EdDSA", "use": "sig", "kid": kid,
            "x": BASE64URL_NOPAD.encode(pair.public_key().as_ref()),
        }]});
        (EncodingKey::from_ed_der(document.as_ref()), serde_json::from_value(set).expect("a key set"))
    }

    struct World {
        clock: Clock,
        key: EncodingKey,
        verifier: Verifier,
    }

    fn world() -> World {
        let (key, set) = key_pair("k1");
        let (clock, keys) = (Clock::system(), Keys::default());
        keys.replace(&set);
        World { verifier: Verifier::new(keys, "http://localhost", clock.clone()), clock, key }
    }

    impl World {
        fn claims(&self) -> Claims {
            let now = self.clock.now().timestamp();
            Claims {
                iss: "http://localhost".into(),
                aud: AUDIENCE.into(),
                sub: UserId::new(&self.clock),
                sid: SessionId::new(&self.clock),
                role: Role::User,
                scopes: Role::User.scopes().words(),
                iat: now,
                nbf: now,
                exp: now + 600,
                jti: self.clock.uuid(),
            }
        }

        fn header() -> Header {
            let mut header = Header::new(Algorithm::EdDSA);
            header.typ = Some(TOKEN_TYPE.into());
            header.kid = Some("k1".into());
            header
        }

        fn sign(&self, header: &Header, claims: &Claims) -> String {
            jsonwebtoken::encode(header, claims, &self.key).expect("signing works")
        }
    }

    #[test]
    fn a_genuine_token_names_its_viewer_until_it_expires() {
        let world = world();
        let claims = world.claims();
        let token = world.sign(&World::header(), &claims);
        assert_eq!(world.verifier.verify(&token).map(|viewer| viewer.user), Ok(claims.sub));
        world.clock.advance(TimeDelta::seconds(601));
        assert_eq!(world.verifier.verify(&token), Err(TokenError::Expired));
    }

    #[test]
    fn a_revoked_token_is_refused_although_it_was_accepted_before() {
        let world = world();
        let claims = world.claims();
        let token = world.sign(&World::header(), &claims);
        let other = world.sign(&World::header(), &Claims { sid: SessionId::new(&world.clock), ..claims.clone() });
        let verify = |token: &str| world.verifier.verify(token).map(|viewer| viewer.session);
        assert_eq!(verify(&token), Ok(claims.sid));
        world.verifier.revocations().apply(Revocation::Session { id: claims.sid, at: world.clock.now() });
        assert_eq!(verify(&token), Err(TokenError::Revoked));
        assert!(verify(&other).is_ok());
        world.verifier.revocations().apply(Revocation::User { id: claims.sub, not_before: world.clock.now() });
        assert_eq!(verify(&other), Err(TokenError::Revoked));
        // Two seconds on, to be behind the whole second after the revocation.
        let now = claims.iat + 2;
        let renewed = Claims { sid: SessionId::new(&world.clock), iat: now, nbf: now, ..claims };
        assert_eq!(verify(&world.sign(&World::header(), &renewed)), Ok(renewed.sid));
    }

    #[test]
    fn nobody_is_let_in_before_it_is_known_who_is_not_to_be() {
        let world = world();
        let token = world.sign(&World::header(), &world.claims());
        let revocations = Revocations::new(world.clock.clone());
        let verifier = world.verifier.clone().with_revocations(revocations.clone());
        assert_eq!(verifier.verify(&token), Err(TokenError::Unready));
        revocations.merge(&Snapshot { seconds_kept: 660, revoked: Vec::new() });
        assert!(verifier.verify(&token).is_ok());
        let keyless =
            Verifier::new(Keys::default(), "http://localhost", world.clock.clone()).with_revocations(revocations);
        assert_eq!(keyless.verify(&token), Err(TokenError::Unready));
    }

    #[test]
    fn a_token_goes_with_the_key_that_signed_it() {
        let world = world();
        let token = world.sign(&World::header(), &world.claims());
        assert!(world.verifier.verify(&token).is_ok());
        let (_, other) = key_pair("k2");
        world.verifier.keys.replace(&other);
        assert_eq!(world.verifier.verify(&token), Err(TokenError::Invalid));
    }

    #[test]
    fn a_reading_of_the_same_keys_verifies_nothing_anew_and_a_foreign_key_asks_for_another() {
        let (key, set) = key_pair("k1");
        let (clock, keys) = (Clock::system(), Keys::default());
        keys.replace(&set);
        let generation = keys.generation();
        keys.replace(&set);
        assert_eq!(keys.generation(), generation);
        let world = World { verifier: Verifier::new(keys.clone(), "http://localhost", clock.clone()), clock, key };
        world.verifier.verify(&world.sign(&World::header(), &world.claims())).expect("a known key");
        assert_eq!(keys.missed().now_or_never(), None);
        let foreign = Header { kid: Some("k2".into()), ..World::header() };
        for _ in 0..3 {
            let refused = world.verifier.verify(&world.sign(&foreign, &world.claims()));
            assert_eq!(refused, Err(TokenError::Invalid));
        }
        assert_eq!(keys.missed().now_or_never(), Some(()));
        assert_eq!(keys.missed().now_or_never(), None, "however many asked, it is one reading");
    }

    /// A token with this header, signed by `sign`.
    fn token(header: &serde_json::Value, claims: &Claims, sign: impl FnOnce(&[u8]) -> Vec<u8>) -> String {
        let encode = |bytes: &[u8]| BASE64URL_NOPAD.encode(bytes);
        let claims = serde_json::to_vec(claims).expect("claims are JSON");
        let signed = format!("{}.{}", encode(header.to_string().as_bytes()), encode(&claims));
        let signature = sign(signed.as_bytes());
        format!("{signed}.{}", encode(&signature))
    }

    #[test]
    fn the_algorithm_is_ours_to_choose() {
        use aws_lc_rs::hmac;
        let (key, set) = key_pair("k1");
        let (clock, keys) = (Clock::system(), Keys::default());
        keys.replace(&set);
        let world = World { verifier: Verifier::new(keys, "http://localhost", clock.clone()), clock, key };
        let claims = world.claims();
        let header = |alg: &str| serde_json::json!({"alg": alg, "typ": TOKEN_TYPE, "kid": "k1"});
        for none in ["none", "None", "NONE", ""] {
            assert_eq!(world.verifier.verify(&token(&header(none), &claims, |_| Vec::new())), Err(TokenError::Invalid));
        }
        // The public key, which everybody has, as the secret of a symmetric algorithm: its bytes, their text, the set.
        let public = serde_json::to_value(&set).expect("JSON")["keys"][0]["x"].as_str().expect("text").to_owned();
        let bytes = BASE64URL_NOPAD.decode(public.as_bytes()).expect("base64url");
        for secret in [bytes, public.into_bytes(), serde_json::to_vec(&set).expect("JSON")] {
            for (alg, hash) in
                [("HS256", hmac::HMAC_SHA256), ("HS384", hmac::HMAC_SHA384), ("HS512", hmac::HMAC_SHA512)]
            {
                let sign = |text: &[u8]| hmac::sign(&hmac::Key::new(hash, &secret), text).as_ref().to_vec();
                assert_eq!(world.verifier.verify(&token(&header(alg), &claims, sign)), Err(TokenError::Invalid));
            }
        }
        // A key that the token brings along counts for nothing.
        let (stranger, its_set) = key_pair("k1");
        let mut bringing = World::header();
        bringing.jwk = Some(its_set.keys[0].clone());
        let forged = jsonwebtoken::encode(&bringing, &claims, &stranger).expect("signing works");
        assert_eq!(world.verifier.verify(&forged), Err(TokenError::Invalid));
        // The same helper makes a good one, so that what is refused above is refused for its algorithm.
        assert!(world.verifier.verify(&world.sign(&World::header(), &claims)).is_ok());
    }

    #[test]
    fn a_token_counts_from_its_first_second_to_its_last() {
        let world = world();
        let good = world.claims();
        let verify = |claims: &Claims| world.verifier.verify(&world.sign(&World::header(), claims)).map(drop);
        // Clocks differ by a little.
        assert_eq!(verify(&Claims { nbf: good.iat + 3, ..good.clone() }), Ok(()));
        assert_eq!(verify(&Claims { nbf: good.iat + 60, ..good.clone() }), Err(TokenError::Invalid));
        // Unlike one that was remembered, this one is met for the first time when it is over.
        assert_eq!(verify(&Claims { exp: good.iat - 1, ..good.clone() }), Err(TokenError::Expired));
        assert_eq!(verify(&Claims { exp: i64::MAX, ..good.clone() }), Err(TokenError::Invalid));
        for claim in ["iss", "aud", "sub", "sid", "role", "scopes", "iat", "nbf", "exp", "jti"] {
            let mut claims = serde_json::to_value(&good).expect("JSON");
            claims.as_object_mut().expect("an object").remove(claim);
            let token = jsonwebtoken::encode(&World::header(), &claims, &world.key).expect("signing works");
            assert_eq!(world.verifier.verify(&token), Err(TokenError::Invalid), "without {claim}");
        }
        let mut audiences = serde_json::to_value(&good).expect("JSON");
        audiences["aud"] = serde_json::json!(["other", "another"]);
        let token = jsonwebtoken::encode(&World::header(), &audiences, &world.key).expect("signing works");
        assert_eq!(world.verifier.verify(&token), Err(TokenError::Invalid));
    }

    #[test]
    fn whatever_is_not_exactly_ours_is_refused() {
        let world = world();
        let good = world.claims();
        let sign = |header: &Header, claims: &Claims| world.verifier.verify(&world.sign(header, claims));
        assert_eq!(sign(&World::header(), &Claims { aud: "other".into(), ..good.clone() }), Err(TokenError::Invalid));
        assert_eq!(
            sign(&World::header(), &Claims { iss: "http://evil".into(), ..good.clone() }),
            Err(TokenError::Invalid)
        );
        assert_eq!(sign(&World::header(), &Claims { nbf: good.nbf + 60, ..good.clone() }), Err(TokenError::Invalid));
        let mut plain = World::header();
        plain.typ = Some("JWT".into());
        assert_eq!(sign(&plain, &good), Err(TokenError::Invalid));
        let mut unknown = World::header();
        unknown.kid = Some("k2".into());
        assert_eq!(sign(&unknown, &good), Err(TokenError::Invalid));

        let (stranger, _) = key_pair("k1");
        let forged = jsonwebtoken::encode(&World::header(), &good, &stranger).expect("signing works");
        assert_eq!(world.verifier.verify(&forged), Err(TokenError::Invalid));
        for text in ["", ".", "a.b.c", "ÿÿÿ", &"a".repeat(1_000_000)] {
            assert_eq!(world.verifier.verify(text), Err(TokenError::Invalid));
        }
    }
}
