//! The binary as a process: its output, its log, signals, and how it fails.

use crate::{
    server::on_axum_06::http2_windows::{client, upload},
    support::{
        CERTIFICATE, KEY, PATIENCE, http1, http2,
        process::{Process, Signal, command, run},
        raw, read, soon,
    },
};
use bytes::Bytes;
use rustls::{
    client::verify_server_name,
    pki_types::{CertificateDer, ServerName, pem::PemObject},
    server::ParsedCertificate,
};
use std::{
    fs,
    net::{SocketAddr, TcpListener},
    time::Duration,
};
use tokio::net::TcpStream;
use tokio_rustls::client::TlsStream;

const QUIET: [&str; 4] = ["--listen", "127.0.0.1:0", "--redirect", "off"];

fn url(address: SocketAddr, path: &str) -> String {
    format!("https://localhost:{}{path}", address.port())
}

#[test]
fn standard_output_has_each_listener_on_a_line_and_then_what_to_try() {
    let mut process =
        Process::start(&["--listen", "127.0.0.1:0", "--listen", "127.0.0.1:0", "--redirect", "127.0.0.1:0"]);
    let first = process.address("https");
    let second = process.address("https");
    assert_eq!(process.any_line(), format!("HTTP/3: UDP {first}, {second}"));
    let redirect = process.address("http");
    assert!(first.port() != second.port() && redirect.port() != 0);
    assert_eq!(process.line(), format!("curl -v -k --no-buffer {}", url(first, "/")));
    assert_eq!(process.line(), format!("In a browser: {}", url(first, "/ui")));
    assert_eq!(process.line(), format!("All routes: {}", url(first, "/help")));
    assert_eq!(process.line(), "Demo certificate: self_signed_certs/cert.pem in the source code");
}

#[cfg(unix)]
#[test]
fn certificate_of_one_s_own_is_checked_by_the_curl_line_and_the_demo_one_is_not_mentioned() {
    let pair = rcgen::generate_simple_self_signed(["localhost".to_owned()]).expect("a pair");
    let folder = tempfile::tempdir().expect("a folder");
    let path = |name: &str| folder.path().join(name).to_str().expect("text").to_owned();
    let (cert, key) = (path("cert.pem"), path("key.pem"));
    fs::write(&cert, pair.cert.pem()).expect("written");
    fs::write(&key, pair.signing_key.serialize_pem()).expect("written");
    let mut process = Process::start(&[&QUIET[..], &["--cert", &cert, "--key", &key]].concat());
    let address = process.address("https");
    assert_eq!(process.line(), format!("curl -v --no-buffer {}", url(address, "/")));
    assert_eq!(process.line(), format!("In a browser: {}", url(address, "/ui")));
    assert_eq!(process.line(), format!("All routes: {}", url(address, "/help")));
    process.signal(Signal::TERM);
    assert_eq!(process.line(), "", "the end");
}

#[tokio::test]
async fn pages_are_where_standard_output_says() {
    let mut process = Process::start(&QUIET);
    process.address("https");
    process.line();
    for (label, media_type) in
        [("In a browser: ", "text/html; charset=utf-8"), ("All routes: ", "text/plain; charset=utf-8")]
    {
        let line = process.line();
        let url = line.strip_prefix(label).expect("a URL");
        let page = http2().get(url).send().await.expect("a response");
        assert_eq!(
            (page.status().as_u16(), page.headers()["content-type"].to_str().ok()),
            (200, Some(media_type))
        );
    }
}

#[tokio::test]
async fn plain_http_to_the_https_port_is_answered_with_the_url_to_use() {
    let mut process = Process::start(&QUIET);
    let plain = url(process.address("https"), "/").replace("https://", "http://");
    let response = reqwest::get(&plain).await.expect("a response");
    assert_eq!(response.status(), 400);
    assert_eq!(response.headers()["x-content-type-options"], "nosniff");
    assert_eq!(response.headers()["cache-control"], "no-store");
    let advice = response.text().await.expect("text");
    let used = advice.split_whitespace().find(|word| word.starts_with("https://")).expect("a URL");
    assert_eq!(http2().get(used).send().await.expect("a response").status(), 200);
}

