//! What a client sends or keeps too much of.

use super::{
    peer::{Peer, Response, code},
    survivor::Survivor,
};
use crate::support::soon;
use axum_trailers_testing::http3::{
    CONTROL, GOAWAY, HEADERS, MAX_FIELD_SECTION_SIZE, SETTINGS, control, data, frame, frame_head, head,
    headers, varint,
};
use h3::error::Code;
use quinn::{TransportConfig, VarInt, WriteError};

const GIGABYTE: usize = 1 << 30;
/// What is sent of it, in bytes.
const SENT: usize = 64 << 20;

#[tokio::test]
async fn frames_of_a_gigabyte_are_refused_by_their_heads() {
    let survivor = Survivor::start(&[]).await;
    let content = [head("POST", "/echo", &[]), data(b"hello")].concat();
    for kind in [HEADERS, 0x21] {
        for before in [&b""[..], &content] {
            let peer = Peer::connect(survivor.address).await;
            let begin = [before, &frame_head(kind, GIGABYTE)].concat();
            let (mut send, mut recv) = peer.send(&begin).await;
            let result = soon("a refusal", send.write_all(&vec![0; SENT])).await;
            assert_eq!(result, Err(WriteError::Stopped(code(Code::H3_EXCESSIVE_LOAD))), "{kind:#x}");
            if let Ok(response) = Response::read(&mut recv).await {
                assert!((400..500).contains(&response.status()), "{response:x?}");
            }
            // The connection is served.
            let (_send, mut recv) = peer.request(&head("GET", "/bytes/64", &[])).await;
            assert_eq!(Response::read(&mut recv).await.expect("a response").content.len(), 64);
        }
    }
    survivor.survives("HEADERS and unknown frames of 1 GiB").await;
}

#[tokio::test]
async fn frames_of_a_gigabyte_on_the_control_stream_end_the_connection() {
    let survivor = Survivor::start(&[]).await;
    for kind in [SETTINGS, GOAWAY, 0x21] {
        let mut peer = Peer::connect(survivor.address).await;
        peer.control.write_all(&frame_head(kind, GIGABYTE)).await.expect("it is open");
        let sent = soon("a refusal", peer.control.write_all(&vec![0; SENT])).await;
        assert!(matches!(sent, Err(WriteError::ConnectionLost(_))), "{sent:?}");
        assert_eq!(peer.closed().await, code(Code::H3_EXCESSIVE_LOAD));
    }
    survivor.survives("control frames of 1 GiB").await;
}

/// Unknown frames below the bound are ignored, however many there are.
#[tokio::test]
async fn many_unknown_frames_take_no_memory() {
    let survivor = Survivor::start(&[]).await;
    let peer = Peer::connect(survivor.address).await;
    let unknown = frame(0x21, &[0; 4000]).repeat(8000);
    let (_send, mut recv) =
        peer.request(&[head("POST", "/echo", &[]), unknown, data(b"hello")].concat()).await;
    assert_eq!(Response::read(&mut recv).await.expect("a response").content, b"hello");
    survivor.survives("32 MB of unknown frames").await;
}

#[tokio::test]
async fn content_in_frames_of_one_byte_takes_no_memory() {
    let survivor = Survivor::start(&[]).await;
    let peer = Peer::connect(survivor.address).await;
    let content = data(b"a").repeat(100_000);
    let (_send, mut recv) = peer.request(&[head("POST", "/inspect", &[]), content].concat()).await;
    let response = Response::read(&mut recv).await.expect("a response");
    assert_eq!(response.status(), 200);
    assert!(String::from_utf8_lossy(&response.content).contains("100000"), "{response:?}");
    survivor.survives("100,000 DATA frames of one byte").await;
}

