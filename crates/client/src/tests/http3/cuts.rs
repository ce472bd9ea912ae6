use super::server::{OK, Server, client, get, with_length};
use crate::{
    Cut, Error, ErrorCode,
    tests::peer::{failure, read, response, send},
};
use axum_trailers_testing::http3::{DATA, HEADERS, data, frame, frame_head, headers, literal};
use http::{HeaderMap, Request};
use http_body_util::Full;
use std::time::Duration;

/// How a server ends a response.
enum End {
    Finish,
    Reset(u32),
    Close(u32),
}

/// What arrives of a response with these bytes.
async fn ended(bytes: &[Vec<u8>], end: &End) -> (String, Option<HeaderMap>, Option<Cut>) {
    let server = Server::start();
    let client = client();
    let exchanging = send(&client, get(&server.url));
    let peer = server.accept().await;
    let mut asked = peer.asked().await;
    let (first, rest) = bytes.split_first().expect("a header section");
    asked.send(first).await;
    let response = response(exchanging).await;
    asked.send(rest.concat()).await;
    match end {
        End::Finish => asked.finish(),
        // What is on the way would be dropped.
        End::Reset(code) => {
            let reading = tokio::spawn(read(response));
            tokio::time::sleep(Duration::from_millis(100)).await;
            asked.reset(*code);
            return reading.await.expect("no panic");
        }
        End::Close(code) => {
            let reading = tokio::spawn(read(response));
            tokio::time::sleep(Duration::from_millis(100)).await;
            peer.close(*code);
            return reading.await.expect("no panic");
        }
    }
    read(response).await
}

fn malformed(reason: &str) -> Cut {
    Cut::Malformed(reason.to_owned())
}

#[tokio::test]
async fn each_way_to_end_early_is_a_cut() {
    let ok = || frame(HEADERS, OK);
    let ab = || data(b"ab");
    let trailers = || headers(&[("x", "1")]);
    let within = |kind| [frame_head(kind, 5), b"cd".to_vec()].concat();
    let short = || Cut::Short { expected: 5, received: 2 };
    let cases: [(&str, Vec<Vec<u8>>, End, Cut); 15] = [
        ("reset", vec![ok(), ab()], End::Reset(0x102), Cut::Reset { code: ErrorCode::Http3(0x102) }),
        (
            "reset without an error",
            vec![ok(), ab()],
            End::Reset(0x100),
            Cut::Reset { code: ErrorCode::Http3(0x100) },
        ),
        (
            "reset with an unknown code",
            vec![ok(), ab()],
            End::Reset(7),
            Cut::Reset { code: ErrorCode::Http3(7) },
        ),
        (
            "reset with a length",
            vec![frame(HEADERS, &with_length(5)), ab()],
            End::Reset(0x102),
            Cut::Reset { code: ErrorCode::Http3(0x102) },
        ),
        ("closed", vec![ok(), ab()], End::Close(0x100), Cut::GoAway { code: ErrorCode::Http3(0x100) }),
        (
            "closed with an error",
            vec![ok(), ab()],
            End::Close(0x102),
            Cut::GoAway { code: ErrorCode::Http3(0x102) },
        ),
        (
            "end inside content",
            vec![ok(), ab(), within(DATA)],
            End::Finish,
            malformed("the stream ended inside a frame"),
        ),
        (
            "end inside trailers",
            vec![ok(), ab(), within(HEADERS)],
            End::Finish,
            malformed("the stream ended inside a frame"),
        ),
        ("short", vec![frame(HEADERS, &with_length(5)), ab()], End::Finish, short()),
        (
            "short with trailers",
            vec![frame(HEADERS, &with_length(5)), ab(), trailers()],
            End::Finish,
            short(),
        ),
        ("long", vec![frame(HEADERS, &with_length(1)), ab()], End::Finish, Cut::Long { expected: 1 }),
        (
            "content after trailers",
            vec![ok(), ab(), trailers(), ab()],
            End::Finish,
            malformed("an unexpected frame of type 0x0"),
        ),
        (
            "two trailer sections",
            vec![ok(), ab(), trailers(), trailers()],
            End::Finish,
            malformed("an unexpected frame of type 0x1"),
        ),
        (
            "pseudo-field in trailers",
            vec![ok(), ab(), headers(&[(":path", "/")])],
            End::Finish,
            malformed("a pseudo-field in a trailer section"),
        ),
        (
            "no field section",
            vec![ok(), ab(), frame(HEADERS, &[0, 0, 0xff])],
            End::Finish,
            malformed("a field section that cannot be decoded"),
        ),
    ];
    for (name, bytes, end, expected) in cases {
        let (_, trailers, cut) = ended(&bytes, &end).await;
        assert_eq!((trailers, cut), (None, Some(expected)), "{name}");
    }
}

