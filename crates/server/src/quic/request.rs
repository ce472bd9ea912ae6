use super::{response, unacknowledged::Unacknowledged};
use crate::{
    accept::Rejections,
    app::ConnectionService,
    connection::Connection,
    exchange::{ContentSource, expects_continue, length},
};
use axum_trailers_quic::{
    Connection as H3Transport, Content, ReceiveError, RecvStream, SendStream, Stream, Streams, check_fields,
    h3::{
        error::Code,
        server::{RequestResolver, RequestStream},
    },
};
use bytes::Bytes;
use http::{HeaderMap, Request, Response, StatusCode, Version, header::CONTENT_LENGTH};
use std::{pin::pin, sync::Arc};
use tokio::{sync::Notify, time::timeout};

/// What the requests of a connection share.
pub(super) struct Requests {
    pub(super) service: ConnectionService,
    pub(super) streams: Streams,
    pub(super) unacknowledged: Unacknowledged,
    pub(super) rejections: Rejections,
}

/// A stream that a response can be written to.
pub(super) type ResponseStream = RequestStream<SendStream, Bytes>;

/// A request without its content, and the directions of its stream.
type Received = (Request<()>, ResponseStream, RequestStream<RecvStream, Bytes>);

/// Serves one request, from its first byte until the client has acknowledged its response.
pub(super) async fn serve(request: RequestResolver<H3Transport, Bytes>, requests: Arc<Requests>) {
    let _until_acknowledged = requests.unacknowledged.begin();
    let Some(control) = requests.streams.take(request.frame_stream.id()) else {
        return;
    };
    let Some((request, mut responding, receiving)) = receive(request, &control, &requests).await else {
        return;
    };
    let content = Content::of_request(receiving, &control, length_of(request.headers()));
    let continues = expects_continue(request.headers()).then(Arc::<Notify>::default);
    let content = ContentSource::of_quic(content, continues.clone());
    let mut ended = pin!(control.stopped());
    let mut answering = pin!(requests.service.call(request.map(|()| content)));
    let answered = loop {
        tokio::select! {
            biased;
            answered = &mut answering => break answered,
            // The client wants no response, or is gone.
            _stopped = &mut ended => return,
            () = wanted(continues.as_deref()) => {
                if responding.send_response(continue_100()).await.is_err() {
                    return;
                }
            }
        }
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

fn length_of(headers: &HeaderMap) -> Option<u64> {
    headers.get(CONTENT_LENGTH).and_then(length)
}

/// Waits until the application reads the content, if its client waits for that.
async fn wanted(continues: Option<&Notify>) {
    match continues {
        Some(continues) => continues.notified().await,
        None => std::future::pending().await,
    }
}

/// Tells a client to send the content ([RFC 9110 §15.2.1](https://www.rfc-editor.org/rfc/rfc9110#section-15.2.1)).
fn continue_100() -> Response<()> {
    let mut response = Response::new(());
    *response.status_mut() = StatusCode::CONTINUE;
    response
}

/// Receives a request's header section.
async fn receive(
    request: RequestResolver<H3Transport, Bytes>,
    control: &Stream,
    requests: &Requests,
) -> Option<Received> {
    let connection = requests.service.connection();
    // h3 itself responds with 431 to a section over its limit.
    control.finish_if_dropped(true);
    let mut resolving = pin!(request.resolve_request());
    let resolved = timeout(connection.limits.request_headers, &mut resolving).await;
    control.finish_if_dropped(false);
    let (request, stream) = match resolved {
        Ok(Ok(resolved)) => resolved,
        Ok(Err(error)) => {
            report(&ReceiveError::of(error, control), connection, &requests.rejections);
            return None;
        }
        Err(_elapsed) => {
            control.reset(Code::H3_REQUEST_INCOMPLETE);
            tracing::debug!(peer = %connection.peer, "no header section in time");
            return None;
        }
    };
    let (mut responding, mut receiving) = stream.split();
    if let Err(fault) = check_fields(request.headers()) {
        responding.stop_stream(fault.code());
        receiving.stop_sending(fault.code());
        report(&fault.into(), connection, &requests.rejections);
        return None;
    }
    Some((request, responding, receiving))
}

/// Reports a request whose header section is malformed or too large. Faults that end the connection are reported there.
fn report(error: &ReceiveError, connection: &Connection, rejections: &Rejections) {
    let status = match error {
        ReceiveError::SectionTooLarge { .. } => Some("431"),
        ReceiveError::Fault(fault) if fault.ends_connection() => return,
        ReceiveError::Fault(_) | ReceiveError::Malformed(_) => None,
        _ => {
            return tracing::debug!(peer = %connection.peer, %error, "request ended before its header section");
        }
    };
    rejections.head_refused(connection, Version::HTTP_3, status, &error.to_string());
}
