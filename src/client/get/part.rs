use super::{
    destination::cannot_write,
    kept::{self, Kept},
    sink::{Beginning, Rest, Trouble},
};
use axum_trailers::digest::{Algorithm, Hashers};
use indicatif::BinaryBytes;
use std::{
    fs::{self, File, OpenOptions, TryLockError},
    io::{self, ErrorKind, Read, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
};

/// A `.part` file beside the file that it will replace, locked for this process.
pub(super) struct Part {
    /// The file to replace.
    target: PathBuf,
    path: PathBuf,
    kept_path: PathBuf,
    file: File,
    /// This process has created it.
    is_new: bool,
    /// This transfer has written content.
    has_begun: bool,
    /// In bytes.
    length: u64,
    kept: Option<Kept>,
    /// `kept` is in its file.
    is_kept_written: bool,
    hashed: Hashed,
}

/// What has been hashed of the beginning of a file.
struct Hashed {
    hashers: Hashers,
    length: u64,
}

/// What remains of a transfer that failed.
pub(super) struct Remains {
    pub(super) path: PathBuf,
    /// In bytes.
    pub(super) length: u64,
    pub(super) can_be_continued: bool,
}

/// Content from which on the validator is written: less is requested again after a sudden end, which saves small downloads
/// another file.
const WORTH_KEEPING: u64 = 64 * 1024;

/// How often a file is opened that other processes rename meanwhile.
const TRIES: usize = 10;

impl Part {
    /// Opens or creates the file. Its content is only kept if it can be continued.
    pub(super) fn open(target: PathBuf, continues: bool) -> Result<Self, Trouble> {
        check_writable(&target)?;
        let path = beside(&target, ".part");
        let kept_path = beside(&target, ".part.json");
        let (file, is_new) = open_locked(&path)?;
        let (length, kept) = if continues {
            let found = file.metadata().map_err(|error| Trouble::Local(cannot_write(&path, &error)))?;
            (found.len(), Kept::read(&kept_path))
        } else {
            (0, None)
        };
        let is_kept_written = kept.is_some();
        let hashed = Hashed::nothing();
        let has_begun = false;
        Ok(Self { target, path, kept_path, file, is_new, has_begun, length, kept, is_kept_written, hashed })
    }

    pub(super) fn beginning(&mut self, url: &str) -> Result<Beginning, Trouble> {
        if self.length == 0 {
            return Ok(Beginning::Nothing);
        }
        let useless = |reason: &str| {
            Ok(Beginning::Useless(format!("{} is not continued: {reason}", self.path.display())))
        };
        let Some(kept) = self.kept.clone() else {
            return useless("no strong ETag was kept beside it, so the content may have changed since");
        };
        if kept.url != url {
            return useless(&format!("it comes from {}", kept.url));
        }
        let from = match kept.length {
            Some(length) if self.length > length => return useless("it is larger than the whole"),
            // The response to a request for its last byte has the digest of the whole; for an empty rest there is none.
            Some(length) if self.length == length => length - 1,
            _ => self.length,
        };
        self.rest(from, kept)
    }

    /// The last byte again, after a response that the rest is empty.
    pub(super) fn last_byte(&mut self) -> Result<Beginning, Trouble> {
        match self.kept.clone() {
            Some(kept) if self.length > 0 => self.rest(self.length - 1, kept),
            _ => Ok(Beginning::Nothing),
        }
    }

    fn rest(&mut self, from: u64, kept: Kept) -> Result<Beginning, Trouble> {
        if from == 0 {
            return Ok(Beginning::Nothing);
        }
        let hashed = self.hashed.extend(&mut self.file, from);
        hashed.map_err(|error| Trouble::Local(format!("can't read {}: {error}", self.path.display())))?;
        Ok(Beginning::Usable(Rest { from, kept, hashers: self.hashed.hashers.clone() }))
    }

    /// Starts over.
    pub(super) fn begin(&mut self, kept: Option<Kept>) -> Result<(), Trouble> {
        self.has_begun = true;
        self.is_kept_written = false;
        self.hashed = Hashed::nothing();
        // First, so that it never describes other content than it belongs to.
        self.kept = None;
        let result = kept::remove(&self.kept_path).and_then(|()| self.truncate(0));
        self.checked(result)?;
        self.kept = kept;
        Ok(())
    }

    /// Goes on at this position, in bytes.
    pub(super) fn resume(&mut self, from: u64) -> Result<(), Trouble> {
        self.has_begun = true;
        let result = self.truncate(from);
        self.checked(result)
    }

    fn truncate(&mut self, length: u64) -> io::Result<()> {
        if self.file.metadata()?.len() != length {
            self.file.set_len(length)?;
            if length == 0 {
                // Otherwise, after a crash of the system, earlier content may be beside a later validator.
                self.file.sync_all()?;
            }
        }
        self.file.seek(SeekFrom::Start(length))?;
        self.length = length;
        Ok(())
    }

    pub(super) fn write(&mut self, data: &[u8]) -> Result<(), Trouble> {
        let result = self.file.write_all(data);
        self.checked(result)?;
        self.length += data.len() as u64;
        if self.length >= WORTH_KEEPING { self.write_kept() } else { Ok(()) }
    }

    /// Writes what is needed to continue.
    pub(super) fn write_kept(&mut self) -> Result<(), Trouble> {
        if let Some(kept) = &self.kept
            && !self.is_kept_written
        {
            let result = kept.write(&self.kept_path);
            result.map_err(|error| Trouble::Local(cannot_write(&self.kept_path, &error)))?;
            self.is_kept_written = true;
        }
        Ok(())
    }

    /// Replaces the file. After that, even a crash of the system does not lose it. Returns its path.
    pub(super) fn commit(self) -> Result<PathBuf, String> {
        let sync = || -> io::Result<()> {
            adopt_permissions(&self.file, &self.target)?;
            self.file.sync_all()
        };
        sync().map_err(|error| cannot_write(&self.path, &error))?;
        fs::rename(&self.path, &self.target).map_err(|error| cannot_write(&self.target, &error))?;
        let finish = || -> io::Result<()> {
            kept::remove(&self.kept_path)?;
            sync_folder(&self.target)
        };
        finish().map_err(|error| format!("{} is complete, but: {error}", self.target.display()))?;
        Ok(self.target)
    }

    /// Sets content aside that is wrong. Returns its path.
    pub(super) fn set_aside(self) -> Result<PathBuf, String> {
        let bad = beside(&self.target, ".bad");
        fs::rename(&self.path, &bad).map_err(|error| cannot_write(&bad, &error))?;
        kept::remove(&self.kept_path).map_err(|error| cannot_write(&self.kept_path, &error))?;
        Ok(bad)
    }

    /// Leaves what can be continued.
    pub(super) fn leave(mut self) -> Option<Remains> {
        if !self.has_begun {
            if self.is_new {
                // It is empty.
                let _failed = fs::remove_file(&self.path);
            }
            return None;
        }
        // If that fails, it can't be continued.
        let _failed = self.write_kept();
        let length = self.file.metadata().map_or(self.length, |found| found.len());
        let can_be_continued = self.is_kept_written && length > 0;
        Some(Remains { path: self.path, length, can_be_continued })
    }

    fn checked<T>(&self, result: io::Result<T>) -> Result<T, Trouble> {
        result.map_err(|error| Trouble::Local(cannot_write(&self.path, &error)))
    }
}

impl Remains {
    /// What to do with it.
    pub(super) fn advice(&self) -> String {
        let (path, size) = (self.path.display(), BinaryBytes(self.length));
        if self.can_be_continued {
            format!("{path} has {size}: use --continue")
        } else {
            format!("{path} has {size}, but the server sent no strong ETag to continue it safely")
        }
    }
}

impl Hashed {
    fn nothing() -> Self {
        Self { hashers: Hashers::new(Algorithm::ALL.iter().copied()), length: 0 }
    }

    /// Hashes the first `until` bytes of a file.
    fn extend(&mut self, file: &mut File, until: u64) -> io::Result<()> {
        if self.length > until {
            *self = Self::nothing();
        }
        file.seek(SeekFrom::Start(self.length))?;
        let mut buffer = vec![0; 256 * 1024];
        while self.length < until {
            let wanted = usize::try_from(until - self.length).unwrap_or(usize::MAX).min(buffer.len());
            match file.read(&mut buffer[..wanted]) {
                Ok(0) => return Err(ErrorKind::UnexpectedEof.into()),
                Ok(read) => {
                    self.hashers.update(&buffer[..read]);
                    self.length += read as u64;
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

/// A file in the same folder, with a longer name.
fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(suffix);
    path.with_file_name(name)
}

/// A file that is protected from writing must not be replaced, although its folder permits that.
fn check_writable(target: &Path) -> Result<(), Trouble> {
    if !fs::symlink_metadata(target).is_ok_and(|found| found.is_file()) {
        return Ok(());
    }
    match OpenOptions::new().write(true).open(target) {
        Err(error) if error.kind() == ErrorKind::PermissionDenied => {
            Err(Trouble::Local(cannot_write(target, &error)))
        }
        _ => Ok(()),
    }
}

/// Returns the file, and whether it was created.
fn open_locked(path: &Path) -> Result<(File, bool), Trouble> {
    for _ in 0..TRIES {
        match try_open(path) {
            Ok((file, is_new)) => match file.try_lock() {
                Err(TryLockError::WouldBlock) => {
                    return Err(Trouble::Local(format!("another process writes {}", path.display())));
                }
                // Not every file system has locks.
                Ok(()) | Err(TryLockError::Error(_)) if is_at(&file, path) => return Ok((file, is_new)),
                // Another process has renamed it before this one had the lock.
                Ok(()) | Err(TryLockError::Error(_)) => {}
            },
            Err(error) if error.kind() == ErrorKind::NotFound && path_has_folder(path) => {}
            Err(error) => return Err(Trouble::Local(cannot_write(path, &error))),
        }
    }
    Err(Trouble::Local(format!("other processes write {}", path.display())))
}

fn try_open(path: &Path) -> io::Result<(File, bool)> {
    let mut options = OpenOptions::new();
    options.read(true).write(true);
    match options.clone().create_new(true).open(path) {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
        created => return Ok((created?, true)),
    }
    // A link may lead to any other file, and a pipe waits for a reader.
    if !fs::symlink_metadata(path)?.is_file() {
        return Err(io::Error::other("it is no regular file: remove it"));
    }
    Ok((options.open(path)?, false))
}

fn path_has_folder(path: &Path) -> bool {
    folder(path).is_dir()
}

fn folder(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

#[cfg(unix)]
fn is_at(file: &File, path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    let (Ok(opened), Ok(found)) = (file.metadata(), fs::symlink_metadata(path)) else { return false };
    (opened.dev(), opened.ino()) == (found.dev(), found.ino())
}

#[cfg(not(unix))]
fn is_at(_file: &File, path: &Path) -> bool {
    path.exists()
}

/// Gives a file the permissions of the one that it replaces, and its owner as far as this process may.
#[cfg(unix)]
fn adopt_permissions(file: &File, replaced: &Path) -> io::Result<()> {
    use std::os::unix::fs::{MetadataExt, PermissionsExt, fchown};
    let Ok(before) = fs::symlink_metadata(replaced) else { return Ok(()) };
    if !before.is_file() {
        return Ok(());
    }
    let is_of = |found: &fs::Metadata| (found.uid(), found.gid()) == (before.uid(), before.gid());
    let has_owner = is_of(&file.metadata()?) || fchown(file, Some(before.uid()), Some(before.gid())).is_ok();
    let mode = before.mode() & 0o777;
    // The members of another group were others until now.
    let mode = if has_owner { mode } else { (mode & 0o707) | ((mode & 0o007) << 3) };
    file.set_permissions(fs::Permissions::from_mode(mode))
}

#[cfg(not(unix))]
fn adopt_permissions(_file: &File, _replaced: &Path) -> io::Result<()> {
    Ok(())
}

/// Makes the names in a file's folder last.
#[cfg(unix)]
fn sync_folder(path: &Path) -> io::Result<()> {
    match File::open(folder(path)).and_then(|folder| folder.sync_all()) {
        // The folder can't be read, or the file system can't sync folders.
        Err(error) if matches!(error.kind(), ErrorKind::PermissionDenied | ErrorKind::InvalidInput) => Ok(()),
        result => result,
    }
}

#[cfg(not(unix))]
fn sync_folder(_path: &Path) -> io::Result<()> {
    Ok(())
}