#[tokio::test]
async fn sections_that_decode_to_much_are_refused() {
    let survivor = Survivor::start(&[]).await;
    let peer = Peer::connect(survivor.address).await;
    // `accept-encoding: gzip, deflate, br`, in one byte each.
    let many = [0xdf; 5000];
    let in_header = frame(HEADERS, &[&[0, 0, 0xd1, 0xd7, 0x50, 1, b'a', 0xc1][..], &many].concat());
    let in_trailer = frame(HEADERS, &[&[0, 0][..], &many].concat());
    let long = head("GET", "/bytes/64", &[("x-a", &"a".repeat(60_000))]);
    for bytes in [in_header, [head("POST", "/inspect", &[]), data(b"a"), in_trailer].concat(), long] {
        let (_send, mut recv) = peer.request(&bytes).await;
        let response = Response::read(&mut recv).await.expect("a response");
        assert_eq!(response.status(), 431);
    }
    // Those that are not read have no response.
    let longer = head("GET", "/bytes/64", &[("x-a", &"a".repeat(1_000_000))]);
    let (_send, mut recv) = peer.request(&longer).await;
    let reset = soon("a reset", recv.received_reset()).await;
    assert_eq!(reset, Ok(Some(code(Code::H3_EXCESSIVE_LOAD))));
    survivor.survives("large sections").await;
}

#[tokio::test]
async fn ten_thousand_streams_that_are_reset() {
    let survivor = Survivor::start(&[]).await;
    let peer = Peer::connect(survivor.address).await;
    let request = head("GET", "/bytes/1000000?delay=1000", &[]);
    for n in 0..10_000 {
        // The server may allow the next stream only when it has heard of the end of others.
        let (mut send, mut recv) = soon("a stream", peer.connection.open_bi()).await.expect("a stream");
        send.write_all(&request).await.expect("it is open");
        if n % 2 == 0 {
            send.reset(code(Code::H3_REQUEST_CANCELLED)).expect("it is open");
        }
        recv.stop(code(Code::H3_REQUEST_CANCELLED)).expect("it is open");
    }
    survivor.survives("10,000 streams opened and reset").await;
}

/// quinn keeps an entry for each until the connection ends. The connection drains, so what goes on is whole.
#[tokio::test]
async fn responses_that_are_reset_are_bounded() {
    const MOST: usize = 16 * 1024;
    const AT_ONCE: usize = 64;
    let survivor = Survivor::start(&["--idle-timeout", "1h"]).await;
    // No response is small enough for this client.
    let none = control(&[(MAX_FIELD_SECTION_SIZE, 0)]);
    let peer = Peer::with(survivor.address, TransportConfig::default(), &none).await;
    let request = head("GET", "/bytes/64", &[]);
    let mut count = 0;
    let mut goes_on = true;
    while goes_on && count < 2 * MOST {
        let mut streams = Vec::new();
        while streams.len() < AT_ONCE
            && let Ok((mut send, recv)) = soon("a stream", peer.connection.open_bi()).await
        {
            let _closed = send.write_all(&request).await;
            let _closed = send.finish();
            streams.push(recv);
        }
        goes_on = streams.len() == AT_ONCE;
        for recv in &mut streams {
            match soon("a reset", recv.received_reset()).await {
                Ok(Some(reset)) if reset == code(Code::H3_INTERNAL_ERROR) => count += 1,
                Ok(reset) => {
                    assert_eq!(reset, Some(code(Code::H3_REQUEST_REJECTED)));
                    goes_on = false;
                }
                Err(_lost) => goes_on = false,
            }
        }
    }
    assert!(count >= MOST, "{count} streams");
    assert_eq!(peer.closed().await, code(Code::H3_NO_ERROR));
    survivor.survives("responses that are reset").await;
}

