//! A server's certificate and key, from PEM or files, and how they are replaced while it runs.

mod config;
mod pem_files;
mod reload;

pub use self::config::{Tls, TlsError};
pub(crate) use self::reload::reload;
