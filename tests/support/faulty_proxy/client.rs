use super::{
    body::{Outgoing, flushed},
    http1::{Writer, head},
    message::Broken,
    stream::Stream,
};
use bytes::Bytes;
use h2::{Reason, server::SendResponse};
use http::{
    HeaderMap, Response, StatusCode, Version,
    header::{CONTENT_LENGTH, TRANSFER_ENCODING},
    response::Parts,
};
use std::{io, sync::Arc};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    sync::Notify,
};

/// A client that waits for a response.
pub(super) enum Client {
    Http1 {
        stream: Stream,
        version: Version,
    },
    Http2 {
        response: SendResponse<Bytes>,
        /// Ends the connection with GOAWAY.
        end: Arc<Notify>,
    },
}

impl Client {
    pub(super) fn version(&self) -> Version {
        match self {
            Self::Http1 { version, .. } => *version,
            Self::Http2 { .. } => Version::HTTP_2,
        }
    }

    /// Sends an informational response. Over HTTP/2 none are sent.
    pub(super) async fn inform(&mut self, status: StatusCode, fields: &HeaderMap) -> io::Result<()> {
        if let Self::Http1 { stream, version: Version::HTTP_11 } = self {
            stream.write_all(&head(&format!("HTTP/1.1 {status}"), fields)).await?;
            stream.flush().await?;
        }
        Ok(())
    }

    /// Sends the header section of a response.
    pub(super) async fn respond(self, mut response: Parts, has_content: bool) -> io::Result<Outgoing> {
        match self {
            Self::Http1 { stream, version } => {
                let fields = &mut response.headers;
                let is_chunked =
                    has_content && version == Version::HTTP_11 && !fields.contains_key(CONTENT_LENGTH);
                if is_chunked {
                    fields.insert(TRANSFER_ENCODING, "chunked".parse().expect("a value"));
                }
                let head = head(&format!("HTTP/1.1 {}", response.status), fields);
                let writer = Writer::begin(&stream, &head, is_chunked).await?;
                Ok(if has_content { Outgoing::Http1(writer) } else { Outgoing::Empty(Some(stream)) })
            }
            Self::Http2 { response: mut sender, .. } => {
                response.version = Version::HTTP_2;
                let response = Response::from_parts(response, ());
                let stream = sender.send_response(response, !has_content).map_err(io::Error::other)?;
                Ok(if has_content { Outgoing::Http2(stream) } else { Outgoing::Empty(None) })
            }
        }
    }

    /// Sends a response of the proxy itself.
    pub(super) async fn refuse(self, status: StatusCode) {
        let response = Response::builder().status(status).header(CONTENT_LENGTH, 0);
        let (response, ()) = response.body(()).expect("a response").into_parts();
        // The client may be gone.
        let _sent = self.respond(response, false).await;
    }

    /// Ends without a response, in the way in which the origin did.
    pub(super) async fn break_off(self, broken: Broken) {
        match self {
            Self::Http1 { stream, .. } => Outgoing::Empty(Some(stream)).break_off(broken).await,
            Self::Http2 { mut response, .. } => {
                flushed().await;
                response.send_reset(Reason::INTERNAL_ERROR);
            }
        }
    }

    /// Ends the connection.
    pub(super) async fn close(self) {
        match self {
            Self::Http1 { mut stream, .. } => {
                // The client may be gone.
                let _shut = stream.shutdown().await;
                while stream.read(&mut [0; 4096]).await.is_ok_and(|length| length > 0) {}
            }
            Self::Http2 { end, .. } => end.notify_one(),
        }
    }
}