#[tokio::test]
async fn head_and_trailers_end_with_the_stream() {
    // Otherwise the cases above would prove nothing.
    let bytes =
        [frame(HEADERS, &with_length(2)), data(b"ab"), frame(0x21, b"ignored"), headers(&[("x", "1")])];
    let (content, trailers, cut) = ended(&bytes, &End::Finish).await;
    assert_eq!((content.as_str(), trailers.map(|trailers| trailers.len()), cut), ("ab", Some(1), None));
}

#[tokio::test]
async fn without_a_response_the_cut_is_the_reason() {
    let cases: [(&str, Vec<u8>, End, Cut); 9] = [
        ("reset", vec![], End::Reset(0x102), Cut::Reset { code: ErrorCode::Http3(0x102) }),
        ("rejected", vec![], End::Reset(0x10b), Cut::Reset { code: ErrorCode::Http3(0x10b) }),
        ("closed", vec![], End::Close(0x102), Cut::GoAway { code: ErrorCode::Http3(0x102) }),
        // These are numbers of HTTP/2.
        ("reset with 7", vec![], End::Reset(7), Cut::Reset { code: ErrorCode::Http3(7) }),
        ("closed with 0", vec![], End::Close(0), Cut::GoAway { code: ErrorCode::Http3(0x0) }),
        (
            "end inside the head",
            [frame_head(HEADERS, 5), vec![0, 0]].concat(),
            End::Finish,
            malformed("the stream ended inside a frame"),
        ),
        ("end without a head", vec![], End::Finish, malformed("the stream ended without a response")),
        ("content first", data(b"a"), End::Finish, malformed("an unexpected frame of type 0x0")),
        (
            "field of HTTP/1.1",
            frame(HEADERS, &[OK, &literal("te", "a"), &literal("connection", "")].concat()),
            End::Finish,
            malformed("a field of HTTP/1.1's connections: connection"),
        ),
    ];
    for (name, bytes, end, expected) in cases {
        let server = Server::start();
        let client = client();
        // A request without content would be repeated.
        let request = Request::put(&server.url).body(Full::new("a".into())).expect("a request");
        let exchanging = send::<Full<bytes::Bytes>>(&client, request);
        let peer = server.accept().await;
        let mut asked = peer.asked().await;
        asked.send(bytes).await;
        match end {
            End::Finish => asked.finish(),
            End::Reset(code) => asked.reset(code),
            End::Close(code) => peer.close(code),
        }
        let error = failure(exchanging).await;
        assert_eq!(error, Error::NoResponse(expected), "{name}");
        assert_eq!(error.is_unprocessed(), name == "rejected");
    }
}

#[tokio::test]
async fn rejected_request_without_content_is_sent_again() {
    let server = Server::start();
    let client = client();
    let exchanging = send(&client, get(&server.url));
    let peer = server.accept().await;
    peer.asked().await.reset(0x10b);
    let again = server.accept().await;
    let mut asked = again.asked().await;
    asked.send(frame(HEADERS, OK)).await.finish();
    assert_eq!(response(exchanging).await.status(), 200);
}

#[tokio::test]
async fn server_that_vanishes_is_a_cut() {
    let server = Server::with_idle_time(Duration::from_millis(300));
    let client = client();
    let exchanging = send(&client, get(&server.url));
    let peer = server.accept().await;
    let mut asked = peer.asked().await;
    asked.send([frame(HEADERS, &with_length(5)), data(b"ab")].concat()).await;
    let response = response(exchanging).await;
    assert_eq!(read(response).await.2, Some(Cut::Short { expected: 5, received: 2 }));
}

#[tokio::test]
async fn silence_is_a_stall() {
    let bound = Duration::from_millis(300);
    let server = Server::start();
    let client = client().stall_timeout(bound);
    let exchanging = send(&client, get(&server.url));
    let peer = server.accept().await;
    let mut asked = peer.asked().await;
    asked.send([frame(HEADERS, OK), data(b"ab")].concat()).await;
    let response = response(exchanging).await;
    let (content, _, cut) = read(response).await;
    assert_eq!((content.as_str(), cut), ("ab", Some(Cut::Stalled(bound))));
    // No other request uses the connection.
    assert_eq!(peer.closed().await, Some(0x100));
}
