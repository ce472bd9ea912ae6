use super::{
    date,
    driver::Driver,
    request::{Requests, ResponseStream, Sent, code_for},
};
use crate::{connection::CloseReason, exchange::ResponseBody};
use axum_trailers_quic::{
    Stopped, Stream,
    h3::error::{Code, StreamError},
};
use bytes::Bytes;
use http::{
    HeaderMap, HeaderName, Response,
    header::{CONNECTION, DATE, UPGRADE},
};
use http_body::{Body, Frame};
use std::{
    future::poll_fn,
    mem,
    pin::{Pin, pin},
    time::Duration,
};
use tokio::time::timeout;

/// Fields that belong to a connection of HTTP/1.1 ([RFC 9114 §4.2](https://www.rfc-editor.org/rfc/rfc9114#section-4.2)).
const OF_CONNECTIONS: [HeaderName; 4] =
    [CONNECTION, UPGRADE, HeaderName::from_static("keep-alive"), HeaderName::from_static("proxy-connection")];

/// How long what was sent may take to arrive and to be read before a reset follows it. A client that gets both together
/// discards what it has not read.
const LEAST_ON_THE_WAY: Duration = Duration::from_millis(50);
const MOST_ON_THE_WAY: Duration = Duration::from_secs(1);

/// Sends a response to its end, or resets the stream. `ended` is the end of the stream's sending side, for whatever reason.
/// Returns `None` if it has ended.
pub(super) fn send(
    response: Response<ResponseBody>,
    mut stream: ResponseStream,
    control: &Stream,
    mut ended: Pin<&mut impl Future<Output = Stopped>>,
    requests: &Requests,
) -> impl Future<Output = Option<Sent>> {
    let (head, mut body) = response.into_parts();
    let mut head = Response::from_parts(head, ());
    prepare(head.headers_mut());
    // A block has one copy of what it captures, a function two of its parameters, for as long as the client reads.
    async move {
        let sent = {
            let mut abandoned = pin!(body.abandoned());
            let sending = send_parts(head, &mut body, &mut stream, control, requests);
            tokio::select! {
                biased;
                sent = sending => sent,
                stopped = &mut ended => Err(Broken::Stopped(stopped)),
                () = &mut abandoned => Err(Broken::Abandoned),
            }
        };
        match sent {
            Ok(()) => body.note_sent(),
            Err(Broken::Body) => {
                let on_the_way = (2 * requests.streams.quic().rtt()).clamp(LEAST_ON_THE_WAY, MOST_ON_THE_WAY);
                if timeout(on_the_way, ended).await.is_ok() {
                    return None;
                }
                if !close_by_handler(requests) {
                    stream.stop_stream(Code::H3_INTERNAL_ERROR);
                }
            }
            Err(Broken::Stopped(stopped)) => {
                control.reset(code_for(stopped));
                return None;
            }
            Err(Broken::Abandoned) => {
                body.stalled();
                stream.stop_stream(Code::H3_REQUEST_CANCELLED);
            }
            Err(Broken::Section(section, error)) => {
                if let StreamError::HeaderTooBig { actual_size, max_size, .. } = error {
                    body.section_too_large(section, actual_size, max_size);
                }
                stream.stop_stream(Code::H3_INTERNAL_ERROR);
            }
        }
        Some(Sent)
    }
}

/// Why a response ends early.
enum Broken {
    /// Its body has failed.
    Body,
    /// Nobody has read it.
    Abandoned,
    /// The client wants nothing more, or is gone.
    Stopped(Stopped),
    /// The stream ended while this section was sent, or content before it.
    Section(&'static str, StreamError),
}

async fn send_parts(
    head: Response<()>,
    body: &mut ResponseBody,
    stream: &mut ResponseStream,
    control: &Stream,
    requests: &Requests,
) -> Result<(), Broken> {
    // Over HTTP/3, sections wait for the client's window like content.
    body.waits_for_reader();
    write(pin!(stream.send_response(head)), body, control)
        .await
        .map_err(|error| Broken::Section("header", error))?;
    let broken = |error| Broken::Section("trailer", error);
    let in_flight = requests.service.connection().shutdown().in_flight();
    let mut written = None;
    while !body.is_end_stream()
        && let Some(frame) = next_frame(body, written.take()).await
    {
        match frame.map_err(|_logged| Broken::Body)?.into_data() {
            Ok(data) => {
                write(pin!(stream.send_data(data)), body, control).await.map_err(broken)?;
                written = requests.driver.as_ref();
            }
            Err(frame) => {
                if let Ok(trailers) = frame.into_trailers() {
                    body.waits_for_reader();
                    write(pin!(stream.send_trailers(trailers)), body, control).await.map_err(broken)?;
                }
            }
        }
        in_flight.responses_go();
    }
    stream.finish().await.map_err(broken)
}

/// Waits for a write. The time in which the client reads other streams of the connection instead is no stall.
async fn write<T>(
    mut writing: Pin<&mut impl Future<Output = T>>,
    body: &ResponseBody,
    control: &Stream,
) -> T {
    let mut before = control.times_passed_over();
    poll_fn(|cx| {
        let written = writing.as_mut().poll(cx);
        if mem::replace(&mut before, control.times_passed_over()) != before {
            body.waits_for_reader();
        }
        written
    })
    .await
}

/// If the body has nothing more, what was `written` is sent at once.
async fn next_frame(
    body: &mut ResponseBody,
    mut written: Option<&Driver>,
) -> Option<Result<Frame<Bytes>, axum_trailers::BoxError>> {
    poll_fn(|cx| {
        let next = Pin::new(&mut *body).poll_frame(cx);
        if next.is_pending()
            && let Some(driver) = written.take()
        {
            driver.send();
        }
        next
    })
    .await
}

/// Makes a header section ready for h3: what hyper adds and removes over the other protocols.
fn prepare(headers: &mut HeaderMap) {
    for name in OF_CONNECTIONS {
        headers.remove(name);
    }
    headers.entry(DATE).or_insert_with(date::now);
}

/// Closes the connection if a handler has asked for it.
pub(super) fn close_by_handler(requests: &Requests) -> bool {
    let asked = requests.service.connection().close_reason() == Some(CloseReason::ByHandler);
    if asked {
        requests.streams.close(Code::H3_NO_ERROR, b"");
    }
    asked
}
