//! hyper and axum-server as the limits want them.

use super::{Handle, Limits};
use axum_server::accept::DefaultAcceptor;
use hyper_util::rt::TokioTimer;
use std::{
    io,
    net::{SocketAddr, TcpListener},
};

pub(super) type HttpServer = axum_server::Server<SocketAddr, DefaultAcceptor>;

pub(super) fn on(listener: TcpListener, handle: &Handle, limits: &Limits) -> io::Result<HttpServer> {
    listener.set_nonblocking(true)?;
    let mut server = axum_server::from_tcp(listener)?.handle(handle.inner());
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
    Ok(server)
}

/// What h2 keeps of one stream for a reader whose window is open and whose socket is full, in bytes. hyper's
/// default is 400 KiB, which a stalled reader would hold.
const HTTP2_SEND_BUFFER: usize = 32 * 1024;
