//! Certificate and key are reloaded on SIGHUP and when their files change; connections are not affected, and an invalid
//! pair changes nothing.

#[cfg(unix)]
use crate::support::process::{Process, Signal, command};
use crate::support::{
    CERTIFICATE, KEY, TestServer, certificate,
    log::Log,
    producer::Producers,
    protocols::{Protocol, Settings, http3, read},
    raw, soon,
};
use axum_trailers_server::{Server, Tls};
use futures_util::future::join_all;
use rcgen::{CertifiedKey, KeyPair, generate_simple_self_signed};
use rustls::{
    DEFAULT_VERSIONS, HandshakeKind,
    pki_types::CertificateDer,
    version::{TLS12, TLS13},
};
use std::{fs, net::SocketAddr, path::PathBuf, sync::Arc, time::Duration};
use tempfile::TempDir;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

/// More than two polls of the files.
const LOOKS: Duration = Duration::from_millis(2500);

struct Pair {
    certificate: CertificateDer<'static>,
    chain: String,
    key: String,
}

impl Pair {
    /// The pair that the tests' other clients trust.
    fn demo() -> Self {
        let text = |pem: &[u8]| String::from_utf8(pem.to_vec()).expect("text");
        Self { certificate: certificate(), chain: text(CERTIFICATE), key: text(KEY) }
    }

    fn new() -> Self {
        let CertifiedKey::<KeyPair> { cert, signing_key } =
            generate_simple_self_signed(["localhost".to_owned()]).expect("a pair");
        Self { certificate: cert.der().clone(), chain: cert.pem(), key: signing_key.serialize_pem() }
    }
}

/// The files of a pair, in a temporary folder.
struct Files {
    folder: TempDir,
}

impl Files {
    fn of(pair: &Pair) -> Self {
        let files = Self { folder: tempfile::tempdir().expect("a folder") };
        files.replace(pair);
        files
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn text(&self, name: &str) -> String {
        self.path(name).to_str().expect("text").to_owned()
    }

    fn replace(&self, pair: &Pair) {
        self.write("cert.pem", &pair.chain);
        self.write("key.pem", &pair.key);
    }

    /// Replaces a file atomically.
    fn write(&self, name: &str, content: &str) {
        fs::write(self.path("new"), content).expect("written");
        fs::rename(self.path("new"), self.path(name)).expect("renamed");
    }

    fn tls(&self) -> Tls {
        Tls::from_pem_files(self.path("cert.pem"), self.path("key.pem")).expect("a pair")
    }

    fn server(&self, producers: &Producers) -> TestServer {
        TestServer::with_tls(self.tls(), producers.router(), reloading)
    }
}

fn reloading(server: Server) -> Server {
    server.reload_certificates().expect("a signal to catch")
}

async fn presents(address: SocketAddr, pair: &Pair) -> bool {
    let config =
        raw::client_config(&[pair.certificate.clone(), Pair::demo().certificate], DEFAULT_VERSIONS, &["h2"]);
    let tcp = TcpStream::connect(address).await.expect("a connection");
    let stream = raw::handshake_with(Arc::new(config), tcp).await;
    assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"h2"[..]), "the rest stays as it was");
    stream.get_ref().1.peer_certificates().expect("a certificate")[0] == pair.certificate
}

async fn presents_over_http3(address: SocketAddr, pair: &Pair) -> bool {
    let trusted = [pair.certificate.clone(), Pair::demo().certificate];
    let config = raw::client_config(&trusted, &[&TLS13], &["h3"]);
    let client =
        http3::Connection::open_with(config, address, Settings::default()).await.expect("a handshake");
    let identity = client.quic().peer_identity().expect("a certificate");
    let chain = identity.downcast::<Vec<CertificateDer<'static>>>().expect("as rustls has it");
    chain[0] == pair.certificate
}

fn count(log: &str, part: &str) -> usize {
    log.lines().filter(|line| line.contains(part)).count()
}

