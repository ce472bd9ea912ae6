use sha2::{Digest, Sha256};
use std::{
    fs::{self, File},
    io::{self, Read},
    path::{Path, PathBuf},
};

/// The maximum size of a file, in bytes. A chain usually has about ten thousand.
const MAX_SIZE: u64 = 1024 * 1024;

/// The files of a certificate chain and its private key.
#[derive(Clone, Debug)]
pub(super) struct PemFiles {
    pub(super) certificate: PathBuf,
    pub(super) key: PathBuf,
}

/// The contents of both files, or why they can't be read.
pub(super) struct Contents {
    pub(super) certificate: io::Result<Vec<u8>>,
    pub(super) key: io::Result<Vec<u8>>,
}

/// Distinguishes contents without a second copy of the key.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Fingerprint([FileFingerprint; 2]);

type FileFingerprint = Result<[u8; 32], io::ErrorKind>;

impl PemFiles {
    pub(crate) fn new(certificate: &Path, key: &Path) -> Self {
        Self { certificate: certificate.to_owned(), key: key.to_owned() }
    }

    /// Whether they can be read more than once. A pipe can't.
    pub(super) fn are_lasting(&self) -> bool {
        self.certificate.is_file() && self.key.is_file()
    }

    /// Reads them for the first time, even from pipes.
    pub(super) fn read(&self) -> Contents {
        Contents { certificate: read(&self.certificate), key: read(&self.key) }
    }

    /// Reads them only if they are regular files. Anything else may have no end, or block until something writes to it.
    pub(super) fn reread(&self) -> Contents {
        Contents { certificate: read_regular(&self.certificate), key: read_regular(&self.key) }
    }
}

fn read_regular(path: &Path) -> io::Result<Vec<u8>> {
    if fs::metadata(path)?.is_file() {
        read(path)
    } else {
        Err(io::Error::new(io::ErrorKind::InvalidInput, "not a regular file"))
    }
}

fn read(path: &Path) -> io::Result<Vec<u8>> {
    let mut content = Vec::new();
    let read = File::open(path)?.take(MAX_SIZE + 1).read_to_end(&mut content)?;
    if read as u64 > MAX_SIZE {
        let why = format!("larger than {MAX_SIZE} bytes");
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, why));
    }
    Ok(content)
}

impl Contents {
    pub(super) fn fingerprint(&self) -> Fingerprint {
        Fingerprint([&self.certificate, &self.key].map(|content| match content {
            Ok(bytes) => Ok(Sha256::digest(bytes).into()),
            Err(error) => Err(error.kind()),
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_must_be_regular_files_to_last() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("file");
        fs::write(&file, "").expect("written");
        for (certificate, key, are_lasting) in
            [(&*file, &*file, true), (folder.path(), &file, false), (&file, folder.path(), false)]
        {
            assert_eq!(PemFiles::new(certificate, key).are_lasting(), are_lasting);
        }
    }

    #[test]
    fn file_is_read_up_to_the_largest_size() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("file");
        let max = usize::try_from(MAX_SIZE).expect("small");
        for (size, kind) in [(0, None), (max, None), (max + 1, Some(io::ErrorKind::FileTooLarge))] {
            fs::write(&path, vec![b'x'; size]).expect("written");
            let files = PemFiles::new(&path, &path);
            for Contents { certificate, key } in [files.read(), files.reread()] {
                for read in [certificate, key] {
                    match (read, kind) {
                        (Ok(content), None) => assert_eq!(content.len(), size),
                        (Err(error), Some(kind)) => {
                            assert_eq!(error.kind(), kind);
                            assert_eq!(error.to_string(), "larger than 1048576 bytes");
                        }
                        (read, _) => panic!("{size}: {:?}", read.map(|content| content.len())),
                    }
                }
            }
        }
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn files_without_an_end_or_a_writer_are_not_read_again() {
        use rustix::fs::{CWD, FileType, Mode, mknodat};
        let folder = tempfile::tempdir().expect("a folder");
        let pipe = folder.path().join("pipe");
        mknodat(CWD, &pipe, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).expect("a pipe");
        let zero = folder.path().join("zero");
        std::os::unix::fs::symlink("/dev/zero", &zero).expect("a link");
        let Contents { certificate, key } = PemFiles::new(&pipe, &zero).reread();
        for read in [certificate, key] {
            assert_eq!(read.expect_err("nothing to read").to_string(), "not a regular file");
        }
        let endless = PemFiles::new(&zero, &zero).read().certificate.expect_err("no end");
        assert_eq!(endless.kind(), io::ErrorKind::FileTooLarge);
    }
}
