use super::{
    frames::{
        CONTINUATION, DATA, END_HEADERS, END_STREAM, Frames, HEADERS, OK, encode, field, informational,
    },
    peer::{Peer, connected, failure, get, read, send},
};
use crate::{Cut, Error};
use http::Version;

/// What came of a response: how it failed, or the number of its trailers.
async fn outcome_over_http1(bytes: String) -> Result<usize, Cut> {
    let (client, mut peer) = connected(Version::HTTP_11).await;
    let exchanging = send(&client, get());
    peer.head().await;
    let sending = tokio::spawn(async move {
        peer.flood(bytes).await;
        peer
    });
    let outcome = match exchanging.await.expect("no panic") {
        Ok(response) => match read(response).await {
            (_, _, Some(cut)) => Err(cut),
            (_, trailers, None) => Ok(trailers.map_or(0, |trailers| trailers.len())),
        },
        Err(Error::NoResponse(cut)) => Err(cut),
        Err(error) => panic!("{error}"),
    };
    if outcome.is_err() {
        let mut peer: Peer = sending.await.expect("no panic");
        assert_eq!(peer.rest().await, b"", "the connection is closed");
    }
    outcome
}

fn names_bounds(reason: &str) -> bool {
    ["section", "65536 bytes", "256 fields"].iter().all(|word| reason.contains(word))
}

#[tokio::test]
async fn header_sections_over_http1_are_bounded() {
    let head = |fields: &str| format!("HTTP/1.1 200 OK\r\n{fields}content-length: 0\r\n\r\n");
    for (fields, is_too_large) in [
        (format!("x: {}\r\n", "x".repeat(60_000)), false),
        (format!("x: {}\r\n", "x".repeat(70_000)), true),
        (format!("x: {}\r\n", "x".repeat(10_000_000)), true),
        ("x: 1\r\n".repeat(255), false),
        ("x: 1\r\n".repeat(257), true),
    ] {
        let outcome = outcome_over_http1(head(&fields)).await;
        let is_expected = match &outcome {
            Err(Cut::TooLarge(reason)) => is_too_large && names_bounds(reason),
            Ok(0) => !is_too_large,
            _ => false,
        };
        assert!(is_expected, "{} bytes: {outcome:?}", fields.len());
    }
}

#[tokio::test]
async fn empty_lines_before_a_response_are_bounded() {
    let outcome = outcome_over_http1("\r\n".repeat(1_000_000)).await;
    assert!(matches!(outcome, Err(Cut::TooLarge(_))), "{outcome:?}");
}

#[tokio::test]
async fn trailer_sections_over_http1_are_bounded() {
    let message = |fields: &str| {
        format!("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\na\r\n0\r\n{fields}\r\n")
    };
    for (fields, expected) in [
        (format!("x: {}\r\n", "x".repeat(60_000)), Some(1)),
        (format!("x: {}\r\n", "x".repeat(70_000)), None),
        (format!("x: {}\r\n", "x".repeat(1024 * 1024)), None),
        ("x: 1\r\n".repeat(200), Some(200)),
        ("x: 1\r\n".repeat(300), None),
        ("x: 1\r\n".repeat(150_000), None),
    ] {
        let outcome = outcome_over_http1(message(&fields)).await;
        let is_expected = match &outcome {
            Ok(number) => Some(*number) == expected,
            Err(Cut::TooLarge(reason)) => expected.is_none() && names_bounds(reason),
            Err(_) => false,
        };
        assert!(is_expected, "{} bytes: {outcome:?}", fields.len());
    }
}

#[tokio::test]
async fn informational_responses_over_http1_are_bounded() {
    let message = |number: usize| {
        let hints = "HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n".repeat(number);
        format!("{hints}HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")
    };
    for (number, is_too_large) in [(32, false), (33, true), (100_000, true)] {
        let outcome = outcome_over_http1(message(number)).await;
        assert_eq!(matches!(outcome, Err(Cut::TooLarge(_))), is_too_large, "{number}: {outcome:?}");
    }
}

#[tokio::test]
async fn chunk_extensions_are_bounded() {
    let message =
        format!("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1;{}\r\na\r\n", "x".repeat(100_000));
    let outcome = outcome_over_http1(message).await;
    assert!(matches!(outcome, Err(Cut::TooLarge(_))), "{outcome:?}");
}

/// A section in frames of 16 KiB.
fn section(stream: u32, flags: u8, block: &[u8]) -> Vec<u8> {
    let mut frames = Vec::new();
    let mut parts = block.chunks(16 * 1024).peekable();
    let mut kind = HEADERS;
    while let Some(part) = parts.next() {
        let end = if parts.peek().is_none() { END_HEADERS } else { 0 };
        let flags = if kind == HEADERS { flags } else { 0 };
        frames.extend(encode(kind, flags | end, stream, part));
        kind = CONTINUATION;
    }
    frames
}