#[tokio::test]
async fn changed_files_are_taken_without_a_signal_and_streams_go_on() {
    let (log, _guard) = Log::catch();
    let (old, new) = (Pair::demo(), Pair::new());
    let files = Files::of(&old);
    let producers = Producers::new();
    let server = files.server(&producers);
    let mut client = raw::http2(server.address).await;
    let mut http2 = raw::http2_get(&mut client, "/quiet").await;
    let mut http1 = raw::http1_get(server.address, "/quiet").await;
    assert!(presents(server.address, &old).await);

    files.replace(&new);
    log.line(&["INFO", "certificate and key reloaded", "cert.pem", "key.pem", "trigger=\"change\""]).await;
    assert!(presents(server.address, &new).await);

    producers.go_on.notify_waiters();
    assert_eq!(raw::http2_read(&mut http2).await.expect("whole"), b"first last");
    assert_eq!(http2.trailers().await.expect("no error").expect("trailers")["x-rows"], "2");
    let mut further = raw::http2_get(&mut client, "/ok").await;
    assert_eq!(raw::http2_read(&mut further).await.expect("whole"), b"ok");

    http1.write_all(b"GET /ok HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n").await.expect("sent");
    let rest = raw::rest(&mut http1).await;
    let (quiet, further) = rest.split_once("0\r\nx-rows: 2\r\n\r\n").expect("trailers");
    assert!(
        quiet.contains("last") && further.starts_with("HTTP/1.1 200") && further.ends_with("ok"),
        "{rest}"
    );
    assert!(!log.text().contains("ERROR"), "{}", log.text());
}

#[tokio::test]
async fn handshakes_over_http3_get_the_new_certificate_and_streams_go_on() {
    let (log, _guard) = Log::catch();
    let (old, new) = (Pair::demo(), Pair::new());
    let files = Files::of(&old);
    let producers = Producers::new();
    let server = files.server(&producers);
    let client = Protocol::Http3.client(server.address).await;
    let quiet = client.get("/quiet").await;
    assert!(presents_over_http3(server.address, &old).await);

    files.replace(&new);
    log.line(&["INFO", "certificate and key reloaded", "cert.pem", "key.pem", "trigger=\"change\""]).await;
    assert!(presents_over_http3(server.address, &new).await);

    producers.go_on.notify_waiters();
    let ending = read(quiet).await.expect("whole");
    assert_eq!(ending.content, b"first last");
    assert_eq!(ending.trailers.expect("trailers")["x-rows"], "2");
    assert_eq!(read(client.get("/ok").await).await.expect("whole").content, b"ok");
    assert!(!log.text().contains("ERROR"), "{}", log.text());
}

#[tokio::test]
async fn certificate_is_not_reloaded_unless_enabled() {
    let (old, new) = (Pair::demo(), Pair::new());
    let files = Files::of(&old);
    let server = TestServer::with_tls(files.tls(), Producers::new().router(), |server| server);
    files.replace(&new);
    tokio::time::sleep(LOOKS).await;
    assert!(presents(server.address, &old).await);
}

#[tokio::test]
async fn files_replaced_one_after_the_other_cause_no_error() {
    let (log, _guard) = Log::catch_all();
    let new = Pair::new();
    let files = Files::of(&Pair::demo());
    let server = files.server(&Producers::new());
    files.write("cert.pem", &new.chain);
    log.line(&["DEBUG", "changed"]).await;
    files.write("key.pem", &new.key);
    log.line(&["INFO", "certificate and key reloaded"]).await;
    assert!(presents(server.address, &new).await);
    assert!(!log.text().contains("ERROR"), "{}", log.text());
}

