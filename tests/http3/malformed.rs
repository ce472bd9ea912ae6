//! What HTTP/3 forbids ends the stream or the connection, and nothing else.

use super::{
    peer::{Peer, Response, code},
    survivor::Survivor,
};
use crate::support::soon;
use axum_trailers_testing::http3::{DATA, HEADERS, data, frame, frame_head, head, headers, varint};
use h3::error::Code;
use quinn::VarInt;

/// The head of a request that is answered with its content.
fn post(fields: &[(&str, &str)]) -> Vec<u8> {
    head("POST", "/echo", &[&[("te", "trailers")], fields].concat())
}

/// Each request stream ends the connection with this code.
async fn end_the_connection(what: &str, requests: &[Vec<u8>], expected: Code) {
    let survivor = Survivor::start(&[]).await;
    for bytes in requests {
        let peer = Peer::connect(survivor.address).await;
        let _streams = peer.request(bytes).await;
        assert_eq!(peer.closed().await, code(expected), "{what}: {bytes:x?}");
    }
    survivor.survives(what).await;
}

/// Each request stream is stopped with this code, and its connection serves others. Returns the responses.
async fn end_the_stream(what: &str, requests: &[Vec<u8>], expected: Code) {
    let survivor = Survivor::start(&[]).await;
    let peer = Peer::connect(survivor.address).await;
    for bytes in requests {
        let (send, mut recv) = peer.send(bytes).await;
        let stopped = soon("STOP_SENDING", send.stopped()).await;
        assert_eq!(stopped, Ok(Some(code(expected))), "{what}: {bytes:x?}");
        // A reset, or a response that says why.
        if let Ok(response) = Response::read(&mut recv).await {
            assert!((400..500).contains(&response.status()), "{what}: {response:x?}");
        }
    }
    let (_send, mut recv) = peer.request(&head("GET", "/bytes/64", &[])).await;
    assert_eq!(Response::read(&mut recv).await.expect("a response").content.len(), 64);
    survivor.survives(what).await;
}

#[tokio::test]
async fn cut_data_frames() {
    let cut = frame_head(DATA, 100);
    let requests = [
        [&post(&[])[..], &cut].concat(),
        [&post(&[])[..], &cut, b"hello"].concat(),
        [&post(&[("content-length", "5")])[..], &cut, b"hello"].concat(),
        [post(&[]), data(b"hello"), varint(DATA)].concat(),
    ];
    end_the_connection("cut DATA frames", &requests, Code::H3_FRAME_ERROR).await;
}

#[tokio::test]
async fn cut_sections() {
    let whole = post(&[]);
    let trailers = headers(&[("x-sum", "1")]);
    let requests = [
        whole[..1].to_vec(),
        whole[..whole.len() - 1].to_vec(),
        [&whole[..], &trailers[..trailers.len() - 1]].concat(),
        [&whole[..], &data(b"hello"), &trailers[..3]].concat(),
    ];
    end_the_connection("cut HEADERS frames", &requests, Code::H3_FRAME_ERROR).await;
}

#[tokio::test]
async fn empty_data_frames_mean_nothing() {
    let survivor = Survivor::start(&[]).await;
    let peer = Peer::connect(survivor.address).await;
    let many = data(b"").repeat(100_000);
    let pieces = [post(&[]), data(b""), data(b"he"), many.clone(), data(b"llo"), data(b""), many];
    for (trailers, count) in [(vec![], 1), (headers(&[("x-sum", "1")]), 2)] {
        let (_send, mut recv) = peer.request(&[pieces.concat(), trailers].concat()).await;
        let response = Response::read(&mut recv).await.expect("a response");
        assert_eq!((response.status(), &response.content[..]), (200, &b"hello"[..]));
        assert_eq!(response.sections.len(), count);
    }
    survivor.survives("200,000 empty DATA frames").await;
}

#[tokio::test]
async fn frames_after_the_trailer_section() {
    let whole = [post(&[]), data(b"hello"), headers(&[("x-sum", "1")])].concat();
    let requests = [
        [&whole[..], &data(b"more")].concat(),
        [&whole[..], &data(b"")].concat(),
        [&whole[..], &headers(&[("x-sum", "2")])].concat(),
        // Before the header section, and those of other streams.
        [data(b"hello"), post(&[])].concat(),
        [post(&[]), frame(4, b"")].concat(),
        [post(&[]), frame(5, b"")].concat(),
        [post(&[]), frame(8, b"")].concat(),
    ];
    end_the_connection("frames in a wrong order", &requests, Code::H3_FRAME_UNEXPECTED).await;
}

