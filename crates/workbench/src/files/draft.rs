//! A file that is being written, next to its destination.

use super::{
    Folder,
    download::{Access, Preconditions, Verdict},
    folder::entry,
};
use crate::spawn;
use std::{
    collections::hash_map::RandomState,
    fs::{self, File, OpenOptions},
    hash::BuildHasher,
    io,
    path::{Path, PathBuf},
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::SystemTime,
};
use tokio::{io::AsyncWriteExt, runtime::Handle};

/// Hidden names are not served.
const PREFIX: &str = ".axum-trailers-upload-";

/// A file that is removed unless it is published.
#[derive(Debug)]
pub(super) struct Draft {
    /// `None` once the draft has been published or removed.
    open: Option<Open>,
}

#[derive(Debug)]
struct Open {
    hidden: Hidden,
    /// Locked while it is open, which distinguishes drafts from leftovers of dead processes.
    file: tokio::fs::File,
}

const OPEN: &str = "it is open until it is published or removed";

/// The path of a draft. Dropping it removes the file.
#[derive(Debug)]
struct Hidden(PathBuf);

impl Draft {
    /// Creates a draft for this destination.
    pub(super) async fn create(place: PathBuf) -> io::Result<Self> {
        spawn::thread(move || {
            let (path, file) = make(place.parent().unwrap_or(&place), entry(&place)?.as_ref())?;
            Ok(Self { open: Some(Open { hidden: Hidden(path), file: tokio::fs::File::from_std(file) }) })
        })
        .await?
    }

    fn file(&mut self) -> &mut tokio::fs::File {
        &mut self.open.as_mut().expect(OPEN).file
    }

    pub(super) async fn write(&mut self, content: &[u8]) -> io::Result<()> {
        self.file().write_all(content).await
    }

    /// Syncs the file and moves it to its destination if the preconditions still hold. Returns whether something was
    /// replaced.
    pub(super) async fn publish(
        mut self,
        folder: Folder,
        name: String,
        preconditions: Preconditions,
    ) -> Result<bool, PublishError> {
        match self.written().await {
            // On a thread, because a client that leaves must not interrupt it.
            Ok(written) => spawn::thread(move || self.place(&written, &folder, &name, &preconditions))
                .await
                .map_err(io::Error::from)?,
            Err(error) => {
                self.discard().await;
                Err(error.into())
            }
        }
    }

    /// The file with all buffered writes flushed.
    async fn written(&mut self) -> io::Result<File> {
        self.file().flush().await?;
        Ok(self.file().try_clone().await?.into_std().await)
    }

    fn place(
        mut self,
        written: &File,
        folder: &Folder,
        name: &str,
        preconditions: &Preconditions,
    ) -> Result<bool, PublishError> {
        let Open { hidden, file: _closed_at_the_end } = self.open.take().expect(OPEN);
        // Without this, two files written in the same tick of the kernel's clock would share an entity tag if the
        // second one gets the inode of the first. A file system that can't set times keeps its own.
        let _own_time = written.set_modified(SystemTime::now());
        let place = folder.root().join(name);
        inherit(written, entry(&place)?.as_ref())?;
        written.sync_all()?;
        let one_by_one = PUBLISHING.lock().unwrap_or_else(PoisonError::into_inner);
        if preconditions.evaluate(Access::Write, &folder.current(name)?) != Verdict::Proceed {
            return Err(PublishError::Precondition);
        }
        let there = entry(&place)?;
        if inherit(written, there.as_ref())? {
            written.sync_all()?;
        }
        hidden.put(&place, preconditions)?;
        drop(one_by_one);
        sync_folder(&place).map_err(PublishError::NotSynced)?;
        Ok(there.is_some())
    }

    /// Removes the draft before it returns; a drop may remove it later.
    pub(super) async fn discard(mut self) {
        let open = self.open.take();
        // If the closure does not run, it is dropped, which also removes the draft.
        let _removed = spawn::thread(move || drop(open)).await;
    }
}