/// Reads on to the line about the demo certificate.
fn line_of_certificate(process: &mut Process) -> String {
    loop {
        let line = process.line();
        assert_ne!(line, "", "no line about the certificate");
        if let Some(rest) = line.strip_prefix("Demo certificate: ") {
            return rest.to_owned();
        }
    }
}

#[tokio::test]
async fn demo_certificate_is_the_one_in_the_source_code() {
    let mut process = Process::start(&QUIET);
    let address = process.address("https");
    let line = line_of_certificate(&mut process);
    let path = line.strip_suffix(" in the source code").expect("a path");
    assert_eq!(fs::read(path).expect("a certificate"), CERTIFICATE);
    // This client trusts no other one.
    assert!(http2().get(url(address, "/healthz")).send().await.is_ok());
}

#[cfg(unix)]
#[tokio::test]
async fn nothing_comes_on_standard_output_after_the_certificate() {
    let mut process = Process::start(&QUIET);
    let address = process.address("https");
    line_of_certificate(&mut process);
    http2().get(url(address, "/help")).send().await.expect("a response");
    process.signal(Signal::TERM);
    assert_eq!(process.line(), "", "the end");
}

#[tokio::test]
async fn certificate_is_found_whatever_the_working_directory() {
    let elsewhere = tempfile::tempdir().expect("a folder");
    let mut process = Process::spawn(command(&QUIET).current_dir(elsewhere.path()));
    let port = process.address("https").port();
    for host in ["localhost", "127.0.0.1"] {
        let response = http2().get(format!("https://{host}:{port}/nothing")).send().await.expect("trusted");
        assert_eq!(response.status(), 404);
    }
}

#[test]
fn certificate_names_localhost_and_both_loopback_addresses_and_nothing_else() {
    let certificate = CertificateDer::from_pem_slice(CERTIFICATE).expect("a certificate");
    let certificate = ParsedCertificate::try_from(&certificate).expect("a certificate");
    for (name, is_named) in [("localhost", true), ("127.0.0.1", true), ("::1", true), ("example.com", false)]
    {
        let server = ServerName::try_from(name).expect("a name");
        assert_eq!(verify_server_name(&certificate, &server).is_ok(), is_named, "{name}");
    }
}

#[cfg(unix)]
#[tokio::test]
async fn log_has_a_line_for_each_request_with_its_outcome() {
    let mut process = Process::start(&QUIET);
    let address = process.address("https");
    read(http2().get(url(address, "/?q=1")).send().await.expect("a response")).await.expect("no error");
    read(http1().get(url(address, "/")).send().await.expect("a response")).await.expect("no error");
    read(http1().get(url(address, "/nothing")).send().await.expect("a response")).await.expect("no error");
    raw::http1(address, "GET /files/Cargo.toml HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n").await;
    let mut client = raw::http2(address).await;
    let mut left = raw::http2_get(&mut client, "/").await;
    left.data().await.expect("a chunk").expect("no error");
    drop((left, client));
    tokio::time::sleep(Duration::from_millis(200)).await;
    process.signal(Signal::TERM);
    let (status, log) = tokio::task::spawn_blocking(move || process.end()).await.expect("no panic");
    assert!(status.success());

    let lines: Vec<_> = log.lines().filter(|line| line.contains("method=GET")).collect();
    let withheld = "trailers=\"withheld (no `TE: trailers`)\" ended=complete";
    let expected: [&[&str]; 5] = [
        &[
            " request_target=\"/?q=1\" protocol=HTTP/2 agent=none proxied=false status=200 bytes_in=0 ",
            " bytes_out=14 first_byte_ms=",
            " duration_ms=2",
            " trailers=chunky-trailer ended=complete",
        ],
        &[" request_target=/ protocol=HTTP/1.1 ", " bytes_out=14 ", " duration_ms=2", withheld],
        &[" request_target=/nothing ", " status=404 ", " trailers=none ended=complete"],
        &[" host=a request_target=/files/Cargo.toml ", " status=200 ", withheld],
        &[" request_target=/ protocol=HTTP/2 ", " bytes_out=8 ", " trailers=none ended=\"client gone\""],
    ];
    assert_eq!(lines.len(), expected.len(), "{log}");
    for (line, parts) in lines.iter().zip(expected) {
        assert!(parts.iter().all(|part| line.contains(part)), "{line}");
    }
}

