//! Files that replace others: names beside them, locks, permissions, and names that last.

use std::{
    fs::{self, File, OpenOptions, TryLockError},
    io::{self, ErrorKind},
    path::{Path, PathBuf},
};

/// How often a file is opened that other processes rename meanwhile.
const TRIES: usize = 10;

/// A file in the same folder, with a longer name.
pub(super) fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(suffix);
    path.with_file_name(name)
}

/// A file that is protected from writing must not be replaced, although its folder permits that.
pub(super) fn check_writable(target: &Path) -> io::Result<()> {
    if !fs::symlink_metadata(target).is_ok_and(|found| found.is_file()) {
        return Ok(());
    }
    match OpenOptions::new().write(true).open(target) {
        Err(error) if error.kind() == ErrorKind::PermissionDenied => Err(error),
        _ => Ok(()),
    }
}

/// Opens or creates a file for this process alone. Returns it, and whether it was created.
pub(super) fn open_locked(path: &Path) -> io::Result<(File, bool)> {
    for _ in 0..TRIES {
        let (file, is_new) = match try_open(path) {
            // Another process has removed it since.
            Err(error) if error.kind() == ErrorKind::NotFound && folder(path).is_dir() => continue,
            opened => opened?,
        };
        match file.try_lock() {
            Err(TryLockError::WouldBlock) => break,
            // Not every file system has locks.
            Ok(()) | Err(TryLockError::Error(_)) if is_at(&file, path) => return Ok((file, is_new)),
            // Another process has renamed it before this one had the lock.
            Ok(()) | Err(TryLockError::Error(_)) => {}
        }
    }
    Err(io::Error::other("another process writes it"))
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
pub(super) fn adopt_permissions(file: &File, replaced: &Path) -> io::Result<()> {
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
pub(super) fn adopt_permissions(_file: &File, _replaced: &Path) -> io::Result<()> {
    Ok(())
}

/// Makes the names in a file's folder last.
#[cfg(unix)]
pub(super) fn sync_folder(path: &Path) -> io::Result<()> {
    match File::open(folder(path)).and_then(|folder| folder.sync_all()) {
        // The folder can't be read, or the file system can't sync folders.
        Err(error) if matches!(error.kind(), ErrorKind::PermissionDenied | ErrorKind::InvalidInput) => Ok(()),
        result => result,
    }
}

#[cfg(not(unix))]
pub(super) fn sync_folder(_path: &Path) -> io::Result<()> {
    Ok(())
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use std::os::unix::fs::{PermissionsExt, symlink};

    #[test]
    fn file_belongs_to_one_process_until_it_is_closed() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("a");
        let (first, is_new) = open_locked(&path).expect("created");
        assert!(is_new);
        let error = open_locked(&path).expect_err("locked");
        assert!(error.to_string().contains("another process"), "{error}");
        drop(first);
        assert!(open_locked(&path).is_ok_and(|(_, is_new)| !is_new));
    }

    #[test]
    fn only_a_regular_file_is_opened() {
        let folder = tempfile::tempdir().expect("a folder");
        let at = |name: &str| folder.path().join(name);
        fs::write(at("secret"), "untouched").expect("written");
        symlink("secret", at("link")).expect("linked");
        symlink("nothing", at("dangling")).expect("linked");
        fs::create_dir(at("folder")).expect("created");
        for name in ["link", "dangling", "folder"] {
            let error = open_locked(&at(name)).expect_err(name);
            assert!(error.to_string().contains("no regular file"), "{error}");
        }
        assert!(!at("nothing").exists());
    }

    #[test]
    fn missing_folder_is_an_error() {
        let folder = tempfile::tempdir().expect("a folder");
        let error = open_locked(&folder.path().join("no/a")).expect_err("no folder");
        assert_eq!(error.kind(), ErrorKind::NotFound);
    }

    #[test]
    fn permissions_of_the_replaced_file_stay() {
        let folder = tempfile::tempdir().expect("a folder");
        let at = |name: &str| folder.path().join(name);
        for mode in [0o600, 0o755, 0o640] {
            fs::write(at("old"), "").expect("written");
            fs::set_permissions(at("old"), fs::Permissions::from_mode(mode)).expect("set");
            let new = File::create(at("new")).expect("created");
            adopt_permissions(&new, &at("old")).expect("set");
            assert_eq!(new.metadata().expect("found").permissions().mode() & 0o777, mode);
        }
        let new = File::create(at("new")).expect("created");
        let before = new.metadata().expect("found").permissions();
        adopt_permissions(&new, &at("none")).expect("nothing to do");
        assert_eq!(new.metadata().expect("found").permissions(), before);
    }
}
