//! Properties that hold for any bytes that a client sends, for property tests and `fuzz/`.

use super::{
    first_bytes::{FirstBytes, Verdict},
    http1_framing::Http1Framing,
    http2_frames::Http2Frames,
    plain,
};
use crate::{
    accept::Early,
    connection::{FramingError, Inbound, Protocol},
    limits::Limits,
};
use hyper::{
    body::{Body, Incoming},
    rt::{Read, ReadBufCursor, Write},
    server::conn::http1,
    service::service_fn,
};
use std::{
    cell::RefCell,
    convert::Infallible,
    future::poll_fn,
    io,
    pin::Pin,
    rc::Rc,
    sync::Arc,
    task::{Context, Poll, Waker},
};

const CHUNKED: &[u8] = b"POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n";
const NEXT: &[u8] = b"3\r\nend\r\n0\r\nx-end: 1\r\n\r\n";

/// If the check accepts chunked content, hyper agrees on where each message ends, or closes the connection. (Otherwise
/// the server closes it.) The result does not depend on how the bytes are split.
pub fn chunked_framing(content: &[u8], step: usize) {
    let wire = [CHUNKED, content, CHUNKED, NEXT].concat();
    let checked = check(&wire, usize::MAX);
    assert_eq!(check(&wire, step), checked, "in steps of {step}");
    if checked.fault.is_none() && checked.is_between_requests {
        let (seen, is_closed_early) = seen_by_hyper(&wire);
        // hyper has its own limits: it rejects a trailer section of more than 100 fields.
        let broken = seen.iter().position(Option::is_none);
        assert!(broken.is_none_or(|broken| broken + 1 == seen.len()), "{seen:?}");
        assert!(seen.len() <= checked.requests, "{seen:?}");
        if !is_closed_early && broken.is_none() {
            assert_eq!(seen.len(), checked.requests, "{seen:?}");
        }
        for (message, length) in seen.iter().flatten().zip(content_lengths(&wire)) {
            assert_eq!(message.content.len(), length, "{seen:?}");
        }
    }
}

/// The result of the HTTP/1.1 check.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Checked {
    /// The position of the fault, if any.
    pub(super) fault: Option<(usize, FramingError)>,
    pub(super) is_between_requests: bool,
    pub(super) requests: usize,
}

pub(super) fn check(wire: &[u8], step: usize) -> Checked {
    let mut framing = Http1Framing::default();
    let mut fault = None;
    for (n, part) in wire.chunks(step).enumerate() {
        if let Err((valid, error)) = framing.next(part) {
            fault = Some((n * step + valid, error));
            break;
        }
    }
    let is_between_requests = fault.is_none() && framing.is_between_requests();
    Checked { fault, is_between_requests, requests: framing.requests() }
}

/// The number of content bytes of each request.
fn content_lengths(wire: &[u8]) -> Vec<usize> {
    let mut framing = Http1Framing::default();
    let mut lengths = Vec::new();
    for byte in wire {
        let is_content = framing.is_in_content();
        framing.next(&[*byte]).expect("it was checked");
        lengths.resize(framing.requests(), 0);
        if let Some(length) = lengths.last_mut().filter(|_| is_content) {
            *length += 1;
        }
    }
    lengths
}

#[derive(Clone, Debug)]
struct Message {
    content: Vec<u8>,
}

/// What hyper makes of it: each request, `None` for a broken one, and whether it closes the connection early, because
/// it rejects a head or a request asks for it.
fn seen_by_hyper(wire: &[u8]) -> (Vec<Option<Message>>, bool) {
    let seen = Rc::<RefCell<Vec<_>>>::default();
    let service = service_fn(|request: hyper::Request<Incoming>| {
        let seen = seen.clone();
        async move {
            let message = collect(request.into_body()).await.ok();
            seen.borrow_mut().push(message);
            let response = hyper::Response::builder().status(hyper::StatusCode::NOT_IMPLEMENTED);
            Ok::<_, Infallible>(response.body(String::new()).expect("a response"))
        }
    });
    let client = Client { left: wire.to_vec(), answers: Vec::new() };
    let mut connection = http1::Builder::new().half_close(true).serve_connection(client, service);
    let mut context = Context::from_waker(Waker::noop());
    // Nothing else can wake it.
    let ended = (0..POLLS_AT_MOST).any(|_| Pin::new(&mut connection).poll(&mut context).is_ready());
    assert!(ended, "hyper waits");
    let answers = connection.into_parts().io.answers;
    let answers = String::from_utf8_lossy(&answers);
    let keeps_open = |answer: &str| answer.starts_with("1 501 ") && !answer.contains("connection: close");
    let is_closed_early = !answers.split("HTTP/1.").skip(1).all(keeps_open);
    (seen.take(), is_closed_early)
}

