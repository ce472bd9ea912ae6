//! The binary listens on sockets that its service manager has opened.

use crate::support::{
    builder, http2,
    process::{Process, command},
    raw, read,
};
use std::{
    net::{SocketAddr, TcpListener},
    os::{
        fd::OwnedFd,
        unix::net::{UnixListener, UnixStream},
    },
    process::{Command, Output, Stdio},
};
use tokio::io::AsyncWriteExt;

/// The binary with a descriptor for each of these names, as a service manager starts it. The second one is given to it as
/// standard error.
fn started_with(first: OwnedFd, names: &str, arguments: &[&str]) -> Command {
    let binary = command(&[]);
    let mut command = Command::new("sh");
    // The shell keeps its process, so its number is the binary's.
    let script = "exec 3<&0 0</dev/null; test $LISTEN_FDS = 1 || exec 4<&2 2>/dev/null; \
                  LISTEN_PID=$$ exec \"$0\" \"$@\"";
    command.args(["-c", script]).arg(binary.get_program()).args(arguments);
    for (variable, _unset) in binary.get_envs() {
        command.env_remove(variable);
    }
    command.env("LISTEN_FDNAMES", names).env("LISTEN_FDS", names.split(':').count().to_string());
    command.stdin(Stdio::from(first));
    command
}

fn tcp() -> (TcpListener, SocketAddr) {
    let socket = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = socket.local_addr().expect("an address");
    (socket, address)
}

#[tokio::test]
async fn tcp_socket_is_served_over_tls_instead_of_the_default_address() {
    let (socket, address) = tcp();
    let mut process = Process::spawn(&mut started_with(socket.into(), "x", &["--redirect", "off"]));
    assert_eq!(process.address("https"), address);
    assert!(process.line().starts_with("curl -v -k "), "no other address");
    let response = http2().get(format!("https://localhost:{}/healthz", address.port())).send().await;
    assert_eq!(read(response.expect("a response")).await.expect("whole").content, b"ok\n");
}

#[tokio::test]
async fn socket_with_the_name_plain_is_served_over_plain_http() {
    let (socket, address) = tcp();
    // The default redirect has no HTTPS address to redirect to.
    let mut process = Process::spawn(&mut started_with(socket.into(), "plain", &[]));
    assert_eq!(process.address("http"), address);
    assert_eq!(process.line(), format!("curl -v --no-buffer http://localhost:{}/", address.port()));
    let client = builder().http2_prior_knowledge().build().expect("a client");
    let response = client.get(format!("http://{address}/healthz")).send().await.expect("a response");
    assert_eq!(read(response).await.expect("whole").content, b"ok\n");
}

#[test]
fn each_socket_has_its_own_name() {
    let ((first, plain), (second, https)) = (tcp(), tcp());
    let mut command = started_with(first.into(), "plain:x", &["--redirect", "off"]);
    let mut process = Process::spawn_with_stderr(&mut command, Stdio::from(OwnedFd::from(second)));
    assert_eq!(process.address("https"), https);
    assert_eq!(process.address("http"), plain);
}

#[tokio::test]
async fn unix_socket_is_served_over_plain_http_and_stays() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("socket");
    let socket = UnixListener::bind(&path).expect("a socket");
    let arguments = ["--listen", "127.0.0.1:0", "--redirect", "off"];
    let mut process = Process::spawn(&mut started_with(socket.into(), "x", &arguments));
    process.address("https");
    assert_eq!(process.line(), format!("unix:{}", path.display()));
    let mut client = tokio::net::UnixStream::connect(&path).await.expect("a connection");
    client.write_all(b"GET /healthz HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n").await.expect("sent");
    assert!(raw::rest(&mut client).await.ends_with("\r\n\r\nok\n"));
    drop(process);
    assert!(path.exists(), "it is the service manager's");
}

#[tokio::test]
async fn sockets_of_another_process_are_ignored() {
    let (socket, address) = tcp();
    let mut command = command(&["--listen", "127.0.0.1:0", "--redirect", "off"]);
    command.env("LISTEN_PID", "1").env("LISTEN_FDS", "1").stdin(Stdio::from(OwnedFd::from(socket)));
    assert_ne!(Process::spawn(&mut command).address("https"), address);
}

#[test]
fn descriptor_that_does_not_listen_is_a_clear_error() {
    let (left, _right) = UnixStream::pair().expect("a pair");
    let udp = std::net::UdpSocket::bind("127.0.0.1:0").expect("a free port");
    for (descriptor, cause) in [
        (OwnedFd::from(left), "inherited descriptor 3 (\"x\") does not listen"),
        (OwnedFd::from(udp), "inherited descriptor 3 (\"x\") is neither a TCP nor a Unix stream socket"),
    ] {
        let output: Output = started_with(descriptor, "x", &[]).output().expect("started");
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(1), "{error}");
        assert!(
            error.starts_with("error: can't use the sockets of LISTEN_FDS: ") && error.contains(cause),
            "{error}"
        );
    }
}
