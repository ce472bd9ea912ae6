use super::{
    frames::{Frames, HEADERS},
    peer::{connected, failure, get, read, response, send},
};
use crate::{Cut, Error, Transport, Verdict};
use bytes::Bytes;
use http::{Method, Request, Version};
use http_body_util::Empty;

const CHUNKED: &str = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";

#[tokio::test]
async fn message_that_is_cut_at_any_byte_is_no_complete_one() {
    let whole = format!("{CHUNKED}3;x=y\r\nabc\r\n2\r\nde\r\n0\r\nx: 1\r\ny: 2\r\n\r\n");
    for length in 0..=whole.len() {
        let (client, mut peer) = connected(Version::HTTP_11).await;
        let exchanging = send(&client, get());
        peer.head().await;
        peer.send(&whole[..length]).await;
        peer.close().await;
        if length < CHUNKED.len() {
            assert_eq!(failure(exchanging).await, Error::NoResponse(Cut::Closed), "{length}");
            continue;
        }
        let (content, trailers, cut) = read(response(exchanging).await).await;
        assert!("abcde".starts_with(&content), "{length}: {content}");
        if length < whole.len() {
            assert_eq!((trailers, cut), (None, Some(Cut::Closed)), "{length}");
        } else {
            assert_eq!((content.as_str(), cut), ("abcde", None));
            assert_eq!(trailers.expect("trailers").len(), 2);
        }
    }
}

#[tokio::test]
async fn content_that_is_short_of_its_length_is_cut() {
    for (content, cut) in [
        ("", Some(Cut::Short { expected: 3, received: 0 })),
        ("ab", Some(Cut::Short { expected: 3, received: 2 })),
        ("abc", None),
    ] {
        let (client, mut peer) = connected(Version::HTTP_11).await;
        let exchanging = send(&client, get());
        peer.head().await;
        peer.send(format!("HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\n{content}")).await;
        peer.close().await;
        assert_eq!(read(response(exchanging).await).await, (content.to_owned(), None, cut));
    }
}

#[tokio::test]
async fn malformed_messages_are_cut() {
    for body in [
        "x\r\n",
        "\r\n",
        "-1\r\na\r\n",
        "ffffffffffffffffff\r\n",
        "1\r\nab",
        "0\r\nx\r\n\r\n",
        "0\r\n: 1\r\n\r\n",
        "0\r\nx: \u{1}\r\n\r\n",
    ] {
        let (client, mut peer) = connected(Version::HTTP_11).await;
        let exchanging = send(&client, get());
        peer.head().await;
        peer.send(format!("{CHUNKED}{body}")).await;
        let (_, _, cut) = read(response(exchanging).await).await;
        assert!(matches!(cut, Some(Cut::Malformed(_))), "{body:?}: {cut:?}");
    }
}

/// hyper reads all but the first to the end of the connection, framing and all.
#[tokio::test]
async fn coding_that_is_not_exactly_chunked_is_no_success() {
    for (coding, is_chunked) in [
        (&b"chunked"[..], true),
        (b"chunked,", false),
        (b"\xff, chunked", false),
        (b"chunked\r\ntransfer-encoding:", false),
        (b"gzip, chunked", false),
    ] {
        let (client, mut peer) = connected(Version::HTTP_11).await;
        let exchanging = tokio::spawn(async move { client.send(get()).await });
        peer.head().await;
        let head = [b"HTTP/1.1 200 OK\r\ntransfer-encoding: ", coding, b"\r\n\r\n"].concat();
        peer.send(head).await;
        peer.send("3\r\nabc\r\n0\r\n\r\n").await;
        peer.close().await;
        let response = exchanging.await.expect("no panic").expect("a response");
        let verdict = response.into_body().finish().await;
        assert_eq!(verdict == Verdict::Unverified, is_chunked, "{}: {verdict}", coding.escape_ascii());
        let is_malformed = matches!(verdict, Verdict::Cut(Cut::Malformed(_)));
        assert_eq!(is_malformed, !is_chunked, "{}: {verdict}", coding.escape_ascii());
    }
}

#[tokio::test]
async fn malformed_header_sections_are_no_response() {
    for head in [
        "HTTP/1.1 200 OK\r\ncontent-length: x\r\n\r\n",
        "HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n",
        "HTTP/1.1 200 OK\r\nx y: 1\r\n\r\n",
        "HTTP/1.1 99999 OK\r\n\r\n",
        "SSH-2.0-OpenSSH_9.6\r\n",
    ] {
        let (client, mut peer) = connected(Version::HTTP_11).await;
        let exchanging = send(&client, get());
        peer.head().await;
        peer.send(head).await;
        let error = failure(exchanging).await;
        assert!(matches!(error, Error::NoResponse(Cut::Malformed(_))), "{head:?}: {error:?}");
    }
}

#[tokio::test]
async fn response_without_content_ends_at_once() {
    let length = "content-length: 5\r\n\r\n";
    for (method, head) in [
        (Method::HEAD, format!("HTTP/1.1 200 OK\r\n{length}")),
        (Method::HEAD, CHUNKED.to_owned()),
        (Method::GET, "HTTP/1.1 204 No Content\r\n\r\n".to_owned()),
        (Method::GET, format!("HTTP/1.1 304 Not Modified\r\n{length}")),
    ] {
        let (client, mut peer) = connected(Version::HTTP_11).await;
        let request = Request::builder().method(method).uri("http://test/").body(Empty::<Bytes>::new());
        let exchanging = send(&client, request.expect("a request"));
        peer.head().await;
        peer.send(&head).await;
        assert_eq!(read(response(exchanging).await).await, (String::new(), None, None), "{head}");
    }
}

#[tokio::test]
async fn end_of_the_connection_can_be_the_end_of_the_content() {
    let (client, mut peer) = connected(Version::HTTP_11).await;
    let exchanging = send(&client, get());
    peer.head().await;
    peer.send("HTTP/1.1 200 OK\r\n\r\nabc").await;
    peer.close().await;
    let response = response(exchanging).await;
    let transport = response.extensions().get::<Transport>().copied();
    assert_eq!(transport, Some(Transport::new(Version::HTTP_11, false)), "what can't prove its end");
    assert_eq!(read(response).await, ("abc".to_owned(), None, None));
}

#[tokio::test]
async fn connection_that_is_closed_before_the_response_is_none() {
    for version in [Version::HTTP_11, Version::HTTP_2] {
        let (client, mut peer) = connected(version).await;
        let exchanging = send(&client, get());
        if version == Version::HTTP_11 {
            peer.head().await;
        } else {
            let mut frames = Frames::begin(peer).await;
            frames.until(HEADERS).await;
            peer = frames.0;
        }
        drop(peer);
        assert_eq!(failure(exchanging).await, Error::NoResponse(Cut::Closed), "{version:?}");
    }
}
