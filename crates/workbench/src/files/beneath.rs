//! Opens files below a folder by handles: each name is looked up in a folder that is already open.
//!
//! A folder can't be swapped for a link between check and open, because nothing is opened by a full path. The kernel
//! can do the same (`openat2` with `RESOLVE_BENEATH`, only on Linux), but can't refuse hidden names and can't follow
//! absolute links that stay inside.

use rustix::{
    fd::{AsFd, OwnedFd},
    fs::{AtFlags, FileType, Mode, OFlags, open, openat, readlinkat, statat},
    io::Errno,
};
use std::{
    collections::VecDeque,
    ffi::{OsStr, OsString},
    fs::File,
    io,
    os::unix::ffi::{OsStrExt, OsStringExt},
    path::{Path, PathBuf},
};

/// Linux's limit.
const MAX_LINKS: usize = 40;

/// `O_PATH` opens a folder that may be entered but not listed. Other systems need read permission.
#[cfg(any(target_os = "linux", target_os = "android"))]
const PASS_THROUGH: OFlags = OFlags::PATH;
#[cfg(not(any(target_os = "linux", target_os = "android")))]
const PASS_THROUGH: OFlags = OFlags::RDONLY;

/// Opens the file at a relative path, or `None` if it does not exist, is hidden, or the path leaves the folder.
///
/// `roots` are paths of the folder: the first one is opened, and an absolute link into any of them stays inside.
pub(super) fn open_beneath(roots: &[PathBuf], path: &Path) -> io::Result<Option<File>> {
    let Some(root) = roots.first() else { return Ok(None) };
    let folder = open(root, PASS_THROUGH | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())?;
    let mut walk = Walk { roots, way: vec![folder], ahead: VecDeque::new(), links: 0 };
    walk.prepend(path.as_os_str());
    match walk.arrive() {
        Err(
            Errno::NOENT | Errno::NOTDIR | Errno::ACCESS | Errno::INVAL | Errno::NAMETOOLONG | Errno::NXIO,
        ) => Ok(None),
        result => Ok(result?.map(File::from)),
    }
}

struct Walk<'a> {
    roots: &'a [PathBuf],
    /// The open folders from the root to the current one.
    way: Vec<OwnedFd>,
    /// The names still to look up.
    ahead: VecDeque<OsString>,
    links: usize,
}

impl Walk<'_> {
    fn arrive(&mut self) -> Result<Option<OwnedFd>, Errno> {
        while let Some(name) = self.ahead.pop_front() {
            if name == ".." {
                self.way.pop();
                continue;
            }
            let Some(here) = self.way.last() else { return Ok(None) };
            if name.as_bytes().starts_with(b".") {
                return Ok(None);
            }
            let is_last = self.ahead.is_empty();
            let opened = if is_last { open_file(here, &name) } else { open_folder(here, &name) };
            match opened {
                Ok(file) if is_last => return Ok(Some(file)),
                Ok(folder) => self.way.push(folder),
                // The error for a link that must not be followed differs between systems.
                Err(error) => match readlinkat(here, &name, Vec::new()) {
                    Ok(target) => {
                        if !self.follow(&OsString::from_vec(target.into_bytes())) {
                            return Ok(None);
                        }
                    }
                    // Not a link, or no longer: it may have been swapped for the wanted type.
                    Err(Errno::INVAL) => {
                        let wanted = if is_last { FileType::RegularFile } else { FileType::Directory };
                        if !is_of_link(error) || ![wanted, FileType::Symlink].contains(&kind(here, &name)?) {
                            return Err(error);
                        }
                        if !self.look_up_again(name) {
                            return Ok(None);
                        }
                    }
                    Err(gone) => return Err(gone),
                },
            }
        }
        Ok(None)
    }

    /// Prepares to follow a link. Returns whether that is allowed.
    fn follow(&mut self, target: &OsStr) -> bool {
        self.links += 1;
        let path = Path::new(target);
        if path.is_relative() {
            self.prepend(target);
        } else if let Some(inside) = self.roots.iter().find_map(|root| path.strip_prefix(root).ok()) {
            self.way.truncate(1);
            self.prepend(inside.as_os_str());
        } else {
            return false;
        }
        self.links <= MAX_LINKS
    }

    /// Looks up a name again, if allowed. Counts as following a link, because the name was one.
    fn look_up_again(&mut self, name: OsString) -> bool {
        self.links += 1;
        self.ahead.push_front(name);
        self.links <= MAX_LINKS
    }

    fn prepend(&mut self, path: &OsStr) {
        let names = path.as_bytes().split(|byte| *byte == b'/');
        for name in names.rev().filter(|name| !matches!(*name, b"" | b".")) {
            self.ahead.push_front(OsStr::from_bytes(name).to_owned());
        }
    }
}

/// Opens regular files only, except if the file is swapped in between: opening a pipe would wake a process that waits
/// to write to it, and would block this thread.
fn open_file(folder: impl AsFd, name: &OsStr) -> Result<OwnedFd, Errno> {
    match kind(&folder, name)? {
        FileType::RegularFile => {
            let flags = OFlags::NONBLOCK | OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::NOCTTY;
            openat(folder, name, flags, Mode::empty())
        }
        FileType::Symlink => Err(Errno::LOOP),
        _ => Err(Errno::NXIO),
    }
}

fn open_folder(folder: impl AsFd, name: &OsStr) -> Result<OwnedFd, Errno> {
    let flags = PASS_THROUGH | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    openat(folder, name, flags, Mode::empty())
}