/// h3 keeps the number of each until the connection ends.
#[tokio::test]
async fn streams_without_a_request_are_bounded() {
    const MOST: usize = 16 * 1024;
    let survivor = Survivor::start(&[]).await;
    let peer = Peer::connect(survivor.address).await;
    let mut count = 0;
    while let Ok((mut send, _recv)) = soon("a stream", peer.connection.open_bi()).await {
        // The beginning of a `HEADERS` frame.
        let _closed = send.write_all(&varint(HEADERS)).await;
        let _closed = send.reset(code(Code::H3_REQUEST_CANCELLED));
        count += 1;
        assert!(count < 2 * MOST, "{count} streams");
    }
    assert_eq!(peer.closed().await, code(Code::H3_EXCESSIVE_LOAD));
    assert!(count >= MOST, "{count} streams");
    survivor.survives("streams without a request").await;
}

#[tokio::test]
async fn windows_that_stay_closed() {
    let survivor = Survivor::start(&["--reader-timeout", "1s"]).await;
    let mut transport = TransportConfig::default();
    transport.stream_receive_window(VarInt::from_u32(4096));
    let peer = Peer::with(survivor.address, transport, &control(&[])).await;
    let mut streams = Vec::new();
    for _ in 0..100 {
        streams.push(peer.request(&head("GET", "/bytes/100000000", &[])).await);
    }
    // Each is reset, and the connection lives on.
    for (_send, recv) in &mut streams {
        let reset = soon("a reset", recv.received_reset()).await;
        assert_eq!(reset, Ok(Some(code(Code::H3_REQUEST_CANCELLED))));
    }
    let (_send, mut recv) = peer.request(&head("GET", "/bytes/64", &[])).await;
    assert_eq!(Response::read(&mut recv).await.expect("a response").content.len(), 64);
    survivor.survives("100 responses of 100 MB that nobody reads").await;
}

#[tokio::test]
async fn requests_that_do_not_go_on() {
    let survivor = Survivor::start(&["--body-timeout", "1s", "--header-timeout", "1s"]).await;
    let peer = Peer::connect(survivor.address).await;
    let half = head("POST", "/echo", &[]);
    let mut streams = Vec::new();
    for _ in 0..90 {
        streams.push(peer.send(&half[..half.len() / 2]).await);
    }
    for (send, recv) in &mut streams {
        let reset = soon("a reset", recv.received_reset()).await;
        assert!(matches!(reset, Ok(Some(_))), "{reset:?}");
        assert!(matches!(soon("a stop", send.stopped()).await, Ok(Some(_))));
    }
    let (_send, mut recv) = peer.send(&[&half[..], &data(b"hello")].concat()).await;
    match Response::read(&mut recv).await {
        Ok(response) => assert_eq!(response.status(), 408),
        Err(reset) => assert!(reset.to_string().contains("reset"), "{reset}"),
    }
    survivor.survives("requests that stall").await;
}

/// At each point of an exchange.
#[tokio::test]
async fn clients_that_stop_reading() {
    let mut survivor = Survivor::start(&[]).await;
    let peer = Peer::connect(survivor.address).await;
    let stop = code(Code::H3_REQUEST_CANCELLED);

    // Before the header section, in it, and before the content.
    let request = head("GET", "/bytes/64?chunk=1&delay=1000", &[]);
    for size in [0, 1, request.len() / 2, request.len()] {
        let (mut send, mut recv) = peer.send(&request[..size]).await;
        recv.stop(stop).expect("it is open");
        // An end would cut the frame, which ends the connection.
        let _stopped = send.reset(stop);
    }
    let upload = [head("POST", "/echo", &[]), data(b"hello")].concat();
    let (mut send, mut recv) = peer.send(&upload).await;
    recv.stop(stop).expect("it is open");
    soon("a stop", send.stopped()).await.expect("no error");
    let _stopped = send.finish();

    // After the header section, within the content, and after the last byte but before the trailers.
    for path in ["/bytes/64?chunk=1&delay=50", "/bytes/100000000", "/bytes/64?chunk=64&delay=50"] {
        let (_send, mut recv) = peer.request(&head("GET", path, &[("te", "trailers")])).await;
        soon("a part", recv.read_chunk(1000, true)).await.expect("no error");
        recv.stop(stop).expect("it is open");
        survivor.logged(&["GET", path.split('?').next().expect("a path"), "HTTP/3", "client"]).await;
    }

    // After the end.
    let (_send, mut recv) = peer.request(&head("GET", "/bytes/64", &[])).await;
    Response::read(&mut recv).await.expect("a response");
    let _late = recv.stop(stop);
    survivor.survives("STOP_SENDING at each point").await;
}