#[tokio::test]
async fn invalid_pair_is_logged_once_and_the_old_one_stays_in_use() {
    type Break = fn(&Files);
    let mut cases: Vec<(Break, [&str; 2])> = vec![
        (|files| fs::remove_file(files.path("key.pem")).expect("removed"), ["can't read", "No such file"]),
        (no_file::folder, ["can't read", "not a regular file"]),
        (|files| files.write("cert.pem", &"x".repeat(1024 * 1024 + 1)), ["can't read", "1048576 bytes"]),
        (|files| files.write("cert.pem", "no certificate"), ["no valid PEM certificate", "cert.pem"]),
        (|files| files.write("key.pem", ""), ["no valid PEM private key", "key.pem"]),
        (|files| files.write("key.pem", &Pair::new().key), ["does not belong", "key.pem"]),
    ];
    #[cfg(target_os = "linux")]
    for no_end in [no_file::pipe, no_file::endless] {
        cases.push((no_end, ["can't read", "not a regular file"]));
    }
    let (log, _guard) = Log::catch();
    let log = &log;
    let checks = cases.into_iter().map(|(break_it, told)| async move {
        let (old, new) = (Pair::demo(), Pair::new());
        let files = Files::of(&old);
        let folder = files.folder.path().to_str().expect("text");
        let server = files.server(&Producers::new());
        let is_told_once = || {
            let log = log.text();
            let errors = log.lines().filter(|line| line.contains("ERROR") && line.contains(folder));
            assert_eq!(errors.count(), 1, "{told:?}: {log}");
        };

        break_it(&files);
        log.line(&["ERROR", "keeping the old ones", "trigger=\"change\"", folder, told[0], told[1]]).await;
        tokio::time::sleep(LOOKS).await;
        assert!(presents(server.address, &old).await, "{told:?}");
        is_told_once();

        if files.path("key.pem").is_dir() {
            fs::remove_dir(files.path("key.pem")).expect("removed");
        }
        files.replace(&new);
        log.line(&["INFO", "certificate and key reloaded", folder]).await;
        assert!(presents(server.address, &new).await, "{told:?}");
        is_told_once();
    });
    join_all(checks).await;
}

/// What may replace a regular file.
mod no_file {
    use super::{Files, fs};

    pub(super) fn folder(files: &Files) {
        fs::remove_file(files.path("key.pem")).expect("removed");
        fs::create_dir(files.path("key.pem")).expect("a folder in its place");
    }

    /// A pipe without a writer: opening it blocks.
    #[cfg(target_os = "linux")]
    pub(super) fn pipe(files: &Files) {
        use rustix::fs::{CWD, FileType, Mode, mknodat};
        mknodat(CWD, files.path("new"), FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).expect("a pipe");
        fs::rename(files.path("new"), files.path("key.pem")).expect("renamed");
    }

    #[cfg(target_os = "linux")]
    pub(super) fn endless(files: &Files) {
        std::os::unix::fs::symlink("/dev/zero", files.path("new")).expect("a link");
        fs::rename(files.path("new"), files.path("cert.pem")).expect("renamed");
    }
}

/// Kubernetes keeps a secret's files behind a link to a folder, and replaces the link.
#[cfg(unix)]
#[tokio::test]
async fn exchanged_link_is_a_change() {
    use std::os::unix::fs::symlink;
    let (log, _guard) = Log::catch();
    let (old, new) = (Pair::demo(), Pair::new());
    let files = Files::of(&old);
    for (version, pair) in [("1", &old), ("2", &new)] {
        fs::create_dir(files.path(version)).expect("a folder");
        files.write(&format!("{version}/cert.pem"), &pair.chain);
        files.write(&format!("{version}/key.pem"), &pair.key);
    }
    symlink("1", files.path("data")).expect("a link");
    let tls = Tls::from_pem_files(files.path("data/cert.pem"), files.path("data/key.pem")).expect("a pair");
    let server = TestServer::with_tls(tls, Producers::new().router(), reloading);

    symlink("2", files.path("next")).expect("a link");
    fs::rename(files.path("next"), files.path("data")).expect("exchanged");
    log.line(&["INFO", "certificate and key reloaded"]).await;
    assert!(presents(server.address, &new).await);
    assert_eq!(count(&log.text(), "ERROR"), 0, "{}", log.text());
}