/// The same for frames on the stream of the request.
async fn outcome_over_http2(frames: impl FnOnce(u32) -> Vec<u8>) -> Result<usize, Cut> {
    let (client, peer) = connected(Version::HTTP_2).await;
    let exchanging = send(&client, get());
    let mut peer = Frames::begin(peer).await;
    let stream = peer.until(HEADERS).await.stream;
    let frames = frames(stream);
    let sending = tokio::spawn(async move {
        peer.0.flood(frames).await;
        peer
    });
    let outcome = match exchanging.await.expect("no panic") {
        Ok(response) => match read(response).await {
            (_, _, Some(cut)) => Err(cut),
            (_, trailers, None) => Ok(trailers.map_or(0, |trailers| trailers.len())),
        },
        Err(Error::NoResponse(cut)) => Err(cut),
        Err(error) => panic!("{error}"),
    };
    sending.await.expect("no panic");
    outcome
}

/// Sections, and whether they are too large. h2 compresses nothing here except the last ones, which repeat a field of its
/// table of 4 KiB.
fn sections() -> Vec<(Vec<u8>, bool)> {
    let literal = |name: &str, value: &str| {
        let mut line = field(name, value);
        line[0] = 0x40;
        line
    };
    let in_table = |repeated: usize| {
        let mut block = literal("y", &"y".repeat(4000));
        block.extend(vec![0xbe; repeated]);
        block
    };
    vec![
        (field("x", &"x".repeat(60_000)), false),
        (field("x", &"x".repeat(66_000)), true),
        (field("x", &"x".repeat(1024 * 1024)), true),
        (field("x", &"x".repeat(100)).repeat(400), false),
        (field("x", &"x".repeat(100)).repeat(600), true),
        (field("x", &"x".repeat(100)).repeat(10_000), true),
        (in_table(10), false),
        (in_table(17), true),
        (in_table(60), true),
        (in_table(1000), true),
        (in_table(60_000), true),
    ]
}

#[tokio::test]
async fn header_sections_over_http2_are_bounded() {
    for (number, (fields, is_too_large)) in sections().into_iter().enumerate() {
        let outcome = outcome_over_http2(|stream| {
            let block = [OK.as_slice(), &fields].concat();
            section(stream, END_STREAM, &block)
        })
        .await;
        // h2 does not always report why.
        let is_refused = matches!(outcome, Err(Cut::TooLarge(_) | Cut::Malformed(_)));
        assert_eq!(is_refused, is_too_large, "{number}: {outcome:?}");
        assert_eq!(outcome.is_ok(), !is_too_large, "{number}: {outcome:?}");
    }
}

#[tokio::test]
async fn trailer_sections_over_http2_are_never_shortened() {
    for (number, (fields, is_too_large)) in sections().into_iter().enumerate() {
        let outcome = outcome_over_http2(|stream| {
            let mut frames = encode(HEADERS, END_HEADERS, stream, &OK);
            frames.extend(encode(DATA, 0, stream, b"a"));
            frames.extend(section(stream, END_STREAM, &[fields.as_slice(), &field("last", "1")].concat()));
            frames
        })
        .await;
        assert_eq!(matches!(outcome, Err(Cut::TooLarge(_))), is_too_large, "{number}: {outcome:?}");
        assert_eq!(outcome.is_ok(), !is_too_large, "{number}: {outcome:?}");
    }
}

#[tokio::test]
async fn informational_responses_over_http2_are_bounded() {
    for (number, is_too_large) in [(32, false), (33, true), (10_000, true)] {
        let outcome = outcome_over_http2(|stream| {
            let mut frames = encode(HEADERS, END_HEADERS, stream, &informational("103")).repeat(number);
            frames.extend(encode(HEADERS, END_HEADERS, stream, &OK));
            frames.extend(encode(HEADERS, END_HEADERS | END_STREAM, stream, &field("x", "1")));
            frames
        })
        .await;
        assert_eq!(matches!(outcome, Err(Cut::TooLarge(_))), is_too_large, "{number}: {outcome:?}");
    }
}

#[tokio::test]
async fn server_that_does_not_use_http2_is_recognized() {
    let (client, mut peer) = connected(Version::HTTP_2).await;
    let exchanging = send(&client, get());
    peer.until("SM\r\n\r\n").await;
    let mut frames = Frames(peer);
    frames.until(HEADERS).await;
    let mut peer = frames.0;
    peer.send("HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n").await;
    let error = failure(exchanging).await.to_string();
    assert!(error.contains("the server does not respond with HTTP/2"), "{error}");
}

#[tokio::test]
async fn windows_bound_what_is_not_read() {
    let (client, peer) = connected(Version::HTTP_2).await;
    let exchanging = send(&client, get());
    let mut frames = Frames::begin(peer).await;
    let settings = frames.next().await.payload;
    let window = settings.chunks(6).find(|setting| setting[..2] == [0, 4]).expect("an initial window");
    let window = u32::from_be_bytes([window[2], window[3], window[4], window[5]]);
    assert_eq!(window, 2 * 1024 * 1024);
    let update = frames.until(8).await.payload;
    assert_eq!(u32::from_be_bytes([update[0], update[1], update[2], update[3]]), 4 * 1024 * 1024 - 65_535);
    exchanging.abort();
}
