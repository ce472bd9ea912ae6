//! Properties that hold for any bytes that a server sends, for property tests and `fuzz/`. Each function panics if its
//! property does not hold.

use crate::{Client, Transport, client::Origin, connector::Connection};
use bytes::Bytes;
use http::{HeaderMap, Request, Version};
use http_body_util::{BodyExt, Empty};
use std::time::Duration;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex},
    runtime::Builder,
};

/// The content and the trailers of a complete response, or none.
type Outcome = Option<(Vec<u8>, Option<HeaderMap>)>;

/// Any bytes of a server end an exchange over HTTP/1.1, and its result does not depend on how they are split. `bytes` follow
/// the request, and the end of the connection follows them.
pub fn http1_response(bytes: &[u8], step: usize) {
    assert_eq!(outcome(bytes, usize::MAX, false), outcome(bytes, step, false), "in steps of {step}");
}

/// The same over HTTP/2. There, a fault of the connection can hide the end of a response that arrives with it.
pub fn http2_response(bytes: &[u8], step: usize) {
    if let (Some(whole), Some(parts)) = (outcome(bytes, usize::MAX, true), outcome(bytes, step, true)) {
        assert_eq!(whole, parts, "in steps of {step}");
    }
}

/// Any field `Alt-Svc` can be read, and what is read from it is read again.
#[cfg(feature = "http3")]
pub fn alt_svc(line: &[u8]) {
    if let Ok(line) = http::HeaderValue::from_bytes(line) {
        crate::connector::what_is_read_is_read_again(&line);
    }
}

fn outcome(bytes: &[u8], step: usize, is_http2: bool) -> Outcome {
    let runtime = Builder::new_current_thread().enable_time().build().expect("a runtime");
    runtime.block_on(async {
        let version = if is_http2 { Version::HTTP_2 } else { Version::HTTP_11 };
        let (near, far) = duplex(1024 * 1024);
        let connection =
            Connection::over(near, Transport::new(version, false)).await.expect("an open stream");
        let client = Client::new().stall_timeout(Duration::MAX);
        client.adopt(&Origin { is_tls: false, host: "test".to_owned(), port: 80 }, connection);
        let request = Request::get("http://test/").body(Empty::<Bytes>::new()).expect("a request");
        let exchange = exchange(&client, request);
        tokio::join!(exchange, serve(far, bytes, step, is_http2)).0
    })
}

async fn exchange(client: &Client, request: Request<Empty<Bytes>>) -> Outcome {
    let mut body = client.exchange(request).await.ok()?.into_body();
    let (mut content, mut trailers) = (Vec::new(), None);
    while let Some(frame) = body.frame().await {
        match frame.map(http_body::Frame::into_data) {
            Ok(Ok(data)) => content.extend_from_slice(&data),
            Ok(Err(frame)) => trailers = frame.into_trailers().ok(),
            Err(_cut) => return None,
        }
    }
    Some((content, trailers))
}

async fn serve(mut far: DuplexStream, bytes: &[u8], step: usize, is_http2: bool) {
    let mut request = Vec::new();
    // The header section of HTTP/1.1, or the beginning of the frame after the settings.
    let end: &[u8] = if is_http2 { &[1, 5, 0, 0, 0, 1] } else { b"\r\n\r\n" };
    while !request.windows(end.len()).any(|window| window == end) {
        if far.read_buf(&mut request).await.expect("a stream in memory") == 0 {
            return;
        }
    }
    for part in bytes.chunks(step.max(1)) {
        if far.write_all(part).await.is_err() {
            return;
        }
        // The client reads it.
        tokio::task::yield_now().await;
        tokio::task::yield_now().await;
    }
    let _closed = far.shutdown().await;
    let mut rest = [0; 1024];
    while far.read(&mut rest).await.is_ok_and(|read| read > 0) {}
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::frames::{
        DATA, END_HEADERS, END_STREAM, HEADERS, OK, RST_STREAM, SETTINGS, encode, field,
    };
    use proptest::prelude::*;

    /// Bytes that are made of the parts of a response.
    fn of_parts(parts: &'static [&'static str]) -> impl Strategy<Value = Vec<u8>> {
        let part = prop_oneof![
            8 => prop::sample::select(parts).prop_map(|part| part.as_bytes().to_vec()),
            1 => prop::collection::vec(any::<u8>(), 0..4),
        ];
        prop::collection::vec(part, 0..20).prop_map(|parts| parts.concat())
    }

    fn of_frames() -> impl Strategy<Value = Vec<u8>> {
        let frame = prop_oneof![
            Just(encode(SETTINGS, 0, 0, &[])),
            Just(encode(SETTINGS, 1, 0, &[])),
            Just(encode(HEADERS, END_HEADERS, 1, &OK)),
            Just(encode(HEADERS, END_HEADERS | END_STREAM, 1, &OK)),
            Just(encode(HEADERS, END_HEADERS | END_STREAM, 1, &field("x", "1"))),
            Just(encode(DATA, 0, 1, b"ab")),
            Just(encode(DATA, END_STREAM, 1, b"")),
            Just(encode(RST_STREAM, 0, 1, &[0, 0, 0, 8])),
            (0..12_u8, any::<u8>(), 0..4_u32, prop::collection::vec(any::<u8>(), 0..10))
                .prop_map(|(kind, flags, stream, payload)| encode(kind, flags, stream, &payload)),
            prop::collection::vec(any::<u8>(), 0..4),
        ];
        prop::collection::vec(frame, 0..10)
            .prop_map(|frames| [encode(SETTINGS, 0, 0, &[]), frames.concat()].concat())
    }

    const HEADS: &[&str] = &[
        "HTTP/1.1 200 OK\r\n",
        "HTTP/1.0 200 OK\r\n",
        "HTTP/1.1 103 Early Hints\r\n\r\n",
        "content-length: 3\r\n",
        "transfer-encoding: chunked\r\n",
        "connection: close\r\n",
        "x: 1\r\n",
        "\r\n",
        "abc",
    ];

    const CHUNKS: &[&str] =
        &["3\r\nabc\r\n", "0\r\n", "x: 1\r\n", "\r\n", "3;x\r\n", "a", "ff\r\n", "-1\r\n"];

    proptest! {
        #[test]
        fn heads_end_the_same_in_any_splits(bytes in of_parts(HEADS), step in 1..20_usize) {
            http1_response(&bytes, step);
        }

        #[test]
        fn chunks_end_the_same_in_any_splits(bytes in of_parts(CHUNKS), step in 1..20_usize) {
            let bytes = [b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n", bytes.as_slice()].concat();
            http1_response(&bytes, step);
        }

        #[test]
        fn frames_end_the_same_in_any_splits(bytes in of_frames(), step in 1..20_usize) {
            http2_response(&bytes, step);
        }
    }
}
