//! What `--dump-header` writes: the header section of each response, and its trailer section behind a line that marks it.

use super::{escape, session::Setup};
use crate::cli::FileOrDash;
use axum_trailers::syntax::protocol_name;
use http::{HeaderMap, Response};
use std::{
    cell::RefCell,
    fs::File,
    io::{self, IsTerminal, Write},
};

/// The line in front of a trailer section. It can't be one of a field, because it contains spaces.
const MARK: &[u8] = b"# trailer section\r\n";

#[derive(Default)]
pub(super) struct Dump(Option<RefCell<Open>>);

struct Open {
    output: Output,
    name: String,
    failure: Option<String>,
}

enum Output {
    File(File),
    Standard,
}

impl Dump {
    /// Creates the file, or empties it.
    pub(super) fn open(to: Option<&FileOrDash>) -> Result<Self, Setup> {
        let (output, name) = match to {
            None => return Ok(Self::default()),
            Some(FileOrDash::Dash) => (Output::Standard, "standard output".to_owned()),
            Some(FileOrDash::File(path)) => {
                let name = path.display().to_string();
                match File::create(path) {
                    Ok(file) => (Output::File(file), name),
                    Err(error) => {
                        return Err(Setup::local(format!("--dump-header: can't write {name}: {error}")));
                    }
                }
            }
        };
        Ok(Self(Some(RefCell::new(Open { output, name, failure: None }))))
    }

    pub(super) fn response<B>(&self, response: &Response<B>) {
        self.write(|| {
            let line = format!("{} {}\r\n", protocol_name(response.version()), response.status());
            [line.as_bytes(), &section(response.headers())].concat()
        });
    }

    pub(super) fn trailers(&self, trailers: &HeaderMap) {
        self.write(|| [MARK, &section(trailers)].concat());
    }

    /// The first failure since the last call.
    pub(super) fn failure(&self) -> Option<String> {
        self.0.as_ref()?.borrow_mut().failure.take()
    }

    fn write(&self, lines: impl FnOnce() -> Vec<u8>) {
        let Some(open) = &self.0 else { return };
        let Open { output, name, failure } = &mut *open.borrow_mut();
        if let Err(error) = output.write(&lines()) {
            failure.get_or_insert_with(|| format!("--dump-header: can't write {name}: {error}"));
        }
    }
}

impl Output {
    fn write(&mut self, lines: &[u8]) -> io::Result<()> {
        match self {
            Self::File(file) => file.write_all(lines),
            Self::Standard => {
                let mut output = io::stdout().lock();
                if output.is_terminal() {
                    let lines = String::from_utf8_lossy(lines).replace("\r\n", "\n");
                    write!(output, "{}", escape::text(lines.as_bytes()))?;
                } else {
                    output.write_all(lines)?;
                }
                output.flush()
            }
        }
    }
}

fn section(fields: &HeaderMap) -> Vec<u8> {
    let mut lines = Vec::new();
    for (name, value) in fields {
        for part in [name.as_str().as_bytes(), b": ", value.as_bytes(), b"\r\n"] {
            lines.extend_from_slice(part);
        }
    }
    lines.extend_from_slice(b"\r\n");
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn file_has_both_sections_of_each_response_and_only_trailers_are_marked() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("dump");
        let dump = Dump::open(Some(&FileOrDash::File(path.clone()))).ok().expect("it can be created");
        let response = Response::builder().header("a", "1").header("a", "2").body(()).expect("valid");
        let trailers = HeaderMap::from_iter([("t".parse().expect("a name"), "3".parse().expect("a value"))]);
        dump.response(&response);
        dump.trailers(&trailers);
        dump.response(&response);
        let header = "HTTP/1.1 200 OK\r\na: 1\r\na: 2\r\n\r\n";
        let expected = format!("{header}# trailer section\r\nt: 3\r\n\r\n{header}");
        assert_eq!(std::fs::read_to_string(path).expect("it was written"), expected);
        assert_eq!(dump.failure(), None);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn full_disk_is_reported_once() {
        let dump = Dump::open(Some(&FileOrDash::File("/dev/full".into()))).ok().expect("it can be opened");
        dump.trailers(&HeaderMap::new());
        dump.trailers(&HeaderMap::new());
        let failure = dump.failure().expect("a failure");
        assert!(failure.contains("can't write /dev/full: No space left on device"), "{failure}");
        assert_eq!(dump.failure(), None);
    }

    #[test]
    fn folder_is_no_file_to_dump_to() {
        let folder = tempfile::tempdir().expect("a folder");
        let Setup { code, message } =
            Dump::open(Some(&FileOrDash::File(folder.path().into()))).err().expect("no file");
        assert_eq!(code, 11);
        assert!(message.contains("--dump-header: can't write"), "{message}");
    }
}
