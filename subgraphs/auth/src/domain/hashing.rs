//! Hashes passwords with argon2id: on blocking threads, a bounded number at a time, in memory that is used again.
//!
//! One hash takes 19 MiB and some ten milliseconds of one core. Without a bound, a few hundred sign-ins would take all
//! memory; without a queue limit, they would wait until their clients have given up.

use std::{
    num::NonZeroUsize,
    sync::{Arc, Mutex},
    time::Duration,
};

use argon2::{
    ARGON2ID_IDENT, Algorithm, Argon2, Block, Params, PasswordHash, Version,
    password_hash::phc::{Output, ParamsString, Salt},
};
use chatty_kit::Fault;
use subtle::ConstantTimeEq;
use tokio::sync::Semaphore;

use super::{password::Password, random};

/// OWASP's recommendation: 19 MiB, two passes, one lane.
const MEMORY_KIB: u32 = 19_456;
const PASSES: u32 = 2;
const LANES: u32 = 1;

/// When a refused client should come back. The queue is gone by then, or others fill it again.
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// The pool of hashing threads and their memory.
pub(crate) struct Hashing {
    /// One for each hash that is computed or waits for it.
    places: Arc<Semaphore>,
    /// One for each hash that is computed.
    threads: Arc<Semaphore>,
    memory: Arc<Memory>,
    /// Stands for the hash of an account that does not exist; no password has it.
    decoy: String,
}

/// Blocks of finished hashes, at most as many sets as there are threads.
#[derive(Default)]
struct Memory(Mutex<Vec<Vec<Block>>>);

impl Hashing {
    /// Computes `threads` hashes at a time and lets `queue` more wait.
    pub(crate) fn new(threads: NonZeroUsize, queue: usize) -> Result<Self, Fault> {
        let threads = threads.get().min(Semaphore::MAX_PERMITS);
        let places = threads.saturating_add(queue).min(Semaphore::MAX_PERMITS);
        let decoy = phc(&random::bytes::<16>()?, &random::bytes::<32>()?)?;
        Ok(Self {
            places: Arc::new(Semaphore::new(places)),
            threads: Arc::new(Semaphore::new(threads)),
            memory: Arc::default(),
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

    /// Whether `stored`, a PHC string, is the hash of the password. Without a stored hash the answer is no, after the
    /// same work.
    pub(crate) async fn verify(&self, password: Password, stored: Option<String>) -> Result<bool, Fault> {
        let known = stored.is_some();
        let stored = stored.unwrap_or_else(|| self.decoy.clone());
        let same = self.run(move |blocks| matches(&password, &stored, blocks)).await?;
        Ok(same && known)
    }

    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Vec<Block>) -> Result<T, Fault> + Send + 'static,
    ) -> Result<T, Fault> {
        let place = Arc::clone(&self.places).try_acquire_owned();
        let place = place.map_err(|_| Fault::RateLimited { retry_after: RETRY_AFTER })?;
        let thread = Arc::clone(&self.threads).acquire_owned().await.map_err(Fault::internal)?;
        let memory = Arc::clone(&self.memory);
        let done = tokio::task::spawn_blocking(move || {
            // Held until the work ends, even if the request that wants it is gone: the work cannot be stopped.
            let _held = (place, thread);
            let mut blocks = memory.take();
            let done = work(&mut blocks);
            memory.give_back(blocks);
            done
        });
        done.await.map_err(Fault::internal)?
    }
}

impl Memory {
    fn take(&self) -> Vec<Block> {
        self.0.lock().expect("no code panics while holding the memory").pop().unwrap_or_default()
    }