#[cfg(unix)]
#[tokio::test]
async fn first_signal_lets_the_stream_end_and_the_exit_code_is_0() {
    for signal in [Signal::TERM, Signal::INT] {
        let mut process = Process::start(&QUIET);
        let address = process.address("https");
        let response = http2().get(url(address, "/")).send().await.expect("a response");
        process.signal(signal);
        let ending = read(response).await.expect("whole");
        assert_eq!(ending.content, b"hello...world\n");
        assert_eq!(ending.trailers.expect("trailers")["chunky-trailer"], "foo");
        let (status, log) = tokio::task::spawn_blocking(move || process.end()).await.expect("no panic");
        assert_eq!(status.code(), Some(0), "{log}");
        assert!(TcpStream::connect(address).await.is_err(), "refused");
    }
}

#[cfg(unix)]
#[test]
fn signal_right_after_the_url_is_heard() {
    for _ in 0..5 {
        let mut process = Process::start(&QUIET);
        process.address("https");
        process.signal(Signal::TERM);
        assert_eq!(process.end().0.code(), Some(0));
    }
}

#[cfg(unix)]
#[tokio::test]
async fn second_signal_cuts_at_once() {
    let mut process = Process::start(&QUIET);
    let address = process.address("https");
    let mut client = raw::http2(address).await;
    let mut body = raw::http2_get(&mut client, "/").await;
    process.signal(Signal::TERM);
    tokio::time::sleep(Duration::from_millis(200)).await;
    process.signal(Signal::TERM);
    assert!(raw::http2_read(&mut body).await.is_err(), "a cut transfer is an error");
    let (status, log) = tokio::task::spawn_blocking(move || process.end()).await.expect("no panic");
    assert_eq!(status.code(), Some(0), "{log}");
    assert!(log.contains("ended=\"cut: server shutdown\""), "{log}");
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn memory_does_not_grow_with_the_file() {
    const SIZE: u64 = 256 * 1024 * 1024;
    let dir = tempfile::tempdir().expect("a folder");
    fs::File::create(dir.path().join("large")).and_then(|file| file.set_len(SIZE)).expect("a sparse file");
    let mut process = Process::start(&[&QUIET[..], &["--dir", dir.path().to_str().expect("text")]].concat());
    let address = process.address("https");
    for client in [http2(), http1()] {
        let mut response = client
            .get(url(address, "/files/large"))
            .header("te", "trailers")
            .send()
            .await
            .expect("a response");
        let mut received = 0;
        while let Some(chunk) = response.chunk().await.expect("no error") {
            received += chunk.len() as u64;
        }
        assert_eq!(received, SIZE);
    }
    let peak = process.memory("VmHWM");
    assert!(peak < 64 * 1024, "{peak} KiB at the peak");
}

/// A third use HTTP/1.1, a third HTTP/2 with a small window, a third HTTP/2 with a large one.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn hundred_stalled_readers_cost_little_slow_nobody_and_are_cut() {
    const CLIENTS: usize = 100;
    let dir = tempfile::tempdir().expect("a folder");
    let file = fs::File::create(dir.path().join("large")).expect("a file");
    file.set_len(64 * 1024 * 1024).expect("a sparse file");
    let dir = dir.path().to_str().expect("text");
    let mut process = Process::start(&[&QUIET[..], &["--dir", dir, "--reader-timeout", "4"]].concat());
    let address = process.address("https");
    read(http2().get(url(address, "/files/large")).send().await.expect("a response"))
        .await
        .expect("warmed up");
    let before = process.memory("VmRSS");

    let mut stalled = Vec::new();
    for n in 0..CLIENTS {
        stalled.push(match n % 3 {
            0 => Stalled::Http1(raw::http1_get(address, "/files/large").await),
            1 => Stalled::Deaf(raw::http2_deaf(address, "/files/large").await),
            _ => {
                let mut client = raw::http2(address).await;
                let body = raw::http2_get(&mut client, "/files/large").await;
                Stalled::Http2(client, body)
            }
        });
    }
    tokio::time::sleep(Duration::from_secs(1)).await;
    let each = process.memory("VmRSS").saturating_sub(before) / CLIENTS as u64;
    assert!(each < 200, "{each} KiB for each stalled reader");
    let other = read(http2().get(url(address, "/files/large")).send().await.expect("a response")).await;
    assert_eq!(other.expect("served beside them").content.len(), 64 * 1024 * 1024);

    tokio::time::sleep(Duration::from_secs(7)).await;
    for client in &mut stalled {
        match client {
            Stalled::Http1(client) | Stalled::Deaf(client) => {
                assert!(raw::rest(client).await.len() < 32 * 1024 * 1024, "cut");
            }
            Stalled::Http2(_, body) => assert!(raw::http2_read(body).await.is_err(), "cut over HTTP/2"),
        }
    }
}

