//! A pseudo-header field in a trailer section makes the message malformed.

use crate::support::{TestServer, raw, soon};
use axum::{Router, routing::post};
use axum_trailers::request::{CollectedBody, RequestBodyError};
use tokio::{io::AsyncWriteExt, sync::mpsc};

/// Says whether the content was whole, whatever comes of it.
fn app(came: mpsc::UnboundedSender<bool>) -> Router {
    let collect = |body: Result<CollectedBody, RequestBodyError>| async move {
        came.send(body.is_ok()).expect("it is waited for");
    };
    Router::new().route("/", post(collect))
}

const GOAWAY: u8 = 7;
const HEADERS: u8 = 1;

/// Type and payload of the frames that come back until the connection closes.
async fn answer(server: &TestServer, frames: &[Vec<u8>]) -> Vec<(u8, Vec<u8>)> {
    let mut client = raw::http2_began(server.address, "POST", "/").await;
    client.write_all(&raw::http2_frame(0, 0, 1, b"hello")).await.expect("sent");
    // Nothing but GOAWAY makes the server close.
    client.write_all(&frames.concat()).await.expect("sent");
    client.write_all(&raw::http2_frame(GOAWAY, 0, 0, &[0; 8])).await.expect("sent");
    let wire = raw::rest_bytes(&mut client).await;
    raw::http2_frames(&wire).into_iter().map(|(kind, _, payload)| (kind, payload.to_vec())).collect()
}

fn literal(name: &str) -> Vec<u8> {
    let length = u8::try_from(name.len()).expect("short");
    [&[0, length], name.as_bytes(), &[1, b'1']].concat()
}

#[tokio::test]
async fn pseudo_header_in_a_trailer_section_ends_the_connection() {
    let (sender, mut came) = mpsc::unbounded_channel();
    let server = TestServer::start(app(sender));
    let field = literal("x-a");
    let names = [":path", ":status", ":method", ":authority", ":scheme", ":protocol", ":"];
    let mut sections: Vec<_> = names
        .map(|name| vec![raw::http2_frame(HEADERS, 5, 1, &[literal(name), field.clone()].concat())])
        .to_vec();
    // `:path: /` and `:status` with a value, by the static table; `:path` as Huffman code; and in a CONTINUATION.
    sections.push(vec![raw::http2_frame(HEADERS, 5, 1, &[&field[..], &[0x84]].concat())]);
    sections.push(vec![raw::http2_frame(HEADERS, 5, 1, &[&field[..], &[0x08, 1, b'1']].concat())]);
    sections.push(vec![raw::http2_frame(
        HEADERS,
        5,
        1,
        &[&[0, 0x84, 0xb9, 0x58, 0xd3, 0x3f, 1, b'1'][..], &field].concat(),
    )]);
    sections
        .push(vec![raw::http2_frame(HEADERS, 1, 1, &field), raw::http2_frame(9, 4, 1, &literal(":path"))]);
    for section in sections {
        let frames = answer(&server, &section).await;
        assert!(frames.iter().all(|(kind, _)| *kind != HEADERS), "{section:02x?}: no response");
        let (_, reason) = frames.iter().find(|(kind, _)| *kind == GOAWAY).expect("GOAWAY");
        assert_eq!(reason[4..8], [0, 0, 0, 1], "PROTOCOL_ERROR");
        // The handler is dropped, or sees the content break.
        assert_ne!(came.try_recv().ok(), Some(true), "{section:02x?}");
    }
}

#[tokio::test]
async fn other_trailer_sections_are_served() {
    let (sender, mut came) = mpsc::unbounded_channel();
    let server = TestServer::start(app(sender));
    let field = literal("x-a");
    for section in [
        vec![raw::http2_frame(HEADERS, 5, 1, &field)],
        vec![raw::http2_frame(HEADERS, 5, 1, &[])],
        vec![raw::http2_frame(HEADERS, 1, 1, &field), raw::http2_frame(9, 4, 1, &literal("path"))],
    ] {
        let frames = answer(&server, &section).await;
        assert!(frames.iter().any(|(kind, _)| *kind == HEADERS), "{section:02x?}: a response");
        assert_eq!(soon("the content", came.recv()).await, Some(true), "{section:02x?}");
    }
}
