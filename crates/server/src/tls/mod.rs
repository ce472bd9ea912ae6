//! A server's certificate and key, from PEM text or files, and their reload.

mod config;
mod pem_files;
mod reload;

pub use self::config::{Tls, TlsError};
pub(crate) use self::reload::reload;
