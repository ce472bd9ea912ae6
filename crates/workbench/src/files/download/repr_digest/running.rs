use super::{Identity, ReprDigests};
use crate::{files::download::version::Version, spawn};
use axum_trailers::digest::{Algorithm, Digest, Hashers};
use std::{
    fs::{File, Metadata},
    io,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::SystemTime,
};
use tokio::sync::watch;

/// How many files are hashed at once: requests for one byte of large files must not occupy all cores. Further files get
/// no digest.
const FILES: usize = 2;

/// The size of a read, in bytes.
const STEP: usize = 256 * 1024;

/// The files that are currently hashed.
#[derive(Clone, Debug, Default)]
pub(super) struct Running(Arc<Mutex<Vec<Run>>>);

/// A file that is hashed. All waiting requests share it; it stops when the last one is gone.
#[derive(Clone, Debug)]
struct Run {
    key: (Identity, Algorithm),
    result: watch::Sender<Option<Digest>>,
}

/// The future digest of a file.
#[derive(Debug)]
pub(crate) struct Pending(watch::Receiver<Option<Digest>>);

impl ReprDigests {
    /// Starts to hash a file that had this metadata when it was opened, or joins a run. `None` if too many other files
    /// are hashed, or if the system has no identities.
    pub(crate) fn begin(
        &self,
        file: &File,
        metadata: &Metadata,
        algorithm: Algorithm,
    ) -> io::Result<Option<Pending>> {
        let Some(identity) = Identity::of(metadata) else { return Ok(None) };
        let key = (identity, algorithm);
        let mut running = self.running.lock();
        if let Some(run) = running.iter().find(|run| run.key == key) {
            return Ok(Some(Pending(run.result.subscribe())));
        }
        if running.len() >= FILES {
            return Ok(None);
        }
        let (file, version) = (file.try_clone()?, Version::of(metadata));
        let (result, pending) = watch::channel(None);
        let run = Run { key, result };
        running.push(run.clone());
        drop(running);
        let digests = self.clone();
        spawn::thread(move || digests.run(&file, version, run));
        Ok(Some(Pending(pending)))
    }

    fn run(&self, file: &File, version: Version, run: Run) {
        let began = SystemTime::now();
        let (identity, listed) = (run.key.0, Listed { running: &self.running, run });
        match listed.hash(file, version) {
            Ok(Some(digest)) => {
                if identity.is_settled(began) {
                    self.keep(identity, digest.clone());
                }
                listed.run.result.send_replace(Some(digest));
            }
            Ok(None) => {}
            Err(error) => tracing::warn!(%error, "can't hash a file"),
        }
    }
}

impl Running {
    fn lock(&self) -> MutexGuard<'_, Vec<Run>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A run that stays in the list until it ends, even by a panic.
struct Listed<'a> {
    running: &'a Running,
    run: Run,
}

impl Listed<'_> {
    /// Hashes a file while a request waits for it. `None` if none does, or if the file was written.
    fn hash(&self, file: &File, mut version: Version) -> io::Result<Option<Digest>> {
        let algorithm = self.run.key.1;
        let (mut hashers, mut at, mut step) = (Hashers::new([algorithm]), 0, vec![0; STEP]);
        while self.is_awaited() {
            let read = read_at(file, &mut step, at)?;
            if read == 0 {
                let is_same = version.still_is(&file.metadata()?);
                return Ok(hashers.finish().pop().filter(|_| is_same));
            }
            hashers.update(&step[..read]);
            at += read as u64;
        }
        Ok(None)
    }

    /// Whether a request waits. If none does, the run is removed under the same lock, so no request can join a run that
    /// ends.
    fn is_awaited(&self) -> bool {
        let mut running = self.running.lock();
        let is_closed = self.run.result.is_closed();
        running.retain(|run| !(is_closed && run.is(&self.run)));
        !is_closed
    }
}

impl Run {
    /// Compares channels, because the same file may have a newer run after an abandoned one.
    fn is(&self, other: &Self) -> bool {
        self.result.same_channel(&other.result)
    }
}

impl Drop for Listed<'_> {
    fn drop(&mut self) {
        self.running.lock().retain(|run| !run.is(&self.run));
    }
}

impl Pending {
    /// `None` if the file has changed or can't be read.
    pub(super) async fn digest(mut self) -> Option<Digest> {
        self.0.wait_for(Option::is_some).await.ok()?.clone()
    }
}

/// Does not move the file's position, which another reader shares.
#[cfg(unix)]
fn read_at(file: &File, bytes: &mut [u8], at: u64) -> io::Result<usize> {
    std::os::unix::fs::FileExt::read_at(file, bytes, at)
}

#[cfg(not(unix))]
fn read_at(_file: &File, _bytes: &mut [u8], _at: u64) -> io::Result<usize> {
    Err(io::ErrorKind::Unsupported.into())
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use std::{fs, path::Path, time::Duration};

    #[tokio::test]
    async fn file_that_is_replaced_has_its_digest_and_one_that_is_written_has_none() {
        type Change = fn(&Path);
        let changes: [(&str, Change, bool); 3] = [
            ("left alone", |_| {}, true),
            (
                "replaced",
                |path| {
                    let new = path.with_extension("new");
                    fs::write(&new, "new").and_then(|()| fs::rename(&new, path)).expect("replaced");
                },
                true,
            ),
            (
                "written",
                |path| {
                    let modified = fs::metadata(path).and_then(|file| file.modified()).expect("a time");
                    fs::write(path, "two").expect("written");
                    let file = File::options().write(true).open(path).expect("a file");
                    file.set_modified(modified).expect("dated");
                },
                false,
            ),
        ];
        for (name, change, has_digest) in changes {
            let folder = tempfile::tempdir().expect("a folder");
            let path = folder.path().join("file");
            fs::write(&path, "one").expect("written");
            let file = File::open(&path).expect("a file");
            let metadata = file.metadata().expect("metadata");
            // Longer than a tick of the kernel's clock.
            std::thread::sleep(Duration::from_millis(20));
            change(&path);
            let pending = ReprDigests::default().begin(&file, &metadata, Algorithm::Sha256);
            let digest = pending.expect("no error").expect("a free place").digest().await;
            assert_eq!(digest.is_some(), has_digest, "{name}");
        }
    }
}
