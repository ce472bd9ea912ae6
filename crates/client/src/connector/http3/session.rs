use super::{
    activity::{Activity, Use},
    handshake_error,
    response::Awaited,
    upload::Upload,
};
use crate::{
    bounds::MOST_SECTION,
    connector::SendError,
    exchange::{Error, Exchange, Incoming, OnInformational, OutgoingBody},
    io::Written,
    verdict::Cut,
};
use axum_trailers_quic::{
    Bounds, Connection, Opener, ReceiveError, Streams,
    h3::{
        self,
        client::SendRequest,
        error::{Code, ConnectionError, StreamError},
    },
    quinn::{self, ConnectionStats},
};
use bytes::Bytes;
use http::{Method, Request, Response, Version};
use http_body::Body;
use rustls::AlertDescription;
use std::time::Duration;
use tokio::time::sleep;

/// A QUIC connection that carries requests. Clones share it. When the last one is dropped, it is closed with `H3_NO_ERROR`.
pub(in crate::connector) struct Session {
    sender: SendRequest<Opener, Bytes>,
    streams: Streams,
    activity: Activity,
    /// While it carries a request.
    using: Option<Use>,
}

/// The largest frame of a type that is ignored, in bytes.
const MOST_IGNORED: u64 = 64 * 1024;

/// How often to look whether a packet was sent. That takes less.
const TICK: Duration = Duration::from_millis(1);

impl Session {
    /// Begins HTTP/3 on a QUIC connection, and drives it in a task.
    pub(in crate::connector) async fn begin(quic: quinn::Connection) -> Result<Self, Error> {
        let (connection, streams) = Connection::new(quic, Bounds::new(MOST_SECTION as u64, MOST_IGNORED));
        let built = h3::client::builder()
            .max_field_section_size(MOST_SECTION as u64)
            // Some servers do not expect it.
            .send_grease(false)
            .build(connection)
            .await;
        let (driver, sender) = built.map_err(|error| lost(error, streams.quic()))?;
        let activity = Activity::new();
        tokio::spawn(drive(driver, streams.clone(), activity.clone()));
        Ok(Self { sender, streams, activity, using: None })
    }

    /// Whether the connection is still open.
    pub(in crate::connector) fn is_open(&self) -> bool {
        self.streams.quic().close_reason().is_none()
    }

    /// Whether it has been idle since an earlier request.
    pub(in crate::connector) fn was_idle(&self) -> bool {
        self.activity.was_idle()
    }

    /// The TLS alert with which the server has ended the connection. It can follow the handshake.
    pub(in crate::connector) fn alert(&self) -> Option<AlertDescription> {
        self.streams.quic().close_reason().as_ref().and_then(handshake_error::alert)
    }

    /// Closes the connection once no request uses it, and waits until the packet that says so was sent.
    pub(in crate::connector) async fn close(&self) {
        self.activity.unused().await;
        if !self.is_open() {
            return;
        }
        self.until_sent(|stats| stats.udp_tx.datagrams, || close(&self.streams)).await;
    }

    /// Does something, and waits until the packet that says so was sent: until this count has grown.
    pub(super) async fn until_sent(&self, count: impl Fn(&ConnectionStats) -> u64, act: impl FnOnce()) {
        let count = || count(&self.quic().stats());
        let before = count();
        act();
        while count() == before {
            sleep(TICK).await;
        }
    }

    /// Sends a request, and returns its response when its header section has arrived.
    pub(in crate::connector) async fn send(
        &mut self,
        request: Request<OutgoingBody>,
        exchange: &Exchange,
        receiver: Option<OnInformational>,
    ) -> Result<Response<Incoming>, SendError> {
        let Some(using) = self.activity.begin().filter(|_| self.is_open()) else {
            return Err(SendError::Unsent(Box::new(request)));
        };
        self.using = Some(using);
        let written = Written::new(Version::HTTP_3);
        exchange.begin_over(written.clone());
        let (head, body) = request.into_parts();
        let mut bare = Request::new(());
        (*bare.method_mut(), *bare.uri_mut()) = (head.method.clone(), head.uri.clone());
        *bare.headers_mut() = head.headers.clone();
        let stream = match self.sender.send_request(bare).await {
            Ok(stream) => stream,
            Err(StreamError::RemoteClosing) => {
                return Err(SendError::Unsent(Box::new(Request::from_parts(head, body))));
            }
            Err(error) => return Err(SendError::Failed(self.not_sent(error))),
        };
        let control = self.streams.take(stream.id()).expect("it was opened just now");
        let (mut sending, receiving) = stream.split();
        let stopped = control.stopped();
        let awaited = Awaited::new(receiving, control, exchange.clone());
        if body.is_end_stream() {
            drop(body);
            // If it fails, so does the response.
            let _finished = sending.finish().await;
        } else {
            let mut session = self.clone();
            session.using = self.activity.begin();
            let upload = Upload::new(sending, exchange.clone(), written, session);
            tokio::spawn(upload.run(body, stopped));
        }
        awaited.receive(head.method == Method::HEAD, receiver).await.map_err(SendError::Failed)
    }

    fn not_sent(&self, error: StreamError) -> Error {
        match error {
            StreamError::HeaderTooBig { actual_size, max_size } => Error::Request(format!(
                "the header section has {actual_size} bytes, and the server accepts {max_size}"
            )),
            StreamError::ConnectionError(error) => lost(error, self.quic()),
            error => Error::NoResponse(Cut::Failed(error.to_string())),
        }
    }

    pub(super) fn quic(&self) -> &quinn::Connection {
        self.streams.quic()
    }
}

impl Clone for Session {
    fn clone(&self) -> Self {
        let Self { sender, streams, activity, .. } = self;
        Self { sender: sender.clone(), streams: streams.clone(), activity: activity.clone(), using: None }
    }
}

fn lost(error: ConnectionError, quic: &quinn::Connection) -> Error {
    Error::NoResponse(Cut::of_http3(&ReceiveError::of_connection(error, quic)))
}

fn close(streams: &Streams) {
    streams.close(Code::H3_NO_ERROR, b"");
}

/// Drives a connection to its end. Each exchange reports its own failure.
async fn drive(mut driver: h3::client::Connection<Connection, Bytes>, streams: Streams, activity: Activity) {
    let error = tokio::select! {
        error = driver.wait_idle() => error,
        () = activity.idle() => {
            close(&streams);
            driver.wait_idle().await
        }
    };
    tracing::debug!(%error, "connection ended");
}