/// Nothing tells the server that this client is gone.
#[tokio::test]
async fn client_that_vanishes() {
    let mut survivor = Survivor::start(&["--ping-interval", "1s"]).await;
    let server = survivor.address;
    let vanished = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let (peer, streams) = runtime.block_on(async {
            let peer = Peer::connect(server).await;
            let (send, mut recv) = peer.request(&head("GET", "/bytes/100000000", &[])).await;
            recv.read_chunk(1000, true).await.expect("no error");
            let request = [head("POST", "/echo", &[]), data(b"hello")].concat();
            let (upload, mut echo) = peer.send(&request).await;
            soon("a part", echo.read_chunk(1000, true)).await.expect("no error");
            (peer, [(send, recv), (upload, echo)])
        });
        // Without the runtime nothing is sent any more.
        runtime.shutdown_background();
        drop((streams, peer));
    });
    vanished.join().expect("no panic");
    survivor.logged(&["GET", "/bytes/100000000", "HTTP/3", "client"]).await;
    survivor.logged(&["POST", "/echo", "HTTP/3"]).await;
    survivor.survives("a client that vanishes").await;
}

/// Whatever it sends, a client has only so many streams of its own kind.
#[tokio::test]
async fn unidirectional_streams_of_unknown_types_are_stopped() {
    let survivor = Survivor::start(&[]).await;
    let peer = Peer::connect(survivor.address).await;
    for _ in 0..1000 {
        let mut stream = soon("a stream", peer.connection.open_uni()).await.expect("a stream");
        stream.write_all(&[0x21, 0, 0, 0]).await.expect("it is open");
        let stopped = soon("a stop", stream.stopped()).await;
        assert_eq!(stopped, Ok(Some(code(Code::H3_STREAM_CREATION_ERROR))));
    }
    survivor.survives("1000 unidirectional streams").await;
}

#[tokio::test]
async fn streams_that_must_not_end_or_be_there_twice() {
    let survivor = Survivor::start(&[]).await;
    let mut peer = Peer::connect(survivor.address).await;
    peer.control.finish().expect("it is open");
    assert_eq!(peer.closed().await, code(Code::H3_CLOSED_CRITICAL_STREAM));

    let peer = Peer::connect(survivor.address).await;
    let mut second = peer.connection.open_uni().await.expect("a stream");
    second.write_all(&control(&[])).await.expect("it is open");
    assert_eq!(peer.closed().await, code(Code::H3_STREAM_CREATION_ERROR));

    let peer = Peer::connect(survivor.address).await;
    let mut push = peer.connection.open_uni().await.expect("a stream");
    push.write_all(&[1, 0]).await.expect("it is open");
    assert_eq!(peer.closed().await, code(Code::H3_STREAM_CREATION_ERROR));

    for kind in [GOAWAY, 0x21] {
        let first = [varint(CONTROL), frame(kind, &[0])].concat();
        let peer = Peer::with(survivor.address, TransportConfig::default(), &first).await;
        assert_eq!(peer.closed().await, code(Code::H3_MISSING_SETTINGS));
    }

    let mut peer = Peer::connect(survivor.address).await;
    peer.control.write_all(&headers(&[("x-a", "1")])).await.expect("it is open");
    assert_eq!(peer.closed().await, code(Code::H3_FRAME_UNEXPECTED));
    survivor.survives("faults on control streams").await;
}
