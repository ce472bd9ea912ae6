//! Frames that are larger than a server wants to have in memory.

use crate::support::{Adapter, Ours, Plain, Raw, assert_closed, code, connect, post, serve};
use axum_trailers_quic::h3::{self, error::Code};
use axum_trailers_testing::http3::{HEADERS, SETTINGS, control, data, frame_head};
use quinn::WriteError;
use std::future::poll_fn;

const GIGABYTE: usize = 1 << 30;
/// More than the windows of the stream.
const SENT: usize = 8 * 1024 * 1024;

/// A head of each kind that announces 1 GiB, and what is before it.
fn heads() -> [Vec<u8>; 4] {
    let (section, unknown) = (frame_head(HEADERS, GIGABYTE), frame_head(0x21, GIGABYTE));
    let content = [post(&[]), data(b"hello")].concat();
    [section.clone(), unknown.clone(), [&content[..], &section].concat(), [&content[..], &unknown].concat()]
}

/// What becomes of a request that begins like this, and goes on with 8 MiB.
async fn send<A: Adapter>(begin: &[u8]) -> Result<(), WriteError> {
    let (raw, server) = Raw::connect().await;
    let serving = tokio::spawn(async move {
        let mut server = serve::<A>(server).await;
        while let Ok(Some(resolver)) = server.accept().await {
            tokio::spawn(async move {
                if let Ok((_, mut stream)) = resolver.resolve_request().await {
                    while let Ok(Some(_)) = stream.recv_data().await {}
                    let _trailers = stream.recv_trailers().await;
                }
            });
        }
    });
    let (mut send, _recv) = raw.send(begin).await;
    let result = send.write_all(&vec![0; SENT]).await;
    serving.abort();
    result
}

#[tokio::test]
async fn plain_h3_takes_frames_of_any_size_into_memory() {
    for head in heads() {
        assert_eq!(send::<Plain>(&head).await, Ok(()), "{head:x?}");
    }
}

#[tokio::test]
async fn large_frames_are_refused_before_their_payload_is_there() {
    for head in heads() {
        let refused = Err(WriteError::Stopped(code(Code::H3_EXCESSIVE_LOAD)));
        assert_eq!(send::<Ours>(&head).await, refused, "{head:x?}");
    }
}

#[tokio::test]
async fn plain_h3_takes_large_frames_of_the_control_stream_into_memory() {
    for kind in [SETTINGS, 0x21] {
        assert_eq!(send_control::<Plain>(kind).await.0, Ok(()));
    }
}

#[tokio::test]
async fn large_frames_of_the_control_stream_end_the_connection() {
    for kind in [SETTINGS, 0x21] {
        let (sent, raw) = send_control::<Ours>(kind).await;
        assert!(matches!(sent, Err(WriteError::ConnectionLost(_))), "{sent:?}");
        assert_closed(&raw, Code::H3_EXCESSIVE_LOAD).await;
    }
}

#[tokio::test]
async fn push_streams_end_the_connection() {
    let (raw, server) = Raw::connect().await;
    let mut push = raw.connection.open_uni().await.expect("a stream");
    push.write_all(&[1, 0]).await.expect("it is open");
    assert!(serve::<Ours>(server).await.accept().await.is_err());
    assert_closed(&raw, Code::H3_STREAM_CREATION_ERROR).await;

    let (client, server, _endpoints) = connect().await;
    let mut open = Vec::new();
    for bytes in [control(&[]), vec![1, 0]] {
        let mut stream = server.open_uni().await.expect("a stream");
        stream.write_all(&bytes).await.expect("it is open");
        open.push(stream);
    }
    let (mut driver, _sender) = h3::client::new(Ours::wrap(client)).await.expect("settings");
    let _closing = poll_fn(|cx| driver.poll_close(cx)).await;
    let quinn::ConnectionError::ApplicationClosed(close) = server.closed().await else {
        panic!("it is not closed by HTTP/3");
    };
    assert_eq!(close.error_code, code(Code::H3_ID_ERROR));
}

/// The same on the control stream.
async fn send_control<A: Adapter>(kind: u64) -> (Result<(), WriteError>, Raw) {
    let (mut raw, server) = Raw::connect().await;
    let serving = tokio::spawn(async move {
        let mut server = serve::<A>(server).await;
        let _end = server.accept().await.map(drop);
        // Dropping it would close the connection.
        std::future::pending::<()>().await;
    });
    raw.control.write_all(&frame_head(kind, GIGABYTE)).await.expect("it is open");
    let sent = raw.control.write_all(&vec![0; SENT]).await;
    serving.abort();
    (sent, raw)
}
