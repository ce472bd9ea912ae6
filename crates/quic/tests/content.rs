//! Content that is cut, and content in odd pieces.

use crate::support::{
    Adapter, Ours, Plain, Raw, Received, accept, assert_closed, code, fault, post, read, receive, serve,
};
use axum_trailers_quic::{
    Fault,
    h3::error::{Code, StreamError},
};
use axum_trailers_testing::http3::{control, data, frame};
use bytes::Buf;
use quinn::TransportConfig;
use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

/// A `DATA` frame of 100 bytes, of which 5 are there.
const CUT: &[u8] = b"\0\x40\x64hello";

#[tokio::test]
async fn plain_h3_takes_cut_content_for_whole_and_panics_at_its_trailers() {
    let (raw, server) = Raw::connect().await;
    let (mut send, _recv) = raw.send(&[&post(&[]), CUT].concat()).await;
    let (_server, _, mut stream) = accept::<Plain>(server).await;
    let first = stream.recv_data().await.expect("no error").map(|data| data.remaining());
    assert_eq!(first, Some(5));
    send.finish().expect("it is open");
    assert!(matches!(stream.recv_data().await, Ok(None)), "what a complete message has");
    let trailers = tokio::spawn(async move { stream.recv_trailers().await.map(drop) }).await;
    assert!(trailers.expect_err("a panic").is_panic());
}

#[tokio::test]
async fn cut_content_is_an_error_of_the_connection() {
    let (raw, server) = Raw::connect().await;
    let (mut send, _recv) = raw.send(&[&post(&[]), CUT].concat()).await;
    let (_server, _, mut stream) = accept::<Ours>(server).await;
    let first = stream.recv_data().await.expect("no error").map(|data| data.remaining());
    assert_eq!(first, Some(5));
    send.finish().expect("it is open");
    for _ in 0..2 {
        assert_eq!(fault(stream.recv_data().await.map(drop)), Some(Fault::Truncated));
    }
    assert_closed(&raw, Code::H3_FRAME_ERROR).await;
}

#[tokio::test]
async fn cut_sections_are_an_error_of_the_connection() {
    let whole = post(&[]);
    for bytes in
        [whole[..whole.len() - 1].to_vec(), [&whole, &[1, 20, 0, 0][..]].concat(), vec![1], vec![1, 0x40]]
    {
        let received = receive::<Ours>(&bytes).await.expect("no panic");
        assert_eq!(fault(received.end), Some(Fault::Truncated), "{bytes:x?}");
    }
}

#[tokio::test]
async fn plain_h3_takes_empty_data_for_the_end_of_content() {
    let received = receive::<Plain>(&in_odd_pieces()).await.expect("no panic");
    assert_eq!(received.content, b"");
    assert!(received.end.is_err(), "content instead of trailers");
}

#[tokio::test]
async fn empty_data_and_unknown_frames_mean_nothing() {
    let Received { content, end } = receive::<Ours>(&in_odd_pieces()).await.expect("no panic");
    assert_eq!(content, b"hello");
    assert_eq!(end.expect("a clean end"), None);
}

fn in_odd_pieces() -> Vec<u8> {
    let unknown = frame(0x21, &[0, 1, 0]);
    [post(&[]), data(b""), unknown.clone(), data(b"he"), data(b""), data(b"llo"), unknown, data(b"")].concat()
}

#[tokio::test]
async fn plain_h3_takes_a_reset_for_the_end_if_it_is_asked_twice() {
    assert!(matches!(after_a_reset::<Plain>().await, Ok(())), "what a complete message has");
}

#[tokio::test]
async fn reset_remains_a_reset() {
    let again = after_a_reset::<Ours>().await;
    assert!(
        matches!(again, Err(StreamError::RemoteTerminate { code: Code::H3_INTERNAL_ERROR })),
        "{again:?}"
    );
}

/// What h3 reports after it has reported the reset.
async fn after_a_reset<A: Adapter>() -> Result<(), StreamError> {
    let (raw, server) = Raw::connect().await;
    let (mut send, _recv) = raw.send(&[&post(&[]), CUT].concat()).await;
    let (_server, _, mut stream) = accept::<A>(server).await;
    stream.recv_data().await.map(drop).expect("content");
    send.reset(code(Code::H3_INTERNAL_ERROR)).expect("it is open");
    let first = stream.recv_data().await.map(drop);
    assert!(matches!(first, Err(StreamError::RemoteTerminate { .. })), "{first:?}");
    stream.recv_data().await.map(drop)
}

/// What is sent, in `DATA` frames of one byte each, and how many of them the server takes.
const SENT: usize = 1_500_000;
const TAKEN: usize = 500;
const WINDOW: u32 = 64 * 1024;

#[tokio::test]
async fn plain_h3_reads_small_frames_without_a_bound() {
    // Two packets for each byte of content: the window never closes.
    let sent = send_small_frames::<Plain>().await;
    assert!(sent > 5 * WINDOW as usize, "{sent} bytes sent, of which {} are taken", 3 * TAKEN);
}

#[tokio::test]
async fn small_frames_are_read_as_they_are_taken() {
    let sent = send_small_frames::<Ours>().await;
    assert!(sent < 2 * WINDOW as usize, "{sent} bytes sent, of which {} are taken", 3 * TAKEN);
}

/// Returns how many bytes the peer could send.
async fn send_small_frames<A: Adapter>() -> usize {
    let mut transport = TransportConfig::default();
    transport.stream_receive_window(WINDOW.into());
    let (raw, server) = Raw::with(transport, &control(&[])).await;
    let (mut send, _recv) = raw.send(&post(&[])).await;
    let (_server, _, mut stream) = accept::<A>(server).await;
    let count = Arc::<AtomicUsize>::default();
    let sending = tokio::spawn({
        let count = count.clone();
        async move {
            let frames = data(b"a").repeat(SENT / 3);
            while let Ok(size @ 1..) = send.write(&frames[count.load(Ordering::Relaxed)..]).await {
                count.fetch_add(size, Ordering::Relaxed);
            }
        }
    });
    for _ in 0..TAKEN {
        let data = stream.recv_data().await.expect("no error").expect("content");
        assert_eq!(data.remaining(), 1);
        // The peer sends what it may.
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    sending.abort();
    count.load(Ordering::Relaxed)
}

#[tokio::test]
async fn many_streams_are_received_at_the_same_time() {
    let (raw, server) = Raw::connect().await;
    let mut sending = Vec::new();
    for n in 0..50_u8 {
        sending.push(raw.send(&[&post(&[])[..], &data(&vec![n; 3000])].concat()).await);
    }
    for (send, _recv) in &mut sending {
        send.finish().expect("it is open");
    }
    let mut server = serve::<Ours>(server).await;
    let mut streams = Vec::new();
    for _ in 0..50 {
        let resolver = server.accept().await.expect("no error").expect("a request");
        streams.push(resolver.resolve_request().await.expect("a header section").1);
    }
    for (n, stream) in streams.iter_mut().enumerate() {
        let Received { content, end } = read(stream).await;
        assert_eq!(content, vec![u8::try_from(n).expect("small"); 3000]);
        assert_eq!(end.expect("a clean end"), None);
    }
}
