use super::download::{Current, Validators};
use std::{
    fs::{File, Metadata},
    io,
    path::{Component, Path, PathBuf},
    sync::Arc,
};

/// The folder whose files are served.
#[derive(Clone, Debug)]
pub struct Folder {
    /// The folder's paths: first with links resolved, then as given, because absolute links may use either.
    roots: Arc<[PathBuf; 2]>,
}

/// An open file that may be served.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) file: File,
    pub(super) metadata: Metadata,
}

impl Folder {
    /// Opens a folder that exists and is readable.
    ///
    /// # Errors
    ///
    /// An [`io::Error`] if it is missing, not a folder or not readable.
    pub fn new(path: impl AsRef<Path>) -> io::Result<Self> {
        let root = path.as_ref().canonicalize()?;
        std::fs::read_dir(&root)?;
        Ok(Self { roots: Arc::new([root, std::path::absolute(path)?]) })
    }

    pub(super) fn root(&self) -> &Path {
        &self.roots[0]
    }

    /// Opens the file at a path, or `None` if it is not a regular file in this folder or is hidden. Blocks.
    pub(super) fn find(&self, path: &Path) -> io::Result<Option<Found>> {
        // `Path` drops a trailing slash, which means a folder.
        if !is_plain(path) || path.as_os_str().as_encoded_bytes().ends_with(b"/") {
            return Ok(None);
        }
        let Some(file) = self.open(path)? else { return Ok(None) };
        let metadata = file.metadata()?;
        Ok(metadata.is_file().then_some(Found { file, metadata }))
    }

    /// What exists under the name of an upload. Blocks.
    ///
    /// # Errors
    ///
    /// An [`io::Error`] if this can't be determined. The caller must not conclude that nothing exists.
    pub(super) fn current(&self, name: &str) -> io::Result<Current> {
        match self.find(Path::new(name))? {
            Some(found) => Ok(Current::File(Validators::of(&found.metadata))),
            None => Ok(unopened(entry(&self.root().join(name))?)),
        }
    }

    #[cfg(unix)]
    fn open(&self, path: &Path) -> io::Result<Option<File>> {
        super::beneath::open_beneath(&*self.roots, path)
    }

    /// Does not use folder handles: a user who can write to the folder can swap a file for a link in between.
    #[cfg(not(unix))]
    fn open(&self, path: &Path) -> io::Result<Option<File>> {
        let Ok(file) = self.root().join(path).canonicalize() else { return Ok(None) };
        let is_inside = file.strip_prefix(self.root()).is_ok_and(is_plain);
        if is_inside && file.is_file() { File::open(file).map(Some) } else { Ok(None) }
    }
}

/// The metadata of a path, without following a link, or `None` if nothing exists there. Blocks.
pub(super) fn entry(path: &Path) -> io::Result<Option<Metadata>> {
    match path.symlink_metadata() {
        Ok(metadata) => Ok(Some(metadata)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// What a name that `GET` does not serve stands for. A file that the server may not read also has validators:
/// `If-Unmodified-Since` is compared with its date
/// ([RFC 9110 §13.1.4](https://www.rfc-editor.org/rfc/rfc9110#section-13.1.4)).
fn unopened(entry: Option<Metadata>) -> Current {
    match entry {
        None => Current::Nothing,
        Some(metadata) if metadata.is_file() => Current::File(Validators::of(&metadata)),
        Some(_) => Current::Unserved,
    }
}

/// Whether a relative path only goes down, through names that are not hidden.
pub(super) fn is_plain(path: &Path) -> bool {
    path.components().all(|component| match component {
        Component::Normal(name) => !name.as_encoded_bytes().starts_with(b"."),
        Component::CurDir => true,
        Component::Prefix(_) | Component::RootDir | Component::ParentDir => false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_paths_go_down_and_are_not_hidden() {
        for plain in ["a", "a/b.txt", "./a", "a..b"] {
            assert!(is_plain(Path::new(plain)), "{plain}");
        }
        for other in ["..", "../a", "a/../b", "/etc/passwd", ".git/config", "a/.hidden"] {
            assert!(!is_plain(Path::new(other)), "{other}");
        }
    }

    #[test]
    fn regular_file_is_found_and_nothing_else() {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::create_dir(folder.path().join("sub")).expect("a folder");
        std::fs::write(folder.path().join("sub/file"), "four").expect("written");
        let served = Folder::new(folder.path()).expect("a folder");
        let find = |path: &str| served.find(Path::new(path)).expect("no error");
        assert_eq!(find("sub/file").expect("a file").metadata.len(), 4);
        for other in ["", "sub", "sub/", "sub/file/", "sub/file/x", "missing", "/sub/file", "a\0b"] {
            assert!(find(other).is_none(), "{other:?}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn name_is_free_only_if_nothing_has_it() {
        let top = tempfile::tempdir().expect("a folder");
        let root = top.path().join("root");
        std::fs::create_dir(&root).expect("a folder");
        let served = Folder::new(&root).expect("a folder");
        std::fs::write(root.join("file"), "four").expect("written");
        std::os::unix::fs::symlink("circle", root.join("circle")).expect("a link");
        let _socket = std::os::unix::net::UnixListener::bind(root.join("socket")).expect("a socket");
        let current = |name: &str| served.current(name);
        assert!(matches!(current("file"), Ok(Current::File(_))));
        assert!(matches!(current("circle"), Ok(Current::Unserved)));
        assert!(matches!(current("socket"), Ok(Current::Unserved)));
        assert!(matches!(current("missing"), Ok(Current::Nothing)));
        assert!(current(&"a".repeat(300)).is_err(), "a name that the system does not take");

        // Like a file that may not be read: it can't be opened, but it exists.
        let file = entry(&root.join("file")).expect("no error");
        assert!(matches!(unopened(file), Current::File(_)));

        std::fs::rename(&root, top.path().join("aside")).expect("renamed");
        std::os::unix::fs::symlink("root", &root).expect("a link");
        assert!(current("file").is_err(), "a folder that can't be opened");
    }
}
