//! The binary reports its start and its shutdown to systemd.

use crate::support::{
    PATIENCE, http1, http2,
    process::{Process, Signal, command},
    read, soon,
};
use std::{
    io,
    os::{
        linux::net::SocketAddrExt,
        unix::net::{SocketAddr, UnixDatagram},
    },
    process::Command,
};
use tempfile::TempDir;

const QUIET: [&str; 4] = ["--listen", "127.0.0.1:0", "--redirect", "off"];

/// A service manager's socket, and the value of `NOTIFY_SOCKET` for it.
struct Manager {
    socket: UnixDatagram,
    name: String,
    _folder: TempDir,
}

impl Manager {
    fn with_path() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("notify");
        let socket = UnixDatagram::bind(&path).expect("a socket");
        Self { socket, name: path.to_str().expect("text").to_owned(), _folder: folder }
    }

    fn with_abstract_name() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let name = folder.path().to_str().expect("text");
        let address = SocketAddr::from_abstract_name(name).expect("an address");
        let socket = UnixDatagram::bind_addr(&address).expect("a socket");
        Self { socket, name: format!("@{name}"), _folder: folder }
    }

    /// Sends messages until the socket has no room.
    fn fill(&self) {
        // Each sender has room of its own.
        let sent = || {
            let sender = UnixDatagram::unbound()?;
            sender.set_nonblocking(true)?;
            sender.connect(&self.name)?;
            sender.send(b"WATCHDOG=1")
        };
        let full = std::iter::repeat_with(sent).find_map(Result::err).expect("an error");
        assert_eq!(full.kind(), io::ErrorKind::WouldBlock);
    }

    fn message(&self) -> String {
        self.socket.set_read_timeout(Some(PATIENCE)).expect("set");
        self.receive().expect("a message")
    }

    fn has_none(&self) -> bool {
        self.socket.set_nonblocking(true).expect("set");
        self.receive().is_err_and(|error| error.kind() == io::ErrorKind::WouldBlock)
    }

    fn receive(&self) -> io::Result<String> {
        let mut message = [0; 1024];
        let length = self.socket.recv(&mut message)?;
        Ok(String::from_utf8_lossy(&message[..length]).into_owned())
    }
}

#[tokio::test]
async fn ready_comes_once_requests_are_answered_and_stopping_while_streams_still_run() {
    for manager in [Manager::with_path(), Manager::with_abstract_name()] {
        let mut process = Process::spawn(command(&QUIET).env("NOTIFY_SOCKET", &manager.name));
        assert_eq!(manager.message(), "READY=1");
        let url = format!("https://localhost:{}/", process.address("https").port());
        let response = http2().get(url).send().await.expect("a response");
        assert!(manager.has_none(), "the server runs");
        process.signal(Signal::TERM);
        manager.socket.set_nonblocking(false).expect("set");
        assert_eq!(manager.message(), "STOPPING=1");
        assert_eq!(read(response).await.expect("whole").content, b"hello...world\n");
        let (status, log) = tokio::task::spawn_blocking(move || process.end()).await.expect("no panic");
        assert!(status.success(), "{log}");
        assert!(manager.has_none(), "each state is reported once");
    }
}

#[test]
fn server_that_cannot_start_is_never_ready() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let taken = taken.local_addr().expect("an address").to_string();
    for mut command in [command(&["--listen", &taken, "--redirect", "off"]), without_threads()] {
        let manager = Manager::with_path();
        let output = command.env("NOTIFY_SOCKET", &manager.name).output().expect("started");
        assert_eq!(output.status.code(), Some(1), "{}", String::from_utf8_lossy(&output.stderr));
        assert!(manager.has_none());
    }
}

/// The binary with memory for the stack of one of its two serving threads.
fn without_threads() -> Command {
    let mut limited = Command::new("sh");
    let script = format!("ulimit -v {} && exec \"$0\" \"$@\" --threads 2", 6 << 20);
    limited.args(["-c", &script, env!("CARGO_BIN_EXE_axum-trailers")]).args(QUIET);
    limited.env("RUST_MIN_STACK", (4_u64 << 30).to_string());
    limited
}

#[tokio::test]
async fn manager_that_cannot_be_reached_is_a_warning() {
    for name in ["/nowhere/notify", "@nobody listens here"] {
        let mut process = Process::spawn(command(&QUIET).env("NOTIFY_SOCKET", name));
        let url = format!("https://localhost:{}/healthz", process.address("https").port());
        process.logged(&["WARN", "can't notify the service manager", "READY=1"]).await;
        assert_eq!(
            read(http2().get(url).send().await.expect("a response")).await.expect("whole").content,
            b"ok\n"
        );
    }
}

#[tokio::test]
async fn manager_that_reads_nothing_delays_neither_signals_nor_the_redirect() {
    let manager = Manager::with_path();
    manager.fill();
    let listen = ["--listen", "127.0.0.1:0", "--redirect", "127.0.0.1:0"];
    let mut process = Process::spawn(command(&listen).env("NOTIFY_SOCKET", &manager.name));
    process.address("https");
    let redirect = format!("http://{}/", process.address("http"));
    process.logged(&["WARN", "can't notify the service manager", "READY=1"]).await;
    let response = soon("a response", http1().get(redirect).send()).await.expect("no error");
    assert_eq!(response.status(), 308);
    process.signal(Signal::TERM);
    let (status, log) = tokio::task::spawn_blocking(move || process.end()).await.expect("no panic");
    assert!(status.success(), "{log}");
}
