#[cfg(feature = "http3")]
use super::http3::Session;
use super::{SendError, Transport};
use crate::{
    bounds::{MOST_HTTP1_FIELDS, MOST_SECTION},
    exchange::{Error, Exchange, Incoming, OnInformational, OutgoingBody},
    io::{
        Faults, Http1Stream, Http2Stream, MOST_INFORMATIONAL, Owner, TrailerLines, Written,
        too_many_informational,
    },
    verdict::Cut,
};
#[cfg(feature = "http3")]
use http::HeaderValue;
use http::{Request, Response, StatusCode, Version};
use hyper::{
    client::conn::{http1, http2},
    ext::on_informational,
};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use rustls::AlertDescription;
use std::{
    future::Future,
    sync::atomic::{AtomicUsize, Ordering},
};
use tokio::io::{AsyncRead, AsyncWrite};

/// An open connection.
pub(crate) struct Connection {
    sender: Sender,
    pub(crate) transport: Transport,
    /// Of the chunked requests, over HTTP/1.1.
    pub(crate) trailers: TrailerLines,
    faults: Faults,
    /// Of the requests.
    written: Written,
    /// Held by all clones.
    owner: Owner,
    /// Whether a request was sent over it, before it was shared.
    was_used: bool,
    /// The value of `Alt-Used`, if it is one to an alternative of the origin.
    #[cfg(feature = "http3")]
    alternative: Option<HeaderValue>,
}

enum Sender {
    Http1(http1::SendRequest<OutgoingBody>),
    Http2(http2::SendRequest<OutgoingBody>),
    #[cfg(feature = "http3")]
    Http3(Session),
}

/// What h2 keeps of a section over HTTP/2 in bytes. It leaves out the field that exceeds this and all after it, without an
/// error in trailers. That field has at most 8/5 of the compressed size
/// ([RFC 7541 §5.2](https://www.rfc-editor.org/rfc/rfc7541#section-5.2)) and 4 KiB from the table, so what h2 keeps of such
/// a section is still larger than the bound that the client checks.
const KEPT_HTTP2_SECTION: u32 = 192 * 1024;

/// How many bytes a server may send over HTTP/2 before they are read: fast downloads need a round trip's worth of them,
/// and a slow reader this much memory.
const STREAM_WINDOW: u32 = 2 * 1024 * 1024;
const CONNECTION_WINDOW: u32 = 4 * 1024 * 1024;

/// The largest chunk of content over HTTP/2, and twice as much over HTTP/1.1, in bytes. Each passes from task to task, so
/// that large ones are cheaper; all are small enough for the caches of a processor.
const CHUNK: u32 = 64 * 1024;

impl Connection {
    /// Begins HTTP on an open stream, and drives it in a task.
    pub(crate) async fn over<S>(stream: S, transport: Transport) -> Result<Self, Error>
    where
        S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    {
        let (owner, faults) = (Owner::default(), Faults::default());
        let (trailers, written) = (TrailerLines::default(), Written::new(transport.version));
        let failed = |error: hyper::Error| Error::NoResponse(Cut::of_connection(&error));
        let sender = if transport.version == Version::HTTP_2 {
            let io = TokioIo::new(Http2Stream::new(stream, &owner, faults.clone(), written.clone()));
            let (sender, connection) = http2::Builder::new(TokioExecutor::new())
                .timer(TokioTimer::new())
                .initial_stream_window_size(STREAM_WINDOW)
                .initial_connection_window_size(CONNECTION_WINDOW)
                .max_frame_size(CHUNK)
                .max_header_list_size(KEPT_HTTP2_SECTION)
                .handshake(io)
                .await
                .map_err(failed)?;
            tokio::spawn(drive(connection));
            Sender::Http2(sender)
        } else {
            let io = TokioIo::new(Http1Stream::new(
                stream,
                &owner,
                faults.clone(),
                trailers.clone(),
                written.clone(),
            ));
            let (sender, connection) = http1::Builder::new()
                .max_header_size(MOST_SECTION)
                .max_headers(MOST_HTTP1_FIELDS)
                .max_buf_size(2 * CHUNK as usize)
                .handshake(io)
                .await
                .map_err(failed)?;
            tokio::spawn(drive(connection));
            Sender::Http1(sender)
        };
        Ok(Self {
            sender,
            transport,
            trailers,
            faults,
            written,
            owner,
            was_used: false,
            #[cfg(feature = "http3")]
            alternative: None,
        })
    }

    /// An HTTP/3 connection.
    #[cfg(feature = "http3")]
    pub(super) fn over_quic(session: Session) -> Self {
        let transport = Transport::new(Version::HTTP_3, true);
        Self {
            sender: Sender::Http3(session),
            transport,
            trailers: TrailerLines::default(),
            faults: Faults::default(),
            written: Written::new(transport.version),
            owner: Owner::default(),
            was_used: false,
            alternative: None,
        }
    }

