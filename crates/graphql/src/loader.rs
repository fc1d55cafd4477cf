//! Batched loads: every resolver of a level asks for one key, one statement answers them all.

use std::{collections::HashMap, fmt::Debug, hash::Hash, sync::Arc};

use chatty_kit::Fault;
use dataloader::{BatchFn, non_cached};

/// Finds many values at once.
pub trait Load: Send + Sync + 'static {
    /// What a value is found by.
    type Key: Eq + Hash + Clone + Debug + Send + Sync + 'static;
    /// What is found.
    type Value: Clone + Send + Sync + 'static;

    /// The values of `keys` (1 to 1,000, each once); keys without a value are left out.
    fn load(&self, keys: &[Self::Key]) -> impl Future<Output = Result<HashMap<Self::Key, Self::Value>, Fault>> + Send;
}

/// The store's cap on a list in one statement.
const MAX_BATCH: usize = 1_000;

/// Collects the keys that are asked for at the same time. One a request: it keeps nothing between batches.
pub struct Loader<L: Load>(non_cached::Loader<L::Key, Loaded<L::Value>, Batch<L>>);

impl<L: Load> Loader<L> {
    /// A loader over `load`.
    pub fn new(load: L) -> Self {
        Self(non_cached::Loader::new(Batch(load)).with_max_batch_size(MAX_BATCH).with_yield_count(1))
    }

    /// The value of `key`, or `None` when there is none.
    pub async fn one(&self, key: L::Key) -> Result<Option<L::Value>, Fault> {
        match self.0.try_load(key).await.map_err(Fault::internal)? {
            Loaded::Found(value) => Ok(Some(value)),
            Loaded::Missing => Ok(None),
            Loaded::Failed(error) => Err(Fault::internal(error)),
        }
    }
}

/// An answer for one key; a failed batch fails each of its keys.
#[derive(Clone)]
enum Loaded<V> {
    Found(V),
    Missing,
    Failed(Shared),
}

#[derive(Debug, Clone, thiserror::Error)]
#[error("a batched load failed")]
struct Shared(#[source] Arc<Fault>);

struct Batch<L>(L);

impl<L: Load> BatchFn<L::Key, Loaded<L::Value>> for Batch<L> {
    async fn load(&mut self, keys: &[L::Key]) -> HashMap<L::Key, Loaded<L::Value>> {
        match self.0.load(keys).await {
            Ok(mut found) => {
                keys.iter().map(|key| (key.clone(), found.remove(key).map_or(Loaded::Missing, Loaded::Found))).collect()
            }
            Err(fault) => {
                let shared = Shared(Arc::new(fault));
                keys.iter().map(|key| (key.clone(), Loaded::Failed(shared.clone()))).collect()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use futures_util::future::join_all;

    use super::*;

    struct Squares(Arc<AtomicUsize>);

    impl Load for Squares {
        type Key = u64;
        type Value = u64;

        async fn load(&self, keys: &[u64]) -> Result<HashMap<u64, u64>, Fault> {
            self.0.fetch_add(1, Ordering::Relaxed);
            if keys.contains(&13) {
                return Err(Fault::internal("unlucky"));
            }
            Ok(keys.iter().filter(|key| **key % 2 == 0).map(|key| (*key, key * key)).collect())
        }
    }

    #[tokio::test]
    async fn keys_asked_together_are_one_batch_and_a_failure_reaches_each() {
        let batches = Arc::new(AtomicUsize::new(0));
        let loader = Loader::new(Squares(Arc::clone(&batches)));
        let values = join_all((0..10).map(|key| loader.one(key))).await;
        assert_eq!(batches.load(Ordering::Relaxed), 1);
        assert!(matches!(values[4], Ok(Some(16))) && matches!(values[5], Ok(None)));
        let failed = join_all([12, 13].map(|key| loader.one(key))).await;
        assert!(failed.iter().all(|value| matches!(value, Err(Fault::Internal(_)))));
    }
}
