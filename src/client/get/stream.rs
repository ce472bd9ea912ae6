use super::{
    destination::cannot_write,
    kept::Kept,
    sink::{Beginning, Rest},
};
use crate::client::output::{TerminalText, Trouble, standard_output};
use axum_trailers::digest::{Algorithm, Hashers};
use std::{
    fs::{File, OpenOptions},
    io::{self, ErrorKind, IsTerminal, Write},
    path::PathBuf,
};

/// Standard output, a device or a pipe: what was written is gone.
pub(super) struct Stream {
    to: To,
    written: u64,
    is_in_line: bool,
    guard: Option<TerminalText>,
    may_continue: bool,
    kept: Option<Kept>,
    /// Hash what is written, if it may be continued.
    hashers: Hashers,
}

enum To {
    Standard(Box<dyn Write>),
    /// Opened for the first content, because that waits for the reader of a pipe.
    Special(PathBuf, Option<File>),
}

impl Stream {
    pub(super) fn standard(is_guarded: bool, may_continue: bool) -> Result<Self, Trouble> {
        let to = standard_output().map_err(|error| Trouble::Local(format!("standard output: {error}")))?;
        let guard = is_guarded.then(TerminalText::default);
        Ok(Self { guard, ..Self::new(To::Standard(to), may_continue) })
    }

    pub(super) fn special(path: PathBuf, may_continue: bool) -> Self {
        Self::new(To::Special(path, None), may_continue)
    }

    fn new(to: To, may_continue: bool) -> Self {
        Self {
            to,
            written: 0,
            is_in_line: false,
            guard: None,
            may_continue,
            kept: None,
            hashers: Hashers::default(),
        }
    }

    pub(super) fn beginning(&self) -> Beginning {
        match &self.kept {
            Some(kept) if self.written > 0 => Beginning::Usable(Rest {
                from: self.written,
                kept: kept.clone(),
                hashers: self.hashers.clone(),
            }),
            _ => Beginning::Nothing,
        }
    }

    pub(super) fn begin(&mut self, kept: Option<Kept>) -> Result<bool, Trouble> {
        if self.written > 0 {
            return Ok(false);
        }
        if let To::Special(path, file @ None) = &mut self.to {
            // What another process has written to an open file stays.
            let opened = OpenOptions::new().append(true).open(&*path);
            *file = Some(opened.map_err(|error| Trouble::Local(cannot_write(path, &error)))?);
        }
        self.kept = kept.filter(|_| self.may_continue);
        self.hashers = Hashers::new(Algorithm::ALL.iter().copied());
        Ok(true)
    }

    pub(super) fn write(&mut self, data: &[u8]) -> Result<(), Trouble> {
        if let Some(guard) = &mut self.guard
            && !guard.accepts(data)
        {
            return Err(Trouble::Local(BINARY.to_owned()));
        }
        self.to.write(data)?;
        self.written += data.len() as u64;
        self.is_in_line = data.last().is_some_and(|last| *last != b'\n');
        if self.kept.is_some() {
            self.hashers.update(data);
        }
        Ok(())
    }

    /// Ends the last line on a terminal, so that the verdict has one of its own.
    pub(super) fn end_line(&mut self) {
        if self.is_terminal() && self.is_in_line {
            let _failed = self.to.write(b"\n");
        }
    }

    pub(super) fn has_begun(&self) -> bool {
        self.written > 0
    }

    pub(super) fn can_go_on(&self) -> bool {
        self.written == 0 || self.kept.is_some()
    }

    pub(super) fn is_terminal(&self) -> bool {
        matches!(self.to, To::Standard(_)) && io::stdout().is_terminal()
    }

    pub(super) fn path(&self) -> Option<&PathBuf> {
        match &self.to {
            To::Standard(_) => None,
            To::Special(path, _) => Some(path),
        }
    }
}

const BINARY: &str = "the content is no text, which could disturb the terminal: use --output FILE or --remote-name, or \
                      --output - to write it there all the same";

impl To {
    fn write(&mut self, data: &[u8]) -> Result<(), Trouble> {
        let (written, name) = match self {
            Self::Standard(output) => (output.write_all(data), "standard output".to_owned()),
            Self::Special(path, Some(file)) => (file.write_all(data), path.display().to_string()),
            Self::Special(_, None) => return Ok(()),
        };
        match written {
            Ok(()) => Ok(()),
            Err(error) if error.kind() == ErrorKind::BrokenPipe => Err(Trouble::Closed),
            Err(error) => Err(Trouble::Local(format!("can't write to {name}: {error}"))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept() -> Kept {
        Kept { url: "https://example.com/".to_owned(), etag: "\"a\"".to_owned(), length: None }
    }

    #[cfg(unix)]
    #[test]
    fn what_was_written_is_never_written_again() {
        let mut stream = Stream::special("/dev/null".into(), true);
        assert_eq!(stream.begin(Some(kept())), Ok(true));
        assert!(matches!(stream.beginning(), Beginning::Nothing));
        // Nothing has been written, so it can still start over.
        assert_eq!(stream.begin(Some(kept())), Ok(true));
        assert_eq!(stream.write(b"abc"), Ok(()));
        let Beginning::Usable(rest) = stream.beginning() else { panic!("usable") };
        let mut hashers = Hashers::new(Algorithm::ALL.iter().copied());
        hashers.update(b"abc");
        assert_eq!((rest.from, rest.hashers.finish()), (3, hashers.finish()));
        assert!(stream.can_go_on());
        assert_eq!(stream.begin(Some(kept())), Ok(false));
    }

    #[cfg(unix)]
    #[test]
    fn output_without_a_validator_can_not_go_on() {
        let mut stream = Stream::special("/dev/null".into(), true);
        assert_eq!(stream.begin(None), Ok(true));
        assert!(stream.can_go_on());
        assert_eq!(stream.write(b"abc"), Ok(()));
        assert!(!stream.can_go_on());
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn full_device_is_local_trouble() {
        let mut stream = Stream::special("/dev/full".into(), false);
        assert_eq!(stream.begin(None), Ok(true));
        let trouble = stream.write(b"a").expect_err("it is full");
        let expected = "can't write to /dev/full: No space left on device (os error 28)";
        assert_eq!(trouble, Trouble::Local(expected.to_owned()));
    }
}
