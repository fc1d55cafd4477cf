//! The keys that sign access tokens, and the tokens.

use aws_lc_rs::{
    rand::SystemRandom,
    signature::{Ed25519KeyPair, KeyPair},
};
use chatty_access::{AUDIENCE, Claims, TOKEN_TYPE};
use chatty_kit::Fault;
use chatty_store::Db;
use chatty_types::{Clock, SigningKeyId};
use data_encoding::BASE64URL_NOPAD;
use jsonwebtoken::{
    Algorithm, EncodingKey, Header,
    jwk::{
        AlgorithmParameters, CommonParameters, EllipticCurve, Jwk, JwkSet, KeyAlgorithm, OctetKeyPairParameters,
        OctetKeyPairType, PublicKeyUse,
    },
};
use secrecy::SecretString;

use super::session::Grant;
use crate::store::signing_key::{SigningKeyRow, insert_signing_key, list_signing_keys};

/// Where the first key pair is stored. Processes that start together on an empty database agree by this number.
const FIRST_SLOT: i64 = 1;

/// Signs access tokens with the newest key.
pub(crate) struct Signer {
    key: EncodingKey,
    header: Header,
    issuer: String,
    jwks: JwkSet,
}

impl Signer {
    /// Reads the keys of the installation, or makes the first.
    pub(crate) async fn open(db: &Db, clock: &Clock, issuer: &str) -> Result<Self, Fault> {
        let mut keys = list_signing_keys(db).await?;
        if keys.is_empty() {
            create_first(db, clock).await?;
            // Not the one just made: another process may have been faster.
            keys = list_signing_keys(db).await?;
        }
        let newest = keys.last().ok_or_else(|| Fault::internal("the signing key is gone"))?;
        Ok(Self {
            key: EncodingKey::from_ed_der(&newest.pkcs8),
            header: header(newest.id),
            issuer: issuer.to_owned(),
            jwks: JwkSet { keys: keys.iter().map(public).collect::<Result<_, _>>()? },
        })
    }

    /// The public keys, for everyone who verifies.
    pub(crate) fn jwks(&self) -> &JwkSet {
        &self.jwks
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
        jsonwebtoken::encode(&self.header, &claims, &self.key).map(SecretString::from).map_err(Fault::internal)
    }
}

async fn create_first(db: &Db, clock: &Clock) -> Result<(), Fault> {
    let pair = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).map_err(Fault::internal)?;
    let mut tx = db.begin().await?;
    insert_signing_key(&mut tx, FIRST_SLOT, SigningKeyId::new(clock), pair.as_ref(), clock.now()).await?;
    Ok(tx.commit().await?)
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
        f.debug_struct("Signer").field("kid", &self.header.kid).finish_non_exhaustive()
    }
}
