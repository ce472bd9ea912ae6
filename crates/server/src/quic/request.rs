use super::{driver::Driver, response, unacknowledged::Unacknowledged};
use crate::{
    accept::Rejections,
    app::ConnectionService,
    connection::{Connection, LINGER},
    exchange::{ContentSource, NoResponse, ResponseBody, expects_continue, length},
};
use axum_trailers_quic::{
    Connection as H3Transport, Content, ReceiveError, RecvStream, SendStream, Stopped, Stream, Streams,
    check_fields,
    h3::{
        error::Code,
        server::{RequestResolver, RequestStream},
    },
};
use bytes::Bytes;
use http::{HeaderMap, Request, Response, StatusCode, Version, header::CONTENT_LENGTH};
use std::{
    pin::{Pin, pin},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    time::Duration,
};
use tokio::{sync::Notify, time::timeout};

/// What the requests of a connection share.
pub(super) struct Requests {
    pub(super) service: ConnectionService,
    pub(super) streams: Streams,
    pub(super) driver: Option<Driver>,
    pub(super) unacknowledged: Unacknowledged,
    pub(super) rejections: Rejections,
    /// Resets the streams whose response the client has not acknowledged to its end.
    pub(super) cut: Notify,
    without_request: AtomicUsize,
}

/// How many streams of a connection may end before their header section: h3 keeps the number of each until the connection
/// ends.
const MOST_WITHOUT_REQUEST: usize = 16 * 1024;

impl Requests {
    pub(super) fn new(
        service: ConnectionService,
        streams: Streams,
        driver: Option<Driver>,
        unacknowledged: Unacknowledged,
        rejections: Rejections,
    ) -> Self {
        Self {
            service,
            streams,
            driver,
            unacknowledged,
            rejections,
            cut: Notify::new(),
            without_request: AtomicUsize::new(0),
        }
    }

    fn note_without_request(&self) {
        if self.without_request.fetch_add(1, Relaxed) == MOST_WITHOUT_REQUEST {
            self.streams.close(Code::H3_EXCESSIVE_LOAD, b"too many streams without a request");
        }
    }
}

/// A stream that a response can be written to.
pub(super) type ResponseStream = RequestStream<SendStream, Bytes>;

/// A request without its content, and the directions of its stream.
struct Received {
    request: Request<()>,
    /// The length of its content, if it is announced.
    length: Option<u64>,
    responding: ResponseStream,
    receiving: RequestStream<RecvStream, Bytes>,
}

/// Serves one request, from its first byte until the client has acknowledged its response.
///
/// The large futures are boxed, so that a stream that waits for acknowledgements holds little memory.
pub(super) async fn serve(request: RequestResolver<H3Transport, Bytes>, requests: Arc<Requests>) {
    let _until_acknowledged = requests.unacknowledged.begin();
    let Some(control) = requests.streams.take(request.frame_stream.id()) else {
        return;
    };
    tokio::select! {
        biased;
        () = serve_to_end(request, &control, &requests) => {}
        () = requests.cut.notified() => control.reset(Code::H3_INTERNAL_ERROR),
    }
}

async fn serve_to_end(request: RequestResolver<H3Transport, Bytes>, control: &Stream, requests: &Requests) {
    let Some(received) = Box::pin(receive(request, control, requests)).await else {
        return requests.note_without_request();
    };
    let mut ended = pin!(control.stopped());
    let answering = Box::pin(answer(received, control, ended.as_mut(), requests));
    let Some((answered, mut responding)) = answering.await else {
        return;
    };
    let responded = match answered {
        Ok(answer) => Box::pin(response::send(answer, responding, control, ended.as_mut(), requests)).await,
        Err(_logged) => {
            if !response::close_by_handler(requests) {
                responding.stop_stream(Code::H3_INTERNAL_ERROR);
            }
            Some(Sent)
        }
    };
    if let Some(Sent) = responded
        && acknowledged(ended, requests).await.is_err()
    {
        let connection = requests.service.connection();
        tracing::debug!(peer = %connection.peer, "response reset: its client does not read the rest");
        control.reset(Code::H3_REQUEST_CANCELLED);
    }
}

