use super::bind::BindError;
use socket2::{Domain, SockAddr, Socket, Type};
use std::{
    fs::{self, Metadata},
    io,
    os::unix::{
        fs::{FileTypeExt, MetadataExt},
        net::UnixListener,
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
/// Unlike the time of the last change, that of the last modification stays if the file gets another mode or owner.
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
    (metadata.dev(), metadata.ino(), metadata.mtime(), metadata.mtime_nsec())
}

/// Removes the file of a socket whose process has ended without removing it.
fn remove_stale(path: &Path) -> io::Result<()> {
    let in_use = |why| Err(io::Error::new(io::ErrorKind::AddrInUse, why));
    if !fs::symlink_metadata(path)?.file_type().is_socket() {
        return in_use("the file exists and is not a socket");
    }
    let listens = in_use("another process listens on it");
    match connect(path) {
        Err(refused) if refused.kind() == io::ErrorKind::ConnectionRefused => fs::remove_file(path),
        // Its queue of connections is full.
        Err(full) if full.kind() == io::ErrorKind::WouldBlock => listens,
        Err(error) => Err(error),
        Ok(()) => listens,
    }
}

/// Connects without waiting.
fn connect(path: &Path) -> io::Result<()> {
    let socket = Socket::new(Domain::UNIX, Type::STREAM, None)?;
    socket.set_nonblocking(true)?;
    socket.connect(&SockAddr::unix(path)?)
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
    use std::{
        fs::Permissions,
        os::unix::{fs::PermissionsExt, net::UnixStream},
    };

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
    fn file_with_another_mode_is_removed_at_the_end() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("socket");
        let (_socket, file) = SocketFile::bind(&path).expect("a socket");
        fs::set_permissions(&path, Permissions::from_mode(0o660)).expect("changed");
        drop(file);
        assert!(!path.exists());
    }

    #[test]
    fn process_that_accepts_nothing_holds_nobody_up() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("socket");
        let listener = Socket::new(Domain::UNIX, Type::STREAM, None).expect("a socket");
        listener.bind(&SockAddr::unix(&path).expect("a path")).expect("bound");
        listener.listen(0).expect("it listens");
        let _first = UnixStream::connect(&path).expect("there is room for one");
        assert_eq!(error(&path), "another process listens on it");
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
