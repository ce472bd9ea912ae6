//! hyper with the server's limits, and its connections from the first byte to the end.

use super::{guard::Guard, service::HyperService, trailer_blocks::TrailerBlocks, transport::Transport};
use crate::{
    accept::Rejections,
    app::ConnectionService,
    connection::{CloseReason, Connection, LAST_WORDS, LINGER_AT_MOST, Protocol, Step, Watchdog},
    exchange::with_sources,
    limits::Limits,
    shutdown::Shutdown,
};
use http::Version;
use hyper::server::conn::{http1, http2};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use std::pin::{Pin, pin};
use tokio::{io::AsyncWriteExt, time::timeout};

/// Makes HTTP connections from guarded streams.
pub(super) struct Http {
    http1: http1::Builder,
    http2: http2::Builder<TokioExecutor>,
}

impl Http {
    pub(crate) fn new(limits: &Limits) -> Self {
        // Without a timer hyper leaves out each of these timeouts and says nothing.
        let mut http1 = http1::Builder::new();
        http1
            .timer(TokioTimer::new())
            .header_read_timeout(limits.request_headers)
            .max_buf_size(limits.header_section as usize);
        let mut http2 = http2::Builder::new(TokioExecutor::new());
        http2
            .timer(TokioTimer::new())
            .keep_alive_interval(limits.ping)
            .keep_alive_timeout(limits.ping_timeout())
            .max_concurrent_streams(limits.streams)
            .max_header_list_size(section_bound(limits))
            .initial_stream_window_size(HTTP2_STREAM_WINDOW)
            .initial_connection_window_size(HTTP2_CONNECTION_WINDOW)
            .max_send_buf_size(HTTP2_SEND_BUFFER);
        Self { http1, http2 }
    }

    /// Serves a connection until it has ended, for whatever reason.
    pub(crate) async fn serve<S: Transport + Send + 'static>(
        &self,
        guard: Box<Guard<S>>,
        service: ConnectionService,
        rejections: &Rejections,
    ) {
        let protocol = guard.protocol();
        let connection = service.connection().clone();
        let (io, service) = (TokioIo::new(guard), HyperService::new(service, protocol));
        if protocol == Protocol::Http2 {
            self.serve_http2(io, service, &connection, rejections).await;
        } else {
            self.serve_http1(io, service, &connection, rejections).await;
        }
    }

    async fn serve_http1<S: Transport + Send + 'static>(
        &self,
        io: TokioIo<Box<Guard<S>>>,
        service: HyperService,
        connection: &Connection,
        rejections: &Rejections,
    ) {
        let mut http = self.http1.serve_connection(io, service);
        let ended = drive(Pin::new(&mut http), connection, Protocol::Http1).await;
        let mut guard = http.into_parts().io.into_inner();
        if let Ok(Err(error)) = &ended
            && error.is_parse()
        {
            let (status, reason) = (status_of(error), with_sources(error));
            rejections.head_refused(connection, Version::HTTP_11, Some(status), &reason);
        }
        if let Some(error) = guard.framing_fault() {
            rejections.malformed(connection, &error);
        }
        match ended {
            _ if guard.is_broken_by_handler() => {
                let broken = std::future::poll_fn(|cx| guard.poll_break(cx));
                let _in_time = timeout(LINGER_AT_MOST, broken).await;
            }
            // hyper closes neither a connection for an upgrade nor one after its timeout.
            Ok(_) => close(&mut guard, connection.shutdown()).await,
            // An alert can only follow the data that waits to be sent.
            Err(_cut) if guard.must_reset() => drop(timeout(LAST_WORDS, guard.flush()).await),
            Err(_cut) => {}
        }
    }

    async fn serve_http2<S: Transport + Send + 'static>(
        &self,
        io: TokioIo<Box<Guard<S>>>,
        service: HyperService,
        connection: &Connection,
        rejections: &Rejections,
    ) {
        let http = pin!(self.http2.serve_connection(io, service));
        // If it was cut, its streams have ended, and each has logged why.
        let _ended = drive(http, connection, Protocol::Http2).await;
        if let Some(reason @ (CloseReason::PseudoHeader | CloseReason::SelfDependency)) =
            connection.close_reason()
        {
            rejections.malformed(connection, &reason);
        }
    }
}

/// The status with which hyper has responded. It distinguishes a target that is too long from a head that is too large only
/// in its message.
fn status_of(error: &hyper::Error) -> &'static str {
    match error.is_parse_too_large() {
        true if error.to_string().starts_with("URI") => "414",
        true => "431",
        false => "400",
    }
}

async fn close<S: Transport>(guard: &mut Guard<S>, shutdown: &Shutdown) {
    tokio::select! {
        _in_time = timeout(LINGER_AT_MOST, guard.close()) => {}
        () = shutdown.begun() => {}
    }
}

/// How much of one stream h2 buffers if the client's window is open and its socket is full, in bytes. A stalled reader
/// would hold hyper's default, 400 KiB.
const HTTP2_SEND_BUFFER: usize = 32 * 1024;

/// How much content of one stream a client may send before the application reads it, in bytes.
///
/// An upload is limited to this per round trip: 20 MB/s at 25 ms. On the same machine, larger windows make no difference.
const HTTP2_STREAM_WINDOW: u32 = 512 * 1024;

/// How much content a client may send on all streams of a connection before the application reads it, in bytes: the windows
/// of 16 streams. While nobody reads up to 15 streams, the others continue.
const HTTP2_CONNECTION_WINDOW: u32 = 16 * HTTP2_STREAM_WINDOW;

/// A connection of hyper that can stop accepting requests.
trait Drain: Future<Output = hyper::Result<()>> {
    fn drain(self: Pin<&mut Self>);
}

impl<S: Transport> Drain for http1::Connection<TokioIo<Box<Guard<S>>>, HyperService> {
    fn drain(self: Pin<&mut Self>) {
        self.graceful_shutdown();
    }
}

impl<S: Transport> Drain for http2::Connection<TokioIo<Box<Guard<S>>>, HyperService, TokioExecutor> {
    fn drain(self: Pin<&mut Self>) {
        self.graceful_shutdown();
    }
}

/// Polls a connection until it ends, exceeds a limit, or the server aborts it.
async fn drive<C: Drain>(
    mut http: Pin<&mut C>,
    connection: &Connection,
    protocol: Protocol,
) -> Result<hyper::Result<()>, CloseReason> {
    let mut watchdog = Watchdog::new(connection, protocol);
    loop {
        tokio::select! {
            biased;
            ended = http.as_mut() => {
                if let Err(error) = &ended {
                    tracing::debug!(peer = %connection.peer, error = with_sources(error), "connection ended");
                }
                return Ok(ended);
            }
            step = watchdog.next() => match step? {
                Step::Poll => {}
                Step::Drain => http.as_mut().drain(),
            }
        }
    }
}

/// The limit of h2 for header and trailer sections, in bytes. Sections between the server's limits and this one are rejected by
/// the server itself.
fn section_bound(limits: &Limits) -> u32 {
    limits.header_section.max(TrailerBlocks::bound_of_h2(limits.trailer_section))
}
