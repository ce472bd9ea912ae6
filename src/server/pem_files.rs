use sha2::{Digest, Sha256};
use std::{
    fs, io,
    path::{Path, PathBuf},
};

/// Where a certificate chain and its private key are kept.
#[derive(Clone, Debug)]
pub(super) struct PemFiles {
    pub(super) certificate: PathBuf,
    pub(super) key: PathBuf,
}

/// What both files say, or why they can't be read.
pub(super) struct Contents {
    pub(super) certificate: io::Result<Vec<u8>>,
    pub(super) key: io::Result<Vec<u8>>,
}

/// Tells contents apart without a second copy of the key.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Fingerprint([FileFingerprint; 2]);

type FileFingerprint = Result<[u8; 32], io::ErrorKind>;

impl PemFiles {
    pub(super) fn new(certificate: &Path, key: &Path) -> Self {
        Self { certificate: certificate.to_owned(), key: key.to_owned() }
    }

    /// Whether they can be read more than once. A pipe can't.
    pub(super) fn are_lasting(&self) -> bool {
        self.certificate.is_file() && self.key.is_file()
    }

    pub(super) fn read(&self) -> Contents {
        Contents { certificate: fs::read(&self.certificate), key: fs::read(&self.key) }
    }
}

impl Contents {
    pub(super) fn fingerprint(&self) -> Fingerprint {
        Fingerprint([&self.certificate, &self.key].map(|content| match content {
            Ok(bytes) => Ok(Sha256::digest(bytes).into()),
            Err(error) => Err(error.kind()),
        }))
    }
}
