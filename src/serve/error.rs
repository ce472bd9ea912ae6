//! Why the server could not start or had to stop: one line with the cause and the remedy.

use crate::log::FilterError;
use axum_trailers_server::{BindError, TlsError};
use axum_trailers_workbench::database::DatabaseError;
use std::{error, fmt, io, path::PathBuf};

#[derive(Debug)]
pub(crate) enum Error {
    Bind { option: &'static str, source: BindError },
    Tls(TlsError),
    Folder { path: PathBuf, source: io::Error },
    Uploads { path: PathBuf, source: io::Error },
    Database { path: Option<PathBuf>, source: DatabaseError },
    Log(FilterError),
    Inherited(io::Error),
    Serve(io::Error),
}

impl Error {
    /// Turns the error of an address into one that names its option.
    pub(crate) fn bind(option: &'static str) -> impl Fn(BindError) -> Self {
        move |source| Self::Bind { option, source }
    }
}

impl From<TlsError> for Error {
    fn from(error: TlsError) -> Self {
        Self::Tls(error)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bind { option, source: error } => {
                write!(f, "{}; {}", WithSource(error), bind_advice(error, option))
            }
            Self::Tls(error) => {
                write!(
                    f,
                    "{}; use --cert and --key with the PEM files of a certificate and its key",
                    WithSource(error)
                )
            }
            Self::Folder { path, source } => {
                write!(
                    f,
                    "can't serve files from {}: {source}; use --dir with a readable folder",
                    path.display()
                )
            }
            Self::Uploads { path, source } => {
                write!(
                    f,
                    "can't write uploads into {}: {source}; use --dir with a writable folder, or omit --allow-upload",
                    path.display()
                )
            }
            Self::Database { path: Some(path), source } => {
                write!(
                    f,
                    "{}: {}; use --database with a SQLite file, or omit it for the sample",
                    path.display(),
                    WithSource(source)
                )
            }
            Self::Database { path: None, source } => {
                write!(
                    f,
                    "can't create the sample database: {}; use --database with a SQLite file",
                    WithSource(source)
                )
            }
            Self::Log(error) => {
                write!(f, "the environment variable RUST_LOG is not a valid log filter: {error}")
            }
            Self::Inherited(error) => {
                write!(
                    f,
                    "can't use the sockets of LISTEN_FDS: {error}; pass sockets that listen, or unset LISTEN_FDS"
                )
            }
            Self::Serve(error) => write!(f, "can't run the server: {error}"),
        }
    }
}

fn bind_advice(error: &BindError, option: &str) -> String {
    if error.address.starts_with("unix:") {
        return format!("choose another path with {option}");
    }
    match error.source.kind() {
        io::ErrorKind::AddrInUse if error.address.starts_with("UDP ") => format!(
            "stop the program that uses it, choose another port with {option}, or turn HTTP/3 off with --http3 off"
        ),
        io::ErrorKind::AddrInUse => format!(
            "stop the program that uses it, or choose another address with {option} (port 0 picks a free one)"
        ),
        io::ErrorKind::PermissionDenied => format!("choose a port above 1023 with {option}"),
        io::ErrorKind::AddrNotAvailable => format!("choose an address of this machine with {option}"),
        _ => format!("choose another address with {option}"),
    }
}

struct WithSource<'a, E>(&'a E);

impl<E: error::Error> fmt::Display for WithSource<'_, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.source() {
            Some(source) => write!(f, "{}: {source}", self.0),
            None => write!(f, "{}", self.0),
        }
    }
}