#[tokio::test]
async fn pseudo_fields_in_a_wrong_place() {
    let content = [post(&[]), data(b"hello")].concat();
    let in_trailers = |fields: &[(&str, &str)]| [&content[..], &headers(fields)].concat();
    let requests = [
        in_trailers(&[(":path", "/other")]),
        in_trailers(&[("x-sum", "1"), (":status", "200")]),
        in_trailers(&[(":unknown", "1")]),
        post(&[(":path", "/other")]),
        post(&[("x-a", "1"), (":authority", "other")]),
        headers(&[(":method", "GET"), (":scheme", "https"), (":path", "/"), (":status", "200")]),
    ];
    end_the_stream("pseudo-fields in a wrong place", &requests, Code::H3_MESSAGE_ERROR).await;
}

const FORBIDDEN: [(&str, &str); 4] =
    [("transfer-encoding", "chunked"), ("connection", "close"), ("upgrade", "h2c"), ("X-Upper", "1")];

#[tokio::test]
async fn fields_that_no_header_section_may_have() {
    let requests = FORBIDDEN.map(|field| post(&[field]));
    end_the_stream("fields that no header section may have", &requests, Code::H3_MESSAGE_ERROR).await;
}

/// They are found when the request has ended, so there is nothing to stop.
#[tokio::test]
async fn fields_that_no_trailer_section_may_have() {
    let survivor = Survivor::start(&[]).await;
    let peer = Peer::connect(survivor.address).await;
    for field in FORBIDDEN {
        let request = [head("POST", "/inspect", &[]), data(b"hello"), headers(&[field])].concat();
        let (_send, mut recv) = peer.request(&request).await;
        match Response::read(&mut recv).await {
            Ok(response) => assert_eq!(response.status(), 400, "{field:?}"),
            Err(reset) => assert!(reset.to_string().contains("reset"), "{field:?}: {reset}"),
        }
    }
    survivor.survives("fields that no trailer section may have").await;
}

#[tokio::test]
async fn sections_that_need_the_dynamic_table() {
    let requests = [frame(HEADERS, &[2, 0, 0xd1, 0xd7, 0x50, 1, b'a', 0xc1]), frame(HEADERS, &[0, 0, 0x80])];
    end_the_connection("dynamic table", &requests, Code::QPACK_DECOMPRESSION_FAILED).await;
}

#[tokio::test]
async fn requests_without_a_method_or_a_path() {
    let requests = [
        headers(&[]),
        headers(&[(":method", "GET"), (":scheme", "https"), (":authority", "localhost")]),
        headers(&[(":scheme", "https"), (":authority", "localhost"), (":path", "/")]),
        headers(&[(":method", "GET"), (":scheme", "https"), (":path", "/")]),
    ];
    end_the_stream("missing pseudo-fields", &requests, Code::H3_MESSAGE_ERROR).await;
}

#[tokio::test]
async fn stream_without_a_request_is_incomplete() {
    let survivor = Survivor::start(&[]).await;
    let peer = Peer::connect(survivor.address).await;
    let (_send, mut recv) = peer.request(b"").await;
    let reset = soon("a reset", recv.received_reset()).await;
    assert_eq!(reset, Ok(Some(code(Code::H3_REQUEST_INCOMPLETE))));
    survivor.survives("an empty stream").await;
}

#[tokio::test]
async fn content_of_another_length() {
    let longer = [post(&[("content-length", "4")]), data(b"hello")].concat();
    let twice = [post(&[("content-length", "0")]), data(b"hel"), data(b"lo")].concat();
    end_the_stream("content that is too long", &[longer, twice], Code::H3_MESSAGE_ERROR).await;

    let survivor = Survivor::start(&[]).await;
    let peer = Peer::connect(survivor.address).await;
    for trailers in [vec![], headers(&[("x-sum", "1")])] {
        let request = [post(&[("content-length", "6")]), data(b"hello"), trailers].concat();
        let (_send, mut recv) = peer.request(&request).await;
        match Response::read(&mut recv).await {
            Ok(response) => assert_eq!(response.status(), 400),
            Err(reset) => assert!(reset.to_string().contains("reset"), "{reset}"),
        }
    }
    survivor.survives("content that is too short").await;
}

#[tokio::test]
async fn content_length_that_is_not_one_number() {
    let lengths: [&[&str]; 6] = [&["abc"], &["5, 5"], &["5", "6"], &["5", "5"], &["-1"], &[""]];
    let requests = lengths.map(|values| {
        let fields: Vec<_> = values.iter().map(|value| ("content-length", *value)).collect();
        [post(&fields), data(b"hello")].concat()
    });
    end_the_stream("malformed Content-Length", &requests, Code::H3_MESSAGE_ERROR).await;
}

/// Numbers of QUIC's errors are no codes of HTTP/3, but a client may send any.
#[tokio::test]
async fn any_code_ends_a_stream() {
    let survivor = Survivor::start(&[]).await;
    let peer = Peer::connect(survivor.address).await;
    for number in [VarInt::from_u32(0), VarInt::MAX, code(Code::H3_NO_ERROR)] {
        let (mut send, mut recv) = peer.send(&[post(&[]), data(b"hello")].concat()).await;
        send.reset(number).expect("it is open");
        recv.stop(number).expect("it is open");
    }
    survivor.survives("any code").await;
}
