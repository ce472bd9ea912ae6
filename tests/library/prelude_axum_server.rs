//! What axum-server does with axum 0.8.

pub(super) use crate::support::{
    axum_08::*, protocols::over_each_protocol_of_axum_server as over_each_protocol,
};

use crate::support::{CERTIFICATE, KEY, raw};
use axum_server::{Handle, tls_rustls::RustlsConfig};
use h2::Reason;
use std::{
    net::{SocketAddr, TcpListener},
    sync::Arc,
};

/// Whether a failure can be reported in trailers. If not, `fail_with_trailers` cuts the transfer.
pub(super) const REPORTS_FAILURES_IN_TRAILERS: bool = false;

/// Whether a response keeps its field `Trailer` if its trailers can't be sent or will not come.
pub(super) const ANNOUNCES_WITHHELD_TRAILERS: bool = true;

/// Whether everything that a body returns before it fails reaches the client. If not, even the header section can be
/// missing: hyper drops what it has not yet written.
pub(super) const SENDS_ALL_BEFORE_A_CUT: bool = false;

/// How an HTTP/2 stream is reset if its body panics: hyper drops the stream.
pub(super) const RESET_BY_A_PANIC: Reason = Reason::CANCEL;

/// A part of the error that a client gets if a response over HTTP/1.0 is cut.
pub(super) const CUT_OVER_HTTP10: &str = "close_notify";

/// The most that the server reads from a body ahead of the window, in bytes: hyper's default for a stream.
pub(super) const AHEAD_OF_THE_WINDOW: usize = 400 * 1024;

/// A server in this process, on a free loopback port. It ends with the test.
pub(super) struct TestServer {
    pub(super) address: SocketAddr,
    handle: Handle<SocketAddr>,
}

impl TestServer {
    pub(super) fn start(app: Router) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        listener.set_nonblocking(true).expect("a socket of tokio");
        let address = listener.local_addr().expect("an address");
        let handle = Handle::new();
        let server =
            axum_server::from_tcp_rustls(listener, tls()).expect("a listener").handle(handle.clone());
        tokio::spawn(server.serve(app.into_make_service()));
        Self { address, handle }
    }
}

impl Drop for TestServer {
    fn drop(&mut self) {
        self.handle.shutdown();
    }
}

fn tls() -> RustlsConfig {
    let config = raw::server_config(CERTIFICATE, KEY, rustls::DEFAULT_VERSIONS, &["h2", "http/1.1"]);
    RustlsConfig::from_config(Arc::new(config))
}