impl Hidden {
    /// Moves the draft to its destination.
    fn put(mut self, place: &Path, preconditions: &Preconditions) -> Result<(), PublishError> {
        // A link fails if the name exists. Some file systems have no links.
        let linked = preconditions.must_be_new().then(|| fs::hard_link(&self.0, place));
        match linked {
            // Dropping `self` removes the hidden name.
            Some(Ok(())) => Ok(()),
            Some(Err(error)) if error.kind() == io::ErrorKind::AlreadyExists => {
                Err(PublishError::Precondition)
            }
            Some(Err(_)) | None => {
                fs::rename(&self.0, place)?;
                self.0 = PathBuf::new();
                Ok(())
            }
        }
    }
}

/// Copies the permissions of the file that a draft replaces. Returns whether the draft had different ones.
fn inherit(draft: &File, there: Option<&fs::Metadata>) -> io::Result<bool> {
    let Some(file) = there.filter(|there| there.is_file()) else { return Ok(false) };
    let has_others = inherited(&draft.metadata()?) != inherited(file);
    if has_others {
        draft.set_permissions(inherited(file))?;
    }
    Ok(has_others)
}

/// The permissions that a replacement inherits: read, write and execute. Set-user-ID and set-group-ID are not
/// inherited, because they were granted to other content.
#[cfg(unix)]
fn inherited(file: &fs::Metadata) -> fs::Permissions {
    use std::os::unix::fs::PermissionsExt;
    fs::Permissions::from_mode(file.permissions().mode() & 0o777)
}

#[cfg(not(unix))]
fn inherited(file: &fs::Metadata) -> fs::Permissions {
    file.permissions()
}

/// Serializes publishing in this process, from the check of the destination to the rename.
static PUBLISHING: Mutex<()> = Mutex::new(());