/// A client that stops reading.
enum Stalled {
    Http1(TlsStream<TcpStream>),
    Deaf(TlsStream<TcpStream>),
    Http2(
        #[expect(dead_code, reason = "keeps the connection open")] h2::client::SendRequest<Bytes>,
        h2::RecvStream,
    ),
}

#[cfg(unix)]
#[tokio::test]
async fn unread_standard_error_does_not_affect_requests() {
    let mut process = Process::start(&QUIET);
    let address = process.address("https");
    process.close_stderr();
    for client in [http1(), http2()] {
        let response = client.get(url(address, "/healthz")).send().await.expect("a response");
        assert_eq!(read(response).await.expect("no error").content, b"ok\n");
    }
}

#[test]
fn startup_error_is_one_line_and_exit_code_1() {
    let dir = tempfile::tempdir().expect("a folder");
    let path = |name: &str| dir.path().join(name).to_str().expect("text").to_owned();
    fs::write(path("cert.pem"), CERTIFICATE).expect("written");
    fs::write(path("key.pem"), KEY).expect("written");
    fs::write(path("other-key.pem"), OTHER_KEY).expect("written");
    fs::write(path("empty.pem"), "").expect("written");
    let taken = TcpListener::bind("127.0.0.1:0").expect("a port");
    let taken = taken.local_addr().expect("an address").to_string();

    let (cert, key) = (path("cert.pem"), path("key.pem"));
    let loopback = ["--listen", "127.0.0.1:0", "--redirect"];
    let redirected = [&loopback[..], &[&taken]].concat();
    let measured = [&loopback[..], &["off", "--metrics", &taken]].concat();
    let cases: [(&[&str], &str, &str); 15] = [
        (&["--listen", &taken, "--redirect", "off"], &taken, "address with --listen or --port ("),
        (&redirected, &taken, "address with --redirect ("),
        (&measured, &taken, "address with --metrics ("),
        (&["--listen", "192.0.2.1:0", "--redirect", "off"], "192.0.2.1:0", "address of this machine"),
        (&["--cert", &path("missing.pem"), "--key", &key], "missing.pem", "--cert"),
        (&["--cert", &path("empty.pem"), "--key", &key], "empty.pem", "PEM"),
        (&["--cert", &cert, "--key", &path("empty.pem")], "empty.pem", "PEM"),
        (&["--cert", &cert, "--key", &path("other-key.pem")], "does not belong", "--key"),
        (&["--listen", "nowhere.invalid:1", "--redirect", "off"], "nowhere.invalid:1", "--listen"),
        (&["--dir", &path("missing")], "missing", "--dir"),
        (&["--database", &path("missing.db")], "missing.db", "--database"),
        (&["--database", &cert], "file is not a database", "--database"),
        (&["--database", dir.path().to_str().expect("text")], "not a regular file", "--database"),
        (&["--database", ":memory:"], "No such file", "--database"),
        (&["--dir", "/proc/self/task", "--allow-upload"], "/proc/self/task", "--allow-upload"),
    ];
    for (arguments, what, advice) in cases {
        for (log, start) in [
            (&[][..], "error: "),
            (&["--log", "off"], "error: "),
            (&["--log-format", "json"], "{\"level\":\"ERROR\","),
            (&["--log", "off", "--log-format", "json"], "{\"level\":\"ERROR\","),
        ] {
            let output = run(&[arguments, log].concat());
            let error = String::from_utf8(output.stderr).expect("text");
            assert_eq!(output.status.code(), Some(1), "{arguments:?} {log:?}: {error}");
            assert_eq!(error.lines().count(), 1, "{arguments:?} {log:?}: {error}");
            assert!(error.starts_with(start) && error.contains(what) && error.contains(advice), "{error}");
            assert!(output.stdout.is_empty(), "nothing is announced that is not served");
        }
    }
}

