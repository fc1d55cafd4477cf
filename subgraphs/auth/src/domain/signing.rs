//! The keys that sign access tokens, and the tokens.

use std::sync::{Arc, RwLock};

use aws_lc_rs::{
    rand::SystemRandom,
    signature::{Ed25519KeyPair, KeyPair},
};
use chatty_access::{AUDIENCE, Claims, Keys, TOKEN_TYPE};
use chatty_kit::{Env, Fault};
use chatty_store::Db;
use chatty_types::{Clock, SigningKeyId};
use chrono::{DateTime, TimeDelta, Utc};
use data_encoding::BASE64URL_NOPAD;
use jsonwebtoken::{
    Algorithm, EncodingKey, Header,
    jwk::{
        AlgorithmParameters, CommonParameters, EllipticCurve, Jwk, JwkSet, KeyAlgorithm, OctetKeyPairParameters,
        OctetKeyPairType, PublicKeyUse,
    },
};
use secrecy::SecretString;
use tokio::sync::Mutex;

use super::{
    key_rotation::{self, READ_EVERY},
    session::Grant,
};
use crate::store::signing_key::{SigningKeyRow, insert_signing_key, list_signing_keys};

/// Where the first key pair is stored. Processes that start together on an empty database agree by this number; each
/// rotation takes the next.
pub(crate) const FIRST_SLOT: i64 = 1;

/// Signs access tokens with the installation's keys, which any process of auth may rotate: so it reads them again and
/// again, and tells the verifiers of this process. When which key signs is said in [`key_rotation`].
pub(crate) struct Signer {
    db: Db,
    clock: Clock,
    issuer: String,
    /// How long a token lives.
    access_token: TimeDelta,
    /// What this process verifies by.
    verified_by: Keys,
    known: RwLock<Arc<Known>>,
    /// One reads at a time, so that nobody puts back what is older.
    reading: Mutex<()>,
}

/// The published keys, as read at a time.
pub(crate) struct Known {
    read_at: DateTime<Utc>,
    pairs: Vec<Pair>,
    jwks: JwkSet,
}

struct Pair {
    signs_from: DateTime<Utc>,
    key: EncodingKey,
    header: Header,
}

impl Signer {
    /// Reads the keys of the installation, or makes the first.
    pub(crate) async fn open(env: &Env, db: &Db, access_token: TimeDelta) -> Result<Self, Fault> {
        if list_signing_keys(db).await?.is_empty() {
            // Another process may be faster; then its key stays.
            let (now, mut tx) = (env.clock.now(), db.begin().await?);
            insert_signing_key(&mut tx, &new_pair(&env.clock, FIRST_SLOT, now)?, now).await?;
            tx.commit().await?;
        }
        let known = Arc::new(Known::read(db, &env.clock, access_token).await?);
        env.keys.replace(&known.jwks);
        Ok(Self {
            db: db.clone(),
            clock: env.clock.clone(),
            issuer: env.public_url.clone(),
            access_token,
            verified_by: env.keys.clone(),
            known: RwLock::new(known),
            reading: Mutex::default(),
        })
    }

    /// Reads the keys again, unless that was just done. Whoever signs calls it before, outside of transactions.
    pub(crate) async fn catch_up(&self) -> Result<Arc<Known>, Fault> {
        let fresh = || Some(self.known()).filter(|known| known.is_fresh(self.clock.now()));
        if let Some(known) = fresh() {
            return Ok(known);
        }
        let _turn = self.reading.lock().await;
        if let Some(known) = fresh() {
            return Ok(known);
        }
        let known = Arc::new(Known::read(&self.db, &self.clock, self.access_token).await?);
        // In this order: what is signed here is known here.
        self.verified_by.replace(&known.jwks);
        self.known.write().expect("no code panics while holding the keys").clone_from(&known);
        Ok(known)
    }

    /// A signed token that says what `grant` grants.
    pub(crate) fn access_token(&self, grant: &Grant) -> Result<SecretString, Fault> {
        let claims = Claims {
            iss: self.issuer.clone(),
            aud: AUDIENCE.to_owned(),
            sub: grant.user,
            sid: grant.session,
            role: grant.role,
            scopes: grant.scopes.words(),
            iat: grant.issued_at.timestamp(),
            nbf: grant.issued_at.timestamp(),
            exp: grant.expires_at.timestamp(),
            jti: grant.id,
        };
        let known = self.known();
        let pair = known.signing(grant.issued_at).ok_or_else(|| Fault::internal("the signing keys are out of date"))?;
        jsonwebtoken::encode(&pair.header, &claims, &pair.key).map(SecretString::from).map_err(Fault::internal)
    }

    fn known(&self) -> Arc<Known> {
        Arc::clone(&self.known.read().expect("no code panics while holding the keys"))
    }
}

impl Known {
    async fn read(db: &Db, clock: &Clock, access_token: TimeDelta) -> Result<Self, Fault> {
        let read_at = clock.now();
        let rows = list_signing_keys(db).await?;
        let rows = key_rotation::published(&rows, access_token, read_at);
        Ok(Self {
            read_at,
            pairs: rows.iter().map(Pair::new).collect(),
            jwks: JwkSet { keys: rows.iter().map(public).collect::<Result<_, _>>()? },
        })
    }

    /// The public keys, for everyone who verifies.
    pub(crate) fn jwks(&self) -> &JwkSet {
        &self.jwks
    }

    fn is_fresh(&self, now: DateTime<Utc>) -> bool {
        (now - self.read_at).to_std().is_ok_and(|age| age < READ_EVERY)
    }

    /// The key in force at a time; `None` when too much may have changed since they were read.
    fn signing(&self, time: DateTime<Utc>) -> Option<&Pair> {
        let in_force = self.pairs.iter().rev().find(|pair| pair.signs_from <= time).or(self.pairs.first());
        in_force.filter(|_| key_rotation::may_sign(self.read_at, time))
    }
}

impl Pair {
    fn new(row: &SigningKeyRow) -> Self {
        Self { signs_from: row.signs_from, key: EncodingKey::from_ed_der(&row.pkcs8), header: header(row.id) }
    }
}

/// A key pair made of random bytes.
pub(super) fn new_pair(clock: &Clock, slot: i64, signs_from: DateTime<Utc>) -> Result<SigningKeyRow, Fault> {
    let pair = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).map_err(Fault::internal)?;
    Ok(SigningKeyRow { slot, id: SigningKeyId::new(clock), pkcs8: pair.as_ref().to_vec(), signs_from })
}

fn header(key: SigningKeyId) -> Header {
    let mut header = Header::new(Algorithm::EdDSA);
    header.typ = Some(TOKEN_TYPE.to_owned());
    header.kid = Some(key.to_string());
    header
}

/// The public half of a stored pair.
fn public(key: &SigningKeyRow) -> Result<Jwk, Fault> {
    let pair = Ed25519KeyPair::from_pkcs8(&key.pkcs8).map_err(Fault::internal)?;
    Ok(Jwk {
        common: CommonParameters {
            public_key_use: Some(PublicKeyUse::Signature),
            key_algorithm: Some(KeyAlgorithm::EdDSA),
            key_id: Some(key.id.to_string()),
            ..CommonParameters::default()
        },
        algorithm: AlgorithmParameters::OctetKeyPair(OctetKeyPairParameters {
            key_type: OctetKeyPairType::OctetKeyPair,
            curve: EllipticCurve::Ed25519,
            x: BASE64URL_NOPAD.encode(pair.public_key().as_ref()),
        }),
    })
}

impl std::fmt::Debug for Signer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Signer").field("issuer", &self.issuer).finish_non_exhaustive()
    }
}