/// Why a draft is not published, or not certainly.
#[derive(Debug, thiserror::Error)]
pub(super) enum PublishError {
    #[error("the precondition does not hold")]
    Precondition,
    #[error("the file is not stored")]
    NotPublished(#[from] io::Error),
    #[error("the file is stored, but its folder can't be synced")]
    NotSynced(#[source] io::Error),
}

impl Drop for Draft {
    /// Removes the file on another thread: this one serves other clients, and removing a large file can take long.
    fn drop(&mut self) {
        let Some(open) = self.open.take() else { return };
        if Handle::try_current().is_ok() {
            spawn::thread(move || drop(open));
        }
    }
}

impl Drop for Hidden {
    fn drop(&mut self) {
        if self.0.as_os_str().is_empty() {
            return;
        }
        if let Err(error) = fs::remove_file(&self.0) {
            tracing::warn!(%error, path = %self.0.display(), "can't remove an incomplete upload");
        }
    }
}

/// A new name is durable once its folder is synced.
fn sync_folder(file: &Path) -> io::Result<()> {
    match file.parent() {
        Some(folder) if cfg!(unix) => File::open(folder)?.sync_all(),
        _ => Ok(()),
    }
}

/// Creates an empty, locked file that may replace `there`.
fn make(folder: &Path, there: Option<&fs::Metadata>) -> io::Result<(PathBuf, File)> {
    const ATTEMPTS: usize = 10;
    let mut options = OpenOptions::new();
    // Must not open an existing file or follow a link.
    options.write(true).create_new(true);
    restrict(&mut options, there);
    for _ in 0..ATTEMPTS {
        let path = folder.join(new_name());
        let file = options.open(&path)?;
        match file.try_lock() {
            // A starting server may have removed it as a leftover before it was locked.
            Ok(()) if path.exists() => return Ok((path, file)),
            Ok(()) | Err(fs::TryLockError::WouldBlock) => {}
            Err(fs::TryLockError::Error(error)) => {
                fs::remove_file(&path)?;
                return Err(error);
            }
        }
    }
    Err(io::Error::other("other servers removed the temporary file repeatedly"))
}

/// Creates the draft so that others may do no more with it than with the file that it replaces.
#[cfg(unix)]
fn restrict(options: &mut OpenOptions, there: Option<&fs::Metadata>) {
    use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
    if let Some(file) = there.filter(|there| there.is_file()) {
        options.mode(inherited(file).mode() | 0o600);
    }
}

#[cfg(not(unix))]
fn restrict(_options: &mut OpenOptions, _there: Option<&fs::Metadata>) {}

/// Checks that drafts can be created in a folder.
fn probe(folder: &Path) -> io::Result<()> {
    let (path, _locked) = make(folder, None)?;
    fs::remove_file(path)
}

fn new_name() -> String {
    static NUMBER: AtomicU64 = AtomicU64::new(0);
    format!("{PREFIX}{:016x}", RandomState::new().hash_one(NUMBER.fetch_add(1, Ordering::Relaxed)))
}

impl Folder {
    /// Removes drafts of dead processes.
    pub(crate) fn sweep(&self) -> io::Result<()> {
        sweep(self.root())
    }
}

/// Prepares a folder for drafts: removes those of dead processes. Drafts of running processes are locked and stay.
fn sweep(folder: &Path) -> io::Result<()> {
    probe(folder)?;
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if is_draft(&entry.file_name().to_string_lossy()) && entry.file_type()?.is_file() {
            match remove_left_over(&entry.path()) {
                // Its process may have finished it, or another server removed it.
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                removed => removed?,
            }
        }
    }
    Ok(())
}

fn remove_left_over(draft: &Path) -> io::Result<()> {
    match File::open(draft)?.try_lock() {
        Ok(()) => {
            fs::remove_file(draft)?;
            tracing::info!(path = %draft.display(), "removed an incomplete upload");
            Ok(())
        }
        Err(fs::TryLockError::WouldBlock) => Ok(()),
        Err(fs::TryLockError::Error(error)) => Err(error),
    }
}

fn is_draft(name: &str) -> bool {
    name.strip_prefix(PREFIX)
        .is_some_and(|number| number.len() == 16 && number.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).expect("a folder");
        let mut names: Vec<_> = entries
            .map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned())
            .collect();
        names.sort();
        names
    }

    #[tokio::test]
    async fn draft_is_published_whole_or_not_at_all() {
        let folder = tempfile::tempdir().expect("a folder");
        let place = folder.path().join("a");
        let served = Folder::new(folder.path()).expect("a folder");
        for (content, replaced) in [("one", false), ("another", true)] {
            let mut draft = Draft::create(folder.path().join("a")).await.expect("created");
            draft.write(content.as_bytes()).await.expect("written");
            assert_eq!(names(folder.path()).len(), usize::from(replaced) + 1);
            let published = draft.publish(served.clone(), "a".to_owned(), Preconditions::default()).await;
            assert_eq!(published.expect("published"), replaced);
            assert_eq!(fs::read_to_string(&place).expect("there"), content);
            assert_eq!(names(folder.path()), ["a"]);
        }
        let mut draft = Draft::create(folder.path().join("a")).await.expect("created");
        draft.write(b"a third").await.expect("written");
        draft.discard().await;
        assert_eq!(names(folder.path()), ["a"]);
        assert_eq!(fs::read_to_string(&place).expect("there"), "another");
    }

    /// Another process may create the file between the check of the destination and the rename.
    #[tokio::test]
    async fn draft_that_must_be_new_replaces_nothing() {
        let folder = tempfile::tempdir().expect("a folder");
        let place = folder.path().join("a");
        let mut headers = http_02::HeaderMap::new();
        headers.insert(http_02::header::IF_NONE_MATCH, http_02::HeaderValue::from_static("*"));
        let must_be_new = Preconditions::read(&headers);
        for is_there in [false, true] {
            let mut draft = Draft::create(folder.path().join("a")).await.expect("created");
            draft.write(if is_there { b"second" } else { b"first" }).await.expect("written");
            draft.file().flush().await.expect("written");
            let hidden = draft.open.take().expect("open").hidden;
            let put = hidden.put(&place, &must_be_new);
            assert_eq!(matches!(put, Err(PublishError::Precondition)), is_there, "{put:?}");
            assert_eq!(put.is_ok(), !is_there);
            assert_eq!(fs::read_to_string(&place).expect("there"), "first");
            assert_eq!(names(folder.path()), ["a"]);
        }
    }

    #[tokio::test]
    async fn sweep_takes_what_was_left_and_nothing_else() {
        let folder = tempfile::tempdir().expect("a folder");
        let left = format!("{PREFIX}0123456789abcdef");
        let others = [
            format!("{PREFIX}0123456789abcde"),
            format!("{PREFIX}0123456789abcdeg"),
            ".hidden".to_owned(),
            "0123456789abcdef".to_owned(),
        ];
        for name in others.iter().chain([&left]) {
            fs::write(folder.path().join(name), "x").expect("written");
        }
        fs::create_dir(folder.path().join(format!("{PREFIX}fedcba9876543210"))).expect("a folder");
        let draft = Draft::create(folder.path().join("a")).await.expect("created");
        let before = names(folder.path());
        sweep(folder.path()).expect("swept");
        let expected: Vec<_> = before.into_iter().filter(|name| *name != left).collect();
        assert_eq!(names(folder.path()), expected);
        draft.discard().await;
        assert_eq!(names(folder.path()).len(), expected.len() - 1);
    }

    /// The only blocking thread is busy, so the draft can't be removed there yet.
    #[test]
    fn draft_that_is_dropped_is_removed_on_a_thread_that_may_block() {
        let folder = tempfile::tempdir().expect("a folder");
        let runtime = tokio::runtime::Builder::new_current_thread().max_blocking_threads(1).build();
        let runtime = runtime.expect("a runtime");
        runtime.block_on(async {
            let draft = Draft::create(folder.path().join("a")).await.expect("created");
            let (go_on, busy) = std::sync::mpsc::channel::<()>();
            let thread = spawn::thread(move || busy.recv());
            drop(draft);
            assert_eq!(names(folder.path()).len(), 1);
            drop(go_on);
            thread.await.expect("no panic").expect_err("nothing was sent");
            // Blocking tasks run in order.
            spawn::thread(|| ()).await.expect("no panic");
            assert!(names(folder.path()).is_empty());

            let draft = Draft::create(folder.path().join("a")).await.expect("created");
            std::thread::spawn(move || drop(draft)).join().expect("no panic");
            assert!(names(folder.path()).is_empty(), "without a runtime");
        });
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn draft_is_as_private_as_what_it_replaces_and_never_follows_a_link() {
        use std::os::unix::fs::{PermissionsExt, symlink};
        let folder = tempfile::tempdir().expect("a folder");
        let [place, target] = ["a", "target"].map(|name| folder.path().join(name));
        let mode = |path: &Path| fs::metadata(path).expect("a file").permissions().mode() & 0o777;
        let set = |path: &Path, mode| {
            fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("a mode");
        };
        for path in [&place, &target] {
            fs::write(path, "old").expect("written");
        }
        set(&target, 0o600);
        set(&place, 0o440);
        let draft = Draft::create(place.clone()).await.expect("created");
        let path = draft.open.as_ref().expect("open").hidden.0.clone();
        assert_eq!(mode(&path) & !0o600 & !0o440, 0);

        // The draft's path is replaced by a link. Permissions must be set on the open file.
        set(&place, 0o444);
        fs::rename(&path, folder.path().join("aside"))
            .and_then(|()| symlink("target", &path))
            .expect("a link");
        let served = Folder::new(folder.path()).expect("a folder");
        let published = draft.publish(served, "a".to_owned(), Preconditions::default()).await;
        assert!(published.expect("published"));
        assert_eq!((mode(&target), mode(&folder.path().join("aside"))), (0o600, 0o444));
    }
}