    fn give_back(&self, blocks: Vec<Block>) {
        self.0.lock().expect("no code panics while holding the memory").push(blocks);
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

/// The stored hash names its own parameters, so that hashes of earlier ones stay good when ours rise.
fn matches(password: &Password, stored: &str, blocks: &mut Vec<Block>) -> Result<bool, Fault> {
    let stored = PasswordHash::new(stored).map_err(Fault::internal)?;
    let (Some(salt), Some(expected)) = (&stored.salt, &stored.hash) else {
        return Err(Fault::internal("a stored password hash has no salt or no hash"));
    };
    let algorithm = Algorithm::try_from(stored.algorithm.as_str()).map_err(Fault::internal)?;
    let version = stored.version.map_or(Ok(Version::V0x13), Version::try_from).map_err(Fault::internal)?;
    let params = Params::try_from(&stored).map_err(Fault::internal)?;
    let mut output = vec![0; expected.len()];
    compute(&Argon2::new(algorithm, version, params), password, salt, &mut output, blocks)?;
    Ok(output.ct_eq(expected.as_bytes()).into())
}

fn compute(
    argon2: &Argon2<'_>,
    password: &Password,
    salt: &[u8],
    output: &mut [u8],
    blocks: &mut Vec<Block>,
) -> Result<(), Fault> {
    let needed = argon2.params().block_count();
    if blocks.len() < needed {
        blocks.resize(needed, Block::new());
    }
    let (password, blocks) = (password.expose().as_bytes(), &mut blocks[..needed]);
    argon2.hash_password_into_with_memory(password, salt, output, blocks).map_err(Fault::internal)
}

impl std::fmt::Debug for Hashing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Hashing").field("free_places", &self.places.available_permits()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use futures_util::{FutureExt, future::join_all};

    use super::*;

    const ONE: NonZeroUsize = NonZeroUsize::MIN;

    fn password(text: &str) -> Password {
        Password::typed(&text.into()).unwrap()
    }

    #[tokio::test]
    async fn used_memory_gives_the_same_hashes_as_fresh_memory() {
        let hashing = Hashing::new(ONE, 8).unwrap();
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
            assert!(hashing.verify(password(text), Some(stored.clone())).await.unwrap());
            assert!(!hashing.verify(password("another password"), Some(stored)).await.unwrap());
        }
        assert_eq!(hashing.memory.0.lock().unwrap().len(), 1, "one thread needs one set of blocks");
    }

    #[tokio::test]
    async fn the_decoy_has_the_parameters_of_real_hashes_and_no_password() {
        let hashing = Hashing::new(ONE, 8).unwrap();
        let real = hashing.hash(password("some password")).await.unwrap();
        let head = |phc: &str| phc.rsplitn(3, '$').last().unwrap().to_owned();
        assert_eq!(head(&hashing.decoy), head(&real));
        assert_eq!(hashing.decoy.len(), real.len());
        assert!(!hashing.verify(password("some password"), None).await.unwrap());
    }

    #[tokio::test]
    async fn a_full_queue_refuses_at_once_and_those_in_it_get_their_turn() {
        let hashing = Hashing::new(ONE, 2).unwrap();
        let busy = Arc::clone(&hashing.threads).try_acquire_owned().unwrap();
        let place = Arc::clone(&hashing.places).try_acquire_owned().unwrap();
        let mut waiting: Vec<_> = (0..2).map(|_| Box::pin(hashing.verify(password("some password"), None))).collect();
        for verify in &mut waiting {
            assert!(verify.now_or_never().is_none(), "waits for the thread");
        }
        let refused = hashing.verify(password("some password"), None).now_or_never();
        assert!(matches!(refused, Some(Err(Fault::RateLimited { retry_after })) if retry_after == RETRY_AFTER));
        drop((busy, place));
        assert!(join_all(waiting).await.into_iter().all(|verified| !verified.unwrap()));
    }

    #[tokio::test]
    async fn a_request_that_gives_up_keeps_its_place_until_the_work_is_done() {
        let hashing = Hashing::new(ONE, 0).unwrap();
        let mut given_up = Box::pin(hashing.verify(password("some password"), None));
        assert!((&mut given_up).now_or_never().is_none());
        drop(given_up);
        assert_eq!(hashing.places.available_permits(), 0);
        // The place comes back when the thread is done with it.
        let _place = hashing.places.acquire().await.unwrap();
    }
}
