//! The verb `serve`: runs the workbench on a server that the options configure.
//!
//! | File | |
//! |---|---|
//! | `run.rs` | build, run, exit code |
//! | `server.rs` | a server from the options |
//! | `announce.rs` | what standard output says once the server listens |
//! | `demo_certificate.rs` | the built-in certificate, and the warning about its key |
//! | `systemd.rs` | reports start and shutdown to the service manager |
//! | `error.rs` | why the server could not start or had to stop |

mod announce;
mod demo_certificate;
mod error;
mod run;
mod server;
mod systemd;

#[cfg(feature = "client")]
pub(crate) use self::{
    demo_certificate::{CERTIFICATE, KEY},
    error::Error,
    server::ServerExt,
};
pub(crate) use run::run;
