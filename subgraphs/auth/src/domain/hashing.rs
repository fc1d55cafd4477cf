//! Hashes passwords with argon2id: on threads of its own, in memory that is used again.
//!
//! One hash takes 19 MiB and some ten milliseconds of one core. Without a bound, a few hundred sign-ins would take all
//! memory; without a queue limit, they would wait until their clients have given up.

mod load;
mod stored;
mod threads;

use std::{
    num::NonZeroU32,
    sync::Arc,
    time::{Duration, Instant},
};

use argon2::{
    ARGON2ID_IDENT, Algorithm, Argon2, Block, Params, PasswordHash, Version,
    password_hash::phc::{Output, ParamsString, Salt},
};
use chatty_kit::Fault;
use tokio::sync::oneshot;

use super::{password::Password, random};
use load::Load;
use stored::{Stored, compute};
use threads::Threads;

/// OWASP's recommendation: 19 MiB, two passes, one lane.
const MEMORY_KIB: u32 = 19_456;
const PASSES: u32 = 2;
const LANES: u32 = 1;

/// The hashing threads, and how busy they are.
pub(crate) struct Hashing {
    /// Who is computed and who waits.
    load: Arc<Load>,
    threads: Threads,
    /// Stands for the hash of an account that does not exist; no password has it.
    decoy: String,
}

/// Whether a stored hash is that of a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verified {
    No,
    Yes,
    /// It is, and was made with less care than we take now: the password should be hashed again.
    Outdated,
}

impl Verified {
    /// Whether whoever typed the password knows it.
    pub(crate) fn holds(self) -> bool {
        self != Self::No
    }
}

impl Hashing {
    /// Computes `threads` hashes at a time and refuses whoever is expected to wait longer than `longest_wait`.
    pub(crate) fn new(threads: NonZeroU32, longest_wait: Duration) -> Result<Self, Fault> {
        let decoy = phc(&random::bytes::<16>()?, &random::bytes::<32>()?)?;
        Ok(Self {
            load: Arc::new(Load::new(threads, longest_wait)),
            threads: Threads::start(threads).map_err(Fault::internal)?,
            decoy,
        })
    }

    /// The password's hash with a new salt, as a PHC string.
    pub(crate) async fn hash(&self, password: Password) -> Result<String, Fault> {
        let salt = random::bytes::<16>()?;
        self.run(move |blocks| {
            let mut output = [0; Params::DEFAULT_OUTPUT_LEN];
            compute(&argon2id()?, &password, &salt, &mut output, blocks)?;
            phc(&salt, &output)
        })
        .await
    }

    /// Whether `stored` is the hash of the password. Without a stored hash the answer is no, after the work that a hash
    /// of ours takes. One from elsewhere takes its own time until it is renewed, which tells that the account exists.
    pub(crate) async fn verify(&self, password: Password, stored: Option<String>) -> Result<Verified, Fault> {
        let known = stored.is_some();
        let stored = Stored::read(stored.unwrap_or_else(|| self.decoy.clone()))?;
        self.run(move |blocks| {
            Ok(match stored.is_of(&password, blocks)? && known {
                false => Verified::No,
                true if stored.is_outdated(&password) => Verified::Outdated,
                true => Verified::Yes,
            })
        })
        .await
    }

    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Vec<Block>) -> Result<T, Fault> + Send + 'static,
    ) -> Result<T, Fault> {
        let (place, load) = (self.load.enter()?, Arc::clone(&self.load));
        let (done, result) = oneshot::channel();
        self.threads.run(Box::new(move |blocks| {
            let start = Instant::now();
            let worked = work(blocks);
            load.measured(start.elapsed());
            // Held until here even if the request that wants it is gone: the work cannot be stopped.
            drop(place);
            // Nobody may want it any more.
            let _gone = done.send(worked);
        }));
        result.await.map_err(Fault::internal)?
    }
}

fn params() -> Result<Params, Fault> {
    Params::new(MEMORY_KIB, PASSES, LANES, Some(Params::DEFAULT_OUTPUT_LEN)).map_err(Fault::internal)
}

fn argon2id() -> Result<Argon2<'static>, Fault> {
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params()?))
}

fn phc(salt: &[u8], output: &[u8]) -> Result<String, Fault> {
    let hash = PasswordHash {
        algorithm: ARGON2ID_IDENT,
        version: Some(Version::V0x13.into()),
        params: ParamsString::try_from(params()?).map_err(Fault::internal)?,
        salt: Some(Salt::new(salt).map_err(Fault::internal)?),
        hash: Some(Output::new(output).map_err(Fault::internal)?),
    };
    Ok(hash.to_string())
}

