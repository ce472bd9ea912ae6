use super::{
    client::{Request, Settings},
    response::{Body as AnyBody, Cut, Piece, Response, Why},
};
use crate::support::raw;
use bytes::Bytes;
use h2::{
    Reason, RecvStream, SendStream,
    client::{ResponseFuture, SendRequest},
};
use http::HeaderMap;
use std::{
    future::poll_fn,
    net::{IpAddr, Ipv4Addr, SocketAddr},
};
use tokio::task::AbortHandle;

/// A connection. It closes when it and its last exchange are dropped.
pub(super) struct Connection {
    sender: SendRequest<Bytes>,
    driver: AbortHandle,
}

/// A request under way.
pub(crate) struct Exchange {
    response: Option<ResponseFuture>,
    upload: SendStream<Bytes>,
}

impl Connection {
    pub(super) async fn open(server: SocketAddr, settings: Settings) -> Self {
        let stream = match settings.local {
            IpAddr::V4(Ipv4Addr::LOCALHOST) => raw::tls(server, "h2").await,
            #[cfg(target_os = "linux")]
            IpAddr::V4(local) => raw::tls_from(local, server, "h2").await,
            local => panic!("no client at {local}"),
        };
        let mut builder = h2::client::Builder::new();
        // An unread stream must not use up the window of the others.
        builder.initial_connection_window_size(1024 * 1024);
        if let Some(section) = settings.section {
            builder.max_header_list_size(section);
        }
        let (sender, connection) = builder.handshake(stream).await.expect("a preface");
        let driver = tokio::spawn(connection).abort_handle();
        Self { sender: sender.ready().await.expect("a connection"), driver }
    }

    pub(super) async fn begin(&self, request: &Request<'_>, is_whole: bool) -> Result<Exchange, Cut> {
        let mut head = http::Request::new(());
        *head.method_mut() = request.method.clone();
        *head.uri_mut() = format!("https://localhost{}", request.path).parse().expect("a target");
        *head.headers_mut() = request.fields.clone();
        // A connection that ends opens no stream.
        let mut sender = self.sender.clone().ready().await.map_err(|_ends| Why::Refused)?;
        let (response, upload) = sender.send_request(head, is_whole).map_err(|_ends| Why::Refused)?;
        Ok(Exchange { response: Some(response), upload })
    }

    pub(super) fn close(&self) {
        self.driver.abort();
    }
}

impl Exchange {
    pub(super) fn send(&mut self, chunk: Bytes) -> bool {
        self.upload.send_data(chunk, false).is_ok()
    }

    /// Waits until the windows allow it.
    pub(super) async fn send_as_taken(&mut self, mut chunk: Bytes) -> bool {
        while !chunk.is_empty() {
            self.upload.reserve_capacity(chunk.len());
            let Some(Ok(capacity)) = poll_fn(|cx| self.upload.poll_capacity(cx)).await else { return false };
            if !self.send(chunk.split_to(capacity.min(chunk.len()))) {
                return false;
            }
        }
        true
    }

    pub(super) fn end(&mut self, last: Bytes, trailers: HeaderMap) -> bool {
        if trailers.is_empty() {
            return self.upload.send_data(last, true).is_ok();
        }
        (last.is_empty() || self.send(last)) && self.upload.send_trailers(trailers).is_ok()
    }

    pub(super) async fn response(&mut self) -> Result<Response, Cut> {
        let response = self.response.take().expect("one response").await.map_err(|error| why(&error))?;
        let (head, stream) = response.into_parts();
        Ok(Response::new(head.status, head.headers, AnyBody::Http2(Body { stream, has_trailers: false })))
    }

    pub(super) fn abort(mut self) {
        self.upload.send_reset(Reason::CANCEL);
    }
}

/// The rest of a response.
pub(crate) struct Body {
    stream: RecvStream,
    has_trailers: bool,
}

impl Body {
    pub(super) async fn next(&mut self) -> Result<Option<Piece>, Why> {
        if self.has_trailers {
            return Ok(None);
        }
        let Some(data) = self.stream.data().await else {
            self.has_trailers = true;
            let trailers = self.stream.trailers().await.map_err(|error| why(&error))?;
            return Ok(trailers.map(Piece::Trailers));
        };
        let data = data.map_err(|error| why(&error))?;
        // The stream may be gone already.
        let _released = self.stream.flow_control().release_capacity(data.len());
        Ok(Some(Piece::Data(data)))
    }
}

fn why(error: &h2::Error) -> Why {
    match error.reason() {
        Some(Reason::REFUSED_STREAM) => Why::Refused,
        // h2 compares the length itself.
        Some(Reason::PROTOCOL_ERROR) if error.is_library() => Why::Short,
        Some(code) if error.is_reset() && error.is_remote() => Why::Reset(u32::from(code).into()),
        Some(code) if !error.is_remote() => Why::Malformed(code.to_string()),
        _ => Why::Closed,
    }
}
