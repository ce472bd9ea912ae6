//! The built binary as a process.

use super::PATIENCE;
#[cfg(unix)]
pub(crate) use rustix::process::Signal;
use std::{
    io::{BufRead, BufReader},
    net::SocketAddr,
    path::Path,
    process::{Child, ChildStdout, Command, ExitStatus, Stdio},
    sync::{Arc, Mutex},
    thread::JoinHandle,
    time::{Duration, Instant},
};

/// A running server. It is killed at the end of the test.
pub(crate) struct Process {
    child: Child,
    stdout: BufReader<ChildStdout>,
    log: Option<Log>,
}

/// The content of standard error, and the thread that reads it.
struct Log {
    text: Arc<Mutex<String>>,
    reader: JoinHandle<()>,
}

impl Process {
    /// Starts the binary with these arguments.
    pub(crate) fn start(arguments: &[&str]) -> Self {
        Self::spawn(&mut command(arguments))
    }

    pub(crate) fn spawn(command: &mut Command) -> Self {
        Self::spawn_with_stderr(command, Stdio::piped())
    }

    pub(crate) fn spawn_with_stderr(command: &mut Command, stderr: Stdio) -> Self {
        let mut child = command.stdout(Stdio::piped()).stderr(stderr).spawn().expect("started");
        let stdout = BufReader::new(child.stdout.take().expect("piped"));
        Self { child, stdout, log: None }
    }

    /// The next line of its standard output that is not about HTTP/3.
    pub(crate) fn line(&mut self) -> String {
        let line = self.any_line();
        if line.starts_with("HTTP/3: ") { self.any_line() } else { line }
    }

    /// The next line of its standard output.
    pub(crate) fn any_line(&mut self) -> String {
        let mut line = String::new();
        self.stdout.read_line(&mut line).expect("a line");
        line.trim_end().to_owned()
    }

    /// The address in the next line, which is a URL with this scheme.
    pub(crate) fn address(&mut self, scheme: &str) -> SocketAddr {
        let line = self.line();
        let address = line.strip_prefix(scheme).and_then(|rest| rest.strip_prefix("://"));
        address.and_then(|address| address.parse().ok()).unwrap_or_else(|| panic!("{scheme} URL: {line:?}"))
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    #[cfg(unix)]
    pub(crate) fn signal(&self, signal: Signal) {
        rustix::process::kill_process(rustix::process::Pid::from_child(&self.child), signal).expect("sent");
    }

    /// Closes the reading end of its standard error.
    pub(crate) fn close_stderr(&mut self) {
        drop(self.child.stderr.take());
    }

    /// Waits for a line on its standard error that contains all these parts.
    pub(crate) async fn logged(&mut self, parts: &[&str]) {
        let text = self.log().text.clone();
        let text = || text.lock().expect("a log").clone();
        let came = async {
            while !text().lines().any(|line| parts.iter().all(|part| line.contains(part))) {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        let came = tokio::time::timeout(PATIENCE, came).await;
        assert!(came.is_ok(), "no line with {parts:?} in\n{}", text());
    }

    /// Starts to read its standard error.
    pub(crate) fn read_log(&mut self) {
        self.log();
    }

    fn log(&mut self) -> &mut Log {
        self.log.get_or_insert_with(|| {
            let mut stderr = BufReader::new(self.child.stderr.take().expect("piped"));
            let text = Arc::<Mutex<String>>::default();
            let read = text.clone();
            let reader = std::thread::spawn(move || {
                let mut line = String::new();
                while stderr.read_line(&mut line).expect("text") != 0 {
                    read.lock().expect("a log").push_str(&line);
                    line.clear();
                }
            });
            Log { text, reader }
        })
    }

    /// Waits for its end. Does not read its standard error unless that has begun.
    pub(crate) fn wait(&mut self) -> ExitStatus {
        let began = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().expect("its state") {
                return status;
            }
            assert!(began.elapsed() < PATIENCE, "the process runs on");
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// Waits for its end, and returns its standard error.
    pub(crate) fn end(&mut self) -> (ExitStatus, String) {
        // Output that does not fit into the pipe is lost unless it is read.
        self.log();
        let status = self.wait();
        let log = self.log.take().expect("just made");
        log.reader.join().expect("no panic");
        let text = log.text.lock().expect("a log").clone();
        (status, text)
    }

    /// A figure of `/proc/PID/status`, in KiB.
    #[cfg(target_os = "linux")]
    pub(crate) fn memory(&self, figure: &str) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.id())).expect("its status");
        let line = status.lines().find(|line| line.starts_with(figure)).expect("the figure");
        line.split_whitespace().nth(1).and_then(|kib| kib.parse().ok()).expect("a number")
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended already.
        let _ended = self.child.kill();
        let _reaped = self.child.wait();
    }
}

/// Runs the binary to its end with these arguments.
pub(crate) fn run(arguments: &[&str]) -> std::process::Output {
    command(arguments).output().expect("started")
}

/// A program in examples/, built by `cargo test`.
pub(crate) fn example(name: &str) -> Command {
    let folder = Path::new(env!("CARGO_BIN_EXE_axum-trailers")).with_file_name("examples");
    let program = folder.join(name).with_extension(std::env::consts::EXE_EXTENSION);
    assert!(program.is_file(), "{} is not here: build it with `cargo build --examples`", program.display());
    Command::new(program)
}

/// The binary with these arguments, without this process's settings for it.
pub(crate) fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_axum-trailers"));
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("AXUM_TRAILERS_") || name == "RUST_LOG" {
            command.env_remove(name);
        }
    }
    command.args(arguments);
    command
}

/// The binary with so little memory that it panics at startup: there is room for the stack of one serving thread, but
/// not for the thread that reads the certificate's files.
#[cfg(target_os = "linux")]
pub(crate) fn panicking(arguments: &[&str]) -> Command {
    let stack = (4_u64 << 30).to_string();
    let limited = format!("ulimit -v {} && exec \"$0\" --threads 1 \"$@\"", 6 << 20);
    let mut command = Command::new("sh");
    command.args(["-c", &limited, env!("CARGO_BIN_EXE_axum-trailers")]);
    command.args(["--listen", "127.0.0.1:0", "--redirect", "off", "--http3", "off"]);
    command
        .args(["--cert", "self_signed_certs/cert.pem", "--key", "self_signed_certs/key.pem"])
        .args(arguments);
    command.env("RUST_MIN_STACK", stack).env("RUST_BACKTRACE", "0");
    command
}
