//! The verbs of the client, run as processes.

use super::{
    process::command,
    scripted::{Answer, Scripted, Security, Step},
    soon,
};
use serde_json::Value;
use std::{
    fmt::{self, Write},
    fs,
    path::Path,
    process::{ExitStatus, Output, Stdio},
};
use tempfile::TempDir;
use tokio::io::AsyncWriteExt;

/// The certificate that the servers of these tests have.
pub(crate) const CACERT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/self_signed_certs/cert.pem");

/// What a verb has done.
pub(crate) struct Ran {
    pub(crate) status: ExitStatus,
    pub(crate) stdout: Vec<u8>,
    pub(crate) stderr: String,
}

impl fmt::Debug for Ran {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Enough of a large section.
        let shortened = |text: &str| text.chars().take(2000).collect::<String>();
        let stdout = String::from_utf8_lossy(&self.stdout);
        write!(f, "{}\n{}\n{}", self.status, shortened(&stdout), shortened(&self.stderr))
    }
}

impl Ran {
    pub(crate) fn code(&self) -> i32 {
        self.status.code().unwrap_or_else(|| panic!("ended by a signal: {self:?}"))
    }

    /// The object of `--json` for each transfer.
    pub(crate) fn reports(&self) -> Vec<Value> {
        let reports = serde_json::Deserializer::from_slice(&self.stdout).into_iter();
        reports.collect::<Result<_, _>>().unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// The object of `--json` for the only transfer.
    pub(crate) fn report(&self) -> Value {
        let mut reports = self.reports();
        assert_eq!(reports.len(), 1, "{self:?}");
        reports.remove(0)
    }
}

/// A folder in which verbs run.
pub(crate) struct Place(TempDir);

impl Place {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().expect("a folder"))
    }

    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }

    /// Runs the binary with these arguments in the folder, to its end.
    pub(crate) async fn run(&self, arguments: &[&str]) -> Ran {
        let running = tokio::process::Command::from(self.command(arguments)).kill_on_drop(true).output();
        let Output { status, stdout, stderr } =
            soon("the end of the process", running).await.expect("started");
        Ran { status, stdout, stderr: String::from_utf8(stderr).expect("UTF-8") }
    }

    /// The same with this content on standard input.
    pub(crate) async fn feed(&self, arguments: &[&str], content: Vec<u8>) -> Ran {
        let mut command = self.command(arguments);
        command.stdin(Stdio::piped());
        let mut child = tokio::process::Command::from(command).kill_on_drop(true).spawn().expect("started");
        let mut input = child.stdin.take().expect("piped");
        let feeding = tokio::spawn(async move {
            // It may end without reading all.
            let _fed = input.write_all(&content).await;
        });
        let Output { status, stdout, stderr } =
            soon("the end of the process", child.wait_with_output()).await.expect("ended");
        feeding.await.expect("no panic");
        Ran { status, stdout, stderr: String::from_utf8(stderr).expect("UTF-8") }
    }

    /// The binary with these arguments, with its output in pipes.
    pub(crate) fn command(&self, arguments: &[&str]) -> std::process::Command {
        let mut command = command(arguments);
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().to_ascii_lowercase().ends_with("_proxy") {
                command.env_remove(name);
            }
        }
        command.current_dir(self.path());
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    /// Downloads into the folder, each URL to the last segment of its path, and reports as JSON.
    pub(crate) async fn get(&self, arguments: &[&str]) -> Ran {
        self.run(&[&["get", "--json", "-O", "--cacert", CACERT], arguments].concat()).await
    }

    /// The content of a file, if it exists.
    pub(crate) fn read(&self, name: &str) -> Option<Vec<u8>> {
        fs::read(self.0.path().join(name)).ok()
    }

    pub(crate) fn write(&self, name: &str, content: &[u8]) {
        fs::write(self.0.path().join(name), content).expect("written");
    }

    /// The names of all files, in order.
    pub(crate) fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(self.0.path()).expect("a folder");
        let mut names: Vec<_> =
            entries.map(|entry| entry.expect("an entry").file_name().into_string().expect("UTF-8")).collect();
        names.sort();
        names
    }
}

/// A digest field's value with the SHA-256 digest of this content.
pub(crate) fn sha256(content: &[u8]) -> String {
    use base64::{Engine, prelude::BASE64_STANDARD};
    use sha2::Digest;
    format!("sha-256=:{}:", BASE64_STANDARD.encode(sha2::Sha256::digest(content)))
}

/// The SHA-256 digest of this content in hexadecimal.
pub(crate) fn hex_sha256(content: &[u8]) -> String {
    use sha2::Digest;
    hex(&sha2::Sha256::digest(content))
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    let mut text = String::new();
    for byte in bytes {
        write!(text, "{byte:02x}").expect("memory");
    }
    text
}

/// How a scripted server and the client reach each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Wire {
    pub(crate) is_http2: bool,
    pub(crate) is_tls: bool,
}

/// Both protocols, in clear text and over TLS.
pub(crate) const WIRES: [Wire; 4] = [
    Wire { is_http2: false, is_tls: false },
    Wire { is_http2: false, is_tls: true },
    Wire { is_http2: true, is_tls: false },
    Wire { is_http2: true, is_tls: true },
];

impl Wire {
    /// The option that the client needs.
    pub(crate) fn options(self) -> &'static [&'static str] {
        if self.is_http2 && !self.is_tls { &["--http2-prior-knowledge"] } else { &[] }
    }

    pub(crate) fn security(self) -> Security {
        if self.is_tls {
            Security::tls(&[if self.is_http2 { "h2" } else { "http/1.1" }])
        } else {
            Security::Plain
        }
    }

    /// A server that answers one request on each connection.
    pub(crate) async fn answering(self, answer: &Answer) -> Scripted {
        let script = Step::answer(self.is_http2, answer);
        Scripted::start(self.security(), move |_| script.clone()).await
    }
}
