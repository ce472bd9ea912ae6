//! If the reader of standard error stops, requests and the shutdown are not affected.

use crate::support::{
    http1,
    process::{Process, Signal},
};
use futures_util::{StreamExt, stream};
use serde_json::Value;
use std::net::SocketAddr;

const QUIET: [&str; 6] = ["--listen", "127.0.0.1:0", "--redirect", "off", "--metrics", "127.0.0.1:0"];

/// More bytes of lines than a pipe (64 KiB), the queue and its writer (1 MiB each) hold together.
const FLOOD: usize = 3_000_000;

/// The number of requests that produce the lines.
const REQUESTS: usize = 2500;

/// The addresses of a process's HTTPS and metrics listeners.
struct Addresses {
    https: SocketAddr,
    metrics: String,
}

impl Addresses {
    fn of(process: &mut Process) -> Self {
        Self { https: process.address("https"), metrics: process.line() }
    }

    /// Sends requests whose paths begin with this segment and have this total size in bytes. Waits for all responses.
    async fn ask(&self, segment: &str, requests: usize, bytes: usize) {
        let client = http1();
        let padding = "x".repeat(bytes / requests);
        let answers = stream::iter(0..requests).map(|_| async {
            let url = format!("https://localhost:{}/{segment}/{padding}", self.https.port());
            client.get(url).send().await.expect("a response").bytes().await.expect("content");
        });
        answers.buffer_unordered(16).collect::<()>().await;
    }

    async fn lines_dropped(&self) -> u64 {
        let metrics = reqwest::get(&self.metrics).await.expect("a response").text().await.expect("text");
        let line =
            metrics.lines().find_map(|line| line.strip_prefix("axum_trailers_log_lines_dropped_total "));
        line.expect("the metric").parse().expect("a number")
    }
}

/// Counts the log lines of requests below this segment.
fn of_requests(log: &str, segment: &str) -> usize {
    log.lines().filter(|line| line.contains(&format!("/{segment}/xx")) && line.contains("complete")).count()
}

async fn end(mut process: Process) -> String {
    process.signal(Signal::TERM);
    let (status, log) = tokio::task::spawn_blocking(move || process.end()).await.expect("no panic");
    assert!(status.success(), "{log}");
    log
}

#[tokio::test]
async fn requests_are_answered_and_the_process_ends_while_nobody_reads() {
    let mut process = Process::start(&QUIET);
    let addresses = Addresses::of(&mut process);
    addresses.ask("unread", REQUESTS, FLOOD).await;
    assert_ne!(addresses.lines_dropped().await, 0);
    process.signal(Signal::TERM);
    let status = tokio::task::spawn_blocking(move || process.wait()).await.expect("no panic");
    assert!(status.success());
}

#[tokio::test]
async fn number_of_dropped_lines_is_logged_once_the_reader_goes_on() {
    for format in ["text", "json"] {
        let mut process = Process::start(&[&QUIET[..], &["--log-format", format]].concat());
        let addresses = Addresses::of(&mut process);
        addresses.ask("unread", REQUESTS, FLOOD).await;
        process.logged(&["WARN", " log lines dropped", "lines_dropped"]).await;
        addresses.ask("read", 1, 100).await;
        process.logged(&["/read/xx", "complete"]).await;
        let dropped = addresses.lines_dropped().await;
        let log = end(process).await;

        let told: u64 = log.lines().filter_map(|line| told(line, format)).sum();
        assert_eq!(told, dropped, "as the metric has it");
        assert_eq!(of_requests(&log, "unread") as u64 + dropped, REQUESTS as u64, "each line or its number");
        assert_eq!(of_requests(&log, "read"), 1);
    }
}

/// The number of dropped lines that this line reports.
fn told(line: &str, format: &str) -> Option<u64> {
    if !line.contains("log lines dropped") {
        return None;
    }
    if format == "text" {
        let (_rest, number) = line.rsplit_once(" lines_dropped=").expect("a field");
        return Some(number.parse().expect("a number"));
    }
    let object: Value = serde_json::from_str(line).expect("an object");
    assert_eq!((&object["level"], &object["target"]), (&"WARN".into(), &"axum_trailers".into()));
    Some(object["lines_dropped"].as_u64().expect("a number"))
}

#[tokio::test]
async fn reader_that_keeps_up_gets_every_line_before_the_end() {
    let mut process = Process::start(&QUIET);
    let addresses = Addresses::of(&mut process);
    process.read_log();
    addresses.ask("read", REQUESTS, FLOOD).await;
    assert_eq!(addresses.lines_dropped().await, 0);
    let log = end(process).await;
    assert_eq!(of_requests(&log, "read"), REQUESTS);
    assert!(
        !log.contains("dropped") && log.lines().last().is_some_and(|line| line.contains("SIGTERM")),
        "the last line, too"
    );
}

#[tokio::test]
async fn lines_for_a_reader_that_is_gone_are_discarded_and_not_counted() {
    let mut process = Process::start(&QUIET);
    let addresses = Addresses::of(&mut process);
    process.close_stderr();
    addresses.ask("unread", REQUESTS, FLOOD).await;
    assert_eq!(addresses.lines_dropped().await, 0);
    process.signal(Signal::TERM);
    assert!(process.wait().success());
}

#[cfg(target_os = "linux")]
#[test]
fn panic_does_not_wait_for_the_reader() {
    for format in ["text", "json"] {
        let (_reader, writer) = std::io::pipe().expect("a pipe");
        fill(&writer);
        let mut command = crate::support::process::panicking(&["--log-format", format]);
        let mut process = Process::spawn_with_stderr(&mut command, writer.into());
        assert_eq!(process.wait().code(), Some(101), "{format}");
    }
}

/// Fills a pipe.
#[cfg(target_os = "linux")]
fn fill(mut pipe: &std::io::PipeWriter) {
    use rustix::fs::{OFlags, fcntl_getfl, fcntl_setfl};
    use std::io::Write;
    let flags = fcntl_getfl(pipe).expect("flags");
    fcntl_setfl(pipe, flags | OFlags::NONBLOCK).expect("set");
    for chunk in [&[0; 4096][..], &[0]] {
        while pipe.write(chunk).is_ok() {}
    }
    fcntl_setfl(pipe, flags).expect("set");
}