/// A session from before the reload would keep using the old certificate.
#[tokio::test]
async fn session_is_resumed_until_the_certificate_is_another() {
    let (log, _guard) = Log::catch();
    let (old, new) = (Pair::demo(), Pair::new());
    let files = Files::of(&old);
    let server = files.server(&Producers::new());
    let trusted = [old.certificate.clone(), new.certificate.clone()];
    let clients =
        [&TLS12, &TLS13].map(|version| Arc::new(raw::client_config(&trusted, &[version], &["http/1.1"])));
    let handshake = async |client: &Arc<_>| {
        let tcp = TcpStream::connect(server.address).await.expect("a connection");
        let mut stream = raw::handshake_with(Arc::clone(client), tcp).await;
        // In TLS 1.3 the ticket follows the handshake.
        stream.write_all(b"GET /ok HTTP/1.1\r\nhost: a\r\n\r\n").await.expect("sent");
        soon("a response", stream.read(&mut [0; 512])).await.expect("a response");
        stream.get_ref().1.handshake_kind().expect("a handshake")
    };
    for client in &clients {
        assert_eq!(handshake(client).await, HandshakeKind::Full);
        assert_eq!(handshake(client).await, HandshakeKind::Resumed);
    }
    files.replace(&new);
    log.line(&["INFO", "certificate and key reloaded"]).await;
    for client in &clients {
        assert_eq!(handshake(client).await, HandshakeKind::Full);
        assert_eq!(handshake(client).await, HandshakeKind::Resumed);
    }
}

#[cfg(unix)]
const QUIET: [&str; 4] = ["--listen", "127.0.0.1:0", "--redirect", "off"];

#[cfg(unix)]
#[tokio::test]
async fn sighup_reloads_at_once_and_logs_an_invalid_pair() {
    let (old, new) = (Pair::demo(), Pair::new());
    let files = Files::of(&old);
    let (certificate, key) = (files.text("cert.pem"), files.text("key.pem"));
    let given = ["--cert", &certificate, "--key", &key, "--log", "trace"];
    let mut process = Process::start(&[&QUIET[..], &given].concat());
    let address = process.address("https");
    let mut client = raw::http2(address).await;
    let mut body = raw::http2_get(&mut client, "/").await;

    files.write("key.pem", &new.key);
    process.signal(Signal::HUP);
    process.logged(&["ERROR", "does not belong", "trigger=SIGHUP"]).await;
    assert!(presents(address, &old).await);

    files.replace(&new);
    process.signal(Signal::HUP);
    process.logged(&["INFO", "certificate and key reloaded", "trigger=SIGHUP"]).await;
    assert!(presents(address, &new).await);

    assert_eq!(raw::http2_read(&mut body).await.expect("whole"), b"hello...world\n");
    assert_eq!(body.trailers().await.expect("no error").expect("trailers")["chunky-trailer"], "foo");
    drop(client);
    process.signal(Signal::TERM);
    let (status, log) = tokio::task::spawn_blocking(move || process.end()).await.expect("no panic");
    assert!(status.success());
    assert_eq!(count(&log, "ERROR axum_trailers"), 1, "{log}");
    assert_eq!(count(&log, "trigger=change"), 0, "{log}");
    for key in [&old.key, &new.key] {
        assert!(
            key.lines().skip(1).all(|line| line.contains("-----") || !log.contains(line)),
            "a key in {log}"
        );
    }
}

/// A pipe can be read only once.
#[cfg(unix)]
#[tokio::test]
async fn sighup_with_nothing_to_read_leaves_the_server_as_it_is() {
    let files = Files::of(&Pair::demo());
    let certificate = files.text("cert.pem");
    for given in [&[][..], &["--cert", &certificate, "--key", "/dev/stdin"]] {
        let (input, mut key) = std::io::pipe().expect("a pipe");
        std::io::Write::write_all(&mut key, KEY).expect("room for a key");
        drop(key);
        let mut process = Process::spawn(command(&[&QUIET[..], given].concat()).stdin(input));
        let address = process.address("https");
        process.signal(Signal::HUP);
        process.logged(&["INFO", "SIGHUP ignored"]).await;
        tokio::time::sleep(LOOKS).await;
        assert!(presents(address, &Pair::demo()).await);
        process.signal(Signal::TERM);
        let (status, log) = tokio::task::spawn_blocking(move || process.end()).await.expect("no panic");
        assert!(status.success() && count(&log, "ERROR") == 0, "{log}");
    }
}