    /// The same as one to an alternative. `None` if the host can't be sent.
    #[cfg(feature = "http3")]
    pub(super) fn of_alternative(mut self, host: &str, port: u16) -> Option<Self> {
        self.alternative = Some(HeaderValue::try_from(format!("{host}:{port}")).ok()?);
        Some(self)
    }

    /// The value of `Alt-Used` ([RFC 7838 §5](https://www.rfc-editor.org/rfc/rfc7838#section-5)) for requests over it, if it leads
    /// to an alternative of the origin.
    #[cfg(feature = "http3")]
    pub(crate) fn alternative(&self) -> Option<&HeaderValue> {
        self.alternative.as_ref()
    }

    /// The same connection for another request, if it can carry several.
    pub(crate) fn share(&self) -> Option<Self> {
        let sender = match &self.sender {
            Sender::Http1(_) => return None,
            Sender::Http2(sender) => Sender::Http2(sender.clone()),
            #[cfg(feature = "http3")]
            Sender::Http3(session) => Sender::Http3(session.clone()),
        };
        Some(Self {
            sender,
            transport: self.transport,
            trailers: self.trailers.clone(),
            faults: self.faults.clone(),
            written: self.written.clone(),
            owner: self.owner.clone(),
            was_used: self.was_used,
            #[cfg(feature = "http3")]
            alternative: self.alternative.clone(),
        })
    }

    /// Closes an HTTP/3 connection once no request uses it. The others close when they are dropped.
    #[cfg(feature = "http3")]
    pub(crate) async fn close(&self) {
        if let Sender::Http3(session) = &self.sender {
            session.close().await;
        }
    }

    /// Whether both are the same connection.
    pub(crate) fn is(&self, other: &Self) -> bool {
        self.owner.is(&other.owner)
    }

    /// Whether it has been idle since an earlier request. Over HTTP/2, where a server says which requests it has not processed,
    /// that is not known.
    pub(crate) fn was_idle(&self) -> bool {
        match &self.sender {
            Sender::Http1(_) | Sender::Http2(_) => self.was_used,
            #[cfg(feature = "http3")]
            Sender::Http3(session) => session.was_idle(),
        }
    }

    /// Whether it carries one request at a time.
    pub(crate) fn is_exclusive(&self) -> bool {
        matches!(self.sender, Sender::Http1(_))
    }

    /// Whether nothing of a request waits to be written.
    pub(crate) fn has_written_all(&self) -> bool {
        self.written.is_all()
    }

    /// Why this side has ended it.
    pub(crate) fn fault(&self) -> Option<Cut> {
        self.faults.first().cloned()
    }

    /// The TLS alert with which the server has ended it.
    pub(crate) fn alert(&self) -> Option<AlertDescription> {
        match &self.sender {
            Sender::Http1(_) | Sender::Http2(_) => self.faults.alert(),
            #[cfg(feature = "http3")]
            Sender::Http3(session) => session.alert(),
        }
    }

    /// Waits until a request can be sent. Returns whether the connection is still open.
    pub(crate) async fn ready(&mut self) -> bool {
        match &mut self.sender {
            Sender::Http1(sender) => sender.ready().await.is_ok(),
            Sender::Http2(sender) => sender.ready().await.is_ok(),
            #[cfg(feature = "http3")]
            Sender::Http3(session) => session.is_open(),
        }
    }

    /// Sends a request, and returns its response when its header section has arrived.
    pub(crate) async fn send(
        &mut self,
        mut request: Request<OutgoingBody>,
        exchange: &Exchange,
        receiver: Option<OnInformational>,
    ) -> Result<Response<Incoming>, SendError> {
        exchange.begin_over(self.written.clone());
        self.was_used = true;
        let sent = match &mut self.sender {
            Sender::Http1(sender) => {
                let (faults, exchange, number) = (self.faults.clone(), exchange.clone(), AtomicUsize::new(0));
                on_informational(&mut request, move |response| {
                    if number.fetch_add(1, Ordering::Relaxed) == MOST_INFORMATIONAL {
                        faults.report(too_many_informational());
                    }
                    if faults.first().is_some() {
                        return;
                    }
                    exchange.progress();
                    if response.status() == StatusCode::CONTINUE {
                        exchange.open();
                    }
                    if let Some(receiver) = &receiver {
                        receiver.call(response.status(), response.headers());
                    }
                });
                sender.try_send_request(request).await
            }
            Sender::Http2(sender) => sender.try_send_request(request).await,
            #[cfg(feature = "http3")]
            Sender::Http3(session) => return session.send(request, exchange, receiver).await,
        };
        Ok(Incoming::of_hyper(sent?))
    }
}

/// Drives a connection to its end. Each exchange reports its own failure.
async fn drive(connection: impl Future<Output = hyper::Result<()>>) {
    if let Err(error) = connection.await {
        tracing::debug!(%error, "connection ended");
    }
}
