//! hyper and axum-server as the limits want them.

use super::{
    Handle, Limits,
    threads::{Arrival, Arrivals},
};
use axum_server::accept::DefaultAcceptor;
use hyper_util::rt::TokioTimer;

pub(super) type HttpServer = axum_server::Server<Arrival, DefaultAcceptor>;

pub(super) fn on(arrivals: Arrivals, handle: &Handle, limits: &Limits) -> HttpServer {
    let mut server = axum_server::Server::from_listener(arrivals).handle(handle.inner());
    let http = server.http_builder();
    // Without a timer hyper leaves out each of these timeouts and says nothing.
    http.http1()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.request_headers)
        .max_buf_size(limits.header_section as usize);
    http.http2()
        .timer(TokioTimer::new())
        .keep_alive_interval(limits.ping)
        .keep_alive_timeout(limits.ping_timeout())
        .max_concurrent_streams(limits.streams)
        .max_header_list_size(limits.bound_of_h2())
        .max_send_buf_size(HTTP2_SEND_BUFFER);
    server
}

/// What h2 keeps of one stream for a reader whose window is open and whose socket is full, in bytes. hyper's
/// default is 400 KiB, which a stalled reader would hold.
const HTTP2_SEND_BUFFER: usize = 32 * 1024;