impl std::fmt::Debug for Hashing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Hashing").field("load", &self.load).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use futures_util::{FutureExt, future::join_all};

    use super::*;

    const ONE: NonZeroU32 = NonZeroU32::MIN;

    fn password(text: &str) -> Password {
        Password::typed(&text.into()).unwrap()
    }

    /// One thread, and time enough for a few more.
    fn pool() -> Hashing {
        Hashing::new(ONE, Duration::from_secs(1)).unwrap()
    }

    /// How much memory, in KiB, the only thread has when its turn comes.
    async fn blocks(hashing: &Hashing) -> usize {
        let (done, len) = oneshot::channel();
        hashing.threads.run(Box::new(move |blocks| done.send(blocks.len()).unwrap()));
        len.await.unwrap()
    }

    #[tokio::test]
    async fn used_memory_gives_the_same_hashes_as_fresh_memory() {
        let hashing = pool();
        // Two passes of other passwords leave their blocks behind.
        for text in ["first password", "second password"] {
            let stored = hashing.hash(password(text)).await.unwrap();
            assert!(stored.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{stored}");
            let parsed = PasswordHash::new(&stored).unwrap();
            let mut fresh = [0; 32];
            argon2id()
                .unwrap()
                .hash_password_into(text.as_bytes(), parsed.salt.as_deref().unwrap(), &mut fresh)
                .unwrap();
            assert_eq!(parsed.hash.unwrap().as_bytes(), fresh);
            assert_eq!(hashing.verify(password(text), Some(stored.clone())).await.unwrap(), Verified::Yes);
            assert!(!hashing.verify(password("another password"), Some(stored)).await.unwrap().holds());
        }
        assert_eq!(blocks(&hashing).await, MEMORY_KIB as usize, "the thread keeps its memory");
    }

    #[tokio::test]
    async fn the_memory_of_a_costlier_hash_is_not_kept() {
        let hashing = pool();
        let (salt, hash) = ("c2l4dGVlbiBieXRlcyBvZg", "A".repeat(43));
        let costly = format!("$argon2id$v=19$m={},t=1,p=1${salt}${hash}", 2 * MEMORY_KIB);
        assert_eq!(hashing.verify(password("some password"), Some(costly)).await.unwrap(), Verified::No);
        assert_eq!(blocks(&hashing).await, 0);
        hashing.hash(password("some password")).await.unwrap();
        assert_eq!(blocks(&hashing).await, MEMORY_KIB as usize);
    }

    #[tokio::test]
    async fn the_decoy_has_the_parameters_of_real_hashes_and_no_password() {
        let hashing = pool();
        let real = hashing.hash(password("some password")).await.unwrap();
        let head = |phc: &str| phc.rsplitn(3, '$').last().unwrap().to_owned();
        assert_eq!(head(&hashing.decoy), head(&real));
        assert_eq!(hashing.decoy.len(), real.len());
        assert_eq!(hashing.verify(password("some password"), None).await.unwrap(), Verified::No);
    }

    #[tokio::test]
    async fn whoever_would_wait_too_long_is_refused_at_once_and_the_others_get_their_turn() {
        // As long as two hashes are guessed to take.
        let hashing = Hashing::new(ONE, Duration::from_millis(100)).unwrap();
        let (release, wait) = std::sync::mpsc::channel::<()>();
        hashing.threads.run(Box::new(move |_| assert!(wait.recv().is_err(), "nothing is sent")));
        let place = hashing.load.enter().unwrap();
        let mut waiting: Vec<_> = (0..2).map(|_| Box::pin(hashing.verify(password("some password"), None))).collect();
        for verify in &mut waiting {
            assert!(verify.now_or_never().is_none(), "waits for the thread");
        }
        let refused = hashing.verify(password("some password"), None).now_or_never();
        assert!(matches!(refused, Some(Err(Fault::RateLimited { .. }))), "{refused:?}");
        drop((release, place));
        assert!(join_all(waiting).await.into_iter().all(|verified| !verified.unwrap().holds()));
        assert_eq!(hashing.load.inside(), 0);
    }

    #[tokio::test]
    async fn a_request_that_gives_up_keeps_its_place_until_the_work_is_done() {
        let hashing = Hashing::new(ONE, Duration::ZERO).unwrap();
        let mut given_up = Box::pin(hashing.verify(password("some password"), None));
        assert!((&mut given_up).now_or_never().is_none());
        drop(given_up);
        assert_eq!(hashing.load.inside(), 1);
        // What the thread does next comes after it.
        let (done, next) = oneshot::channel();
        hashing.threads.run(Box::new(move |_| done.send(()).unwrap()));
        next.await.unwrap();
        assert_eq!(hashing.load.inside(), 0);
    }
}
