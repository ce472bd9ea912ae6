//! Field sections that HTTP/3 forbids.

use crate::support::{Ours, Plain, Raw, Received, accept, code, fault, post, read, receive, serve_one};
use axum_trailers_quic::{Content, Fault, ReceiveError, h3::error::Code};
use axum_trailers_testing::http3::{DATA, HEADERS, data, frame, headers, literal};
use http_body_util::BodyExt;

/// A request with this trailer section, as encoded.
fn with_trailers(fields: &[u8]) -> Vec<u8> {
    [post(&[]), data(b"hello"), frame(HEADERS, &[&[0, 0], fields].concat())].concat()
}

/// `:path` in the representations that a section can have it in.
fn paths() -> [Vec<u8>; 4] {
    let by_name = vec![0x51, 1, b'/'];
    let huffman = vec![0x2c, 0xb9, 0x58, 0xd3, 0x3f, 1, b'/'];
    [vec![0xc1], by_name, huffman, literal(":path", "/")]
}

#[tokio::test]
async fn plain_h3_strips_pseudo_fields_from_trailers() {
    for path in paths() {
        let received = receive::<Plain>(&with_trailers(&[path, literal("x-a", "1")].concat())).await;
        let Received { content, end } = received.expect("no panic");
        let trailers = end.expect("a clean end").expect("trailers");
        assert_eq!((&content[..], trailers.len()), (&b"hello"[..], 1));
    }
}

#[tokio::test]
async fn pseudo_fields_in_trailers_are_an_error_of_the_stream() {
    for path in paths() {
        for fields in [[path.clone(), literal("x-a", "1")], [literal("x-a", "1"), path]] {
            let received = receive::<Ours>(&with_trailers(&fields.concat())).await.expect("no panic");
            assert_eq!(received.content, b"hello");
            assert_eq!(fault(received.end), Some(Fault::PseudoFieldInTrailers));
        }
    }
}

#[tokio::test]
async fn fault_of_a_stream_is_sent_in_both_directions() {
    let (raw, server) = Raw::connect().await;
    let (send, mut recv) = raw.send(&with_trailers(&[0xc1])).await;
    let (_server, _, mut stream) = accept::<Ours>(server).await;
    let received = read(&mut stream).await;
    assert_eq!(fault(received.end), Some(Fault::PseudoFieldInTrailers));
    assert_eq!(send.stopped().await, Ok(Some(code(Code::H3_MESSAGE_ERROR))));
    drop(stream);
    assert_eq!(recv.received_reset().await, Ok(Some(code(Code::H3_MESSAGE_ERROR))));
}

/// Header sections of requests that are malformed, and that h3 takes.
fn malformed() -> Vec<(Vec<u8>, Fault)> {
    let second_path = literal(":path", "/b");
    let status = vec![0xd9];
    let protocol = literal(":protocol", "connect-udp");
    let field = literal("x-a", "1");
    vec![
        (second_path.clone(), Fault::RepeatedPseudoField),
        ([field, second_path].concat(), Fault::MisplacedPseudoField),
        (status, Fault::UndefinedPseudoField),
        (protocol, Fault::UndefinedPseudoField),
    ]
}

#[tokio::test]
async fn plain_h3_takes_pseudo_fields_in_any_place() {
    for (fields, _) in malformed() {
        let received = receive::<Plain>(&post(&fields)).await.expect("no panic");
        assert!(received.end.is_ok(), "{fields:x?}: {received:?}");
    }
}

#[tokio::test]
async fn pseudo_fields_have_their_place() {
    for (fields, expected) in malformed() {
        let received = receive::<Ours>(&post(&fields)).await.expect("no panic");
        assert_eq!(fault(received.end), Some(expected), "{fields:x?}");
    }
}

/// A section that needs an entry of the dynamic table before it can be decoded.
fn with_dynamic_table() -> Vec<u8> {
    frame(HEADERS, &[2, 0, 0xd4, 0xd7, 0x50, 1, b'a', 0xc1])
}

#[tokio::test]
async fn plain_h3_takes_sections_that_need_the_dynamic_table() {
    let received = receive::<Plain>(&with_dynamic_table()).await.expect("no panic");
    assert!(received.end.is_ok(), "{received:?}");
}

#[tokio::test]
async fn sections_that_need_the_dynamic_table_are_refused() {
    let received = receive::<Ours>(&with_dynamic_table()).await.expect("no panic");
    assert_eq!(fault(received.end), Some(Fault::Compression));
}

/// A request with so many trailers, of one byte each.
fn with_many_trailers(count: usize) -> Vec<u8> {
    with_trailers(&vec![0xdd; count])
}

#[tokio::test]
async fn plain_h3_panics_at_many_fields() {
    assert!(receive::<Plain>(&with_many_trailers(25_000)).await.expect_err("a panic").is_panic());
}

#[tokio::test]
async fn many_fields_are_refused() {
    let received = receive::<Ours>(&with_many_trailers(25_000)).await.expect("no panic");
    assert!(matches!(fault(received.end), Some(Fault::TooManyFields { .. })));
    let received = receive::<Ours>(&with_many_trailers(24_000)).await.expect("no panic");
    assert_eq!(received.end.expect("a clean end").expect("trailers").len(), 24_000);
}

/// Frames in an order that HTTP/3 forbids.
fn misplaced() -> [(Vec<u8>, u64); 4] {
    let trailers = with_trailers(&literal("x-a", "1"));
    [
        ([&trailers[..], &data(b"more")].concat(), DATA),
        ([&trailers[..], &data(b"")].concat(), DATA),
        ([&trailers[..], &headers(&[])].concat(), HEADERS),
        (data(b"hello"), DATA),
    ]
}

#[tokio::test]
async fn frames_out_of_order_are_refused_by_h3_and_by_the_adapter() {
    for (bytes, kind) in misplaced() {
        let received = receive::<Plain>(&bytes).await.expect("no panic");
        assert!(received.end.is_err(), "{bytes:x?}");
        let received = receive::<Ours>(&bytes).await.expect("no panic");
        assert_eq!(fault(received.end), Some(Fault::UnexpectedFrame { kind }), "{bytes:x?}");
    }
}

#[tokio::test]
async fn plain_h3_takes_fields_of_connections() {
    let fields = literal("transfer-encoding", "chunked");
    for bytes in [post(&fields), with_trailers(&fields)] {
        assert!(receive::<Plain>(&bytes).await.expect("no panic").end.is_ok());
    }
}

#[tokio::test]
async fn content_refuses_fields_of_connections_in_trailers() {
    let (raw, server) = Raw::connect().await;
    let (_send, _recv) = raw.request(&with_trailers(&literal("transfer-encoding", "chunked"))).await;
    let (_server, stream, control) = serve_one(server).await;
    let (_send, recv) = stream.split();
    let refused = Content::of_request(recv, &control, None).collect().await.expect_err("a forbidden field");
    let expected = Fault::ConnectionField(http::header::TRANSFER_ENCODING);
    assert!(matches!(refused, ReceiveError::Fault(fault) if fault == expected));
}
