//! HTTP/3 ([RFC 9114](https://www.rfc-editor.org/rfc/rfc9114)): from addresses to a QUIC connection, and requests over it.

mod activity;
mod dial;
mod handshake_error;
mod refusal;
mod response;
mod session;
mod settings;
mod upload;

pub(super) use self::{dial::dial, session::Session, settings::of_tls};