/// A response was sent to its end, or its stream reset.
pub(super) struct Sent;

/// Waits for the application. Returns `None` if the client wants no response or is gone.
async fn answer(
    Received { request, length, mut responding, receiving }: Received,
    control: &Stream,
    mut ended: Pin<&mut impl Future<Output = Stopped>>,
    requests: &Requests,
) -> Option<(Result<Response<ResponseBody>, NoResponse>, ResponseStream)> {
    let stall = requests.service.connection().limits.stalled_reader;
    let content = Content::of_request(receiving, control, length);
    let continues = expects_continue(request.headers()).then(Arc::<Notify>::default);
    let content = ContentSource::of_quic(content, continues.clone());
    let answered = {
        let mut answering = pin!(requests.service.call(request.map(|()| content)));
        loop {
            tokio::select! {
                biased;
                answered = &mut answering => break answered,
                stopped = &mut ended => {
                    control.reset(code_for(stopped));
                    return None;
                }
                () = wanted(continues.as_deref()) => {
                    tokio::select! {
                        // A client whose window is closed waits for this as long as it may stall.
                        sent = timeout(stall, responding.send_response(continue_100())) => sent.ok()?.ok()?,
                        stopped = &mut ended => {
                            control.reset(code_for(stopped));
                            return None;
                        }
                    }
                }
            }
        }
    };
    Some((answered, responding))
}

/// The code of a reset after the client has stopped the stream: the client's own
/// ([RFC 9000 §3.5](https://www.rfc-editor.org/rfc/rfc9000#section-3.5)).
pub(super) fn code_for(stopped: Stopped) -> Code {
    match stopped {
        Stopped::Stopped { code } => code.into(),
        Stopped::Acknowledged | Stopped::Reset | Stopped::Lost => Code::H3_INTERNAL_ERROR,
    }
}

/// The client does not read what was sent.
struct Unread;

/// Waits until the client has acknowledged the end, or reads nothing for as long as it may stall. During a shutdown a client
/// that has not been heard for [`LINGER`] counts as gone; otherwise QUIC notices that.
async fn acknowledged(mut ended: Pin<&mut impl Future>, requests: &Requests) -> Result<(), Unread> {
    let (connection, quic) = (requests.service.connection(), requests.streams.quic());
    let stall = connection.limits.stalled_reader;
    let look_again = LINGER.min(stall);
    let (mut before, mut waited) = (quic.stats(), Duration::ZERO);
    while waited < stall {
        if timeout(look_again, &mut ended).await.is_ok() {
            return Ok(());
        }
        let now = quic.stats();
        if now.udp_rx.datagrams == before.udp_rx.datagrams && connection.shutdown().has_begun() {
            return Ok(());
        }
        waited =
            if now.frame_tx.stream == before.frame_tx.stream { waited + look_again } else { Duration::ZERO };
        before = now;
    }
    Err(Unread)
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
    let checked = check_fields(request.headers()).map_err(ReceiveError::from);
    match checked.and_then(|()| content_length(request.headers())) {
        Ok(length) => Some(Received { request, length, responding, receiving }),
        Err(malformed) => {
            responding.stop_stream(Code::H3_MESSAGE_ERROR);
            receiving.stop_sending(Code::H3_MESSAGE_ERROR);
            report(&malformed, connection, &requests.rejections);
            None
        }
    }
}

/// `Content-Length` must be one number. hyper checks that over the other protocols.
fn content_length(headers: &HeaderMap) -> Result<Option<u64>, ReceiveError> {
    let malformed = || ReceiveError::Malformed("`Content-Length` is not one number".to_owned());
    let mut values = headers.get_all(CONTENT_LENGTH).iter();
    let first = values.next().map(|value| length(value).ok_or_else(malformed)).transpose()?;
    if values.next().is_some() { Err(malformed()) } else { Ok(first) }
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
