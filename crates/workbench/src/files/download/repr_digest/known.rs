use super::{Identity, running::Running};
use axum_trailers::digest::{Algorithm, Digest};
use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// How many digests are kept. Each takes about 200 bytes.
const CAPACITY: usize = 1024;

/// Digests of whole files: known ones and those being computed.
#[derive(Clone, Debug, Default)]
pub(crate) struct ReprDigests {
    known: Arc<Mutex<Known>>,
    pub(super) running: Running,
}

/// Digests in insertion order.
#[derive(Debug, Default)]
struct Known {
    digests: HashMap<(Identity, Algorithm), Digest>,
    order: VecDeque<(Identity, Algorithm)>,
}

impl ReprDigests {
    pub(crate) fn get(&self, file: Identity, algorithm: Algorithm) -> Option<Digest> {
        self.lock().digests.get(&(file, algorithm)).cloned()
    }

    /// Stores the digest of a settled file. Evicts the oldest one if necessary.
    pub(super) fn keep(&self, file: Identity, digest: Digest) {
        let (mut known, key) = (self.lock(), (file, digest.algorithm()));
        if known.digests.insert(key, digest).is_some() {
            return;
        }
        known.order.push_back(key);
        if known.order.len() > CAPACITY
            && let Some(oldest) = known.order.pop_front()
        {
            known.digests.remove(&oldest);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn latest_digests_are_kept() {
        let digests = ReprDigests::default();
        let digest = |byte| Digest::new(Algorithm::Sha256, vec![byte; 32]).expect("as long as it must be");
        let files = u64::try_from(CAPACITY).expect("small") + 2;
        for inode in 0..files {
            digests.keep(Identity::numbered(inode), digest(1));
            digests.keep(Identity::numbered(inode), digest(2));
        }
        let get = |inode, algorithm| digests.get(Identity::numbered(inode), algorithm);
        for inode in 0..files {
            assert_eq!(get(inode, Algorithm::Sha256), (inode >= 2).then(|| digest(2)), "{inode}");
        }
        assert_eq!(get(files - 1, Algorithm::Sha512), None);
        assert_eq!(digests.lock().digests.len(), CAPACITY);
    }
}
