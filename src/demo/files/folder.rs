use super::draft::sweep;
use std::{
    io,
    path::{Component, Path, PathBuf},
    time::SystemTime,
};

/// The folder whose files are served.
#[derive(Clone, Debug)]
pub struct Folder {
    root: PathBuf,
}

/// A file that may be served.
#[derive(Clone, Copy, Debug)]
pub(super) struct Found {
    /// In bytes.
    pub(super) length: u64,
    /// `None` if the platform does not tell.
    pub(super) modified: Option<SystemTime>,
}

impl Folder {
    /// Takes a folder that exists and can be read.
    ///
    /// # Errors
    ///
    /// An [`io::Error`] where it is missing, not a folder or not readable.
    pub fn new(path: impl AsRef<Path>) -> io::Result<Self> {
        let root = path.as_ref().canonicalize()?;
        std::fs::read_dir(&root)?;
        Ok(Self { root })
    }

    pub(super) fn root(&self) -> &Path {
        &self.root
    }

    /// Removes what uploads have left here whose process is gone.
    pub(in crate::demo) fn sweep(&self) -> io::Result<()> {
        sweep(&self.root)
    }

    /// The file that a path leads to, or `None` where that is no regular file in this folder or is hidden.
    ///
    /// Who can write into the folder can exchange a file for a link between this look and the opening.
    pub(super) async fn find(&self, path: &str) -> Option<Found> {
        let path = Path::new(path);
        if !is_plain(path) {
            return None;
        }
        let file = tokio::fs::canonicalize(self.root.join(path)).await.ok()?;
        let is_inside = is_plain(file.strip_prefix(&self.root).ok()?);
        let metadata = tokio::fs::metadata(&file).await.ok()?;
        let found = Found { length: metadata.len(), modified: metadata.modified().ok() };
        (is_inside && metadata.is_file()).then_some(found)
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
}
