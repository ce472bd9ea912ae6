use super::{
    frames::{
        DATA, END_HEADERS, END_STREAM, Frames, GOAWAY, HEADERS, NO_CONTENT, NOT_MODIFIED, OK, RST_STREAM,
        field,
    },
    peer::{connected, failure, read, response, send},
};
use crate::{Cut, Error, ErrorCode, ResponseBody};
use bytes::Bytes;
use http::{Method, Request, Response, Version};
use http_body_util::{Empty, Full};

/// Kind, flags and payload of a frame.
type Part<'b> = (u8, u8, &'b [u8]);

/// A request over HTTP/2 whose response begins with these frames on its stream.
async fn response_with(method: Method, frames: &[Part<'_>]) -> (Frames, u32, Response<ResponseBody>) {
    let (client, peer) = connected(Version::HTTP_2).await;
    let request = Request::builder().method(method).uri("http://test/").body(Empty::<Bytes>::new());
    let exchanging = send(&client, request.expect("a request"));
    let mut peer = Frames::begin(peer).await;
    let stream = peer.until(HEADERS).await.stream;
    for (kind, flags, payload) in frames {
        peer.send(*kind, *flags, stream, payload).await;
    }
    (peer, stream, response(exchanging).await)
}

const CODES: [(u32, &str); 15] = [
    (0x0, "NO_ERROR"),
    (0x1, "PROTOCOL_ERROR"),
    (0x2, "INTERNAL_ERROR"),
    (0x3, "FLOW_CONTROL_ERROR"),
    (0x4, "SETTINGS_TIMEOUT"),
    (0x5, "STREAM_CLOSED"),
    (0x6, "FRAME_SIZE_ERROR"),
    (0x7, "REFUSED_STREAM"),
    (0x8, "CANCEL"),
    (0x9, "COMPRESSION_ERROR"),
    (0xa, "CONNECT_ERROR"),
    (0xb, "ENHANCE_YOUR_CALM"),
    (0xc, "INADEQUATE_SECURITY"),
    (0xd, "HTTP_1_1_REQUIRED"),
    (0x1234, "code 4660"),
];

#[tokio::test]
async fn reset_in_a_body_is_a_cut_with_its_code() {
    for (code, name) in CODES {
        let begin: [Part<'_>; 2] = [(HEADERS, END_HEADERS, &OK), (DATA, 0, b"a")];
        let (mut frames, stream, response) = response_with(Method::GET, &begin).await;
        frames.reset(stream, code).await;
        let (content, _, cut) = read(response).await;
        assert_eq!((content.as_str(), &cut), ("a", &Some(Cut::Reset { code: ErrorCode::Http2(code) })));
        let text = cut.expect("a cut").to_string();
        assert!(text.contains(name), "{text}");
    }
}

#[tokio::test]
async fn stream_that_ends_before_its_length_is_short_of_it() {
    let fields = [OK.as_slice(), &field("content-length", "5")].concat();
    let trailers = field("x", "1");
    for (frames, expected) in [
        (&[(DATA, END_STREAM, &b"abc"[..])][..], Some(Cut::Short { expected: 5, received: 0 })),
        (&[(DATA, 0, b"abc"), (DATA, END_STREAM, b"")], Some(Cut::Short { expected: 5, received: 3 })),
        (
            &[(DATA, 0, b"abc"), (HEADERS, END_HEADERS | END_STREAM, &trailers)],
            Some(Cut::Short { expected: 5, received: 3 }),
        ),
        (&[(DATA, 0, b"abc"), (DATA, 0, b"def")], Some(Cut::Short { expected: 5, received: 3 })),
        (&[(DATA, END_STREAM, b"abcde")], None),
        (&[(DATA, 0, b"abcde"), (HEADERS, END_HEADERS | END_STREAM, &trailers)], None),
    ] {
        let begin: [Part<'_>; 1] = [(HEADERS, END_HEADERS, &fields)];
        let (mut peer, stream, response) = response_with(Method::GET, &begin).await;
        for (kind, flags, payload) in frames {
            peer.send(*kind, *flags, stream, payload).await;
        }
        assert_eq!(read(response).await.2, expected, "{frames:?}");
    }
    for (kind, flags, payload) in [(DATA, 0, &b"f"[..]), (HEADERS, END_HEADERS, trailers.as_slice())] {
        let begin: [Part<'_>; 2] = [(HEADERS, END_HEADERS, &fields), (DATA, 0, b"abcde")];
        let (mut peer, stream, response) = response_with(Method::GET, &begin).await;
        peer.send(kind, flags, stream, payload).await;
        let cut = read(response).await.2;
        assert!(matches!(cut, Some(Cut::Malformed(_))), "not short of it: {cut:?}");
    }
}

#[tokio::test]
async fn reset_before_the_response_has_its_code() {
    for (code, _) in CODES {
        let (client, peer) = connected(Version::HTTP_2).await;
        // A request without content would be repeated if it was refused.
        let request = Request::put("http://test/").body(Full::new(Bytes::from("a"))).expect("a request");
        let exchanging = send(&client, request);
        let mut frames = Frames::begin(peer).await;
        let stream = frames.until(HEADERS).await.stream;
        frames.reset(stream, code).await;
        assert_eq!(failure(exchanging).await, Error::NoResponse(Cut::Reset { code: ErrorCode::Http2(code) }));
    }
}

#[tokio::test]
async fn reset_after_the_end_is_no_cut() {
    let trailers = field("x", "1");
    let ends: [(Method, &[Part<'_>], &str, usize); 7] = [
        (Method::GET, &[(HEADERS, END_HEADERS | END_STREAM, &OK)], "", 0),
        (Method::GET, &[(HEADERS, END_HEADERS, &OK), (DATA, END_STREAM, b"a")], "a", 0),
        (Method::GET, &[(HEADERS, END_HEADERS, &OK), (DATA, 0, b"a"), (DATA, END_STREAM, b"")], "a", 0),
        (
            Method::GET,
            &[(HEADERS, END_HEADERS, &OK), (DATA, 0, b"a"), (HEADERS, END_HEADERS | END_STREAM, &trailers)],
            "a",
            1,
        ),
        (Method::HEAD, &[(HEADERS, END_HEADERS | END_STREAM, &OK)], "", 0),
        (Method::GET, &[(HEADERS, END_HEADERS | END_STREAM, &NO_CONTENT)], "", 0),
        (Method::GET, &[(HEADERS, END_HEADERS | END_STREAM, &NOT_MODIFIED)], "", 0),
    ];
    for (method, frames, content, number) in ends {
        for (code, name) in CODES {
            let (mut peer, stream, response) = response_with(method.clone(), frames).await;
            peer.reset(stream, code).await;
            // Has passed the reset.
            peer.send(6, 0, 0, [0; 8]).await;
            peer.until(6).await;
            let (received, trailers, cut) = read(response).await;
            assert_eq!(cut, None, "{method} {frames:?} {name}");
            assert_eq!(received, content);
            assert_eq!(trailers.map_or(0, |trailers| trailers.len()), number);
        }
    }
}

#[tokio::test]
async fn head_without_the_end_of_its_stream_is_cut_by_a_reset() {
    for method in [Method::HEAD, Method::GET] {
        let begin: [Part<'_>; 1] = [(HEADERS, END_HEADERS, &OK)];
        let (mut frames, stream, response) = response_with(method, &begin).await;
        frames.reset(stream, 0).await;
        assert_eq!(read(response).await.2, Some(Cut::Reset { code: ErrorCode::Http2(0) }));
    }
}

#[tokio::test]
async fn end_of_the_connection_is_a_cut_with_its_code() {
    for (code, name) in CODES {
        let begin: [Part<'_>; 2] = [(HEADERS, END_HEADERS, &OK), (DATA, 0, b"a")];
        let (mut frames, _, response) = response_with(Method::GET, &begin).await;
        let mut payload = vec![0; 4];
        payload.extend_from_slice(&code.to_be_bytes());
        frames.send(GOAWAY, 0, 0, payload).await;
        let (_, _, cut) = read(response).await;
        // hyper reports this one as the end, like a reset.
        let expected = if code == 0 {
            Cut::Reset { code: ErrorCode::Http2(0) }
        } else {
            Cut::GoAway { code: ErrorCode::Http2(code) }
        };
        assert_eq!(cut, Some(expected), "{name}");
    }
}

#[tokio::test]
async fn stream_that_a_shutdown_leaves_open_is_no_cut() {
    let begin: [Part<'_>; 2] = [(HEADERS, END_HEADERS, &OK), (DATA, 0, b"a")];
    let (mut frames, stream, response) = response_with(Method::GET, &begin).await;
    let mut payload = stream.to_be_bytes().to_vec();
    payload.extend_from_slice(&[0; 4]);
    frames.send(GOAWAY, 0, 0, payload).await;
    frames.send(DATA, END_STREAM, stream, "b").await;
    assert_eq!(read(response).await, ("ab".to_owned(), None, None));
}

#[tokio::test]
async fn connection_that_is_closed_in_a_body_is_a_cut() {
    let begin: [Part<'_>; 2] = [(HEADERS, END_HEADERS, &OK), (DATA, 0, b"a")];
    let (frames, _, response) = response_with(Method::GET, &begin).await;
    drop(frames);
    assert_eq!(read(response).await, ("a".to_owned(), None, Some(Cut::Closed)));
}

#[tokio::test]
async fn response_that_is_dropped_resets_its_stream() {
    let begin: [Part<'_>; 2] = [(HEADERS, END_HEADERS, &OK), (DATA, 0, b"a")];
    let (mut frames, stream, response) = response_with(Method::GET, &begin).await;
    drop(response);
    let reset = frames.until(RST_STREAM).await;
    assert_eq!((reset.stream, reset.payload), (stream, vec![0, 0, 0, 8]));
}
