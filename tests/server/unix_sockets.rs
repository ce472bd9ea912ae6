//! Plain HTTP over Unix sockets, which can't be reset.

use super::prelude::{
    ConnectInfo, Router, get,
    producer::{Producers, declared},
};
use crate::support::{TestServer, builder, log::Log, raw, read, soon, with};
use axum_trailers::body;
use axum_trailers_server::{Limits, Server};
use std::{
    net::SocketAddr,
    os::unix::{fs::PermissionsExt, net::UnixListener},
    path::{Path, PathBuf},
    time::Duration,
};
use tempfile::TempDir;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::UnixStream,
};

/// A server on a Unix socket in a temporary folder.
struct OnUnix {
    server: TestServer,
    path: PathBuf,
    _folder: TempDir,
}

impl OnUnix {
    fn start(app: Router) -> Self {
        Self::limited(app, Limits::default())
    }

    fn limited(app: Router, limits: Limits) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("socket");
        let bind = |server: Server| server.limits(limits).bind_unix(&path).expect("a socket");
        let server = TestServer::plain(app, bind);
        Self { server, path, _folder: folder }
    }

    async fn connect(&self) -> UnixStream {
        UnixStream::connect(&self.path).await.expect("a connection")
    }

    async fn asked(&self, path: &str, version: &str) -> UnixStream {
        let mut client = self.connect().await;
        let request =
            format!("GET {path} HTTP/{version}\r\nhost: a\r\nte: trailers\r\nconnection: close\r\n\r\n");
        client.write_all(request.as_bytes()).await.expect("sent");
        client
    }
}

#[tokio::test]
async fn trailers_arrive_over_both_protocols() {
    let producers = Producers::new();
    let server = OnUnix::start(producers.router());
    for (protocol, client) in [
        ("HTTP/2.0", builder().http2_prior_knowledge().unix_socket(server.path.clone())),
        ("HTTP/1.1", builder().http1_only().unix_socket(server.path.clone())),
    ] {
        let client = client.build().expect("a client");
        let request = client.get("http://localhost/quiet").header("te", "trailers");
        let response = request.send().await.expect("a response");
        assert_eq!(format!("{:?}", response.version()), protocol);
        producers.go_on.notify_one();
        let ending = read(response).await.expect("whole");
        assert_eq!(ending.content, b"first last", "{protocol}");
        assert_eq!(ending.trailers.expect("trailers")["x-rows"], "2", "{protocol}");
    }
}

#[tokio::test]
async fn client_has_no_address() {
    let (log, _catching) = Log::catch();
    let address = |ConnectInfo(client): ConnectInfo<SocketAddr>| async move { client.to_string() };
    let server = OnUnix::start(Router::new().route("/", get(address)));
    assert!(raw::rest(&mut server.asked("/", "1.1").await).await.ends_with("\r\n\r\n[::]:0"));
    log.line(&["axum_trailers::request", "peer=unix "]).await;
}

#[tokio::test]
async fn response_that_could_not_be_cut_visibly_is_refused() {
    let producers = Producers::new();
    let server = OnUnix::start(producers.router());
    let refused = raw::rest(&mut server.asked("/endless", "1.0").await).await;
    assert!(refused.starts_with("HTTP/1.0 505 "), "{refused}");
    assert!(refused.contains("`proxy_http_version 1.1`"), "{refused}");
    soon("the producer's end", producers.ended.acquire()).await.expect("open").forget();
    let whole = raw::rest(&mut server.asked("/ok", "1.0").await).await;
    assert!(whole.starts_with("HTTP/1.0 200 ") && whole.ends_with("\r\n\r\nok"), "{whole}");
    let mut tcp = tokio::net::TcpStream::connect(server.server.address).await.expect("a connection");
    tcp.write_all(b"GET /endless HTTP/1.0\r\n\r\n").await.expect("sent");
    let mut begin = [0; 13];
    soon("a response", tcp.read_exact(&mut begin)).await.expect("a response");
    assert_eq!(&begin, b"HTTP/1.0 200 ");
}

