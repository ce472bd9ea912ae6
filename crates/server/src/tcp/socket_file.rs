use super::bind::BindError;
use std::{
    fs::{self, Metadata},
    io,
    os::unix::{
        fs::{FileTypeExt, MetadataExt},
        net::{UnixListener, UnixStream},
    },
    path::{Path, PathBuf},
};

/// The file of a Unix socket that this server listens on. It is removed with this value, unless it was replaced.
#[derive(Debug)]
pub(crate) struct SocketFile {
    path: PathBuf,
    identity: Identity,
}

/// Distinguishes a file from a later one with the same path. A file system may use the number of a deleted file again.
type Identity = (u64, u64, i64, i64);

impl SocketFile {
    /// Listens on a path. Replaces the file of a socket that nobody listens on.
    pub(crate) fn bind(path: &Path) -> Result<(UnixListener, Self), BindError> {
        let failed = |source| BindError { address: format!("unix:{}", path.display()), source };
        let socket = match UnixListener::bind(path) {
            Err(taken) if taken.kind() == io::ErrorKind::AddrInUse => {
                remove_stale(path).and_then(|()| UnixListener::bind(path))
            }
            bound => bound,
        };
        let socket = socket.map_err(failed)?;
        let metadata = fs::symlink_metadata(path).map_err(failed)?;
        Ok((socket, Self { path: path.to_owned(), identity: identity(&metadata) }))
    }
}

fn identity(metadata: &Metadata) -> Identity {
    (metadata.dev(), metadata.ino(), metadata.ctime(), metadata.ctime_nsec())
}

/// Removes the file of a socket whose process has ended without removing it.
fn remove_stale(path: &Path) -> io::Result<()> {
    let in_use = |why| Err(io::Error::new(io::ErrorKind::AddrInUse, why));
    if !fs::symlink_metadata(path)?.file_type().is_socket() {
        return in_use("the file exists and is not a socket");
    }
    match UnixStream::connect(path) {
        Err(refused) if refused.kind() == io::ErrorKind::ConnectionRefused => fs::remove_file(path),
        Err(error) => Err(error),
        Ok(_connection) => in_use("another process listens on it"),
    }
}

impl Drop for SocketFile {
    fn drop(&mut self) {
        let Self { path, identity: own } = self;
        if fs::symlink_metadata(&*path).is_ok_and(|metadata| identity(&metadata) == *own)
            && let Err(error) = fs::remove_file(&*path)
        {
            tracing::warn!(path = %path.display(), %error, "can't remove the file of a Unix socket");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(path: &Path) -> String {
        let error = SocketFile::bind(path).expect_err("the path is taken");
        assert_eq!(error.source.kind(), io::ErrorKind::AddrInUse);
        assert_eq!(error.to_string(), format!("can't listen on unix:{}", path.display()));
        error.source.to_string()
    }

    #[test]
    fn only_a_socket_that_nobody_listens_on_is_replaced() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("socket");
        drop(UnixListener::bind(&path).expect("a socket"));
        assert!(path.exists(), "it is left behind");
        let (_socket, file) = SocketFile::bind(&path).expect("replaced");
        assert_eq!(error(&path), "another process listens on it");
        assert!(path.exists());
        drop(file);
        assert!(!path.exists(), "it is removed at the end");
        fs::write(&path, "text").expect("written");
        assert_eq!(error(&path), "the file exists and is not a socket");
        assert_eq!(fs::read(&path).expect("the file"), b"text");
        fs::remove_file(&path).expect("removed");
        std::os::unix::fs::symlink("nowhere", &path).expect("a link");
        assert_eq!(error(&path), "the file exists and is not a socket");
    }

    #[test]
    fn file_that_was_replaced_belongs_to_somebody_else() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("socket");
        let (socket, file) = SocketFile::bind(&path).expect("a socket");
        drop(socket);
        let (_socket, other) = SocketFile::bind(&path).expect("replaced");
        drop(file);
        assert!(path.exists(), "the other server's");
        fs::remove_file(&path).expect("removed");
        drop(other);
    }
}
