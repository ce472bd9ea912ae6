use super::{Config, connection::serve};
use crate::{
    accept::Rejections,
    app::{App, Application, GrpcServices},
    connection::{ConnectionLimit, ConnectionPermit, LAST_WORDS, Peer, Purpose},
    exchange::RequestBody,
    limits::Limits,
    shutdown::Handle,
    tls::Tls,
};
use axum_trailers_quic::quinn::{
    ClientConfig, Connection, Endpoint, EndpointConfig, RecvStream, SendStream, TokioRuntime,
    TransportConfig, VarInt, crypto::rustls::QuicClientConfig,
};
use axum_trailers_testing::http3::{control, head};
use bytes::Bytes;
use futures_util::future::join_all;
use http::{Request, Response};
use http_body::{Body, Frame, SizeHint};
use http_body_util::Empty;
use std::{
    convert::Infallible,
    future::{Pending, Ready, pending, ready},
    net::{Ipv4Addr, UdpSocket},
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};
use tokio::{
    sync::{Mutex, Notify},
    task::JoinHandle,
    time::{Instant, pause, resume, sleep, timeout},
};

/// [RFC 9114 §8.1](https://www.rfc-editor.org/rfc/rfc9114#section-8.1)
const H3_INTERNAL_ERROR: VarInt = VarInt::from_u32(0x102);
const H3_REQUEST_CANCELLED: VarInt = VarInt::from_u32(0x10c);

/// An application that notes its calls and never responds.
#[derive(Clone)]
struct Silent(Arc<Notify>);

impl tower_service::Service<Request<RequestBody>> for Silent {
    type Response = Response<Empty<Bytes>>;
    type Error = Infallible;
    type Future = Pending<Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _request: Request<RequestBody>) -> Self::Future {
        self.0.notify_one();
        pending()
    }
}

/// An application whose responses never end.
#[derive(Clone)]
struct Endless;

impl tower_service::Service<Request<RequestBody>> for Endless {
    type Response = Response<Self>;
    type Error = Infallible;
    type Future = Ready<Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _request: Request<RequestBody>) -> Self::Future {
        ready(Ok(Response::new(Self)))
    }
}

impl Body for Endless {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        self: Pin<&mut Self>,
        _cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(&[0; 16 * 1024])))))
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::default()
    }
}

/// A client's connection, and what serves it on this thread.
struct Served {
    client: Connection,
    /// It must not end.
    _control: SendStream,
    _endpoints: [Endpoint; 2],
    server: Handle,
    serving: JoinHandle<()>,
}

impl Served {
    async fn start(app: impl Application, limits: Limits, transport: TransportConfig) -> Self {
        let (client, quic, endpoints) = connected(transport).await;
        let server = Handle::new();
        let app = App::new(app, GrpcServices::default(), limits.into(), server.shutdown(), None);
        let service = app.service(app.connect(Peer::Network(quic.remote_address()), Purpose::Https));
        let permit =
            ConnectionPermit::new(ConnectionLimit::new(1).acquire().expect("a permit"), Arc::default());
        let serving =
            tokio::spawn(serve(quic, None, service, Rejections::new(None, server.shutdown()), permit));
        let mut stream = client.open_uni().await.expect("a stream");
        stream.write_all(&control(&[])).await.expect("it is open");
        Self { client, _control: stream, _endpoints: endpoints, server, serving }
    }

    async fn get(&self) -> RecvStream {
        let (mut send, recv) = self.client.open_bi().await.expect("a stream");
        send.write_all(&head("GET", "/", &[])).await.expect("it is open");
        send.finish().expect("it is open");
        recv
    }
}

/// A connection of a client with this configuration, the server's, and the endpoints that serve them.
async fn connected(transport: TransportConfig) -> (Connection, Connection, [Endpoint; 2]) {
    let pair = rcgen::generate_simple_self_signed(["localhost".to_owned()]).expect("a pair");
    let tls = Tls::from_pem(pair.cert.pem().as_bytes(), pair.signing_key.serialize_pem().as_bytes());
    let config = Config::new(tls.expect("a pair"), &Limits::default()).current().expect("TLS 1.3");
    let any_port = (Ipv4Addr::LOCALHOST, 0);
    let socket = UdpSocket::bind(any_port).expect("a free port");
    let runtime = Arc::new(TokioRuntime);
    let server = Endpoint::new(EndpointConfig::default(), Some((*config).clone()), socket, runtime);
    let server = server.expect("a socket");

    let mut roots = rustls::RootCertStore::empty();
    roots.add(pair.cert.der().clone()).expect("a certificate");
    let mut tls = rustls::ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
    tls.alpn_protocols = vec![b"h3".to_vec()];
    let mut config = ClientConfig::new(Arc::new(QuicClientConfig::try_from(tls).expect("TLS 1.3")));
    config.transport_config(Arc::new(transport));
    let client = Endpoint::client(any_port.into()).expect("a free port");
    let address = server.local_addr().expect("it is bound");
    let connecting = client.connect_with(config, address, "localhost").expect("a name");
    let accepting = async { server.accept().await.expect("a connection").await };
    let (connected, accepted) = tokio::join!(connecting, accepting);
    (connected.expect("a handshake"), accepted.expect("a handshake"), [client, server])
}

/// With a paused clock only timers let time pass, so a wait for what does not come is exactly as long as its limit.
#[tokio::test]
async fn cut_of_a_request_whose_handler_has_not_answered_waits_for_nothing() {
    let called = Arc::new(Notify::new());
    let served = Served::start(Silent(called.clone()), Limits::default(), TransportConfig::default()).await;
    let mut response = served.get().await;
    called.notified().await;

    pause();
    let began = Instant::now();
    served.server.abort();
    served.serving.await.expect("no panic");
    let waited = began.elapsed();
    resume();
    assert!(waited < LAST_WORDS, "{waited:?}");
    assert_eq!(response.received_reset().await, Ok(Some(H3_INTERNAL_ERROR)));
}

/// The windows have room for the unread response, and for few of the others.
#[tokio::test]
async fn downloads_that_wait_for_each_other_are_not_cut_and_an_unread_one_is() {
    const LIMIT: Duration = Duration::from_millis(800);
    let limits = Limits { stalled_reader: LIMIT, ..Limits::default() };
    let mut windows = TransportConfig::default();
    windows.stream_receive_window((64_u32 * 1024).into()).receive_window((256_u32 * 1024).into());
    let served = Served::start(Endless, limits, windows).await;
    let began = Instant::now();
    let mut unread = served.get().await;
    let mut read = Vec::new();
    for _ in 0..90 {
        read.push(served.get().await);
    }
    // At most 0.7 MB/s: no response gets 16 KiB within the limit, which would be progress of its own.
    let pace = Mutex::new(());
    let reading = join_all(read.iter_mut().map(async |response| {
        loop {
            response.read_chunk(1400, true).await.expect("a reader is served").expect("more");
            let _turn = pace.lock().await;
            sleep(Duration::from_millis(2)).await;
        }
    }));
    let (reading, reset) = tokio::join!(timeout(4 * LIMIT, reading), unread.received_reset());
    assert!(reading.is_err(), "they are endless");
    assert_eq!(reset, Ok(Some(H3_REQUEST_CANCELLED)));
    assert!(began.elapsed() >= LIMIT);
}