#[tokio::test]
async fn cut_response_never_looks_complete() {
    let broken = || async {
        let (mut sender, body) = body::channel(1024, declared());
        tokio::spawn(async move { sender.send("first ").await });
        body
    };
    let server = OnUnix::start(Router::new().route("/broken", get(broken)));
    let cut = raw::rest(&mut server.asked("/broken", "1.1").await).await;
    assert!(cut.contains("\r\ntransfer-encoding: chunked\r\n") && cut.ends_with("\r\nfirst \r\n"), "{cut}");
    let mut http2 = raw::http2_over(server.connect().await).await;
    let mut body = raw::http2_get(&mut http2, "/broken").await;
    let error = raw::http2_read(&mut body).await.expect_err("cut");
    assert_eq!(error.reason(), Some(h2::Reason::INTERNAL_ERROR), "{error:?}");
}

#[tokio::test]
async fn reader_that_stalls_is_cut() {
    let producers = Producers::new();
    let limits = with!(Limits { stalled_reader: Duration::from_millis(800) });
    let server = OnUnix::limited(producers.router(), limits);
    let mut client = server.asked("/endless", "1.1").await;
    soon("the producer's end", producers.ended.acquire()).await.expect("open").forget();
    let cut = raw::rest(&mut client).await;
    assert!(
        cut.starts_with("HTTP/1.1 200 ") && !cut.ends_with("0\r\n\r\n"),
        "a cut transfer has no last chunk"
    );
}

/// Over TCP a client that has closed one direction is noticed only once the kernel probes it.
#[tokio::test]
async fn client_that_leaves_in_two_steps_ends_its_producer() {
    let producers = Producers::new();
    let server = OnUnix::start(producers.router());
    let mut client = server.asked("/silent", "1.1").await;
    soon("a producer", producers.began.acquire()).await.expect("open").forget();
    // Bytes that it has not read would make the kernel report that it is gone.
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(soon("the head", client.read_u8()).await.expect("a response"));
    }
    client.shutdown().await.expect("half closed");
    drop(client);
    soon("the producer's end", producers.ended.acquire()).await.expect("open").forget();
}

#[tokio::test]
async fn file_has_the_permissions_of_the_umask_and_is_removed_at_the_end() {
    let mut server = OnUnix::start(Producers::new().router());
    let mode = server.path.metadata().expect("the file").permissions().mode();
    let umask = {
        let probe = server.path.with_extension("probe");
        drop(UnixListener::bind(&probe).expect("a socket"));
        probe.metadata().expect("the file").permissions().mode()
    };
    assert_eq!(mode, umask, "no more and no less than the umask leaves");
    soon("the end", server.server.handle.drain(Duration::from_secs(60))).await;
    soon("the end", &mut server.server.served).await.expect("no panic").expect("no error");
    assert!(!server.path.exists());
}

#[tokio::test]
async fn socket_of_the_application_is_served_and_its_file_stays() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("socket");
    let socket = UnixListener::bind(&path).expect("a socket");
    let mut server = TestServer::plain(Producers::new().router(), |server| server.listen_unix(socket));
    let mut client = UnixStream::connect(&path).await.expect("a connection");
    client.write_all(b"GET /ok HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n").await.expect("sent");
    assert!(raw::rest(&mut client).await.ends_with("\r\n\r\nok"));
    soon("the end", server.handle.drain(Duration::from_secs(60))).await;
    soon("the end", &mut server.served).await.expect("no panic").expect("no error");
    assert!(path.exists());
}

#[test]
fn path_that_cannot_be_bound_is_a_clear_error() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("socket");
    let _other = UnixListener::bind(&path).expect("a socket");
    let file = folder.path().join("file");
    std::fs::write(&file, "").expect("written");
    let cause = |path: &Path| {
        let error = Server::new().bind_unix(path).expect_err("can't be bound");
        assert_eq!(error.to_string(), format!("can't listen on unix:{}", path.display()));
        error.source.to_string()
    };
    assert_eq!(cause(&path), "another process listens on it");
    assert_eq!(cause(&file), "the file exists and is not a socket");
    assert!(cause(&folder.path().join("none/socket")).starts_with("No such file or directory"));
}