#[cfg(unix)]
#[tokio::test]
async fn rust_log_filters_the_log_and_the_option_comes_first() {
    for (variable, option, logged) in [
        ("", &[][..], true),
        ("off", &[], false),
        ("off", &["--log", "info"], true),
        ("info", &["--log", "off"], false),
    ] {
        let arguments = [&QUIET[..], option].concat();
        let mut process = Process::spawn(command(&arguments).env("RUST_LOG", variable));
        let address = process.address("https");
        read(http2().get(url(address, "/nothing")).send().await.expect("a response"))
            .await
            .expect("no error");
        process.signal(Signal::TERM);
        let (_, log) = tokio::task::spawn_blocking(move || process.end()).await.expect("no panic");
        assert_eq!(log.contains("request_target=/nothing "), logged, "RUST_LOG={variable} {option:?}: {log}");
    }
    let output = command(&QUIET).env("RUST_LOG", "axum_trailers=loud").output().expect("started");
    assert_eq!(output.status.code(), Some(1));
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(error.contains("RUST_LOG") && error.lines().count() == 1, "{error}");
}

#[test]
fn usage_errors_name_the_flag_and_exit_with_2() {
    for arguments in
        [&["--listen", "nowhere"][..], &["--unknown"], &["--idle-timeout", "soon"], &["--cert", "a.pem"]]
    {
        let output = run(arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(String::from_utf8_lossy(&output.stderr).contains(arguments[0]), "{arguments:?}");
    }
}

#[test]
fn usage_errors_in_variables_name_the_variable_and_exit_with_2() {
    for (name, value) in [
        ("AXUM_TRAILERS_LISTEN", "nowhere"),
        ("AXUM_TRAILERS_PORT", "70000"),
        ("AXUM_TRAILERS_REDIRECT", "on"),
        ("AXUM_TRAILERS_CERT", "alone.pem"),
        ("AXUM_TRAILERS_KEY", "alone.pem"),
        ("AXUM_TRAILERS_LOG", "nonsense"),
        ("AXUM_TRAILERS_LOG_FORMAT", "yaml"),
        ("AXUM_TRAILERS_IDLE_TIMEOUT", "soon"),
        ("AXUM_TRAILERS_MIN_BODY_RATE", "slow"),
        ("AXUM_TRAILERS_MAX_ROWS", "many"),
    ] {
        let output = command(&[]).env(name, value).output().expect("started");
        let error = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{error}");
        assert!(error.starts_with("error: ") && error.contains(name), "{error}");
    }
}

#[cfg(unix)]
#[test]
fn variable_that_is_not_utf_8_is_named_unless_it_is_a_path() {
    use std::{ffi::OsStr, os::unix::ffi::OsStrExt};
    let value = OsStr::from_bytes(b"\xff");
    let run = |name, arguments: &[&str]| command(arguments).env(name, value).output().expect("started");
    let output = run("AXUM_TRAILERS_MAX_ROWS", &QUIET);
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("AXUM_TRAILERS_MAX_ROWS"));
    let output = run("AXUM_TRAILERS_DIR", &QUIET);
    assert_eq!(output.status.code(), Some(1), "there is no such folder");
}

