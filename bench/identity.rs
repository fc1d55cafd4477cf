//! What it costs to know who sends a request: a token that was verified before, as on nearly every request.
//!
//! Beside it the floor, one hash of the token's text, without which nothing is found again; and the first time, which
//! checks the signature. Others' tokens are remembered too, and some are revoked, as in a process that has served a while.

use std::{
    hash::{BuildHasher, RandomState},
    hint::black_box,
};

use aws_lc_rs::{
    rand::SystemRandom,
    signature::{Ed25519KeyPair, KeyPair},
};
use chatty_access::{AUDIENCE, Claims, Keys, Revocation, Revocations, Role, Snapshot, TOKEN_TYPE, Verifier};
use chatty_types::{Clock, SessionId, UserId};
use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use data_encoding::BASE64URL_NOPAD;
use jsonwebtoken::{Algorithm, EncodingKey, Header};

const ISSUER: &str = "https://chatty.test";
const OTHERS: usize = 5_000;
const REVOKED: usize = 1_000;

struct Issuer {
    clock: Clock,
    key: EncodingKey,
    keys: Keys,
}

impl Issuer {
    fn new() -> Self {
        let document = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).expect("random bytes");
        let pair = Ed25519KeyPair::from_pkcs8(document.as_ref()).expect("just generated");
        let set = serde_json::json!({"keys": [{
            "kty": "OKP", "crv": "Ed25519", "alg": "EdDSA", "use": "sig", "kid": "key_01jd3x0000000000000000000",
            "x": BASE64URL_NOPAD.encode(pair.public_key().as_ref()),
        }]});
        let keys = Keys::default();
        keys.replace(&serde_json::from_value(set).expect("a key set"));
        Self { clock: Clock::system(), key: EncodingKey::from_ed_der(document.as_ref()), keys }
    }

    fn token(&self) -> String {
        let now = self.clock.now().timestamp();
        let mut header = Header::new(Algorithm::EdDSA);
        header.typ = Some(TOKEN_TYPE.to_owned());
        header.kid = Some("key_01jd3x0000000000000000000".to_owned());
        let claims = Claims {
            iss: ISSUER.to_owned(),
            aud: AUDIENCE.to_owned(),
            sub: UserId::new(&self.clock),
            sid: SessionId::new(&self.clock),
            role: Role::User,
            scopes: Role::User.scopes().words(),
            iat: now,
            nbf: now,
            exp: now + 3_600,
            jti: self.clock.uuid(),
        };
        jsonwebtoken::encode(&header, &claims, &self.key).expect("signing works")
    }

    /// One that nobody's token is remembered by, as a router has it.
    fn verifier(&self) -> Verifier {
        let revocations = Revocations::new(self.clock.clone());
        let revoked =
            (0..REVOKED).map(|_| Revocation::Session { id: SessionId::new(&self.clock), at: self.clock.now() });
        revocations.merge(&Snapshot { seconds_kept: 660, revoked: revoked.collect() });
        Verifier::new(self.keys.clone(), ISSUER, self.clock.clone()).with_revocations(revocations)
    }
}

fn identity(criterion: &mut Criterion) {
    let issuer = Issuer::new();
    let (verifier, token) = (issuer.verifier(), issuer.token());
    for other in (0..OTHERS).map(|_| issuer.token()) {
        verifier.verify(&other).expect("genuine");
    }
    verifier.verify(&token).expect("genuine");
    let mut group = criterion.benchmark_group("identity");
    group.bench_function("a remembered token", |bencher| {
        bencher.iter(|| verifier.verify(black_box(&token)).expect("genuine"));
    });
    let hasher = RandomState::new();
    group.bench_function("floor: one hash of its text", |bencher| {
        bencher.iter(|| hasher.hash_one(black_box(token.as_str())));
    });
    group.bench_function("a token's first time", |bencher| {
        let new = || issuer.token();
        bencher.iter_batched(new, |token| verifier.verify(&token).expect("genuine"), BatchSize::SmallInput);
    });
    group.finish();
}

criterion_group!(benches, identity);
criterion_main!(benches);
