use super::{response, unacknowledged::Unacknowledged};
use crate::{
    accept::Rejections,
    app::ConnectionService,
    connection::Connection,
    exchange::{ContentSource, length},
};
use axum_trailers_quic::{
    Connection as H3Transport, Content, Fault, RecvStream, SendStream, Stream, Streams,
    h3::{
        error::{Code, StreamError},
        server::{RequestResolver, RequestStream},
    },
};
use bytes::Bytes;
use http::{Request, Version, header::CONTENT_LENGTH};
use std::{pin::pin, sync::Arc};
use tokio::time::timeout;

/// What the requests of a connection share.
pub(super) struct Requests {
    pub(super) service: ConnectionService,
    pub(super) streams: Streams,
    pub(super) unacknowledged: Unacknowledged,
    pub(super) rejections: Rejections,
}

/// A stream that a response can be written to.
pub(super) type ResponseStream = RequestStream<SendStream, Bytes>;

/// A request without its content, what is known about its stream, and the stream's directions.
type Received = (Request<()>, Stream, ResponseStream, RequestStream<RecvStream, Bytes>);

/// Serves one request, from its first byte until the client has acknowledged its response.
pub(super) async fn serve(request: RequestResolver<H3Transport, Bytes>, requests: Arc<Requests>) {
    let _until_acknowledged = requests.unacknowledged.begin();
    let Some((request, control, mut responding, receiving)) = receive(request, &requests).await else {
        return;
    };
    let length = request.headers().get(CONTENT_LENGTH).and_then(length);
    let content = ContentSource::of_quic(Content::of_request(receiving, &control, length));
    let mut ended = pin!(control.stopped());
    let answered = tokio::select! {
        biased;
        answered = requests.service.call(request.map(|()| content)) => answered,
        // The client wants no response, or is gone.
        _stopped = &mut ended => return,
    };
    match answered {
        Ok(answer) => response::send(answer, responding, ended, &requests).await,
        Err(_logged) => {
            if !response::close_by_handler(&requests) {
                responding.stop_stream(Code::H3_INTERNAL_ERROR);
            }
        }
    }
}

/// Receives a request's header section.
async fn receive(request: RequestResolver<H3Transport, Bytes>, requests: &Requests) -> Option<Received> {
    let connection = requests.service.connection();
    match timeout(connection.limits.request_headers, request.resolve_request()).await {
        Ok(Ok((request, stream))) => {
            let control = requests.streams.take(stream.id())?;
            let (responding, receiving) = stream.split();
            Some((request, control, responding, receiving))
        }
        Ok(Err(error)) => {
            report(&error, connection, &requests.rejections);
            None
        }
        Err(_elapsed) => {
            tracing::debug!(peer = %connection.peer, "no header section in time");
            None
        }
    }
}

/// Reports a request whose header section is malformed or too large. Faults that end the connection are reported there.
fn report(error: &StreamError, connection: &Connection, rejections: &Rejections) {
    let status = match error {
        StreamError::HeaderTooBig { .. } => Some("431"),
        StreamError::StreamError { .. } => None,
        StreamError::Undefined(error) if error.is::<Fault>() => None,
        _ => {
            return tracing::debug!(peer = %connection.peer, %error, "request ended before its header section");
        }
    };
    rejections.head_refused(connection, Version::HTTP_3, status, &error.to_string());
}