/// A container image may set one of them, and the command line the other.
#[test]
fn port_in_the_environment_gives_way_to_listen_on_the_command_line() {
    for (name, value) in [("AXUM_TRAILERS_PORT", "1"), ("AXUM_TRAILERS_LISTEN", "192.0.2.1:1")] {
        let line = if name.ends_with("PORT") { ["--listen", "127.0.0.1:0"] } else { ["--port", "0"] };
        let mut process = Process::spawn(command(&[&line, &QUIET[2..]].concat()).env(name, value));
        assert_ne!(process.address("https").port(), 1);
    }
}

#[test]
fn help_and_version_are_on_standard_output() {
    let help = String::from_utf8(run(&["--help"]).stdout).expect("text");
    for part in [
        "--listen",
        "--redirect",
        "--cert",
        "--key",
        "--dir",
        "--shutdown-timeout",
        "--log",
        "Examples:",
        "AXUM_TRAILERS_MAX_ROWS",
    ] {
        assert!(help.contains(part), "{part}");
    }
    let version = String::from_utf8(run(&["--version"]).stdout).expect("text");
    assert_eq!(version.trim(), concat!("axum-trailers ", env!("CARGO_PKG_VERSION")));
}

#[tokio::test]
async fn serve_is_what_the_binary_does_without_a_verb() {
    let mut process = Process::start(&[&["serve"], &QUIET[..]].concat());
    let address = process.address("https");
    assert_eq!(http2().get(url(address, "/healthz")).send().await.expect("a response").status(), 200);
    let output = command(&["serve"]).env("AXUM_TRAILERS_PORT", "70000").output().expect("started");
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("AXUM_TRAILERS_PORT"));
}

#[test]
fn variables_of_the_server_do_not_affect_other_verbs() {
    let output =
        command(&["generate", "bash"]).env("AXUM_TRAILERS_PORT", "nonsense").output().expect("started");
    assert!(output.status.success(), "{output:?}");
    assert!(String::from_utf8_lossy(&output.stdout).contains("complete -F"));
}