const POLLS_AT_MOST: usize = 100_000;

async fn collect(mut body: Incoming) -> hyper::Result<Message> {
    let mut content = Vec::new();
    while let Some(frame) = poll_fn(|cx| Pin::new(&mut body).poll_frame(cx)).await {
        content.extend(frame?.into_data().unwrap_or_default());
    }
    Ok(Message { content })
}

/// A client that has sent everything at once.
struct Client {
    left: Vec<u8>,
    answers: Vec<u8>,
}

impl Read for Client {
    fn poll_read(
        mut self: Pin<&mut Self>,
        _cx: &mut Context<'_>,
        mut buf: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        let taken = self.left.len().min(buf.remaining());
        let rest = self.left.split_off(taken);
        buf.put_slice(&self.left);
        self.left = rest;
        Poll::Ready(Ok(()))
    }
}

impl Write for Client {
    fn poll_write(mut self: Pin<&mut Self>, _cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        self.answers.extend_from_slice(buf);
        Poll::Ready(Ok(buf.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

/// The same is recorded about any frames from a client, however they are split.
pub fn http2_frames(frames: &[u8], step: usize) {
    let wire = [b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", frames].concat();
    let noted = |step| {
        let inbound = Inbound::new(Arc::new(Limits::default()));
        let mut http2 = Http2Frames::new(&inbound);
        let cut = wire.chunks(step).try_for_each(|part| http2.came(part, &inbound)).err();
        let window = inbound.window_is_open();
        (cut, http2.last_stream(), http2.unanswered(), inbound.has_large_trailers(), window)
    };
    assert_eq!(noted(step), noted(usize::MAX), "in steps of {step}");
}

/// Whether a field block begins with a pseudo-header field. A decoder must agree.
#[cfg(fuzzing)]
#[must_use]
pub fn begins_with_pseudo_header(block: &[u8]) -> bool {
    super::hpack::begins_with_pseudo_header(block)
}

/// The first bytes are HTTP/2's preface, the beginning of it, or HTTP/1.1. Without TLS they decide the protocol, and may be
/// neither.
pub fn first_bytes(bytes: &[u8], step: usize) {
    const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
    let speaks = if bytes.starts_with(PREFACE) {
        Some(Protocol::Http2)
    } else if PREFACE.starts_with(bytes) {
        None
    } else {
        Some(Protocol::Http1)
    };
    for chosen in [Protocol::Http1, Protocol::Http2] {
        let mut first = FirstBytes::of(chosen);
        let mut verdicts = bytes.chunks(step).map(|part| first.next(part));
        let verdict = verdicts.find(|verdict| *verdict != Verdict::TooEarly);
        let expected =
            speaks.map(|protocol| if protocol == chosen { Verdict::AsChosen } else { Verdict::Other });
        assert_eq!(verdict, expected, "{chosen:?} was chosen");
    }
    let decided = |step: usize| {
        let mut ends = (0..bytes.len()).step_by(step).map(|begin| bytes.len().min(begin + step));
        let decided = ends.find_map(|end| plain::decide(bytes.get(..end)?, false));
        decided.map(|decided| decided.map_err(|failure| failure.label()))
    };
    assert_eq!(decided(step), decided(1), "in steps of {step}");
    if let Some(Ok(protocol)) = decided(step) {
        assert_eq!(Some(protocol), speaks);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::{collection::vec, prelude::*};

    /// Frames, or any bytes.
    fn frames() -> impl Strategy<Value = Vec<u8>> {
        let frame = (0..10_u8, any::<u8>(), 0..4_u8, vec(any::<u8>(), 0..20)).prop_map(
            |(kind, flags, stream, payload)| {
                let length = u8::try_from(payload.len()).expect("short");
                [&[0, 0, length, kind, flags, 0, 0, 0, stream], &payload[..]].concat()
            },
        );
        prop_oneof![4 => vec(frame, 0..8).prop_map(|frames| frames.concat()), 1 => vec(any::<u8>(), 0..60)]
    }

    proptest! {
        #[test]
        fn frames_are_seen_however_they_are_split(frames in frames(), step in 1..40_usize) {
            http2_frames(&frames, step);
        }

        #[test]
        fn first_bytes_decide_however_they_are_split(
            begin in prop_oneof![
                Just(&b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"[..]),
                Just(&b"PROXY TCP4 192.0.2.1"[..]),
                Just(&b"\r\n\r\n\0\r\nQUIT\n\x21"[..]),
            ],
            length in 0..=24_usize,
            rest in vec(any::<u8>(), 0..4),
            step in 1..8_usize,
        ) {
            first_bytes(&[&begin[..length.min(begin.len())], &rest].concat(), step);
        }
    }
}