/// The type of a name in a folder, without following a link.
fn kind(folder: impl AsFd, name: &OsStr) -> Result<FileType, Errno> {
    Ok(FileType::from_raw_mode(statat(folder, name, AtFlags::SYMLINK_NOFOLLOW)?.st_mode))
}

/// Whether a link can cause this error. FreeBSD returns `MLINK` for a link, Linux `NOTDIR` if a folder is required.
fn is_of_link(error: Errno) -> bool {
    matches!(error, Errno::LOOP | Errno::MLINK | Errno::NOTDIR)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{fs, io::Read, os::unix::fs::symlink};

    fn folder() -> tempfile::TempDir {
        let top = tempfile::tempdir().expect("a folder");
        fs::create_dir_all(top.path().join("root/sub/deep")).expect("a folder");
        for name in ["root/file", "root/sub/file", "root/sub/deep/file", "root/.hidden", "outside"] {
            fs::write(top.path().join(name), name).expect("written");
        }
        top
    }

    fn read(top: &Path, path: &str) -> Option<String> {
        let root = top.join("root");
        let mut content = String::new();
        let file = open_beneath(&[root.canonicalize().expect("a folder"), root], Path::new(path));
        file.expect("no error")?.read_to_string(&mut content).ok()?;
        Some(content)
    }

    #[test]
    fn links_are_followed_as_long_as_they_stay_inside() {
        let top = folder();
        let root = top.path().join("root");
        let (absolute, beside) = (root.join("sub/file"), top.path().join("root-beside/file"));
        let links = [
            ("up", "sub/../file", Some("root/file")),
            ("down", "sub/deep", None),
            ("twice", "down/../deep/file", Some("root/sub/deep/file")),
            ("absolute", absolute.to_str().expect("UTF-8"), Some("root/sub/file")),
            ("dotted", "./sub//file", Some("root/sub/file")),
            ("out", "../outside", None),
            ("out-and-in", "../root/file", None),
            ("far-out", "/etc/passwd", None),
            ("beside", beside.to_str().expect("UTF-8"), None),
            ("hidden", ".hidden", None),
            ("circle", "circle", None),
            ("nowhere", "missing", None),
        ];
        for (name, target, _) in links {
            symlink(target, root.join(name)).expect("a link");
        }
        for (name, _, content) in links {
            assert_eq!(read(top.path(), name).as_deref(), content, "{name}");
        }
        assert_eq!(read(top.path(), "down/file").as_deref(), Some("root/sub/deep/file"));
        assert_eq!(read(top.path(), "down/../file").as_deref(), Some("root/sub/file"));
        assert_eq!(read(top.path(), "file/file"), None);
    }

    /// While a folder is constantly swapped for a link, only files inside are read.
    #[test]
    fn folder_that_is_exchanged_for_a_link_lets_nobody_out() {
        let top = folder();
        let root = top.path().join("root");
        fs::create_dir(top.path().join("secret")).expect("a folder");
        fs::write(top.path().join("secret/file"), "secret").expect("written");
        let ends = std::time::Instant::now() + std::time::Duration::from_millis(300);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                let (here, aside) = (root.join("sub"), root.join("aside"));
                while std::time::Instant::now() < ends {
                    fs::rename(&here, &aside).expect("renamed");
                    symlink("../secret", &here).expect("a link");
                    fs::remove_file(&here).expect("removed");
                    fs::rename(&aside, &here).expect("renamed");
                }
            });
            let mut seen = 0;
            while std::time::Instant::now() < ends {
                match read(top.path(), "sub/file") {
                    Some(content) => {
                        assert_eq!(content, "root/sub/file");
                        seen += 1;
                    }
                    None => std::thread::yield_now(),
                }
            }
            assert_ne!(seen, 0);
        });
    }

    /// The last name, or a folder on the path, is constantly swapped for a link and back, each time atomically.
    #[cfg(target_os = "linux")]
    #[test]
    fn name_that_is_exchanged_for_a_link_to_the_same_is_always_found() {
        use rustix::fs::{CWD, RenameFlags, renameat_with};
        for (place, target, path) in
            [("root/file", "sub/file", "file"), ("root/sub/deep", "../other", "sub/deep/file")]
        {
            let top = folder();
            let place = top.path().join(place);
            fs::create_dir(top.path().join("root/other")).expect("a folder");
            fs::write(top.path().join("root/other/file"), "content").expect("written");
            let link = top.path().join("link");
            let ends = std::time::Instant::now() + std::time::Duration::from_millis(300);
            std::thread::scope(|scope| {
                scope.spawn(|| {
                    symlink(target, &link).expect("a link");
                    while std::time::Instant::now() < ends {
                        renameat_with(CWD, &link, CWD, &place, RenameFlags::EXCHANGE).expect("exchanged");
                    }
                });
                while std::time::Instant::now() < ends {
                    assert!(read(top.path(), path).is_some(), "{path}");
                }
            });
        }
    }

    #[test]
    fn pipe_is_not_opened() {
        let top = folder();
        let pipe = top.path().join("root/pipe");
        let (folder, mode) = (rustix::fs::CWD, Mode::RUSR | Mode::WUSR);
        rustix::fs::mknodat(folder, &pipe, FileType::Fifo, mode, 0).expect("a pipe");
        let writer = || open(&pipe, OFlags::WRONLY | OFlags::NONBLOCK | OFlags::CLOEXEC, Mode::empty());
        let ends = std::time::Instant::now() + std::time::Duration::from_millis(200);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                while std::time::Instant::now() < ends {
                    assert_eq!(read(top.path(), "pipe"), None);
                }
            });
            while std::time::Instant::now() < ends {
                assert_eq!(writer().err(), Some(Errno::NXIO), "somebody reads");
            }
        });
    }
}
