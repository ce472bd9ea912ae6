//! The demo certificate is built in, so it is available in any working directory.

use crate::{cli::ServeArgs, log::Log};
use axum_trailers_server::Server;
use tracing::Level;

pub(crate) const CERTIFICATE: &[u8] = include_bytes!("../../self_signed_certs/cert.pem");
pub(crate) const KEY: &[u8] = include_bytes!("../../self_signed_certs/key.pem");

/// Whether the key is the built-in one, which is public.
pub(super) fn uses_demo_key(args: &ServeArgs) -> bool {
    // Only regular files: a pipe has already been read, and opening it again may block for ever.
    args.key.as_ref().is_none_or(|path| path.is_file() && std::fs::read(path).is_ok_and(|key| key == KEY))
}

/// Warns if other machines can reach a listener whose key is public.
pub(super) fn warn_of_demo_key(server: &Server, log: &Log) {
    for address in server.local_addrs().into_iter().filter(|address| !address.ip().is_loopback()) {
        let warning = format!(
            "{address} is reachable from other machines, but the demo key is public: anyone on the path can \
             read and change this traffic; use your own key with --cert and --key"
        );
        log.say(Level::WARN, &warning);
    }
}
