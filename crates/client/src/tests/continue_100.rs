use super::{
    frames::{DATA, END_HEADERS, END_STREAM, Frames, HEADERS, OK},
    peer::{connected, get, read, response, send},
};
use crate::OnInformational;
use http::{Request, Version};
use std::{
    sync::{Arc, Mutex},
    time::Duration,
};
use tokio::time::Instant;

fn upload() -> Request<String> {
    let request = Request::put("http://test/").header("expect", "100-continue");
    request.body("content".to_owned()).expect("a request")
}

const DONE: &str = "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n";

#[tokio::test(start_paused = true)]
async fn body_waits_for_100_continue() {
    let (client, mut peer) = connected(Version::HTTP_11).await;
    let start = Instant::now();
    let exchanging = send(&client, upload());
    peer.head().await;
    peer.send("HTTP/1.1 103 Early Hints\r\n\r\n").await;
    peer.send("HTTP/1.1 100 Continue\r\n\r\n").await;
    assert_eq!(peer.bytes(7).await, b"content");
    assert_eq!(start.elapsed(), Duration::ZERO);
    peer.send(DONE).await;
    assert_eq!(read(response(exchanging).await).await.2, None);
}

#[tokio::test(start_paused = true)]
async fn body_waits_no_longer_than_the_bound() {
    let (client, mut peer) = connected(Version::HTTP_11).await;
    let client = client.expect_timeout(Duration::from_secs(7));
    let start = Instant::now();
    let exchanging = send(&client, upload());
    peer.head().await;
    // Does not open it.
    peer.send("HTTP/1.1 103 Early Hints\r\n\r\n").await;
    assert_eq!(peer.bytes(7).await, b"content");
    assert_eq!(start.elapsed().as_secs(), 7);
    peer.send(DONE).await;
    response(exchanging).await;
}

#[tokio::test(start_paused = true)]
async fn final_response_in_its_place_keeps_the_body_back() {
    let (client, mut peer) = connected(Version::HTTP_11).await;
    let exchanging = send(&client, upload());
    peer.head().await;
    peer.send("HTTP/1.1 417 Expectation Failed\r\ncontent-length: 2\r\n\r\nno").await;
    let response = response(exchanging).await;
    // The bound does not matter any more.
    tokio::time::sleep(Duration::from_secs(10)).await;
    assert_eq!(read(response).await, ("no".to_owned(), None, None));
    assert_eq!(peer.rest().await, b"", "nothing of the body, and no other request");
}

#[tokio::test(start_paused = true)]
async fn body_without_the_expectation_does_not_wait() {
    let (client, mut peer) = connected(Version::HTTP_11).await;
    let start = Instant::now();
    let mut request = upload();
    request.headers_mut().clear();
    let exchanging = send(&client, request);
    peer.head().await;
    assert_eq!(peer.bytes(7).await, b"content");
    assert_eq!(start.elapsed(), Duration::ZERO);
    peer.send(DONE).await;
    response(exchanging).await;
}

#[tokio::test(start_paused = true)]
async fn http2_has_the_bound_and_the_final_response() {
    for is_refused in [false, true] {
        let (client, peer) = connected(Version::HTTP_2).await;
        let exchanging = send(&client, upload());
        let mut frames = Frames::begin(peer).await;
        let stream = frames.until(HEADERS).await.stream;
        if is_refused {
            frames.send(HEADERS, END_HEADERS | END_STREAM, stream, OK).await;
            assert_eq!(read(response(exchanging).await).await.2, None);
            let after = loop {
                let frame = frames.next().await;
                if frame.stream == stream {
                    break frame;
                }
            };
            assert_eq!((after.kind, after.payload), (3, vec![0, 0, 0, 8]), "reset without content");
        } else {
            assert_eq!(frames.until(DATA).await.payload, b"content");
            frames.send(HEADERS, END_HEADERS | END_STREAM, stream, OK).await;
            assert_eq!(read(response(exchanging).await).await.2, None);
        }
    }
}

#[tokio::test]
async fn informational_responses_are_passed_on() {
    let (client, mut peer) = connected(Version::HTTP_11).await;
    let seen = Arc::new(Mutex::new(Vec::new()));
    let receiver = {
        let seen = seen.clone();
        OnInformational::new(move |status, fields| {
            let link = fields.get("link").map(|link| link.to_str().expect("text").to_owned());
            seen.lock().expect("no panic").push((status.as_u16(), link));
        })
    };
    let mut request = get();
    request.extensions_mut().insert(receiver);
    let exchanging = send(&client, request);
    peer.head().await;
    peer.send("HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n").await;
    peer.send(DONE).await;
    response(exchanging).await;
    // The next request has no receiver.
    let exchanging = send(&client, get());
    peer.head().await;
    peer.send("HTTP/1.1 103 Early Hints\r\n\r\n").await;
    peer.send(DONE).await;
    response(exchanging).await;
    let expected = [(102, None), (103, Some("</a>".to_owned()))];
    assert_eq!(*seen.lock().expect("no panic"), expected);
}