#[test]
fn unknown_verb_is_a_usage_error_and_each_verb_has_its_help() {
    let output = run(&["frobnicate"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("'frobnicate'"));
    for verb in ["get", "put", "send", "check", "serve"] {
        let help = run(&["help", verb]);
        assert_eq!((help.status.code(), &help.stdout), (Some(0), &run(&[verb, "--help"]).stdout), "{verb}");
        assert!(String::from_utf8_lossy(&help.stdout).contains("Exit codes:"), "{verb}");
    }
}

#[test]
fn environment_sets_what_the_command_line_does_not() {
    let taken = TcpListener::bind("127.0.0.1:0").expect("a port");
    let taken = taken.local_addr().expect("an address").to_string();
    let output =
        command(&["--redirect", "off"]).env("AXUM_TRAILERS_LISTEN", &taken).output().expect("started");
    assert!(String::from_utf8_lossy(&output.stderr).contains(&taken));
    let output = command(&["--listen", "127.0.0.1:0", "--redirect", &taken])
        .env("AXUM_TRAILERS_REDIRECT", "off")
        .output()
        .expect("started");
    assert!(String::from_utf8_lossy(&output.stderr).contains(&taken), "the command line comes first");
}

#[cfg(unix)]
#[test]
fn demo_key_draws_a_warning_where_others_can_reach_it() {
    let given = ["--cert", "self_signed_certs/cert.pem", "--key", "self_signed_certs/key.pem"];
    for (address, key, warned) in
        [("0.0.0.0:0", &[][..], true), ("0.0.0.0:0", &given, true), ("127.0.0.1:0", &[], false)]
    {
        let arguments = [&["--listen", address, "--redirect", "off", "--log", "off"], key].concat();
        let mut process = Process::start(&arguments);
        process.line();
        process.line();
        process.signal(Signal::TERM);
        let (_, log) = process.end();
        assert_eq!(log.contains("warning: ") && log.contains("the demo key is public"), warned, "{log}");
    }
}

/// After the key has been read, the pipe has no writer, and opening it again would block.
#[cfg(target_os = "linux")]
#[test]
fn key_from_a_named_pipe_is_read_once() {
    use rustix::fs::{CWD, FileType, Mode, mknodat};
    let folder = tempfile::tempdir().expect("a folder");
    let pipe = folder.path().join("key.pem");
    mknodat(CWD, &pipe, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).expect("a pipe");
    let key = pipe.to_str().expect("text");
    let given = ["--cert", "self_signed_certs/cert.pem", "--key", key];
    let mut process = Process::start(&[&QUIET[..], &given].concat());
    fs::write(&pipe, KEY).expect("read");
    let (tells, told) = std::sync::mpsc::channel();
    std::thread::spawn(move || tells.send(process.line()));
    assert!(told.recv_timeout(PATIENCE).expect("an address").starts_with("https://"));
}

/// A key without a certificate.
const OTHER_KEY: &str = "-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgI8dpAd4X8DxSI7jp
ZlQ6cE3RETBAnLgTlNBH/xpovLOhRANCAAT6VMecR/btMl5eaqfqpnWyaMkUDV+2
TJBqAYWpdyK3lq7urAiKV2o54melpknEyzIx+ED4giDH8kXJSaVY0rV6
-----END PRIVATE KEY-----";

#[cfg(target_os = "linux")]
#[tokio::test]
async fn hundred_unread_uploads_hold_little_memory() {
    const AT_MOST: u64 = 40 * 1024;
    let mut process = Process::start(&[&QUIET[..], &["--threads", "1"]].concat());
    let address = process.address("https");
    let mut client = client(address).await;
    let (response, _first) = upload(&mut client, "/echo", 1);
    soon("a response", response).await.expect("a response");
    let before = process.memory("VmRSS");
    let mut unread = Vec::new();
    for _ in 0..99 {
        unread.push(upload(&mut client, "/echo", 4 * 1024 * 1024));
    }
    let held = || process.memory("VmRSS").saturating_sub(before);
    // The window is full when memory stops growing.
    let mut last = u64::MAX;
    let full = async {
        while held() != last || last < 8 * 1024 {
            last = held();
            tokio::time::sleep(Duration::from_millis(300)).await;
        }
    };
    tokio::time::timeout(PATIENCE, full).await.expect("it fills");
    assert!(held() < AT_MOST, "{} KiB", held());
}

#[cfg(unix)]
#[tokio::test]
async fn plain_addresses_are_printed_after_those_for_https_and_served() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("socket");
    let unix = format!("unix:{}", path.display());
    let free = "127.0.0.1:0";
    let mut process =
        Process::start(&["--listen", free, "--redirect", free, "--plain", free, "--plain", &unix]);
    process.address("https");
    let plain = process.address("http");
    assert_eq!(process.line(), unix);
    let redirect = process.address("http");
    for (address, status) in [(plain, 200), (redirect, 308)] {
        let url = format!("http://localhost:{}/healthz", address.port());
        assert_eq!(http1().get(url).send().await.expect("a response").status(), status);
    }
    let output = run(&["--listen", free, "--redirect", "off", "--plain", &unix]);
    assert_eq!(output.status.code(), Some(1));
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    let expected = format!(
        "error: can't listen on {unix}: another process listens on it; choose another path with --plain\n"
    );
    assert_eq!(error, expected);
    process.signal(Signal::TERM);
    let (status, log) = tokio::task::spawn_blocking(move || process.end()).await.expect("no panic");
    assert!(status.success() && !path.exists(), "{log}");
}
