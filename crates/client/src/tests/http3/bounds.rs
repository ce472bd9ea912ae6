use super::server::{OK, Peer, Server, client, get};
use crate::{
    Client, Cut, Error,
    tests::peer::{failure, read, response, send},
};
use axum_trailers_testing::http3::{HEADERS, data, frame, frame_head, literal};
use bytes::Bytes;
use http::{HeaderMap, HeaderName, Request};
use http_body_util::{BodyExt, Full};
use std::future::ready;

/// Fields of this many bytes in all, as the bound counts them
/// ([RFC 9114 §4.2.2](https://www.rfc-editor.org/rfc/rfc9114#section-4.2.2)).
fn fields(bytes: usize) -> Vec<u8> {
    literal("x", "y".repeat(67)).repeat(bytes / 100)
}

async fn responded(bytes: &[u8]) -> Result<(String, usize, Option<Cut>), Error> {
    let server = Server::start();
    let client = client();
    let exchanging = send(&client, get(&server.url));
    let peer = server.accept().await;
    let mut asked = peer.asked().await;
    asked.send(bytes).await.finish();
    let response = match exchanging.await.expect("no panic") {
        Ok(response) => response,
        Err(error) => return Err(error),
    };
    let (content, trailers, cut) = read(response).await;
    Ok((content, trailers.map_or(0, |trailers| trailers.len()), cut))
}

#[tokio::test]
async fn header_sections_are_bounded() {
    let with = |bytes| frame(HEADERS, &[OK, &fields(bytes)].concat());
    assert!(responded(&with(60_000)).await.is_ok());
    let error = responded(&with(70_000)).await.expect_err("too large");
    assert!(matches!(&error, Error::NoResponse(Cut::TooLarge(_))), "{error}");
}

#[tokio::test]
async fn trailer_sections_are_bounded() {
    let with = |bytes| {
        let section = [&[0, 0], fields(bytes).as_slice()].concat();
        [frame(HEADERS, OK), data(b"a"), frame(HEADERS, &section)].concat()
    };
    let (content, trailers, cut) = responded(&with(60_000)).await.expect("a response");
    assert_eq!((content.as_str(), trailers, cut), ("a", 600, None));
    let (_, trailers, cut) = responded(&with(70_000)).await.expect("a response");
    assert!(trailers == 0 && matches!(cut, Some(Cut::TooLarge(_))), "{cut:?}");
}

#[tokio::test]
async fn sections_and_ignored_frames_are_refused_by_the_size_that_they_announce() {
    const LARGE: usize = 1024 * 1024 * 1024;
    for kind in [HEADERS, 0x21] {
        let server = Server::start();
        let client = client();
        let exchanging = send(&client, get(&server.url));
        let peer = server.accept().await;
        let mut asked = peer.asked().await;
        // Nothing of it follows.
        asked.send(frame_head(kind, LARGE)).await;
        let error = failure(exchanging).await;
        assert!(matches!(&error, Error::NoResponse(Cut::TooLarge(_))), "{error}");
    }
}

/// A client that knows the limit of its server, 1000 bytes, and the error of a request over it.
async fn limited() -> (Client, Server, Peer, Error) {
    let server = Server::start();
    let client = client();
    let first = send(&client, get(&server.url));
    let peer = server.accept_with_limit(1000).await;
    peer.asked().await.send(frame(HEADERS, OK)).await.finish();
    assert_eq!(read(response(first).await).await.2, None);
    loop {
        let mut request = get(&server.url);
        request.headers_mut().insert("x", "y".repeat(1000).parse().expect("a value"));
        let mut exchanging = send(&client, request);
        let result = tokio::select! {
            result = &mut exchanging => result,
            // The limit may arrive after the first response. Until then, it does not count.
            mut asked = peer.asked() => {
                if asked.rest().await.is_ok() {
                    asked.send(frame(HEADERS, OK)).await.finish();
                }
                exchanging.await
            }
        };
        if let Err(error) = result.expect("no panic") {
            return (client, server, peer, error);
        }
    }
}

#[tokio::test]
async fn request_over_the_limit_of_the_server_is_not_sent() {
    let (_client, _server, _peer, error) = limited().await;
    let Error::Request(reason) = &error else { panic!("{error:?}") };
    assert!(reason.starts_with("the header section has "), "{reason}");
    assert!(reason.ends_with(" bytes, and the server accepts 1000"), "{reason}");
}

#[tokio::test]
async fn request_trailers_over_the_limit_of_the_server_fail_the_request() {
    let (client, server, peer, _) = limited().await;
    let fields =
        HeaderMap::from_iter([(HeaderName::from_static("x"), "y".repeat(1000).parse().expect("a value"))]);
    let body = Full::new(Bytes::from("a")).with_trailers(ready(Some(Ok(fields))));
    let exchanging = send(&client, Request::put(&server.url).body(body).expect("a request"));
    let mut asked = peer.asked().await;
    // That of the other request, which the client has cancelled.
    while asked.rest().await == Err(0x10c) {
        asked = peer.asked().await;
    }
    let error = failure(exchanging).await;
    let Error::RequestBody(reason) = &error else { panic!("{error:?}") };
    assert!(reason.starts_with("the trailer section has "), "{reason}");
    assert!(reason.ends_with(" bytes, and the server accepts 1000"), "{reason}");
}
