//! SIGINT and SIGTERM while the verbs use HTTP/3: the server learns at once that nobody is left.

use crate::support::{
    CERTIFICATE, KEY,
    client::{CACERT, Place},
    raw, soon,
};
use axum_trailers_testing::http3::{DATA, control, data, frame_head, headers};
use quinn::{
    ConnectionError, Endpoint, ReadError, ReadToEndError, ServerConfig, VarInt,
    crypto::rustls::QuicServerConfig,
};
use rustix::process::{Pid, Signal, kill_process};
use rustls::version::TLS13;
use std::{os::unix::process::ExitStatusExt, process::Stdio, sync::Arc};
use tokio::{io::AsyncWriteExt, process::Child};

/// Codes of HTTP/3 ([RFC 9114 §8.1](https://www.rfc-editor.org/rfc/rfc9114#section-8.1)).
const NO_ERROR: u32 = 0x100;
const REQUEST_CANCELLED: u32 = 0x10c;

/// Of a `DATA` frame, in bytes.
const PIECE: usize = 16 * 1024;

/// A server of HTTP/3 that is scripted by the test.
struct Server {
    endpoint: Endpoint,
    url: String,
}

/// A request that has arrived.
struct Request {
    connection: quinn::Connection,
    /// Must stay open.
    _settings: quinn::SendStream,
    send: quinn::SendStream,
    recv: quinn::RecvStream,
}

impl Server {
    fn start() -> Self {
        let tls = raw::server_config(CERTIFICATE, KEY, &[&TLS13], &["h3"]);
        let config = ServerConfig::with_crypto(Arc::new(QuicServerConfig::try_from(tls).expect("TLS 1.3")));
        let endpoint = Endpoint::server(config, ([127, 0, 0, 1], 0).into()).expect("a port");
        let url = format!("https://127.0.0.1:{}/", endpoint.local_addr().expect("an address").port());
        Self { endpoint, url }
    }

    async fn request(&self) -> Request {
        let connection = self.endpoint.accept().await.expect("a client").await.expect("a handshake");
        let mut settings = connection.open_uni().await.expect("an open connection");
        settings.write_all(&control(&[])).await.expect("an open connection");
        let (send, mut recv) = connection.accept_bi().await.expect("a request");
        // Its HEADERS.
        recv.read_chunk(1, true).await.expect("no reset").expect("a byte");
        Request { connection, _settings: settings, send, recv }
    }
}

impl Request {
    /// Begins a response with these frames.
    async fn respond(&mut self, frames: &[u8]) {
        let head = headers(&[(":status", "200")]);
        self.send.write_all(&[&head[..], frames].concat()).await.expect("the client reads");
    }

    /// Everything that the client sends, up to its reset.
    async fn rest(&mut self) -> Result<usize, ReadError> {
        match self.recv.read_to_end(usize::MAX).await {
            Ok(content) => Ok(content.len()),
            Err(ReadToEndError::Read(error)) => Err(error),
            Err(ReadToEndError::TooLong) => unreachable!("there is no bound"),
        }
    }

    /// The code with which the client closes the connection.
    async fn closed(&self) -> VarInt {
        match self.connection.closed().await {
            ConnectionError::ApplicationClosed(close) => close.error_code,
            error => panic!("{error}"),
        }
    }
}

fn start(place: &Place, arguments: &[&str]) -> Child {
    let mut command = place.command(arguments);
    command.stdin(Stdio::piped());
    tokio::process::Command::from(command).kill_on_drop(true).spawn().expect("started")
}

fn signal(child: &Child, signal: Signal) {
    let id = child.id().and_then(|id| Pid::from_raw(i32::try_from(id).expect("small")));
    kill_process(id.expect("it runs"), signal).expect("sent");
}

/// Waits until a signal ends the process, and returns which.
async fn ended_by(child: &mut Child) -> Option<i32> {
    soon("the end", child.wait()).await.expect("its status").signal()
}

#[tokio::test]
async fn download_is_stopped_and_its_connection_closed() {
    for by in [Signal::INT, Signal::TERM] {
        let (server, place) = (Server::start(), Place::new());
        let mut child = start(&place, &["get", "--http3", "--cacert", CACERT, "-o", "file", &server.url]);
        let mut request = soon("a request", server.request()).await;
        request.respond(&[&frame_head(DATA, PIECE)[..], b"the beginning"].concat()).await;
        soon("the content", async {
            while place.read("file.part").is_none_or(|part| part.is_empty()) {
                tokio::task::yield_now().await;
            }
        })
        .await;
        signal(&child, by);
        assert_eq!(soon("the close", request.closed()).await, VarInt::from_u32(NO_ERROR));
        assert_eq!(ended_by(&mut child).await, Some(by.as_raw()));
        assert_eq!(place.read("file.part").expect("it is kept"), b"the beginning");
    }
}

#[tokio::test]
async fn upload_is_reset_before_its_connection_is_closed() {
    let (server, place) = (Server::start(), Place::new());
    let mut child = start(&place, &["put", "--http3", "--cacert", CACERT, "-", &server.url]);
    let mut input = child.stdin.take().expect("piped");
    input.write_all(b"the beginning").await.expect("it reads");
    let mut request = soon("a request", server.request()).await;
    signal(&child, Signal::INT);
    let reset = Err(ReadError::Reset(VarInt::from_u32(REQUEST_CANCELLED)));
    assert_eq!(soon("the reset", request.rest()).await, reset);
    assert_eq!(soon("the close", request.closed()).await, VarInt::from_u32(NO_ERROR));
    assert_eq!(ended_by(&mut child).await, Some(Signal::INT.as_raw()));
}

/// The request was complete before, so only the connection shows it.
#[tokio::test]
async fn request_without_response_is_left() {
    let (server, place) = (Server::start(), Place::new());
    let mut child = start(&place, &["send", "--http3", "--cacert", CACERT, &server.url]);
    let mut request = soon("a request", server.request()).await;
    soon("the request's end", request.rest()).await.expect("it is complete");
    signal(&child, Signal::TERM);
    assert_eq!(soon("the close", request.closed()).await, VarInt::from_u32(NO_ERROR));
    assert_eq!(ended_by(&mut child).await, Some(Signal::TERM.as_raw()));
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn process_that_waits_for_its_reader_ends_as_well() {
    // A pipe takes 64 KiB, or less if it is filled in small parts.
    const FULL: u64 = 32 * 1024;
    let (server, place) = (Server::start(), Place::new());
    let mut child = start(&place, &["get", "--http3", "--cacert", CACERT, &server.url]);
    let mut request = soon("a request", server.request()).await;
    request.respond(&data(&[0; PIECE]).repeat(32)).await;
    let output = child.stdout.take().expect("piped");
    soon("a full pipe", async {
        while rustix::io::ioctl_fionread(&output).expect("a pipe") < FULL {
            tokio::task::yield_now().await;
        }
    })
    .await;
    signal(&child, Signal::INT);
    assert_eq!(ended_by(&mut child).await, Some(Signal::INT.as_raw()));
}
